package dev.netfs.engine;

import static dev.netfs.engine.LeaseTest.mount;
import static dev.netfs.engine.LeaseTest.otherReads;
import static dev.netfs.engine.LeaseTest.otherWrites;
import static dev.netfs.engine.LeaseTest.read;
import static dev.netfs.engine.LeaseTest.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.engine.LeaseTest.Event;
import dev.netfs.share.FileInfo;
import dev.netfs.share.LeaseState;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.ShareCapabilities.LockKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code closeDelay}: what an open and a close cost, and what they promise, under a lease. */
@Timeout(120)
class CloseDelayTest {
  /** What a program does on a mount of a server under virtual time. */
  @FunctionalInterface
  private interface Program {
    void run(VirtualTime time, SimServer server, Mount mount) throws Exception;
  }

  private static void on(String cache, Program program) throws Exception {
    VirtualTime time = new VirtualTime(1);
    time.run(
        () -> {
          SimServer server = new SimServer(1, time);
          server.lockKind = LockKind.MANDATORY;
          try (Mount mount = mount(server, "cache", cache, "closeDelay", "1s")) {
            program.run(time, server, mount);
          }
          assertThat(server.openHandles()).as("handles after the mount's end").isZero();
        });
  }

  /** Opens the file, reads a number, and closes it. */
  private static long readOnce(Mount mount) throws IOException {
    try (OpenFile file = mount.open("/f", OpenMode.READ)) {
      return read(file, 1000);
    }
  }

