package dev.netfs.fscache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.FileType;
import dev.netfs.share.IoSegments;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What tests of the cache share. */
final class CacheFixture {
  static final String SHARE = "netfs+sftp://me@server/data";

  private CacheFixture() {}

  static CacheKey key(String passPhrase) {
    return CacheKey.passPhrase(passPhrase::toCharArray);
  }

  /** Returns a key that needs no stretching. */
  static CacheKey keyFile(Path directory, int seed) throws IOException {
    Path file = directory.resolve("key-" + seed);
    Files.write(file, bytes(seed, 32));
    return CacheKey.file(file, null);
  }

  static FsCache cache(Path directory) throws IOException {
    return FsCache.open(directory, new CacheLimits(1L << 40, 3, 2, 0));
  }

  static CoherencyData state(long size, int seconds) {
    return new CoherencyData(
        FileType.REGULAR, size, FileTime.fromMillis(1000L * seconds), null, null);
  }

  static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static void write(Cookie cookie, byte[] content, int from, int to) throws IOException {
    int granule = cookie.granule();
    for (int at = from; at < to; ) {
      int end = Math.min(to, (at / granule + 1) * granule);
      cookie.write(at, IoSegments.of(ByteBuffer.wrap(content, at, end - at)));
      at = end;
    }
  }

  /** Reads what there is, granule by granule; each piece must be right. Returns how many bytes. */
  static int readAndCompare(Cookie cookie, byte[] content) throws IOException {
    List<long[]> ranges = new ArrayList<>();
    cookie.probe(0, content.length, (from, to) -> ranges.add(new long[] {from, to}));
    int good = 0;
    for (long[] range : ranges) {
      for (long at = range[0]; at < range[1]; ) {
        long end = Math.min(range[1], (at / cookie.granule() + 1) * cookie.granule());
        good += readAndCompare(cookie, content, (int) at, (int) end) ? (int) (end - at) : 0;
        at = end;
      }
    }
    return good;
  }

  static boolean readAndCompare(Cookie cookie, byte[] content, int from, int to)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(to - from);
    if (!cookie.read(from, IoSegments.of(buffer))) {
      return false;
    }
    assertThat(buffer.array())
        .as("%d to %d of %s", from, to, cookie.path())
        .isEqualTo(java.util.Arrays.copyOfRange(content, from, to));
    return true;
  }

  static @Nullable Cookie open(Volume volume, String path, CoherencyData state) throws IOException {
    return volume.open(path, state, false);
  }

  /** Returns the objects' files of all volumes. */
  static List<Path> objects(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> file.toString().contains("/objects/"))
          .sorted()
          .toList();
    }
  }
}
