package dev.netfs.fscache;

import dev.netfs.share.FileType;
import dev.netfs.share.IoSegments;
import dev.netfs.testing.Directories;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Measures what compressing granules costs and saves: the processor time of writing a file into an
 * encrypted cache and of reading it back, and what it takes there. Not a test; run its {@link
 * #main} by hand, with directories of text as arguments.
 */
final class CodecThroughput {
  private static final int SIZE = 32 << 20;
  private static final int GRANULE = 256 << 10;
  private static final int ROUNDS = 5;

  private CodecThroughput() {}

  public static void main(String[] args) throws IOException {
    byte[] random = new byte[SIZE];
    new Random(1).nextBytes(random);
    byte[] text = text(args);
    Path temp = Files.createTempDirectory("netfs-codec-");
    try {
      CacheKey key = CacheFixture.keyFile(temp, 1);
      for (Codec codec : Codec.values()) {
        measure("text", text, codec, temp, key);
        measure("random", random, codec, temp, key);
      }
    } finally {
      Directories.delete(temp);
    }
  }

  private static byte[] text(String[] directories) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (String directory : directories) {
      try (Stream<Path> files = Files.walk(Path.of(directory))) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          all.writeBytes(Files.readAllBytes(file));
        }
      }
    }
    if (all.size() == 0) {
      throw new IllegalArgumentException("name a directory with text");
    }
    byte[] once = all.toByteArray();
    byte[] text = new byte[SIZE];
    for (int at = 0; at < SIZE; at += once.length) {
      System.arraycopy(once, 0, text, at, Math.min(once.length, SIZE - at));
    }
    return text;
  }

  private static void measure(String what, byte[] content, Codec codec, Path temp, CacheKey key)
      throws IOException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    ByteBuffer granule = ByteBuffer.allocate(GRANULE);
    long write = Long.MAX_VALUE;
    long read = Long.MAX_VALUE;
    long stored = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Path directory = temp.resolve("cache");
      CoherencyData state =
          new CoherencyData(FileType.REGULAR, SIZE, FileTime.fromMillis(round), null, null);
      try (FsCache cache = CacheFixture.cache(directory);
          Volume volume = cache.volume("share", key, GRANULE, codec);
          Cookie cookie = Objects.requireNonNull(volume.open("/f", state, true))) {
        long start = threads.getCurrentThreadCpuTime();
        for (int at = 0; at < SIZE; at += GRANULE) {
          cookie.write(at, IoSegments.of(ByteBuffer.wrap(content, at, GRANULE)));
        }
        long written = threads.getCurrentThreadCpuTime();
        for (int at = 0; at < SIZE; at += GRANULE) {
          if (!cookie.read(at, IoSegments.of(granule.clear()))) {
            throw new AssertionError("nothing at " + at);
          }
        }
        read = Math.min(read, threads.getCurrentThreadCpuTime() - written);
        write = Math.min(write, written - start);
        stored = cookie.storedBytes();
        if (!Arrays.equals(granule.array(), Arrays.copyOfRange(content, SIZE - GRANULE, SIZE))) {
          throw new AssertionError("wrong bytes");
        }
      }
      Directories.delete(directory);
    }
    System.out.printf(
        Locale.ROOT,
        "%-6s %-6s stored %3d %%, written %5.0f MB/s, read %5.0f MB/s%n",
        codec.name().toLowerCase(Locale.ROOT),
        what,
        100 * stored / SIZE,
        SIZE * 1e3 / write,
        SIZE * 1e3 / read);
  }
}
