package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.Threads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Appending channels take turns, also where the one whose turn it is waits for the server. */
@Timeout(60)
class TurnsTest {
  private static final int LIMIT = 16_384;

  private final SimServer server = new SimServer(1);
  private final CountDownLatch held = new CountDownLatch(1);
  private final CountDownLatch answer = new CountDownLatch(1);

  /** One that appends in a thread of its own. */
  private final class Appender {
    final OpenFile file;
    final AtomicReference<Throwable> failure = new AtomicReference<>();
    final Thread thread;

    Appender(Mount mount, int count, byte value) throws IOException {
      file = mount.open("/f", OpenModes.CREATE);
      byte[] bytes = new byte[count];
      Arrays.fill(bytes, value);
      thread =
          new Thread(
              () -> {
                try {
                  file.append(ByteBuffer.wrap(bytes));
                } catch (IOException e) {
                  failure.set(e);
                }
              });
    }

    void close() {
      try {
        file.close();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  @Test
  @Tag("J5")
  @Tag("J9")
  void whoWaitsForAnothersAppendIsWokenByAClose() throws Exception {
    try (Mount mount =
        server.mount(Map.of("pageSize", 4096, "memory", "1MiB", "dirtyLimit", LIMIT))) {
      Appender first = new Appender(mount, 3 * LIMIT, (byte) 1);
      Appender second = new Appender(mount, 10, (byte) 2);
      Appender third = new Appender(mount, 10, (byte) 3);
      server.beforeRequest = this::holdFirstWrite;
      first.thread.start();
      held.await(); // it has written as much as it may, and waits for the server
      second.thread.start();
      Threads.awaitWaiting(second.thread);
      third.thread.start();
      Threads.awaitWaiting(third.thread);

      // A close waits for what is written to be sent, which nobody answers yet.
      CompletableFuture<Void> closing = CompletableFuture.runAsync(second::close, Threads.EACH);
      second.thread.join();
      assertThat(second.failure.get()).isInstanceOf(AsynchronousCloseException.class);
      assertThat(third.thread.isAlive()).as("the third waits on").isTrue();

      answer.countDown();
      closing.join();
      first.thread.join();
      third.thread.join();
      assertThat(first.failure.get()).isNull();
      assertThat(third.failure.get()).isNull();
      first.file.close();
      third.file.close();
      byte[] expected = new byte[3 * LIMIT + 10];
      Arrays.fill(expected, 0, 3 * LIMIT, (byte) 1);
      Arrays.fill(expected, 3 * LIMIT, expected.length, (byte) 3);
      assertThat(server.get("/f")).isEqualTo(expected);
    }
  }

  private void holdFirstWrite(String kind) {
    if (kind.equals("write")) {
      held.countDown();
      try {
        answer.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
