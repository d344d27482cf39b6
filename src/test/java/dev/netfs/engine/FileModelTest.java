package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One file, a few channels, random operations, against a model of bytes: what fsx does. Each seed
 * chooses its own page size, request sizes, options and faults, and runs under virtual time, the
 * same way every time; a failure prints the seed and the fewest steps that fail. {@code
 * docs/testing.md} says how to replay one and how to run a million.
 */
@Timeout(600)
class FileModelTest {
  private static final String NAME = "netfs.fsx";
  private static final int OPERATIONS = Integer.getInteger(NAME + ".operations", 300);
  private static final int MAX_SIZE = 300_000;

  /** Far offsets are around here: past what 32 bits hold, and unaligned. */
  private static final long FAR = (4L << 30) + 12_345;

  @TempDir Path temp;

  static LongStream seeds() {
    return seeds(25);
  }

  /** Fewer, since each of them waits for the disk a hundred times. */
  static LongStream seedsDeferred() {
    return seeds(10);
  }

  private static LongStream seeds(long count) {
    Long one = Long.getLong(NAME + ".seed");
    long first = Long.getLong(NAME + ".first", 0);
    return one != null
        ? LongStream.of(one)
        : LongStream.range(first, first + Long.getLong(NAME + ".seeds", count));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("R1")
  @Tag("R3")
  @Tag("R4")
  @Tag("R5")
  @Tag("S1")
  @Tag("S2")
  @Tag("S3")
  @Tag("S5")
  @Tag("C5")
  @Tag("W1")
  void readsWhatWasWritten(long seed) {
    run(seed, false, OPERATIONS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("R1")
  @Tag("W3")
  void readsWhatWasWrittenOverBrokenConnections(long seed) {
    run(seed, true, OPERATIONS / 2);
  }

  /** With a cache on disk, mounts that end and begin anew, and a disk that loses its memory. */
  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("C1")
  @Tag("C2")
  @Tag("C5")
  @Tag("C7")
  @Tag("R2")
  void readsWhatWasWrittenWithACacheOnDisk(long seed) throws IOException {
    Path directory = Files.createTempDirectory(temp, "cache");
    Shrinking.run(
        NAME,
        seed,
        OPERATIONS,
        steps -> {
          VirtualTime time = new VirtualTime(seed);
          Path fresh = Files.createTempDirectory(directory, "run");
          time.run(() -> new Run(time, seed, seed % 3 == 1, fresh, false).execute(steps));
        });
  }

  /**
   * With {@code write=deferred}: mounts that end by an unmount, which sends everything, or as if
   * their JVM were killed, once everything is acknowledged.
   */
  @ParameterizedTest
  @MethodSource("seedsDeferred")
  @Tag("W1")
  @Tag("W3")
  @Tag("W4")
  void readsWhatWasWrittenDeferred(long seed) throws IOException {
    Path directory = Files.createTempDirectory(temp, "cache");
    Shrinking.run(
        NAME,
        seed,
        OPERATIONS,
        steps -> {
          VirtualTime time = new VirtualTime(seed);
          time.workersWait = true;
          Path fresh = Files.createTempDirectory(directory, "run");
          time.run(() -> new Run(time, seed, seed % 3 == 1, fresh, true).execute(steps));
        });
  }

  private static void run(long seed, boolean faults, int operations) {
    Shrinking.run(
        NAME,
        seed,
        operations,
        steps -> {
          VirtualTime time = new VirtualTime(seed);
          time.run(() -> new Run(time, seed, faults, null, false).execute(steps));
        });
  }

  private static final class Run {
    private final VirtualTime time;
    private final long seed;
    private Random random;
    private final SimServer server;
    private final @Nullable Path disk;
    private final boolean deferred;
    private final Map<String, Object> options = new HashMap<>();
    private Mount mount;
    private final int pageSize;
    private final boolean far;
    private OpenFile first;
    private final List<OpenFile> files = new ArrayList<>();
    private final Map<OpenFile, OpenMode> modes = new HashMap<>();
    private final List<String> log = new ArrayList<>();
    private final ExtentSet everWritten = new ExtentSet();
    private final SparseBytes expected = new SparseBytes();

    Run(VirtualTime time, long seed, boolean faults, @Nullable Path disk, boolean deferred)
        throws IOException {
      this.deferred = deferred;
      this.disk = disk;
      this.time = time;
      this.seed = seed;
      random = new Random(seed);
      server = new SimServer(seed, time);
      server.tree.versions = seed % 3 == 0; // not by chance: what a seed stands for stays
      int[] sizes = {511, 4096, 10_000, 65_537, 261_120};
      server.rsize = sizes[random.nextInt(sizes.length)];
      server.wsize = sizes[random.nextInt(sizes.length)];
      if (random.nextInt(20) == 0) {
        server.rsize = 1; // and little is read, since each byte is a request
      }
      server.shortRate = random.nextInt(3) * 0.2;
      server.maxDelayMicros = random.nextBoolean() ? 0 : 20_000;
      server.disconnectRate = faults ? 0.03 : 0;
      server.depth = 1 + random.nextInt(8);
      far = server.rsize > 1 && random.nextInt(4) == 0;
      pageSize = 4096 << random.nextInt(3);
      options.put("pageSize", pageSize);
      options.put("memory", random.nextBoolean() ? 128 * 1024 : 4 << 20);
      options.put("retries", 50);
      if (random.nextInt(4) == 0) {
        options.put("dirtyLimit", 20_000);
      }
      if (random.nextInt(4) == 0) {
        options.put("writebackAge", random.nextBoolean() ? "1ms" : "100ms");
      }
      switch (random.nextInt(8)) {
        case 0 -> options.put("cache", "none");
        case 1 -> options.put("cache", "loose");
        case 2 -> options.put("write", "through");
        default -> {}
      }
      if (server.rsize == 1 || random.nextInt(4) == 0) {
        options.put("readahead", server.rsize == 1 || random.nextBoolean() ? 0 : 10_000);
      }
      if (random.nextInt(3) == 0) {
        options.put("attrTtl", random.nextBoolean() ? "0s" : "5ms");
      }
      if (disk != null) {
        options.put("disk", disk.resolve("cache"));
        options.put("granule", 4096 << (2 * (seed % 4)));
        options.put("diskCompress", List.of("none", "lz4", "zstd").get((int) (seed / 4 % 3)));
        if (seed % 5 == 0) {
          options.put("encrypt", "off");
        } else {
          Path key = disk.resolve("key");
          Files.write(key, new byte[32]);
          options.put("encryptionKeyFile", key);
        }
      }
      if (deferred) {
        options.put("write", "deferred");
        options.remove("cache", "none"); // which keeps nothing on disk
        options.put("writebackAge", List.of("1ms", "1s", "1h").get(random.nextInt(3)));
      }
      // What frames hold before they are used: a byte that is never written to the file.
      byte[] dirt = new byte[200_000];
      Arrays.fill(dirt, (byte) 0x5A);
      server.put("/dirt", dirt);
      server.onWrite = this::written;
      mount = server.mount(options);
      log.add("options " + options + " rsize " + server.rsize + " wsize " + server.wsize);
    }

    void execute(List<Integer> steps) throws IOException {
      try {
        first = open(OpenMode.Caching.CACHED, Disposition.OPEN_OR_CREATE, false);
        for (int number :
            server.rsize == 1 ? steps.subList(0, Math.min(50, steps.size())) : steps) {
          random = new Random(seed * 1_000_003 + number);
          step();
          if (number % 8 == 0) {
            check(first.inode());
          }
        }
        for (OpenFile file : List.copyOf(files)) {
          close(file);
        }
        first.close();
        if (deferred) {
          mount.sync();
          assertThat(mount.stats().conflicts()).as("conflicts").isZero();
        }
        compareServer("at the end");
        // What was asked for ahead of readers who have gone may still be on its way.
        time.sleep(10, TimeUnit.MINUTES);
        mount.dropCaches();
        assertThat(mount.stats().dirtyBytes()).as("dirty bytes").isZero();
        assertThat(mount.services().pages().usedBytes()).as("bytes in memory").isZero();
        assertThat(mount.services().depth().outstanding()).as("requests outstanding").isZero();
        assertThat(mount.stats().backlog()).as("files with logs").isZero();
        mount.close();
        assertThat(server.openHandles()).as("open handles").isZero();
      } catch (IOException | RuntimeException | AssertionError e) {
        int from = Math.max(0, log.size() - 25);
        log.add(String.valueOf(files.isEmpty() ? "" : files.get(0).inode()));
        throw new AssertionError(
            log.get(0) + "\n" + String.join("\n", log.subList(from, log.size())) + "\n\n" + e, e);
      }
    }

    private void check(Inode inode) {
      Invariants.check(
          inode,
          pageSize,
          (position, value) -> expected.at(position) == value,
          server.content("/f"));
    }

    /** Nothing is sent that was not written (W1). */
    private void written(String path, long offset, byte[] bytes) {
      assertThat(everWritten.contains(offset, offset + bytes.length))
          .as("all of %d + %d was written here", offset, bytes.length)
          .isTrue();
    }

    private OpenFile open(OpenMode.Caching caching, Disposition disposition, boolean truncate)
        throws IOException {
      OpenMode.Durability[] durabilities = OpenMode.Durability.values();
      OpenMode.Durability durability =
          random.nextInt(8) == 0
              ? durabilities[random.nextInt(durabilities.length)]
              : OpenMode.Durability.BACK;
      OpenMode mode = new OpenMode(true, true, disposition, truncate, -1, durability, caching);
      OpenFile file = mount.open("/f", mode);
      if (truncate) {
        expected.setSize(0);
      }
      modes.put(file, mode);
      return file;
    }

    private OpenFile any() throws IOException {
      if (files.isEmpty()) {
        openAnother(false);
      }
      return files.get(random.nextInt(files.size()));
    }

    private void openAnother(boolean truncate) throws IOException {
      OpenMode.Caching[] all = OpenMode.Caching.values();
      OpenMode.Caching caching =
          random.nextInt(3) == 0 ? all[random.nextInt(3)] : OpenMode.Caching.CACHED;
      log.add("open " + caching + (truncate ? ", cutting" : ""));
      files.add(open(caching, Disposition.OPEN_EXISTING, truncate));
    }

    private void close(OpenFile file) throws IOException {
      log.add("close " + file);
      files.remove(file);
      file.close();
      compareAcknowledged("after close");
    }

    private void step() throws IOException {
      switch (random.nextInt(24)) {
        case 0, 1, 2, 3, 4, 5 -> read(any());
        case 6, 7, 8, 9, 10, 11 -> write(any());
        case 12 -> append(any());
        case 13 -> truncate(any());
        case 14 -> {
          OpenFile file = any();
          log.add("force");
          file.force(random.nextBoolean());
          compareAcknowledged("after force");
        }
        case 15 -> {
          OpenFile file = any();
          log.add("size");
          assertThat(file.size()).isEqualTo(expected.size());
        }
        case 16 -> {
          if (disk != null && random.nextInt(3) == 0) {
            remount();
          } else {
            log.add("drop caches");
            mount.dropCaches();
          }
        }
        case 17 -> {
          log.add("stat");
          assertThat(mount.stat("/f", true).size()).isEqualTo(expected.size());
        }
        case 18 -> {
          if (files.size() < 4) {
            openAnother(false);
          }
        }
        case 19 -> {
          if (random.nextInt(4) == 0) {
            openAnother(true);
          }
        }
        case 20 -> {
          log.add("other file");
          try (OpenFile dirt = mount.open("/dirt", OpenMode.READ)) {
            ByteBuffer buffer = ByteBuffer.allocate(length(200_000, 200_000));
            assertThat(dirt.read(buffer, 0)).isEqualTo(buffer.capacity());
          }
        }
        case 21 -> {
          log.add("sync");
          mount.sync();
          compareServer("after sync");
        }
        case 22 -> close(any());
        default -> {
          log.add("wait");
          time.sleep(random.nextInt(5_000_000), TimeUnit.MICROSECONDS);
        }
      }
    }

    private void remount() throws IOException {
      if (deferred && random.nextInt(3) > 0) {
        kill();
      } else {
        log.add("remount");
        files.clear();
        mount.close();
        compareServer("after unmounting");
      }
      if (random.nextInt(3) == 0) {
        damage();
      }
      mount = server.mount(options);
      first = open(OpenMode.Caching.CACHED, Disposition.OPEN_OR_CREATE, false);
    }

    /** Ends the mount as if its JVM were killed, when everything is acknowledged. */
    private void kill() throws IOException {
      log.add("killed");
      assertThat(mount.stats().conflicts()).as("conflicts").isZero();
      for (OpenFile file : List.copyOf(files)) {
        file.force(false);
      }
      first.close();
      files.clear();
      DeferredMounts.kill(mount, Objects.requireNonNull(disk).resolve("cache"));
    }

    /** Changes a byte somewhere in the cache. */
    private void damage() throws IOException {
      Path cache = Objects.requireNonNull(disk).resolve("cache");
      if (!Files.exists(cache)) {
        return; // the mount caches nothing
      }
      try (Stream<Path> all = Files.walk(cache)) {
        for (Path object :
            all.filter(file -> file.toString().contains("/objects/")).sorted().toList()) {
          if (!Files.isRegularFile(object)) {
            continue;
          }
          try (FileChannel channel =
              FileChannel.open(object, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long at = (long) (random.nextDouble() * channel.size());
            log.add("damage at " + at + " of " + channel.size());
            channel.write(ByteBuffer.wrap(new byte[] {(byte) random.nextInt(256)}), at);
          }
        }
      }
    }

    /** A position near the beginning, the end, or 4 GiB. */
    private long position(int past) {
      long size = expected.size();
      if (far && random.nextInt(3) == 0) {
        return FAR - 50_000 + random.nextInt(100_000);
      }
      if (size > MAX_SIZE && random.nextBoolean()) {
        return Math.max(0, size - random.nextInt(MAX_SIZE)) + random.nextInt(past);
      }
      return random.nextInt((int) Math.min(MAX_SIZE, size + past));
    }

    private int length(int usual, int most) {
      int limit = server.rsize == 1 ? 300 : random.nextInt(4) == 0 ? most : usual;
      return 1 + random.nextInt(limit);
    }

    private void read(OpenFile file) throws IOException {
      long position = position(100);
      int length = length(5_000, 100_000);
      log.add("read " + position + " + " + length + " of " + expected.size() + " by " + file);
      ByteBuffer buffer =
          random.nextBoolean() ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
      int warm = random.nextInt(4) == 0 ? file.readFromMemory(buffer, position) : 0;
      int count = warm < length ? file.read(buffer, position + warm) : 0;
      int wanted = (int) Math.max(0, Math.min(length, expected.size() - position));
      assertThat(count)
          .as("bytes read after %d from memory", warm)
          .isEqualTo(warm == length ? 0 : wanted == warm ? -1 : wanted - warm);
      byte[] got = new byte[wanted];
      buffer.flip().get(got);
      int at = Arrays.mismatch(got, expected.read(position, wanted));
      if (at >= 0) {
        throw new AssertionError("read differs at " + (position + at));
      }
    }

    private void write(OpenFile file) throws IOException {
      int length = length(3_000, 60_000);
      long position = position(20_000);
      log.add("write " + position + " + " + length + " of " + expected.size() + " by " + file);
      byte[] bytes = bytes(length);
      expected.write(position, bytes);
      everWritten.add(position, position + length);
      if (position % 3 == 0) {
        writeThroughPages(file, position, bytes);
      } else {
        assertThat(file.write(ByteBuffer.wrap(bytes), position)).isEqualTo(length);
      }
      sent(file, "write");
    }

    /** As a transfer does: whole pages by filling their memory. */
    private void writeThroughPages(OpenFile file, long position, byte[] bytes) throws IOException {
      int pageSize = mount.services().pages().pageSize();
      int done = 0;
      while (done < bytes.length) {
        long at = position + done;
        try (PageBuffer page = file.pageBuffer(at, bytes.length - done)) {
          if (page != null) {
            page.memory().put(bytes, done, pageSize);
            done += file.write(page, at);
          } else {
            int step = (int) Math.min(bytes.length - done, pageSize - at % pageSize);
            done += file.write(ByteBuffer.wrap(bytes, done, step), at);
          }
        }
      }
    }

    private void append(OpenFile file) throws IOException {
      byte[] bytes = bytes(length(3_000, 3_000));
      long end = expected.size();
      log.add("append " + bytes.length + " to " + end + " by " + file);
      expected.write(end, bytes);
      everWritten.add(end, expected.size());
      assertThat(file.append(ByteBuffer.wrap(bytes))).isEqualTo(expected.size());
      sent(file, "append");
    }

    /** What does not only write into memory has the server hold it at once. */
    private void sent(OpenFile file, String what) {
      OpenMode mode = java.util.Objects.requireNonNull(modes.get(file));
      if (mode.durability() != OpenMode.Durability.BACK) {
        compareAcknowledged("after a " + what + " that is sent at once");
      }
    }

    private void truncate(OpenFile file) throws IOException {
      long size =
          random.nextInt(4) == 0
              ? random.nextInt(10_000)
              : Math.max(0, expected.size() - random.nextInt(20_000) + 10);
      log.add("truncate " + size + " of " + expected.size() + " by " + file);
      file.truncate(size);
      expected.setSize(Math.min(size, expected.size()));
    }

    private byte[] bytes(int length) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      for (int i = 0; i < length; i++) {
        if (bytes[i] == 0x5A) {
          bytes[i] = 1;
        }
      }
      return bytes;
    }

    /** What is acknowledged is on the server, unless it is deferred. */
    private void compareAcknowledged(String when) {
      if (!deferred) {
        compareServer(when);
      }
    }

    private void compareServer(String when) {
      SparseBytes there = server.content("/f");
      long at = there == null ? 0 : there.mismatch(expected);
      if (at >= 0) {
        throw new AssertionError(
            "on the server "
                + when
                + ": differs at "
                + at
                + " (sizes "
                + (there == null ? -1 : there.size())
                + " and "
                + expected.size()
                + ")");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theModelItselfIsAnArrayOfBytes(long seed) {
    Random random = new Random(seed);
    SparseBytes sparse = new SparseBytes();
    byte[] array = new byte[0];
    for (int i = 0; i < 300; i++) {
      if (random.nextInt(3) == 0) {
        int size = random.nextInt(array.length + 9_000);
        sparse.setSize(size);
        array = Arrays.copyOf(array, size);
      } else {
        byte[] bytes = new byte[random.nextInt(9_000)];
        random.nextBytes(bytes);
        int at = random.nextInt(array.length + 1);
        sparse.write(at, bytes);
        array = Arrays.copyOf(array, Math.max(array.length, at + bytes.length));
        System.arraycopy(bytes, 0, array, at, bytes.length);
      }
      assertThat(sparse.toArray()).isEqualTo(array);
    }
  }
}