  private static void writeOnce(Mount mount, long value) throws IOException {
    try (OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
      write(file, 1000, value);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"close-to-open", "strict"})
  void aFileThatIsOpenedAgainCostsNoRequestWithinTheTime(String cache) throws Exception {
    on(
        cache,
        (time, server, mount) -> {
          assertThat(readOnce(mount)).isZero();
          server.requests.clear();
          for (int i = 0; i < 9; i++) {
            time.sleep(100, TimeUnit.MILLISECONDS);
            assertThat(readOnce(mount)).isZero();
          }
          assertThat(server.requests).isEmpty();
          assertThat(server.openHandles()).isEqualTo(1);
          time.sleep(150, TimeUnit.MILLISECONDS);
          assertThat(server.requests.keySet()).containsExactly("close");
          assertThat(server.openHandles()).isZero();
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"close-to-open", "strict"})
  void whatWasWrittenIsClosedAtOnceSoThatOthersSeeItsSizeAndTimes(String cache) throws Exception {
    on(
        cache,
        (time, server, mount) -> {
          writeOnce(mount, 7);
          assertThat(server.openHandles()).isZero();
          assertThat(mount.stats().cachedBytes()).isZero();
          assertThat(readOnce(mount)).isEqualTo(7);
          assertThat(server.openHandles()).isEqualTo(1);
          try (OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            write(file, 1000, 8);
            int opens = server.count("open");
            assertThat(readOnce(mount)).as("while it is open").isEqualTo(8);
            assertThat(server.count("open")).isEqualTo(opens);
          }
          assertThat(server.openHandles()).isZero();
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"close-to-open", "strict"})
  @Tag("L3")
  void anotherClientGetsOnAtOnceAndIsSeenAtTheNextOpen(String cache) throws Exception {
    on(
        cache,
        (time, server, mount) -> {
          assertThat(readOnce(mount)).isZero();
          long before = time.nanoTime();
          Await.result(otherWrites(server, 1000, 7));
          assertThat(time.nanoTime() - before).isLessThan(TimeUnit.MILLISECONDS.toNanos(10));
          assertThat(server.openHandles()).as("closed for the other").isZero();
          assertThat(readOnce(mount)).isEqualTo(7);
          writeOnce(mount, 8);
          assertThat(Await.result(otherReads(server, 1000))).isEqualTo(8);
          assertThat(server.openHandles()).isZero();
        });
  }

  @Test
  @Tag("L3")
  void aChangeIsSeenByAnOpenChannelOnceTheLeaseIsAskedBack() throws Exception {
    on(
        "close-to-open",
        (time, server, mount) -> {
          try (OpenFile file = mount.open("/f", OpenMode.READ)) {
            assertThat(read(file, 1000)).isZero();
            Await.result(otherWrites(server, 1000, 7));
            assertThat(read(file, 1000)).isEqualTo(7);
          }
        });
  }

  /** The right to read alone is asked back without waiting for an answer. */
  @ParameterizedTest
  @ValueSource(strings = {"close-to-open", "strict"})
  void aLeaseToReadAloneSavesNoQuestion(String cache) throws Exception {
    on(
        cache,
        (time, server, mount) -> {
          server.leases.most = LeaseState.READ_HANDLE;
          assertThat(readOnce(mount)).isZero();
          assertThat(server.openHandles()).isZero();
          assertThat(readOnce(mount)).isZero();
          assertThat(server.count("open")).isEqualTo(2);
        });
  }

  /** What a server tells nobody: changes by its own programs, renames over the file. */
  @ParameterizedTest
  @ValueSource(strings = {"close-to-open", "strict"})
  void whatTheServerDoesNotTellIsSeenOnceTheTimeIsUp(String cache) throws Exception {
    on(
        cache,
        (time, server, mount) -> {
          assertThat(readOnce(mount)).isZero();
          server.putRange("/f", 1000, ByteBuffer.allocate(8).putLong(0, 7).array());
          for (int i = 0; i < 10; i++) {
            time.sleep(100, TimeUnit.MILLISECONDS);
            readOnce(mount); // however often
          }
          assertThat(readOnce(mount)).isEqualTo(7);
          assertThat(server.count("open")).isEqualTo(2);
        });
  }

  /** The server answers an open, asks the lease back, and grants it anew to another open. */
  @Test
  void anAnswerFromBeforeABreakVouchesForNothing() throws Exception {
    on(
        "close-to-open",
        (time, server, mount) -> {
          try (OpenFile file = mount.open("/f", OpenMode.READ)) {
            Inode inode = file.inode();
            Inode.Asked asked = inode.asking();
            RemoteFile handle =
                new RemoteFile(
                    mount.services().session(), mount.services().stats(), inode, OpenIntent.READ);
            FileInfo info = Await.result(handle.open());
            assertThat(inode.opens.openedUnderLease(OpenIntent.READ)).isTrue();
            Await.result(otherWrites(server, 200_000, 7));
            inode.lease().granted(LeaseState.ALL);
            inode.opens.opened(handle, info, OpenIntent.READ, asked);
            assertThat(inode.opens.openedUnderLease(OpenIntent.READ)).isFalse();
          }
        });
  }

  @Test
  void renamingAndDeletingCloseFirst() throws Exception {
    on(
        "close-to-open",
        (time, server, mount) -> {
          mount.makeDirectory("/d", -1);
          mount.makeDirectory("/d/e", -1);
          mount.open("/d/e/g", OpenModes.CREATE).close();
          readOnce(mount);
          assertThat(server.openHandles()).isEqualTo(2);
          server.beforeRequest =
              kind -> {
                if (kind.equals("rename")) {
                  assertThat(server.openHandles()).as("before a rename").isEqualTo(1);
                }
                if (kind.equals("delete")) {
                  assertThat(server.openHandles()).as("before a deletion").isZero();
                }
              };
          mount.rename("/d", "/h", false, false);
          mount.delete("/f");
          server.beforeRequest = null;
          assertThatThrownBy(() -> readOnce(mount)).isInstanceOf(NoSuchFileException.class);
          assertThatThrownBy(() -> mount.open("/d/e/g", OpenMode.READ))
              .isInstanceOf(NoSuchFileException.class);
          mount.open("/h/e/g", OpenMode.READ).close();
          mount.open("/f", OpenModes.CREATE).close();
          assertThat(server.openHandles()).isEqualTo(2);
          server.beforeRequest =
              kind -> assertThat(server.openHandles()).as("before " + kind).isZero();
          mount.rename("/f", "/h/e/g", true, true);
          server.beforeRequest = null;
          assertThat(server.openHandles()).isZero();
        });
  }

  @Test
  void whatNeedsMoreThanTheHandlesCanDoIsAskedFor() throws Exception {
    on(
        "close-to-open",
        (time, server, mount) -> {
          readOnce(mount);
          mount.open("/f", OpenModes.UPDATE).close();
          assertThat(server.count("open")).as("to write").isEqualTo(2);
          readOnce(mount);
          writeOnce(mount, 8);
          assertThat(server.count("open")).as("one that reads and writes does").isEqualTo(2);
          OpenMode truncate =
              new OpenMode(
                  true,
                  true,
                  OpenModes.CREATE.disposition(),
                  true,
                  -1,
                  OpenMode.Durability.BACK,
                  OpenMode.Caching.CACHED);
          try (OpenFile file = mount.open("/f", truncate)) {
            assertThat(server.count("open")).as("to cut").isEqualTo(3);
            assertThat(file.size()).isZero();
          }
        });
  }

  @Test
  void whereThereWereLocksAFileIsClosedAtOnce() throws Exception {
    on(
        "close-to-open",
        (time, server, mount) -> {
          try (OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            file.lock(0, 10, false, false);
          }
          assertThat(server.openHandles()).isZero();
          assertThat(server.locks.count()).isZero();
          readOnce(mount);
          assertThat(server.openHandles()).isEqualTo(1);
        });
  }

  @Test
  void notManyFilesAreKeptOpen() throws Exception {
    on(
        "close-to-open",
        (time, server, mount) -> {
          for (int i = 0; i < DelayedCloses.MOST + 10; i++) {
            mount.open("/g" + i, OpenModes.CREATE).close();
            assertThat(server.openHandles()).isLessThanOrEqualTo(DelayedCloses.MOST);
          }
          server.requests.clear();
          mount.open("/g" + DelayedCloses.MOST, OpenModes.CREATE).close();
          assertThat(server.requests).as("those that were closed last are").isEmpty();
          mount.dropCaches();
          assertThat(server.openHandles()).isZero();
        });
  }

  @Test
  void unmountingClosesWhatIsKept() throws Exception {
    on(
        "close-to-open",
        (time, server, mount) -> {
          readOnce(mount);
          mount.close();
          assertThat(server.count("close")).isEqualTo(1);
        });
  }

  @Test
  void withTheConnectionWhatWasKeptIsGone() throws Exception {
    on(
        "strict",
        (time, server, mount) -> {
          readOnce(mount);
          server.breakConnection();
          Await.result(otherWrites(server, 1000, 7));
          assertThat(readOnce(mount)).isEqualTo(7);
        });
  }

  @Test
  void closeDelayIsRefusedWhereItIsOfNoUse() {
    SimServer server = new SimServer(1);
    for (String cache : List.of("loose", "immutable", "none")) {
      assertThatThrownBy(() -> mount(server, "cache", cache, "closeDelay", "1s"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'closeDelay'")
          .hasMessageContaining("cache=" + cache);
    }
  }

  static LongStream seeds() {
    return LeaseTest.seeds();
  }

  /**
   * Threads of a mount open a file, read or write a register and close it, as another client does:
   * who opens it after a writer has closed it must see what that one wrote.
   */
  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("L3")
  @Tag("C1")
  @Tag("C2")
  void whoOpensAfterAWriterHasClosedSeesWhatHeWrote(long seed) throws Exception {
    VirtualTime time = new VirtualTime(seed);
    time.run(
        () -> {
          Random random = new Random(seed);
          SimServer server = new SimServer(seed, time);
          server.maxDelayMicros = random.nextBoolean() ? 5_000 : 0;
          server.shortRate = random.nextInt(3) * 0.2;
          boolean patient = random.nextBoolean();
          server.leases.patient = patient;
          String cache = patient && random.nextBoolean() ? "strict" : "close-to-open";
          List<Event> events = new ArrayList<>();
          long[] last = {0};
          try (Mount mount =
              mount(
                  server,
                  "cache",
                  cache,
                  "pageSize",
                  "4KiB",
                  "closeDelay",
                  random.nextBoolean() ? "20ms" : "1s")) {
            List<CompletableFuture<?>> actors = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
              int number = i;
              actors.add(
                  time.start(
                      "actor " + i,
                      () -> {
                        for (int step = 0; step < 60; step++) {
                          int register = random.nextInt(4);
                          long at = 4090L * register;
                          boolean write = random.nextInt(3) == 0;
                          long value = write ? ++last[0] : 0;
                          long from = time.nanoTime();
                          if (number == 0) {
                            server.leases.most =
                                random.nextInt(4) == 0 ? LeaseState.READ_HANDLE : LeaseState.ALL;
                            if (write) {
                              Await.result(otherWrites(server, at, value));
                            } else {
                              value = Await.result(otherReads(server, at));
                            }
                            time.sleep(random.nextInt(30), TimeUnit.MILLISECONDS);
                          } else {
                            try (OpenFile file =
                                mount.open("/f", write ? OpenModes.UPDATE : OpenMode.READ)) {
                              if (write) {
                                write(file, at, value);
                              } else {
                                value = read(file, at);
                              }
                            }
                          }
                          events.add(new Event(register, write, value, from, time.nanoTime()));
                          time.sleep(random.nextInt(4_000), TimeUnit.MICROSECONDS);
                        }
                      }));
            }
            actors.forEach(Await::untilDone);
          }
          LeaseTest.check(events);
          assertThat(server.count("open")).as("some opens asked nobody").isLessThan(120);
        });
  }
}
