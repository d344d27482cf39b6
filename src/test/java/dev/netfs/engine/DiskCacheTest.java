package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.netfs.fscache.WrongKeyException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A mount with a cache on disk: what is read again after a restart, and what must not be. */
@Timeout(60)
class DiskCacheTest {
  private static final int MIB = 1 << 20;

  @TempDir Path temp;
  private final SimServer server = new SimServer(1);
  private Path key;

  @BeforeEach
  void makeKey() throws IOException {
    key = Files.write(temp.resolve("key"), bytes(99, 32));
  }

  private static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private Mount mount(Object... more) throws IOException {
    Map<String, Object> options = new HashMap<>();
    options.put("disk", temp.resolve("cache"));
    options.put("encryptionKeyFile", key);
    for (int i = 0; i < more.length; i += 2) {
      options.put((String) more[i], more[i + 1]);
    }
    return server.mount(options);
  }

  private static byte[] read(Mount mount, String path) throws IOException {
    try (OpenFile file = mount.open(path, OpenMode.READ)) {
      ByteBuffer all = ByteBuffer.allocate((int) file.size());
      int step = 50_000;
      while (all.hasRemaining()) {
        int at = all.position();
        all.limit(Math.min(all.capacity(), at + step));
        if (file.read(all, at) < 0) {
          break;
        }
        all.limit(all.capacity());
      }
      return all.array();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"4KiB", "64KiB", "256KiB", "2MiB"})
  void whatWasReadIsNotFetchedAgainAfterARestart(String granule) throws IOException {
    byte[] content = bytes(1, 3 * MIB + 12_345);
    server.put("/f", content);
    try (Mount mount = mount("granule", granule)) {
      assertThat(read(mount, "/f")).isEqualTo(content);
    }
    int reads = server.count("read");
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
      assertThat(server.count("read")).as("reads from the server").isEqualTo(reads);
      assertThat(mount.stats().bytesFromServer()).isZero();
      assertThat(mount.stats().bytesFromDisk()).isEqualTo(content.length);
      assertThat(mount.stats().diskFailures()).isZero();
    }
  }

  @Test
  void whatIsCompressedTakesLessRoomAndIsReadWhateverTheOptionSaysLater() throws IOException {
    byte[] content = new byte[3 * MIB + 12_345];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i / 7 % 100 ^ i / 40_000);
    }
    byte[] noise = bytes(3, MIB);
    for (String codec : List.of("lz4", "zstd")) {
      server.put("/" + codec, content);
      try (Mount mount = mount("diskCompress", codec)) {
        long before = mount.stats().diskBytes();
        assertThat(read(mount, "/" + codec)).isEqualTo(content);
        mount.services().disk().drain();
        assertThat(mount.stats().diskBytes() - before).isBetween(1_000L, (long) MIB);
      }
    }
    server.put("/noise", noise);
    try (Mount mount = mount("diskCompress", "zstd")) {
      assertThat(read(mount, "/noise")).isEqualTo(noise);
    }
    for (String codec : List.of("none", "lz4", "zstd")) {
      try (Mount mount = mount("diskCompress", codec)) {
        assertThat(read(mount, "/lz4")).isEqualTo(content);
        assertThat(read(mount, "/zstd")).isEqualTo(content);
        assertThat(read(mount, "/noise")).isEqualTo(noise);
        assertThat(mount.stats().bytesFromServer()).isZero();
        assertThat(mount.stats().diskFailures()).isZero();
      }
    }
  }

  @Test
  void whatHasArrivedIsKeptThoughNobodyWaitsForTheRest() throws Exception {
    byte[] content = bytes(1, 2 * server.rsize);
    server.put("/f", content);
    server.depth = 1;
    CompletableFuture<Void> ended = new CompletableFuture<>();
    try (Mount mount = mount("granule", "4KiB", "readahead", 0)) {
      OpenFile file = mount.open("/f", OpenMode.READ);
      server.onRead =
          (path, offset, count) -> {
            try {
              file.close();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
            ended.join(); // nobody waits any more
          };
      assertThatThrownBy(() -> file.read(ByteBuffer.allocate(content.length), 0))
          .isInstanceOf(ClosedChannelException.class);
      ended.complete(null);
    }
    server.onRead = null;
    assertThat(server.count("read")).isEqualTo(1);
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
      assertThat(mount.stats().bytesFromDisk()).isEqualTo(server.rsize);
    }
  }

  @Test
  @Tag("C2")
  void whatSomebodyElseChangedMeanwhileIsFetchedAgain() throws IOException {
    byte[] content = bytes(1, MIB);
    server.put("/f", content);
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
    }
    byte[] changed = bytes(2, MIB);
    server.put("/f", changed);
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(changed);
      assertThat(mount.stats().bytesFromDisk()).isZero();
    }
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(changed);
      assertThat(mount.stats().bytesFromServer()).isZero();
    }
  }

  @Test
  @Tag("C3")
  void whatWasFetchedWhileItsTimestampWasYoungIsNotKept() throws IOException {
    byte[] content = bytes(1, MIB);
    server.put("/f", content);
    // A time to come stays young however long this takes.
    server.putTime("/f", System.currentTimeMillis() / 1000 + 3600);
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
    }
    byte[] changed = bytes(2, MIB);
    server.putSameTime("/f", changed); // within the same tick, as the server's clock has it
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(changed);
      assertThat(mount.stats().bytesFromDisk()).isZero();
    }
  }

  @Test
  @Tag("C5")
  void whatIsWrittenHereLeavesNothingOldBehind() throws IOException {
    byte[] content = bytes(1, MIB);
    server.put("/f", content);
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
      try (OpenFile file = mount.open("/f", OpenModes.CREATE)) {
        byte[] piece = bytes(3, 100_000);
        file.write(ByteBuffer.wrap(piece), 300_001);
        System.arraycopy(piece, 0, content, 300_001, piece.length);
        file.force(false);
        mount.dropCaches();
        ByteBuffer all = ByteBuffer.allocate(MIB);
        assertThat(file.read(all, 0)).isEqualTo(MIB);
        assertThat(all.array()).isEqualTo(content);
      }
      assertThat(read(mount, "/f")).isEqualTo(content);
    }
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
    }
  }

  @Test
  void aNameThatStandsForAnotherFileOfTheSameLooksIsReadAnew() throws IOException {
    byte[] one = bytes(1, 100_000);
    byte[] other = bytes(2, 100_000);
    server.put("/a", one);
    server.put("/b", other);
    server.putTime("/a", 1_500_000_000L);
    server.putTime("/b", 1_500_000_000L);
    try (Mount mount = mount()) {
      assertThat(read(mount, "/a")).isEqualTo(one);
      assertThat(read(mount, "/b")).isEqualTo(other);
      mount.rename("/a", "/b", true, false);
      assertThat(read(mount, "/b")).isEqualTo(one);
    }
    try (Mount mount = mount()) {
      assertThat(read(mount, "/b")).isEqualTo(one);
    }
  }

  @Test
  void soDoesWhatIsBelowADirectoryThatGetsAnotherName() throws IOException {
    byte[] one = bytes(1, 100_000);
    byte[] other = bytes(2, 100_000);
    try (Mount mount = mount()) {
      mount.makeDirectory("/one", -1);
      mount.makeDirectory("/two", -1);
      server.put("/one/f", one);
      server.put("/two/f", other);
      server.putTime("/one/f", 1_500_000_000L);
      server.putTime("/two/f", 1_500_000_000L);
      assertThat(read(mount, "/one/f")).isEqualTo(one);
      assertThat(read(mount, "/two/f")).isEqualTo(other);
      mount.rename("/one", "/three", false, false);
      mount.rename("/two", "/one", false, false);
      assertThat(read(mount, "/one/f")).isEqualTo(other);
    }
    try (Mount mount = mount()) {
      assertThat(read(mount, "/one/f")).isEqualTo(other);
      assertThat(read(mount, "/three/f")).isEqualTo(one);
    }
  }

  @Test
  @Tag("R2")
  @Tag("C7")
  void whatIsDamagedOnDiskComesFromTheServerAndIsReplaced() throws IOException {
    byte[] content = bytes(1, 2 * MIB);
    server.put("/f", content);
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
    }
    Path object = objects().get(0);
    byte[] bytes = Files.readAllBytes(object);
    bytes[bytes.length / 2] ^= 1;
    Files.write(object, bytes);
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
      assertThat(mount.stats().diskFailures()).isEqualTo(1);
      assertThat(mount.stats().bytesFromServer()).isEqualTo(256 << 10);
    }
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
      assertThat(mount.stats().bytesFromServer()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  @Tag("C7")
  void soItIsWhoeverHasClosedTheFileMeanwhile(long seed) throws Exception {
    VirtualTime time = new VirtualTime(seed);
    SimServer slow = new SimServer(seed, time);
    byte[] content = bytes(1, 100_000);
    Map<String, Object> options = Map.of("disk", temp.resolve("cache"), "encrypt", "off");
    time.run(
        () -> {
          slow.put("/f", content);
          try (Mount mount = slow.mount(options)) {
            assertThat(read(mount, "/f")).isEqualTo(content);
          }
          Path object = objects().get(0);
          byte[] bytes = Files.readAllBytes(object);
          bytes[bytes.length / 2] ^= 1;
          Files.write(object, bytes);
          try (Mount mount = slow.mount(options)) {
            assertThat(read(mount, "/f")).isEqualTo(content);
          }
          try (Mount mount = slow.mount(options)) {
            assertThat(read(mount, "/f")).isEqualTo(content);
            assertThat(mount.stats().bytesFromServer()).isZero();
          }
        });
  }

  private List<Path> objects() throws IOException {
    try (Stream<Path> all = Files.walk(temp.resolve("cache"))) {
      return all.filter(Files::isRegularFile)
          .filter(file -> file.toString().contains("/objects/"))
          .toList();
    }
  }

  @Test
  @Tag("C4")
  void aDirectoryThatIsDeletedUnderAMountIsNoTrouble() throws IOException {
    byte[] content = bytes(1, 2 * MIB);
    server.put("/f", content);
    server.put("/g", content);
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
      mount.services().disk().drain();
      try (Stream<Path> all = Files.walk(temp.resolve("cache"))) {
        for (Path path : all.sorted((a, b) -> b.compareTo(a)).toList()) {
          Files.delete(path);
        }
      }
      mount.dropCaches();
      assertThat(read(mount, "/f")).isEqualTo(content);
      assertThat(read(mount, "/g")).isEqualTo(content);
      try (OpenFile file = mount.open("/h", OpenModes.CREATE)) {
        file.write(ByteBuffer.wrap(content), 0);
      }
      assertThat(server.get("/h")).isEqualTo(content);
      assertThat(mount.stats().diskFailures()).isZero();
    }
    try (Mount mount = mount()) { // the directory was made again
      assertThat(read(mount, "/f")).isEqualTo(content);
      assertThat(read(mount, "/g")).isEqualTo(content);
      assertThat(mount.stats().bytesFromServer()).isZero();
    }
  }

  @Test
  @Tag("C4")
  void aDirectoryThatCannotBeUsedIsGoneWithout() throws IOException {
    byte[] content = bytes(1, MIB);
    server.put("/f", content);
    Path blocked = Files.writeString(temp.resolve("blocked"), "a file");
    try (Mount mount = mount("disk", blocked.resolve("cache"))) {
      assertThat(read(mount, "/f")).isEqualTo(content);
    }
    Path inaccessible = Files.createDirectory(temp.resolve("inaccessible"));
    Files.setPosixFilePermissions(inaccessible, PosixFilePermissions.fromString("r-x------"));
    try (Mount mount = mount("disk", inaccessible)) {
      assertThat(read(mount, "/f")).isEqualTo(content);
    }
  }

  @Test
  @Tag("C4")
  void aFullDiskIsNoTrouble() throws Exception {
    Path small = Files.createDirectory(temp.resolve("small"));
    assumeTrue(
        runs("mount", "-t", "tmpfs", "-o", "size=3m", "none", small.toString()),
        "a small tmpfs can be mounted here, which needs root");
    try {
      byte[] content = bytes(1, 6 * MIB);
      server.put("/f", content);
      try (Mount mount = mount("disk", small.resolve("cache"))) {
        for (int i = 0; i < 3; i++) {
          assertThat(read(mount, "/f")).isEqualTo(content);
          mount.services().disk().drain();
          mount.dropCaches();
        }
        try (OpenFile file = mount.open("/g", OpenModes.CREATE)) {
          file.write(ByteBuffer.wrap(content), 0);
        }
        assertThat(server.get("/g")).isEqualTo(content);
        assertThat(mount.stats().bytesToDisk()).isBetween(1L, 3L * MIB);
        assertThat(mount.stats().bytesFromDisk()).isPositive();
      }
    } finally {
      // What was being written behind at the unmount may have a file open for a moment longer.
      SimServer.eventually("the tmpfs is let go of", () -> unmounted(small));
    }
  }

  private static boolean unmounted(Path place) {
    try {
      return runs("umount", place.toString());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean runs(String... command) throws IOException, InterruptedException {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aWrongKeyEndsTheMountAndSaysSo() throws IOException {
    server.put("/f", bytes(1, MIB));
    try (Mount mount = mount()) {
      read(mount, "/f");
    }
    Path other = Files.write(temp.resolve("other"), bytes(98, 32));
    assertThatThrownBy(() -> mount("encryptionKeyFile", other))
        .isInstanceOf(WrongKeyException.class)
        .hasMessageContaining("encryptionKeyFile");
    try (Mount mount = mount()) {
      read(mount, "/f");
      assertThat(mount.stats().bytesFromServer()).isZero();
    }
  }

  @Test
  void randomReadsFetchWhatTheyNeedAndFindItAgain() throws IOException {
    byte[] content = bytes(1, 8 * MIB);
    server.put("/f", content);
    long first;
    try (Mount mount = mount("pageSize", "4KiB")) {
      readSome(mount, content);
      first = mount.stats().bytesFromServer();
      assertThat(first).as("bytes fetched").isLessThan(100 * 16_384);
    }
    try (Mount mount = mount("pageSize", "4KiB")) {
      readSome(mount, content);
      assertThat(mount.stats().bytesFromServer()).isZero();
    }
  }

  private static void readSome(Mount mount, byte[] content) throws IOException {
    Random random = new Random(5);
    try (OpenFile file = mount.open("/f", OpenMode.READ)) {
      for (int i = 0; i < 100; i++) {
        int at = 1 + random.nextInt(content.length - 10_000);
        ByteBuffer buffer = ByteBuffer.allocate(1 + random.nextInt(8_000));
        assertThat(file.read(buffer, at)).isEqualTo(buffer.capacity());
        assertThat(buffer.array())
            .isEqualTo(Arrays.copyOfRange(content, at, at + buffer.capacity()));
      }
    }
  }

  @Test
  @Tag("C8")
  void twoMountsShareOneDirectory() throws IOException {
    byte[] content = bytes(1, 4 * MIB);
    server.put("/f", content);
    try (Mount one = mount();
        Mount other = mount()) {
      assertThat(read(one, "/f")).isEqualTo(content);
      one.services().disk().drain();
      assertThat(read(other, "/f")).isEqualTo(content);
      assertThat(other.stats().bytesFromServer()).isZero();
    }
  }

  /** Keeps the disk's threads for writing busy: a disk as slow as can be. */
  private static CountDownLatch stopWriting(Mount mount) {
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch busy = new CountDownLatch(DiskCache.MOST_WRITERS);
    for (int i = 0; i < DiskCache.MOST_WRITERS; i++) {
      mount
          .services()
          .disk()
          .write(
              () -> {
                busy.countDown();
                await(go);
              });
    }
    await(busy);
    return go;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"4KiB", "256KiB", "1MiB"})
  void whatASlowDiskCannotTakeInTimeIsWrittenLaterOutOfTheMemory(String granule)
      throws IOException {
    byte[] content = bytes(1, 6 * MIB + 12_345);
    server.put("/f", content);
    try (Mount mount = mount("memory", "8MiB", "granule", granule)) {
      CountDownLatch go = stopWriting(mount);
      assertThat(read(mount, "/f")).isEqualTo(content);
      assertThat(mount.stats().bytesToDisk()).isZero();
      go.countDown();
    }
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
      assertThat(mount.stats().bytesFromServer()).isZero();
    }
  }

  @Test
  @Tag("C5")
  void whatIsWrittenHereIsNotAmongWhatIsWrittenLater() throws IOException {
    byte[] content = bytes(1, 6 * MIB);
    server.put("/f", content);
    try (Mount mount = mount("memory", "8MiB");
        OpenFile writer = mount.open("/f", OpenModes.CREATE)) {
      CountDownLatch go = stopWriting(mount);
      assertThat(read(mount, "/f")).isEqualTo(content);
      for (int at = 1000; at < content.length; at += 500_000) {
        writer.write(ByteBuffer.allocate(10), at); // not sent yet
      }
      go.countDown();
      mount.services().disk().drain();
      try (Mount other = mount()) {
        assertThat(read(other, "/f")).isEqualTo(content);
        assertThat(other.stats().bytesFromDisk()).isGreaterThan(5L * MIB);
      }
    }
  }
}
