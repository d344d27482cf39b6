package dev.netfs;

import static dev.netfs.DeferredWriter.BLOCKS;
import static dev.netfs.DeferredWriter.FILES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.fscache.CacheKey;
import dev.netfs.fscache.CacheLimits;
import dev.netfs.fscache.Codec;
import dev.netfs.fscache.DirtyLog;
import dev.netfs.fscache.FsCache;
import dev.netfs.fscache.Volume;
import dev.netfs.fscache.WrongKeyException;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * JVMs that write through mounts with {@code write=deferred} and are killed: whatever {@code close}
 * or {@code force} has acknowledged is read right after the next start, and reaches the server. In
 * half of them the cache is given another key again and again. {@code -Dnetfs.kills=1000} kills so
 * many.
 */
@DisabledOnOs(OS.WINDOWS) // no process can be killed there so that it notices nothing
@Timeout(3600)
class DeferredKillTest {
  private static final int GRANULE = 64 << 10;
  private static final int KILLS = Integer.getInteger("netfs.kills", 4);

  @TempDir Path temp;
  private long mostLeft;
  private Path share;
  private Path key; // the one that the cache has
  private Path otherKey;

  /** The version that each block has at least; -1 where nothing is known of it. */
  private final int[][] kept = new int[FILES][BLOCKS];

  @BeforeEach
  void fill() throws IOException {
    share = Files.createDirectory(temp.resolve("share"));
    key = Files.write(temp.resolve("key"), new byte[32]);
    byte[] other = new byte[32];
    other[0] = 1;
    otherKey = Files.write(temp.resolve("other"), other);
    for (int file = 0; file < FILES; file++) {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      for (int block = 0; block < BLOCKS; block++) {
        content.write(DeferredWriter.block(file, block, 0));
      }
      Files.write(share.resolve("file-" + file), content.toByteArray());
    }
  }

