package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.DirectoryEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * {@code write=deferred} where something fails in the middle: nothing waits for ever, or is lost.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeferredFailuresTest extends DeferredMounts {
  @Test
  @Tag("W3")
  @Tag("W4")
  void whatCouldNotBeWrittenBesideIsStillMadeDurable() throws IOException {
    byte[] mine = bytes(1, 10_000);
    byte[] theirs = bytes(2, 5_000);
    server.put("/f", bytes(3, 1_000));
    Mount killed = mount("retries", "0");
    OpenFile file = killed.open("/f", READ_WRITE);
    file.write(ByteBuffer.wrap(mine), 0);
    server.put("/f", theirs);
    server.errorsIn = kind -> kind.equals("write");
    server.errorRate = 1;
    assertThatThrownBy(killed::sync).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> file.force(false)).isInstanceOf(IOException.class); // hears of that
    file.force(false);
    kill(killed);
    server.behave();
    try (Mount mount = mount()) {
      assertThat(mount.stats().conflicts()).isEqualTo(1);
      List<String> names = mount.list("/").stream().map(DirectoryEntry::name).toList();
      assertThat(names).as("nothing is left of the first try").hasSize(2).contains("f");
      String beside = names.stream().filter(name -> !name.equals("f")).findAny().orElseThrow();
      assertThat(server.get("/" + beside)).isEqualTo(mine);
      assertThat(server.get("/f")).isEqualTo(theirs);
    }
    assertThat(logs()).isEmpty();
  }

  @Test
  @Tag("W3")
  void anErrorOfTheQuestionWhetherItMayBeSentIsNotWaitedOutForEver() throws IOException {
    byte[] content = bytes(1, 10_000);
    try (Mount mount = mount("retries", "0")) {
      write(mount, "/f", READ_WRITE, content, 0);
      server.beforeRequest =
          kind -> {
            if (kind.equals("fstat")) {
              server.beforeRequest = null;
              throw new InternalError("as where there is no memory");
            }
          };
      assertThatThrownBy(mount::sync).isInstanceOf(IOException.class);
      mount.sync();
      assertThat(server.get("/f")).isEqualTo(content);
    }
  }

  @Test
  @Tag("W4")
  void theGateIsClosedThoughTheFileWasBeingCutWhenAllWasSent() throws IOException {
    server.put("/f", bytes(1, 1_000));
    AtomicReference<Thread> finishing = new AtomicReference<>();
    try (Mount mount = mount();
        OpenFile file = mount.open("/f", READ_WRITE)) {
      file.write(ByteBuffer.wrap(bytes(2, 2_000)), 0);
      file.force(false);
      CountDownLatch cutting = new CountDownLatch(1);
      server.beforeRequest =
          kind -> {
            if (kind.equals("fstat") && server.count("write") > 0) {
              finishing.compareAndSet(null, Thread.currentThread());
              try {
                cutting.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            } else if (kind.equals("truncate")) {
              SimServer.eventually("all is sent", () -> finishing.get() != null);
              server.beforeRequest = null;
              cutting.countDown();
              SimServer.eventually("its state was asked for", () -> !isFinishing(finishing.get()));
            }
          };
      file.truncate(1_000); // sends what is dirty, and begins before it is known what that made
      SimServer.eventually("nothing is left", () -> mount.stats().backlog() == 0);
      byte[] theirs = bytes(3, 3_000);
      server.put("/f", theirs);
      file.write(ByteBuffer.wrap(bytes(4, 100)), 0);
      mount.sync();
      assertThat(mount.stats().conflicts()).isEqualTo(1);
      assertThat(server.get("/f")).isEqualTo(theirs);
    }
  }

  @Test
  @Tag("W3")
  void whatWasSentIsNotReplacedByWhatTheLogHasFromBefore() throws Exception {
    byte[] content = bytes(2, 10_000);
    server.put("/f", bytes(0, 10_000));
    Mount killed = mount();
    OpenFile file = killed.open("/f", READ_WRITE);
    file.write(ByteBuffer.wrap(bytes(1, 10_000)), 0);
    file.force(false); // in the log
    file.write(ByteBuffer.wrap(content), 0);
    CountDownLatch gone = new CountDownLatch(1);
    server.beforeRequest =
        kind -> {
          if (kind.equals("fstat") && server.count("write") > 0) {
            try {
              gone.await(); // nobody hears of the state that this has made of the file
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          }
        };
    killed.sync();
    kill(killed);
    server.beforeRequest = null;
    try (Mount mount = mount()) {
      assertThat(mount.stats().conflicts()).isZero();
      assertThat(read(mount, "/f")).isEqualTo(content);
    }
    assertThat(server.get("/f")).isEqualTo(content);
    gone.countDown();
  }

  private static boolean isFinishing(Thread thread) {
    return Stream.of(thread.getStackTrace())
        .anyMatch(frame -> frame.getClassName().contains("Deferred"));
  }

  /** Leaves a log of many pieces; returns what the file is to hold. */
  private byte[] leaveManyPieces() throws IOException {
    byte[] content = new byte[300_000];
    server.put("/f", content.clone());
    Mount killed = mount();
    try (OpenFile file = killed.open("/f", READ_WRITE)) {
      for (int at = 0; at < content.length; at += 1_000) {
        byte[] piece = bytes(at, 600);
        System.arraycopy(piece, 0, content, at, piece.length);
        file.write(ByteBuffer.wrap(piece), at);
      }
    }
    kill(killed);
    return content;
  }

  @Test
  @Tag("W3")
  void whatIsSentWhileTheRestIsTakenOverTakesNothingAway() throws IOException {
    byte[] content = leaveManyPieces();
    server.maxDelayMicros = 20;
    try (Mount mount = mount("dirtyLimit", "4096")) {
      mount.sync();
      assertThat(server.get("/f")).isEqualTo(content);
      assertThat(mount.stats().conflicts()).isZero();
    }
    assertThat(logs()).isEmpty();
  }

  @Test
  @Tag("W3")
  void whatCouldBeTakenOverOnlyInPartStaysOnTheDisk() throws IOException {
    byte[] content = leaveManyPieces();
    AtomicInteger writes = new AtomicInteger();
    server.errorsIn = kind -> kind.equals("write") && writes.incrementAndGet() > 50;
    server.errorRate = 1;
    try (Mount mount = mount("dirtyLimit", "4096", "retries", "0", "timeout", "2s")) {
      assertThat(mount.stats().dirtyBytes()).isZero();
      assertThat(server.get("/f")).isNotEqualTo(content);
    }
    server.behave();
    try (Mount mount = mount()) {
      assertThat(mount.stats().conflicts()).isZero();
    }
    assertThat(server.get("/f")).isEqualTo(content);
    assertThat(logs()).isEmpty();
  }
}
