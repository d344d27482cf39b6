package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.FileLockedException;
import dev.netfs.LockLostException;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.ShareCapabilities.LockKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Locks that open files hold: what becomes of them, and of I/O, while others are about. */
@Timeout(120)
class HeldLocksTest {
  private static final OpenMode BOTH = mode(true, true);
  private final VirtualTime time = new VirtualTime(7);
  private final SimServer server = new SimServer(7, time);

  private static OpenMode mode(boolean read, boolean write) {
    return new OpenMode(
        read,
        write,
        Disposition.OPEN_EXISTING,
        false,
        -1,
        OpenMode.Durability.BACK,
        OpenMode.Caching.CACHED);
  }

  private Mount mount(LockKind kind, String... options) throws IOException {
    server.lockKind = kind;
    synchronized (server) {
      server.locks.mandatory = kind == LockKind.MANDATORY;
    }
    server.put("/f", filled(100_000, 'a'));
    Map<String, Object> all = new HashMap<>();
    for (int i = 0; i < options.length; i += 2) {
      all.put(options[i], options[i + 1]);
    }
    return server.mount(all);
  }

  private static byte[] filled(int size, char with) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) with);
    return bytes;
  }

  private static String read(OpenFile file, long position, int count) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(count);
    file.read(into, position);
    return new String(into.array(), 0, into.position(), java.nio.charset.StandardCharsets.US_ASCII);
  }

  private static void write(OpenFile file, long position, String text) throws IOException {
    file.write(
        ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII)), position);
  }

  private static void writeUnchecked(OpenFile file, long position, String text) {
    try {
      write(file, position, text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static RangeLock lock(OpenFile file, long position, long size) throws IOException {
    return Objects.requireNonNull(file.lock(position, size, false, false));
  }

  private String onServer(int from, int to) {
    return new String(
        Arrays.copyOfRange(Objects.requireNonNull(server.get("/f")), from, to),
        java.nio.charset.StandardCharsets.US_ASCII);
  }

  // ---- what is on its way through another handle

  /** Has some requests arrive a second after they were made, at the latest. */
  private void late(String... kinds) {
    server.beforeRequest =
        kind -> server.maxDelayMicros = List.of(kinds).contains(kind) ? 1_000_000 : 0;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aWriteOnItsWayIsNotRefusedForTheLockThatIsTakenMeanwhile(boolean shared) throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.MANDATORY);
              OpenFile writer = mount.open("/f", direct(false, true));
              OpenFile file = mount.open("/f", shared ? mode(true, false) : mode(false, true))) {
            late("write");
            CompletableFuture<?> writing = time.start("writer", () -> write(writer, 12, "mine"));
            awaitRequest("write");
            RangeLock lock = Objects.requireNonNull(file.lock(10, 20, shared, true));
            Await.result(writing);
            assertThat(onServer(12, 16)).isEqualTo("mine");
            lock.release();
          }
        });
  }

  @Test
  void aReadOnItsWayIsNotRefusedForTheLockThatIsTakenMeanwhile() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.MANDATORY);
              OpenFile reader = mount.open("/f", direct(true, false));
              OpenFile file = mount.open("/f", mode(false, true))) {
            late("read");
            CompletableFuture<?> reading =
                time.start("reader", () -> assertThat(read(reader, 12, 4)).isEqualTo("aaaa"));
            awaitRequest("read");
            RangeLock lock = lock(file, 10, 20);
            Await.result(reading);
            lock.release();
          }
        });
  }

  private void awaitRequest(String kind) {
    while (server.count(kind) == 0) {
      time.sleep(1, TimeUnit.MICROSECONDS);
    }
  }

  private static OpenMode direct(boolean read, boolean write) {
    return new OpenMode(
        read,
        write,
        Disposition.OPEN_EXISTING,
        false,
        -1,
        OpenMode.Durability.THROUGH,
        OpenMode.Caching.DIRECT);
  }

  // ---- lost connections

  @Test
  void aLockIsTakenAgainWithTheConnectionThoughNobodyAsks() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.ADVISORY);
              OpenFile file = mount.open("/f", BOTH)) {
            RangeLock lock = lock(file, 10, 20);
            server.breakConnection();
            assertThat(server.locks.count()).isZero();
            time.sleep(10, TimeUnit.SECONDS);
            assertThat(server.locks.count()).isEqualTo(1);
            assertThat(lock.isHeld()).isTrue();
            assertThat(read(file, 10, 3)).isEqualTo("aaa");
            lock.release();
            time.sleep(1, TimeUnit.SECONDS);
            assertThat(server.locks.count()).isZero();
          }
        });
  }

  @Test
  void aLockThatAnotherHasTakenMeanwhileIsReportedAndNothingMoreIsSent() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.ADVISORY)) {
            OpenFile file = mount.open("/f", BOTH);
            RangeLock lock = lock(file, 10, 20);
            write(file, 12, "mine");
            write(file, 50, "too");
            server.unreachable = true;
            server.breakConnection();
            SimLocks.Lock other = server.lock("/f", 0, 100, false);
            server.unreachable = false;
            time.sleep(10, TimeUnit.SECONDS);
            assertThat(lock.isHeld()).isFalse();
            assertThatThrownBy(() -> read(file, 0, 1))
                .isInstanceOfSatisfying(
                    LockLostException.class,
                    lost -> {
                      assertThat(lost.position()).isEqualTo(10);
                      assertThat(lost.size()).isEqualTo(20);
                    });
            assertThatThrownBy(() -> write(file, 0, "x")).isInstanceOf(LockLostException.class);
            assertThatThrownBy(() -> file.force(true)).isInstanceOf(LockLostException.class);
            lock.release(); // it was told
            assertThat(read(file, 12, 4)).isEqualTo("aaaa");
            file.close();
            assertThat(onServer(12, 16)).isEqualTo("aaaa");
            assertThat(onServer(50, 53)).isEqualTo("too");
            server.unlock(other);
          }
        });
  }

  @Test
  void aLockUnderWhichWasWrittenIsLostWithTheConnectionAndItsReleaseSaysSo() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.ADVISORY)) {
            OpenFile file = mount.open("/f", BOTH);
            RangeLock lock = lock(file, 10, 20);
            write(file, 12, "sent");
            file.force(false);
            write(file, 20, "not");
            server.breakConnection();
            assertThatThrownBy(lock::release).isInstanceOf(LockLostException.class);
            assertThat(lock.isHeld()).isFalse();
            file.close();
            assertThat(onServer(12, 24)).isEqualTo("sentaaaaaaaa");
            assertThat(server.locks.count()).isZero();
          }
        });
  }

  @Test
  void aCloseTellsOfALossThatNobodyWasToldOf() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.ADVISORY)) {
            OpenFile file = mount.open("/f", BOTH);
            lock(file, 10, 20);
            server.putRange("/f", 15, filled(3, 'z'));
            server.breakConnection();
            time.sleep(10, TimeUnit.SECONDS);
            assertThatThrownBy(file::close).isInstanceOf(LockLostException.class);
            assertThat(server.locks.count()).isZero();
          }
        });
  }

  // ---- releasing and waiting

  @Test
  void aLockIsKeptIfWhatWasWrittenUnderItCannotBeSent() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.ADVISORY)) {
            OpenFile file = mount.open("/f", BOTH);
            RangeLock lock = lock(file, 10, 20);
            write(file, 12, "mine");
            server.errorsIn = kind -> kind.equals("write");
            server.errorRate = 1;
            assertThatThrownBy(lock::release).isInstanceOf(IOException.class);
            assertThat(lock.isHeld()).isTrue();
            assertThat(server.locks.count()).isEqualTo(1);
            server.errorRate = 0;
            lock.release();
            assertThat(server.locks.count()).isZero();
            assertThat(onServer(12, 16)).isEqualTo("mine");
            file.close();
          }
        });
  }

  @Test
  @Tag("J9")
  void aCloseEndsAWaitAndGivesBackAllLocks() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.ADVISORY)) {
            SimLocks.Lock other = server.lock("/f", 0, 100, false);
            OpenFile file = mount.open("/f", BOTH);
            lock(file, 200, 1);
            lock(file, 300, 1);
            CompletableFuture<@Nullable RangeLock> waiting = file.locking(50, 10, false, true);
            time.sleep(1, TimeUnit.SECONDS);
            assertThat(server.count("lock")).as("no polling").isEqualTo(3);
            file.close();
            assertThatThrownBy(() -> Await.result(waiting))
                .isInstanceOf(AsynchronousCloseException.class);
            server.unlock(other);
            time.sleep(1, TimeUnit.SECONDS);
            assertThat(server.locks.count()).isZero();
          }
        });
  }

  @Test
  @Tag("J7")
  void aLockShowsWhatItsLastHolderWroteThereAndAtTheEnd() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.ADVISORY);
              OpenFile file = mount.open("/f", BOTH)) {
            assertThat(read(file, 0, 10)).isEqualTo("aaaaaaaaaa");
            write(file, 90_000, "unsent"); // and the file's state is our own
            server.putRange("/f", 5, filled(2, 'z'));
            server.putRange("/f", 100_000, filled(3, 'e'));
            // What is sent while the size is asked for makes the answer unclear.
            boolean[] once = {false};
            server.beforeRequest =
                kind -> {
                  if (kind.equals("fstat") && !once[0]) {
                    once[0] = true;
                    writeUnchecked(file, 50_000, "x");
                    file.inode().uploader.issue();
                  }
                };
            RangeLock lock = lock(file, 4, 200_000);
            assertThat(once[0]).isTrue();
            assertThat(read(file, 3, 5)).isEqualTo("aazza");
            assertThat(read(file, 99_999, 10)).isEqualTo("aeee");
            lock.release();
          }
        });
  }

  // ---- the table on the share

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void cooperativeLocksHoldBetweenMountsAndTheirFolderIsHidden(boolean links) throws Exception {
    time.run(
        () -> {
          server.hardLinks = links;
          try (Mount mount = mount(LockKind.NONE, "locks", "cooperative");
              OpenFile file = mount.open("/f", BOTH)) {
            CooperativeLocksTest.Client other = new CooperativeLocksTest.Client(time, server, 1.0);
            RangeLock lock = lock(file, 0, 10);
            assertThat(Await.result(other.locks.lock("/f", 5, 10, false, false))).isNull();
            assertThat(mount.names("/")).containsExactly("f");
            assertThat(mount.list("/")).hasSize(1);
            write(file, 0, "mine");
            lock.release();
            assertThat(onServer(0, 4)).isEqualTo("mine");
            assertThat(Await.result(other.locks.lock("/f", 5, 10, false, false))).isNotNull();
            assertThat(file.lock(0, 10, true, false)).isNull();
          }
        });
  }

  @Test
  void cooperativeLocksNeedLinksOrRenamesInOneStep() throws Exception {
    time.run(
        () -> {
          server.hardLinks = false;
          server.atomicReplace = false;
          try (Mount mount = mount(LockKind.NONE, "locks", "cooperative");
              OpenFile file = mount.open("/f", BOTH)) {
            assertThatThrownBy(() -> file.lock(0, 10, false, false))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("netfs+sim://server/")
                .hasMessageContaining("neither hard links nor renames in one step")
                .hasMessageContaining("locks=local");
          }
        });
  }

  @Test
  void aCooperativeLockWhoseLeaseIsOverIsReportedAndNothingMoreIsSent() throws Exception {
    time.run(
        () -> {
          try (Mount mount =
              mount(LockKind.NONE, "locks", "cooperative", "timeout", "5m", "retries", "1000")) {
            OpenFile file = mount.open("/f", BOTH);
            RangeLock lock = lock(file, 0, 10);
            write(file, 0, "mine");
            server.unreachable = true;
            server.breakConnection();
            time.sleep(29, TimeUnit.SECONDS);
            assertThat(lock.isHeld()).isTrue();
            assertThat(read(file, 0, 4)).isEqualTo("mine");
            time.sleep(2, TimeUnit.SECONDS);
            assertThatThrownBy(() -> read(file, 0, 4)).isInstanceOf(LockLostException.class);
            server.unreachable = false;
            time.sleep(1, TimeUnit.MINUTES);
            lock.release();
            file.close();
            assertThat(onServer(0, 4)).isEqualTo("aaaa");
          }
        });
  }

  // ---- mandatory locks

  @Test
  @Tag("L1")
  void whileAnotherHoldsARangeNothingOutsideOfOursIsTouched() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.MANDATORY)) {
            server.lock("/f", 0, 100, false);
            server.onRead = (path, offset, count) -> assertThat(offset).isGreaterThanOrEqualTo(100);
            server.onWrite =
                (path, offset, bytes) -> assertThat(offset).isGreaterThanOrEqualTo(100);
            OpenFile file = mount.open("/f", BOTH);
            RangeLock lock = lock(file, 100, 100);
            assertThat(read(file, 101, 7)).isEqualTo("aaaaaaa");
            write(file, 103, "mine");
            assertThat(read(file, 100, 100)).startsWith("aaaminea");
            lock.release();
            assertThat(onServer(98, 108)).isEqualTo("aaaaaminea");
            lock(file, 150, 10).release();
            file.close();
          }
        });
  }

  @Test
  @Tag("L1")
  void aReadThatMeetsALockIsMadeAgainToTheByte() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.MANDATORY);
              OpenFile file = mount.open("/f", BOTH)) {
            server.lock("/f", 0, 100, false);
            assertThat(read(file, 100, 100)).hasSize(100);
            server.onRead = (path, offset, count) -> assertThat(offset).isGreaterThanOrEqualTo(100);
            assertThat(read(file, 200, 60)).hasSize(60);
            server.onRead = null;
            assertThatThrownBy(() -> read(file, 90, 20))
                .isInstanceOfSatisfying(
                    FileLockedException.class,
                    locked -> {
                      assertThat(locked.getFile()).isEqualTo("/f");
                      assertThat(locked.position()).isEqualTo(90);
                      assertThat(locked.size()).isEqualTo(20);
                    });
            write(file, 95, "x");
            assertThatThrownBy(() -> file.force(false))
                .isInstanceOfSatisfying(
                    FileLockedException.class,
                    locked -> assertThat(locked.position()).isEqualTo(95));
          } catch (FileLockedException e) {
            // The close cannot send it either.
          }
        });
  }

  @Test
  @Tag("L1")
  @Tag("L2")
  void otherHandlesOfTheMountGoThroughTheOneThatHoldsTheLock() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.MANDATORY);
              OpenFile reader = mount.open("/f", mode(true, false));
              OpenFile writer = mount.open("/f", mode(false, true))) {
            assertThat(read(reader, 500, 2)).isEqualTo("aa");
            RangeLock lock = lock(writer, 0, 1000);
            write(writer, 500, "new");
            assertThat(read(reader, 499, 5)).isEqualTo("anewa");
            try (OpenFile later = mount.open("/f", BOTH)) {
              write(later, 600, "later");
              assertThat(read(later, 10, 3)).isEqualTo("aaa");
              later.force(false);
            }
            assertThat(onServer(600, 605)).isEqualTo("later");
            lock.release();
            assertThat(read(reader, 499, 5)).isEqualTo("anewa");
          }
        });
  }

  @Test
  void aDirectReadOfWhatIsLockedSaysSo() throws Exception {
    time.run(
        () -> {
          try (Mount mount = mount(LockKind.MANDATORY, "cache", "none");
              OpenFile file = mount.open("/f", BOTH)) {
            server.lock("/f", 0, 100, false);
            assertThat(read(file, 100, 3)).isEqualTo("aaa");
            for (ThrowingCall call :
                List.<ThrowingCall>of(
                    () -> read(file, 99, 3), () -> write(file, 99, "x"), () -> file.truncate(50))) {
              assertThatThrownBy(call::run).isInstanceOf(FileLockedException.class);
            }
          }
        });
  }

  private interface ThrowingCall {
    void run() throws IOException;
  }
}
