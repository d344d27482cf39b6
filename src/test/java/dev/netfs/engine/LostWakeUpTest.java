package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Where an error comes in between, as where there is no memory, whoever waits is woken all the
 * same.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostWakeUpTest {
  /** The system's time, until it is an error to ask for it. */
  private static final class FailingClock extends ForwardingBackground {
    final AtomicBoolean fails = new AtomicBoolean();

    @Override
    public long currentTimeMillis() {
      if (fails.getAndSet(false)) {
        throw new InternalError("as where there is no memory");
      }
      return SYSTEM.currentTimeMillis();
    }
  }

  @Test
  @Tag("W3")
  void aCutThatFailsInTheMiddleHoldsNothingBack() throws IOException {
    FailingClock clock = new FailingClock();
    SimServer server = new SimServer(1, clock);
    server.put("/f", new byte[1_000]);
    OpenMode mode = OpenModes.UPDATE;
    try (Mount mount = server.mount(Map.of("writebackAge", "1h"));
        OpenFile file = mount.open("/f", mode)) {
      clock.fails.set(true);
      assertThatThrownBy(() -> file.truncate(500)).isInstanceOf(InternalError.class);
      file.write(ByteBuffer.wrap(new byte[] {1}), 0);
      file.force(false);
      file.truncate(10);
      assertThat(server.get("/f")).hasSize(10).startsWith(1);
    }
  }

  @Test
  void anOperationIsOverThoughTheNextOneCannotBegin() {
    AtomicBoolean fails = new AtomicBoolean();
    DepthLimit depth =
        new DepthLimit(
            10,
            () -> {
              if (fails.get()) {
                throw new InternalError("as where there is no memory");
              }
              return 20;
            });
    CompletableFuture<Integer> first = new CompletableFuture<>();
    CompletableFuture<Integer> over = depth.submit("a", 5, () -> first);
    depth.submit("b", 10, CompletableFuture::new);
    depth.submit("c", 10, CompletableFuture::new);
    fails.set(true);
    first.complete(1);
    assertThat(over).isCompletedWithValue(1);
  }

  @Test
  void whatIsDoneAgainAndAgainGoesOnAfterAFailure() throws InterruptedException {
    CountDownLatch runs = new CountDownLatch(3);
    Background.Task task =
        Background.SYSTEM.repeat(
            () -> {
              runs.countDown();
              throw new IllegalStateException("as where there are no more threads");
            },
            1,
            TimeUnit.MILLISECONDS);
    try {
      runs.await();
    } finally {
      task.cancel();
    }
  }
}
