package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.testing.Threads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The engine's invariants, each by the smallest story that could break it. */
@Timeout(60)
class EngineTest {
  private static final int PAGE = 4096;

  private final SimServer server = new SimServer(1);

  private Mount mount(Object... options) throws IOException {
    Map<String, Object> map = new HashMap<>(Map.of("pageSize", PAGE, "memory", 64 * PAGE));
    for (int i = 0; i < options.length; i += 2) {
      map.put((String) options[i], options[i + 1]);
    }
    return server.mount(map);
  }

  private static OpenMode mode(OpenMode.Caching caching) {
    return new OpenMode(
        true, true, Disposition.OPEN_OR_CREATE, false, -1, OpenMode.Durability.BACK, caching);
  }

  private static OpenFile open(Mount mount) throws IOException {
    return mount.open("/f", mode(OpenMode.Caching.CACHED));
  }

  private static OpenFile openDirect(Mount mount) throws IOException {
    return mount.open("/f", mode(OpenMode.Caching.DIRECT));
  }

  private static byte[] bytes(int size, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static byte[] read(OpenFile file, long position, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    int count = file.read(buffer, position);
    return count < 0 ? new byte[0] : Arrays.copyOf(buffer.array(), count);
  }

  private static void write(OpenFile file, long position, byte[] bytes) throws IOException {
    file.write(ByteBuffer.wrap(bytes), position);
  }

  // ---- sizes

  @Test
  @Tag("S1")
  void whatTheServerNeverHadIsZerosWithoutAsking() throws IOException {
    server.put("/f", bytes(100, 1));
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      write(file, 1_000_000, new byte[] {7});
      int before = server.count("read");
      assertThat(read(file, 500_000, 8192)).containsOnly(0).hasSize(8192);
      assertThat(read(file, 100, 3)).containsOnly(0);
      assertThat(server.count("read")).isEqualTo(before);
      assertThat(mount.stats().bytesFromZero()).isPositive();
      assertThat(read(file, 1_000_000, 10)).containsExactly(7);
    }
  }

