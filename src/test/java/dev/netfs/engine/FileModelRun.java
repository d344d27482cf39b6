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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One run of random operations on one file, through a few channels, against a model of its bytes.
 * The seed chooses page size, request sizes, options, faults and each step; a step depends on the
 * seed and its number only, so that steps can be left out.
 */
final class FileModelRun {
  private static final int MAX_SIZE = 300_000;

  /** Far offsets are around here: past what 32 bits hold, and unaligned. */
  private static final long FAR = (4L << 30) + 12_345;

  private final long seed;
  private final ModelWorld world;
  private final ModelTime time;
  private boolean faults;
  private @Nullable Path disk;
  private boolean deferred;

  private Random random;
  private ModelServer server;
  private int rsize;
  private final Map<String, Object> options = new HashMap<>();
  private Mount mount;
  private int pageSize;
  private boolean far;
  private OpenFile first;
  private final List<OpenFile> files = new ArrayList<>();
  private final Map<OpenFile, OpenMode> modes = new HashMap<>();
  private final List<String> log = new ArrayList<>();
  private final ExtentSet everWritten = new ExtentSet();
  private final SparseBytes expected = new SparseBytes();

  FileModelRun(long seed, ModelWorld world) {
    this.seed = seed;
    this.world = world;
    time = world.time(seed);
    random = new Random(seed);
  }

  /** Whether connections break. */
  FileModelRun faults(boolean value) {
    faults = value;
    return this;
  }

  /** Has a cache in a directory, and mounts that end and begin anew. */
  FileModelRun disk(Path directory) {
    disk = directory;
    return this;
  }

  /** Has a cache in a directory, writes with {@code write=deferred}, and kills mounts, too. */
  FileModelRun deferred(Path directory) {
    deferred = true;
    return disk(directory);
  }

  /** Runs some of the seed's steps. */
  void execute(List<Integer> steps) throws Exception {
    time.run(
        () -> {
          begin();
          try (ModelServer ending = server) {
            run(steps);
          }
        });
  }

  private void begin() throws IOException {
    Behaviour behaviour = new Behaviour();
    behaviour.versions = seed % 3 == 0; // not by chance: what a seed stands for stays
    behaviour.closeTouches = seed % 5 >= 2;
    int[] sizes = {511, 4096, 10_000, 65_537, 261_120};
    behaviour.rsize = sizes[random.nextInt(sizes.length)];
    behaviour.wsize = sizes[random.nextInt(sizes.length)];
    if (random.nextInt(20) == 0) {
      behaviour.rsize = 1; // and little is read, since each byte is a request
    }
    behaviour.shortRate = random.nextInt(3) * 0.2;
    behaviour.maxDelayMicros = random.nextBoolean() ? 0 : 20_000;
    behaviour.disconnectRate = faults ? 0.03 : 0;
    behaviour.depth = 1 + random.nextInt(8);
    far = behaviour.rsize > 1 && random.nextInt(4) == 0;
    rsize = behaviour.rsize;
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
    if (behaviour.rsize == 1 || random.nextInt(4) == 0) {
      options.put("readahead", behaviour.rsize == 1 || random.nextBoolean() ? 0 : 10_000);
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
    server = world.server(seed, time, behaviour);
    server.put("/dirt", dirt);
    server.observe(new Written());
    mount = server.mount("server", options);
    log.add("options " + options + " rsize " + rsize + " wsize " + behaviour.wsize);
  }

  private void run(List<Integer> steps) throws IOException {
    try {
      first = open(OpenMode.Caching.CACHED, Disposition.OPEN_OR_CREATE, false);
      for (int number : rsize == 1 ? steps.subList(0, Math.min(50, steps.size())) : steps) {
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
      Invariants.checkNothingIsLeft(mount, time);
      mount.close();
      if (server instanceof SimServer simulated) {
        assertThat(simulated.openHandles()).as("open handles").isZero();
      }
    } catch (IOException | RuntimeException | AssertionError e) {
      int from = Math.max(0, log.size() - 25);
      log.add(String.valueOf(files.isEmpty() ? "" : files.get(0).inode()));
      throw new AssertionError(
          log.get(0) + "\n" + String.join("\n", log.subList(from, log.size())) + "\n\n" + e, e);
    }
  }

  private void check(Inode inode) throws IOException {
    Invariants.check(
        inode, pageSize, (position, value) -> expected.at(position) == value, server.content("/f"));
  }

  /** Nothing is sent that was not written (W1). */
  private final class Written implements ModelServer.Changes {
    @Override
    public void wrote(String client, String path, long offset, byte[] bytes) {
      assertThat(path).isEqualTo("/f");
      assertThat(everWritten.contains(offset, offset + bytes.length))
          .as("all of %d + %d was written here", offset, bytes.length)
          .isTrue();
    }

    @Override
    public void cut(String client, String path, long size) {}
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
    mount = server.mount("server", options);
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
    int limit = rsize == 1 ? 300 : random.nextInt(4) == 0 ? most : usual;
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
  private void sent(OpenFile file, String what) throws IOException {
    OpenMode mode = Objects.requireNonNull(modes.get(file));
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
  private void compareAcknowledged(String when) throws IOException {
    if (!deferred) {
      compareServer(when);
    }
  }

  private void compareServer(String when) throws IOException {
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
