package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.LockLostException;
import dev.netfs.share.ShareCapabilities.LockKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Locks where something takes long, or happens in the middle of something else. */
@Timeout(120)
class LockTroubleTest {
  private final VirtualTime time = new VirtualTime(11);
  private final SimServer server = new SimServer(11, time);

  @BeforeEach
  void files() {
    server.lockKind = LockKind.ADVISORY;
    server.put("/f", new byte[1000]);
    server.put("/g", new byte[1000]);
  }

  private Mount mount() throws IOException {
    return server.mount(Map.of());
  }

  private static RangeLock lock(OpenFile file) throws IOException {
    return Objects.requireNonNull(file.lock(10, 20, false, false));
  }

  private static void write(OpenFile file, long position, int with) throws IOException {
    file.write(ByteBuffer.wrap(new byte[] {(byte) with}), position);
  }

  private int onServer(int position) {
    return Objects.requireNonNull(server.get("/f"))[position];
  }

  @Test
  void aLockIsTakenAgainThoughAnotherFileHasMadeTheConnection() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount();
              OpenFile file = mount.open("/f", OpenModes.UPDATE);
              OpenFile other = mount.open("/g", OpenModes.DIRECT)) {
            RangeLock lock = lock(file);
            server.breakConnection();
            other.read(ByteBuffer.allocate(1), 0);
            time.sleep(1, TimeUnit.SECONDS);
            assertThat(server.locks.count()).isEqualTo(1);
            assertThat(lock.isHeld()).isTrue();
          }
        });
  }

  @Test
  @Tag("J7")
  void whoWaitsLongerThanAnAnswerMayTakeGoesOnWaiting() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount();
              OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            SimLocks.Lock another = server.lock("/f", 0, 100, false);
            CompletableFuture<@Nullable RangeLock> waiting = file.locking(10, 20, false, true);
            for (int i = 0; i < 12; i++) {
              time.sleep(10, TimeUnit.MINUTES);
            }
            assertThat(waiting).isNotDone();
            assertThat(server.count("connect")).isEqualTo(1);
            assertThat(server.count("lock")).isEqualTo(1);
            server.unlock(another);
            assertThat(Await.result(waiting)).isNotNull();
          }
        });
  }

  /** Also if connections are lost meanwhile, as long as there is always another. */
  @Test
  @Tag("J7")
  void whoWaitsGoesOnWaitingOnOtherConnections() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount();
              OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            SimLocks.Lock another = server.lock("/f", 0, 100, false);
            CompletableFuture<@Nullable RangeLock> waiting = file.locking(10, 20, false, true);
            for (int i = 0; i < 20; i++) {
              time.sleep(10, TimeUnit.MINUTES);
              server.breakConnection();
            }
            assertThat(waiting).isNotDone();
            server.unlock(another);
            assertThat(Await.result(waiting)).isNotNull();
          }
        });
  }

  @Test
  void aServerThatAnswersNothingIsNoticedWhileOneWaits() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount();
              OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            SimLocks.Lock another = server.lock("/f", 0, 100, false);
            CompletableFuture<@Nullable RangeLock> waiting = file.locking(10, 20, false, true);
            time.sleep(1, TimeUnit.SECONDS);
            server.lostReplyRate = 1;
            time.sleep(3, TimeUnit.MINUTES);
            server.lostReplyRate = 0;
            assertThat(server.count("connect")).isGreaterThan(1);
            server.unlock(another);
            assertThat(Await.result(waiting)).isNotNull();
          }
        });
  }

  @Test
  void nothingIsCutOnceTheLockIsLost() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount()) {
            OpenFile file = mount.open("/f", OpenModes.UPDATE);
            lock(file);
            SimLocks.Lock[] another = {null};
            server.beforeRequest =
                kind -> {
                  if (kind.equals("truncate") && another[0] == null) {
                    server.breakConnection();
                    another[0] = server.lock("/f", 0, 100, false);
                  }
                };
            assertThatThrownBy(() -> file.truncate(5)).isInstanceOf(LockLostException.class);
            assertThat(server.get("/f")).hasSize(1000);
            assertThatThrownBy(() -> file.force(false)).isInstanceOf(LockLostException.class);
            file.abandon();
          }
        });
  }

  @Test
  @Tag("L3")
  void anInterruptGivesALockBackOnlyAfterACut() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount()) {
            OpenFile file = mount.open("/f", OpenModes.UPDATE);
            lock(file);
            server.maxDelayMicros = 1_000_000;
            CompletableFuture<?> cutting = time.start("cutting", () -> file.truncate(50));
            while (server.count("truncate") == 0) {
              time.sleep(1, TimeUnit.MICROSECONDS);
            }
            write(file, 12, 1);
            file.abandon();
            while (server.locks.count() > 0) {
              time.sleep(1, TimeUnit.MILLISECONDS);
            }
            assertThat(server.get("/f")).hasSize(50);
            assertThat(onServer(12)).isEqualTo(1);
            Await.result(cutting);
          }
        });
  }

  @Test
  void anInterruptGivesALockBackThatCouldNotBeReleasedJustThen() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount()) {
            OpenFile file = mount.open("/f", OpenModes.UPDATE);
            RangeLock lock = lock(file);
            write(file, 12, 1);
            server.maxDelayMicros = 1_000_000;
            server.errorsIn = kind -> kind.equals("write");
            server.errorRate = 1;
            CompletableFuture<?> releasing =
                time.start(
                    "releasing",
                    () -> assertThatThrownBy(lock::release).isInstanceOf(IOException.class));
            while (server.count("write") == 0) {
              time.sleep(1, TimeUnit.MICROSECONDS);
            }
            file.abandon();
            Await.result(releasing);
            server.errorRate = 0;
            time.sleep(10, TimeUnit.SECONDS);
            assertThat(server.locks.count()).isZero();
            try (OpenFile again = mount.open("/f", OpenModes.UPDATE)) {
              lock(again).release();
            }
          }
        });
  }

  @Test
  void aReleaseThatTheServerDoesNotAnswerEndsWithItsConnection() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount();
              OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            RangeLock lock = lock(file);
            server.lostReplyRate = 1;
            CompletableFuture<?> releasing = time.start("releasing", lock::release);
            time.sleep(3, TimeUnit.MINUTES);
            server.lostReplyRate = 0;
            Await.result(releasing);
            lock(file).release();
          }
        });
  }

  /** Suspending a machine stops the clock that measures how long something takes. */
  @Test
  void aLeaseIsOverOnAMachineThatWasSuspended() throws Exception {
    ShiftedTime clocks = new ShiftedTime();
    SimServer table = new SimServer(1, clocks);
    table.lockKind = LockKind.NONE;
    table.put("/f", new byte[100]);
    try (Mount mount = table.mount(Map.of("locks", "cooperative"))) {
      OpenFile file = mount.open("/f", OpenModes.UPDATE);
      RangeLock lock = lock(file);
      write(file, 12, 1);
      clocks.set(20_000);
      assertThat(lock.isHeld()).isTrue();
      clocks.set(20_000);
      assertThat(lock.isHeld()).isFalse();
      assertThatThrownBy(() -> file.force(false)).isInstanceOf(LockLostException.class);
      file.abandon();
      assertThat(table.get("/f")[12]).isZero();
    }
  }

  // ---- names

  @Test
  @Tag("J7")
  void aLockGoesWithItsFileAndNotWithTheName() throws Exception {
    time.run(
        () -> {
          try (Mount mount = server.mount(Map.of("locks", "local"));
              OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            RangeLock lock = lock(file);
            mount.rename("/f", "/h", false, false);
            try (OpenFile same = mount.open("/h", OpenModes.UPDATE);
                OpenFile fresh = mount.open("/f", OpenModes.CREATE)) {
              assertThatThrownBy(() -> lock(same))
                  .isInstanceOf(java.nio.channels.OverlappingFileLockException.class);
              lock(fresh).release();
              lock.release();
              lock(same).release();
            }
          }
        });
  }

  @Test
  @Tag("J7")
  void whatHasTheNameOfALockedFileThatIsReplacedIsAnother() throws Exception {
    time.run(
        () -> {
          try (Mount mount = server.mount(Map.of("locks", "local"));
              OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            RangeLock lock = lock(file);
            mount.rename("/g", "/f", true, false);
            try (OpenFile fresh = mount.open("/f", OpenModes.UPDATE)) {
              RangeLock second = lock(fresh);
              assertThatThrownBy(() -> lock(file))
                  .isInstanceOf(java.nio.channels.OverlappingFileLockException.class);
              second.release();
              lock.release();
            }
          }
        });
  }
}