  @Test
  @Tag("S2")
  void whatWasSentAndEvictedIsAskedForAgain() throws IOException {
    byte[] data = bytes(40 * PAGE, 2);
    server.put("/f", new byte[0]);
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      write(file, 0, data);
      file.force(false);
      mount.dropCaches();
      assertThat(read(file, 0, data.length)).isEqualTo(data);
    }
  }

  @Test
  @Tag("S3")
  void anOpenElsewhereDoesNotShrinkWhatIsBeingWritten() throws IOException {
    server.put("/f", bytes(10, 1));
    try (Mount mount = mount();
        OpenFile writer = open(mount)) {
      write(writer, 10, bytes(PAGE, 2));
      try (OpenFile other = mount.open("/f", OpenMode.READ)) {
        assertThat(writer.size()).isEqualTo(10 + PAGE);
        assertThat(other.size()).isEqualTo(10 + PAGE);
        assertThat(mount.stat("/f", true).size()).isEqualTo(10 + PAGE);
      }
    }
  }

  @Test
  @Tag("S4")
  @Tag("W1")
  void anotherClientsBytesSurviveOurWriteAndAreSeenAfterwards() throws IOException {
    byte[] data = bytes(8 * PAGE, 3);
    server.put("/f", data);
    try (Mount mount = mount()) {
      try (OpenFile file = open(mount)) {
        assertThat(read(file, 0, data.length)).isEqualTo(data);
        write(file, 10, new byte[] {1, 2, 3});
        byte[] theirs = data.clone();
        theirs[20] ^= 1;
        theirs[5 * PAGE] ^= 1;
        server.put("/f", theirs);
        data = theirs;
      }
      data[10] = 1;
      data[11] = 2;
      data[12] = 3;
      assertThat(server.get("/f")).as("only what was written was sent").isEqualTo(data);
      try (OpenFile file = open(mount)) {
        assertThat(read(file, 0, data.length)).isEqualTo(data);
      }
    }
  }

  @Test
  @Tag("S5")
  void bytesBehindTheEndAreZeroWhenTheFileGrowsOverThem() throws IOException {
    server.put("/f", bytes(3 * PAGE, 4));
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      read(file, 0, 3 * PAGE);
      file.truncate(PAGE + 100);
      write(file, 3 * PAGE, new byte[] {9});
      assertThat(read(file, PAGE + 100, 2 * PAGE - 100)).containsOnly(0);
    }
    byte[] there = server.get("/f");
    assertThat(there).hasSize(3 * PAGE + 1);
    assertThat(Arrays.copyOfRange(there, PAGE + 100, 3 * PAGE)).containsOnly(0);
  }

  // ---- reads

  @Test
  @Tag("R1")
  void aShortReadIsContinuedAndNoProgressIsAnError() throws IOException {
    byte[] data = bytes(20 * PAGE, 5);
    server.put("/f", data);
    server.shortRate = 0.9;
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      assertThat(read(file, 0, data.length)).isEqualTo(data);
    }
  }

  @Test
  @Tag("R3")
  void aFailedRangeIsNotValid() throws IOException {
    byte[] data = bytes(2 * PAGE, 6);
    server.put("/f", data);
    try (Mount mount = mount("readahead", 0);
        OpenFile file = open(mount)) {
      server.errorRate = 1;
      assertThatThrownBy(() -> read(file, 0, 100))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("/f");
      server.errorRate = 0;
      assertThat(read(file, 0, 2 * PAGE)).isEqualTo(data);
    }
  }

  @Test
  @Tag("R4")
  void whatIsReadBesidesFillsOnlyGapsBetweenDirtyBytes() throws IOException {
    byte[] data = bytes(4 * PAGE, 7);
    server.put("/f", data);
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      write(file, 50, new byte[] {1, 1});
      write(file, PAGE + 7, new byte[] {2});
      data[50] = 1;
      data[51] = 1;
      data[PAGE + 7] = 2;
      assertThat(read(file, 0, 10)).isEqualTo(Arrays.copyOf(data, 10));
      assertThat(read(file, 0, data.length)).isEqualTo(data);
    }
    assertThat(server.get("/f")).isEqualTo(data);
  }

  @Test
  @Tag("R5")
  void aDirectReadSeesWhatAnotherChannelWrote() throws IOException {
    server.put("/f", bytes(PAGE, 8));
    try (Mount mount = mount();
        OpenFile buffered = open(mount);
        OpenFile direct = openDirect(mount)) {
      write(buffered, 5, new byte[] {42});
      assertThat(read(direct, 5, 1)).containsExactly(42);
      assertThat(server.get("/f")[5]).isEqualTo((byte) 42);
      write(direct, 6, new byte[] {43});
      assertThat(read(buffered, 5, 2)).containsExactly(42, 43);
    }
  }

  @Test
  @Tag("R6")
  void manyColdReadersCauseOneDownload() throws Exception {
    byte[] data = bytes(40 * PAGE, 9);
    server.put("/f", data);
    server.maxDelayMicros = 2_000;
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Mount mount = mount()) {
      CountDownLatch start = new CountDownLatch(1);
      CompletableFuture<?>[] readers = new CompletableFuture<?>[8];
      OpenFile[] files = new OpenFile[8];
      for (int i = 0; i < 8; i++) {
        files[i] = mount.open("/f", OpenMode.READ);
      }
      for (int i = 0; i < 8; i++) {
        OpenFile file = files[i];
        readers[i] =
            CompletableFuture.runAsync(
                () -> {
                  try {
                    start.await();
                    for (int at = 0; at < data.length; at += 1000) {
                      int length = Math.min(1000, data.length - at);
                      assertThat(read(file, at, length))
                          .isEqualTo(Arrays.copyOfRange(data, at, at + length));
                    }
                  } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                  }
                },
                threads);
      }
      start.countDown();
      CompletableFuture.allOf(readers).join();
      assertThat(mount.stats().bytesFromServer()).isEqualTo(data.length);
      for (OpenFile file : files) {
        file.close();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  @Tag("R6")
  void anOpenMeanwhileLeavesADownloadOnItsWay() throws Exception {
    byte[] data = bytes(10 * PAGE, 33);
    server.put("/f", data);
    try (Mount mount = mount();
        OpenFile file = mount.open("/f", OpenMode.READ)) {
      server.maxDelayMicros = 100_000;
      CompletableFuture<byte[]> reader =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return read(file, 0, data.length);
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              },
              Threads.EACH);
      SimServer.eventually("it is on its way", () -> server.count("read") > 0);
      server.maxDelayMicros = 0;
      mount.open("/f", OpenMode.READ).close();
      assertThat(reader.get()).isEqualTo(data);
      assertThat(mount.stats().bytesFromServer()).isEqualTo(data.length);
    }
  }

  @Test
  void aWarmReopenedFileIsNotReadAgain() throws IOException {
    byte[] data = bytes(30 * PAGE, 10);
    server.put("/f", data);
    try (Mount mount = mount()) {
      for (int i = 0; i < 3; i++) {
        try (OpenFile file = mount.open("/f", OpenMode.READ)) {
          assertThat(read(file, 0, data.length)).isEqualTo(data);
        }
      }
      assertThat(mount.stats().bytesFromServer()).isEqualTo(data.length);
      assertThat(mount.stats().bytesFromMemory()).isGreaterThanOrEqualTo(2L * data.length);
    }
  }

  // ---- the cache

  @Test
  @Tag("C1")
  void whatWasAskedForBeforeAnInvalidationIsNotKept() throws Exception {
    server.put("/f", bytes(PAGE, 11));
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      byte[] newer = bytes(PAGE, 12);
      AtomicInteger reads = new AtomicInteger();
      server.maxDelayMicros = 0;
      server.beforeRequest =
          kind -> {
            if (kind.equals("read") && reads.getAndIncrement() == 0) {
              // While the first read is on its way, everything known becomes void.
              server.beforeRequest = null;
              CompletableFuture.runAsync(mount::dropCaches).join();
              server.put("/f", newer);
            }
          };
      assertThat(read(file, 0, PAGE)).isEqualTo(newer);
      assertThat(server.count("read")).isGreaterThanOrEqualTo(2);
    }
  }

  @Test
  @Tag("C2")
  void aChangeByAnotherClientIsSeenAtTheNextOpen() throws IOException {
    server.put("/f", bytes(5 * PAGE, 13));
    try (Mount mount = mount()) {
      try (OpenFile file = mount.open("/f", OpenMode.READ)) {
        read(file, 0, 5 * PAGE);
      }
      byte[] newer = bytes(5 * PAGE, 14);
      server.put("/f", newer);
      try (OpenFile file = mount.open("/f", OpenMode.READ)) {
        assertThat(read(file, 0, 5 * PAGE)).isEqualTo(newer);
      }
      byte[] shorter = bytes(PAGE + 1, 15);
      server.put("/f", shorter);
      try (OpenFile file = mount.open("/f", OpenMode.READ)) {
        assertThat(file.size()).isEqualTo(shorter.length);
        assertThat(read(file, 0, 5 * PAGE)).isEqualTo(shorter);
      }
    }
  }

  @Test
  @Tag("C3")
  void aYoungTimestampProvesNothing() throws Exception {
    VirtualTime time =
        new VirtualTime(16); // in which a second is not over before it is meant to be
    SimServer young = new SimServer(16, time);
    young.freshTimes = true;
    young.put("/f", bytes(PAGE, 16));
    time.run(
        () -> {
          try (Mount mount = young.mount(Map.of("pageSize", PAGE))) {
            try (OpenFile file = mount.open("/f", OpenMode.READ)) {
              read(file, 0, PAGE);
            }
            byte[] newer = bytes(PAGE, 17);
            young.putSameTime("/f", newer);
            try (OpenFile file = mount.open("/f", OpenMode.READ)) {
              assertThat(read(file, 0, PAGE)).isEqualTo(newer);
            }
          }
        });
  }

  @Test
  @Tag("C3")
  void whatWeWroteIsNotTrustedAfterAChangeInTheSameSecond() throws IOException {
    server.freshTimes = true;
    try (Mount mount = mount()) {
      try (OpenFile file = open(mount)) {
        write(file, 0, bytes(PAGE, 18));
      }
      byte[] newer = bytes(PAGE, 19);
      server.putSameTime("/f", newer);
      try (OpenFile file = mount.open("/f", OpenMode.READ)) {
        assertThat(read(file, 0, PAGE)).isEqualTo(newer);
      }
    }
  }

  @Test
  void looseTrustsWhatItHasForAWhile() throws IOException {
    server.put("/f", bytes(PAGE, 20));
    try (Mount mount = mount("cache", "loose", "attrTtl", "1h")) {
      byte[] first;
      try (OpenFile file = mount.open("/f", OpenMode.READ)) {
        first = read(file, 0, PAGE);
      }
      server.put("/f", bytes(PAGE, 21));
      try (OpenFile file = mount.open("/f", OpenMode.READ)) {
        assertThat(read(file, 0, PAGE)).isEqualTo(first);
      }
    }
  }

  // ---- writes

  @Test
  @Tag("W1")
  void onlyWrittenBytesAreSentAndNoneIsFetched() throws IOException {
    server.put("/f", bytes(50 * PAGE, 22));
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      for (int i = 0; i < 50; i++) {
        write(file, (long) i * PAGE + 13 * i, new byte[] {1, 2, 3});
      }
      file.force(false);
      assertThat(mount.stats().bytesToServer()).isEqualTo(150);
      assertThat(mount.stats().bytesFromServer()).isZero();
    }
  }

  @Test
  @Tag("W2")
  void aDirectWriteThatFailsLeavesAPrefixWithoutGaps() throws IOException {
    server.wsize = 1000;
    try (Mount mount = mount();
        OpenFile file = openDirect(mount)) {
      AtomicInteger writes = new AtomicInteger();
      server.beforeRequest =
          kind -> {
            if (kind.equals("write") && writes.incrementAndGet() == 5) {
              server.errorRate = 1;
            }
          };
      byte[] data = bytes(10_000, 23);
      ByteBuffer src = ByteBuffer.wrap(data);
      assertThatThrownBy(() -> file.write(src, 0)).isInstanceOf(IOException.class);
      server.errorRate = 0;
      assertThat(src.position()).isEqualTo(4_000);
      assertThat(server.get("/f")).isEqualTo(Arrays.copyOf(data, 4_000));
    }
  }

  @Test
  @Tag("W3")
  void whatCouldNotBeSentIsKeptReportedOnceToEachAndSentLater() throws IOException {
    byte[] data = bytes(3 * PAGE, 24);
    try (Mount mount = mount();
        OpenFile file = open(mount);
        OpenFile other = open(mount)) {
      write(file, 0, data);
      server.errorRate = 1;
      assertThatThrownBy(() -> file.force(false))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("/f")
          .hasMessageContaining("sim error");
      assertThat(mount.stats().dirtyBytes()).isEqualTo(data.length);
      server.errorRate = 0;
      assertThatThrownBy(() -> other.force(false))
          .as("every open file hears of it")
          .isInstanceOf(IOException.class);
      other.force(false);
      file.force(false);
      assertThat(server.get("/f")).isEqualTo(data);
      assertThat(mount.stats().dirtyBytes()).isZero();
    }
  }

  @Test
  @Tag("W3")
  void whatAFailedCloseLeftBehindIsSentInTheBackground() throws IOException {
    byte[] data = bytes(PAGE, 25);
    try (Mount mount = mount("writebackAge", "20ms")) {
      OpenFile file = open(mount);
      write(file, 0, data);
      server.errorRate = 1;
      assertThatThrownBy(file::close).isInstanceOf(IOException.class);
      server.errorRate = 0;
      SimServer.eventually("it is sent", () -> Arrays.equals(server.get("/f"), data));
    }
  }

  @Test
  void writeThroughReachesTheServerBeforeItReturns() throws IOException {
    try (Mount mount = mount("write", "through");
        OpenFile file = open(mount)) {
      write(file, 0, new byte[] {1, 2});
      assertThat(server.get("/f")).containsExactly(1, 2);
      assertThat(read(file, 0, 5)).containsExactly(1, 2);
      assertThat(server.count("read")).isZero();
    }
  }

  @Test
  void agedDirtyBytesAreSentUnasked() throws IOException {
    try (Mount mount = mount("writebackAge", "20ms");
        OpenFile file = open(mount)) {
      write(file, 0, new byte[] {1});
      SimServer.eventually("it is sent", () -> server.get("/f").length == 1);
    }
  }

  @Test
  void dirtyBytesOfADeletedFileDoNotKeepOthersWaiting() throws IOException {
    server.put("/f", new byte[0]);
    server.put("/g", new byte[0]);
    try (Mount mount = mount("dirtyLimit", 10_000);
        OpenFile deleted = open(mount);
        OpenFile other = mount.open("/g", mode(OpenMode.Caching.CACHED))) {
      mount.delete("/f");
      write(deleted, 0, bytes(20_000, 1));
      write(other, 0, bytes(20_000, 2));
      other.force(false);
      assertThat(server.get("/g")).isEqualTo(bytes(20_000, 2));
      assertThat(read(deleted, 0, 20_000)).isEqualTo(bytes(20_000, 1));
    }
  }

  @Test
  void aWriterWaitsWhileThereIsTooMuchDirtyData() throws IOException {
    server.maxDelayMicros = 500;
    byte[] data = bytes(400_000, 26);
    try (Mount mount = mount("dirtyLimit", 50_000, "memory", 8 * PAGE)) {
      try (OpenFile file = open(mount)) {
        for (int at = 0; at < data.length; at += 10_000) {
          write(file, at, Arrays.copyOfRange(data, at, at + 10_000));
          assertThat(mount.stats().dirtyBytes()).isLessThanOrEqualTo(60_000);
        }
      }
      assertThat(server.get("/f")).isEqualTo(data);
    }
  }

  @Test
  void aFileThatIsCutAtItsOpenDoesNotGetEarlierWrites() throws IOException {
    server.maxDelayMicros = 300;
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      write(file, 0, bytes(5 * PAGE, 27));
      OpenMode cut =
          new OpenMode(
              true,
              true,
              Disposition.OPEN_OR_CREATE,
              true,
              -1,
              OpenMode.Durability.BACK,
              OpenMode.Caching.CACHED);
      try (OpenFile second = mount.open("/f", cut)) {
        assertThat(second.size()).isZero();
        write(second, 0, new byte[] {1, 2});
      }
      file.force(true);
      assertThat(server.get("/f")).containsExactly(1, 2);
    }
  }

  @Test
  void aRenamedFileKeepsWhatWasWrittenToIt() throws IOException {
    try (Mount mount = mount()) {
      try (OpenFile file = open(mount)) {
        write(file, 0, new byte[] {1, 2, 3});
        mount.rename("/f", "/g", false, false);
        write(file, 3, new byte[] {4});
        assertThat(mount.stat("/g", true).size()).isEqualTo(4);
      }
      assertThat(server.get("/g")).containsExactly(1, 2, 3, 4);
      assertThat(server.get("/f")).isNull();
    }
  }

  @Test
  void deletingAFileDropsWhatIsInMemoryOfIt() throws IOException {
    server.put("/f", bytes(10 * PAGE, 28));
    try (Mount mount = mount()) {
      try (OpenFile file = mount.open("/f", OpenMode.READ)) {
        read(file, 0, 10 * PAGE);
      }
      assertThat(mount.stats().cachedBytes()).isPositive();
      mount.delete("/f");
      assertThat(mount.stats().cachedBytes()).isZero();
      assertThatThrownBy(() -> mount.stat("/f", true)).isInstanceOf(NoSuchFileException.class);
    }
  }

  @Test
  void nothingOfMemoryOrHandlesIsLeftWhenFilesAreClosedAndDropped() throws IOException {
    server.put("/f", bytes(100 * PAGE, 29));
    server.shortRate = 0.3;
    try (Mount mount = mount()) {
      Random random = new Random(30);
      for (int i = 0; i < 50; i++) {
        try (OpenFile file = open(mount)) {
          read(file, random.nextInt(90 * PAGE), 5 * PAGE);
          write(file, random.nextInt(90 * PAGE), bytes(1 + random.nextInt(9_000), i));
        }
      }
      mount.dropCaches();
      SimServer.eventually("all frames are back", () -> mount.stats().cachedBytes() == 0);
      SimServer.eventually(
          "all handles are closed", () -> server.count("open") == server.count("close"));
      assertThat(mount.stats().dirtyBytes()).isZero();
    }
  }

  // ---- waiting, closing, locking

  @Test
  @Tag("J9")
  void aCloseWakesAReaderWhoWaits() throws Exception {
    server.put("/f", bytes(PAGE, 31));
    try (Mount mount = mount()) {
      OpenFile file = open(mount);
      server.maxDelayMicros = 5_000_000;
      CompletableFuture<Throwable> failure =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  read(file, 0, PAGE);
                  return null;
                } catch (IOException e) {
                  return e;
                }
              },
              Threads.EACH);
      SimServer.eventually("the read is on its way", () -> server.count("read") > 0);
      file.close();
      assertThat(failure.get()).isInstanceOf(AsynchronousCloseException.class);
      server.maxDelayMicros = 0;
    }
  }

  @Test
  @Tag("J7")
  void localLocksOverlapWithinTheJvmOnly() throws IOException {
    try (Mount mount = mount("locks", "local");
        OpenFile one = open(mount);
        OpenFile two = open(mount)) {
      RangeLock lock = one.lock(0, 100, false, false);
      assertThat(lock).isNotNull();
      assertThatThrownBy(() -> two.lock(50, 100, true, true))
          .isInstanceOf(OverlappingFileLockException.class);
      assertThat(two.lock(100, Long.MAX_VALUE, true, true)).isNotNull();
      lock.release();
      assertThat(lock.isHeld()).isFalse();
      assertThat(two.lock(0, 100, false, false)).isNotNull();
    }
  }

  @Test
  void aShareWithoutLocksSaysWhatElseThereIs() throws IOException {
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      assertThatThrownBy(() -> file.lock(0, 1, false, false))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("locks=local");
    }
  }

  @Test
  @Tag("O1")
  void unreachableIsNotDeleted() throws IOException {
    byte[] data = bytes(3 * PAGE, 32);
    server.put("/f", data);
    try (Mount mount = mount("timeout", "200ms");
        OpenFile file = mount.open("/f", OpenMode.READ)) {
      assertThat(read(file, 0, data.length)).isEqualTo(data);
      server.unreachable = true;
      server.breakConnection();
      assertThatThrownBy(() -> mount.stat("/other", true))
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(NoSuchFileException.class);
      assertThat(read(file, 0, data.length)).isEqualTo(data);
      server.unreachable = false;
      mount.dropCaches();
      assertThat(read(file, 0, data.length)).isEqualTo(data);
    }
  }
}