  @Test
  @Tag("W3")
  @Tag("W4")
  @Tag("C8")
  void whatIsAcknowledgedReachesTheServerWheneverTheJvmIsKilled() throws Exception {
    Random random = new Random(Long.getLong("netfs.seed", 11));
    int withUnsent = 0;
    int rekeyed = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      // Some send at once, so that they are killed while they do; with little room there is
      // culling. Every other one has something to lose when it is killed, however busy the machine.
      boolean keeps = kill % 2 == 1;
      String age = keeps ? "1h" : new String[] {"1h", "200ms", "10ms"}[random.nextInt(3)];
      String room = random.nextBoolean() ? "1GiB" : "1MiB";
      run(random, (kill + 1) * 1_000_000, age, room, keeps ? "kept" : "ready");
      withUnsent += unsent().isEmpty() ? 0 : 1;
      checkLeftFiles();
      if (!opensWith(key)) { // it was being rekeyed
        Path other = key;
        key = otherKey;
        otherKey = other;
        rekeyed++;
      }
      try (NetfsFileSystem fs = mount()) {
        for (int file = 0; file < FILES; file++) {
          check(
              "as read after kill " + kill, file, Files.readAllBytes(fs.getPath("/file-" + file)));
        }
        assertThat(fs.stats().conflicts()).as("conflicts after kill %d", kill).isZero();
      }
      for (int file = 0; file < FILES; file++) {
        byte[] content = Files.readAllBytes(share.resolve("file-" + file));
        check("on the server after kill " + kill, file, content);
        settle(file, content);
      }
      assertThat(unsent()).as("left after the unmount, %d: %s", kill, left()).isEmpty();
      if (kill % 50 == 49) {
        System.out.printf("%d kills, %d with something unsent%n", kill + 1, withUnsent);
      }
    }
    assertThat(withUnsent)
        .as("kills with something unsent, of %d", KILLS)
        .isGreaterThan(KILLS / 2 - 1);
    System.out.printf(
        "%d kills, %d with something unsent, %d times another key, at most %d bytes in one of %d"
            + " files without a name%n",
        KILLS, withUnsent, rekeyed, mostLeft, leftFiles().size());
    removesLeftFiles();
  }

  /** Files that never got a name, since their JVM ended before. */
  private List<Path> leftFiles() throws IOException {
    try (Stream<Path> all = Files.walk(temp.resolve("cache"))) {
      return all.filter(Files::isRegularFile)
          .filter(file -> file.getFileName().toString().startsWith("new-"))
          .toList();
    }
  }

  private void checkLeftFiles() throws IOException {
    for (Path file : leftFiles()) {
      mostLeft = Math.max(mostLeft, Files.size(file));
      assertThat(Files.size(file)).as("%s", file).isLessThanOrEqualTo(GRANULE);
    }
  }

  /** What is left goes when it is old enough that nobody can be just making it. */
  private void removesLeftFiles() throws IOException {
    for (Path file : leftFiles()) {
      Files.setLastModifiedTime(
          file, FileTime.fromMillis(System.currentTimeMillis() - 2 * 3_600_000));
    }
    try (FsCache cache = FsCache.open(temp.resolve("cache"), CacheLimits.of(1L << 30))) {
      cache.maintain();
    }
    assertThat(leftFiles()).isEmpty();
  }

  private boolean opensWith(Path keyFile) throws IOException {
    try (FsCache cache = FsCache.open(temp.resolve("cache"), CacheLimits.of(1L << 30));
        Volume volume =
            cache.volume(identity(), CacheKey.file(keyFile, null), GRANULE, Codec.NONE)) {
      return volume.isEncrypted();
    } catch (WrongKeyException e) {
      return false;
    }
  }

  private String identity() {
    return "netfs+file://" + share;
  }

  private NetfsFileSystem mount() throws IOException {
    return Netfs.mount(URI.create("netfs+file://" + share))
        .option("disk", temp.resolve("cache"))
        .option("encryptionKeyFile", key)
        .option("write", "deferred")
        .open();
  }

  /**
   * Runs a JVM for a moment, and takes in what it was told.
   *
   * @param begin the first word of the line with which the moment begins
   */
  private void run(Random random, int version, String age, String room, String begin)
      throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                DeferredWriter.class.getName(),
                share.toString(),
                temp.resolve("cache").toString(),
                key.toString(),
                Long.toString(random.nextLong()),
                Integer.toString(version),
                age,
                room,
                random.nextBoolean() ? otherKey.toString() : "-")
            .redirectErrorStream(true)
            .start();
    Thread killer = null;
    StringBuilder other = new StringBuilder();
    try (BufferedReader out = process.inputReader()) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (killer == null && line.startsWith(begin)) {
          killer = killer(process, random.nextInt(800));
        }
        if (!line.equals("ready") && !take(line)) {
          other.append(line).append('\n');
        }
      }
    } finally {
      process.destroyForcibly();
    }
    assertThat(killer).as("it began: %s", other).isNotNull();
    killer.join();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("it was killed, and did not end: %s", other).isEqualTo(137);
    assertThat(other.toString()).doesNotContain("Exception").doesNotContain("AssertionError");
  }

  private static Thread killer(Process process, int afterMillis) {
    Thread thread =
        new Thread(
            () -> {
              try {
                Thread.sleep(afterMillis);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              process.toHandle().destroyForcibly(); // SIGKILL; Process's own closes what it prints
            },
            "killer");
    thread.start();
    return thread;
  }

  private boolean take(String line) {
    String[] words = line.split(" ");
    if (words[0].equals("kept") && words.length == 4) { // a last line may be torn: then it is not
      int[] blocks = kept[Integer.parseInt(words[1])];
      blocks[Integer.parseInt(words[2])] = Integer.parseInt(words[3]);
      return true;
    }
    if (words[0].equals("emptying")) {
      java.util.Arrays.fill(kept[Integer.parseInt(words[1])], -1);
      return true;
    }
    return false;
  }

  private void check(String what, int file, byte[] content) {
    for (int block = 0; block < BLOCKS; block++) {
      assertThat(DeferredWriter.version(content, file, block))
          .as("version of block %d of file %d %s", block, file, what)
          .isGreaterThanOrEqualTo(kept[file][block]);
    }
  }

  /** What is on the server now is what the next JVM begins with; whole again, if it was emptied. */
  private void settle(int file, byte[] content) throws IOException {
    for (int block = 0; block < BLOCKS; block++) {
      kept[file][block] = DeferredWriter.version(content, file, block);
    }
    if (java.util.Arrays.stream(kept[file]).anyMatch(version -> version < 0)) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (int block = 0; block < BLOCKS; block++) {
        all.write(DeferredWriter.block(file, block, 0));
        kept[file][block] = 0;
      }
      Files.write(share.resolve("file-" + file), all.toByteArray());
    }
  }

  /** Says what is in the logs that are left. */
  private List<String> left() throws IOException {
    List<String> left = new ArrayList<>();
    if (!unsent().isEmpty()) {
      try (FsCache cache = FsCache.open(temp.resolve("cache"), CacheLimits.of(1L << 30));
          Volume volume = cache.volume(identity(), CacheKey.file(key, null), GRANULE, Codec.NONE)) {
        for (DirtyLog log : volume.takeOverDirtyLogs()) {
          left.add(
              log
                  + " "
                  + log.base()
                  + " "
                  + log.sendingMillis()
                  + " "
                  + log.isEnding()
                  + " "
                  + log.isEmpty()
                  + " "
                  + log.last()
                  + " "
                  + log.isDamaged());
          log.close();
        }
      }
    }
    return left;
  }

  private List<Path> unsent() throws IOException {
    try (Stream<Path> all = Files.walk(temp.resolve("cache"))) {
      return all.filter(Files::isRegularFile)
          .filter(file -> file.getParent().endsWith("dirty"))
          .filter(file -> !file.getFileName().toString().startsWith("new-"))
          .toList();
    }
  }
}
