package dev.netfs;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A JVM for {@link SharedCacheTest}: mounts a directory with a cache on disk and compares what it
 * reads with what is there. It prints {@code ready}, then after each file how much it has
 * downloaded; a wrong byte ends it with an error.
 */
final class CacheReader {
  private static final List<String> CODECS = List.of("none", "lz4", "zstd");

  private CacheReader() {}

  /** Arguments: the share, the cache, the key, a seed, how many files to read, diskSize. */
  public static void main(String[] args) throws IOException {
    Path share = Path.of(args[0]);
    Random random = new Random(Long.parseLong(args[3]));
    int count = Integer.parseInt(args[4]);
    try (NetfsFileSystem fs =
        Netfs.mount(URI.create("netfs+file://" + share))
            .option("disk", args[1])
            .option("encryptionKeyFile", args[2])
            .option("diskSize", args[5])
            .option("granule", "64KiB")
            .option("diskCompress", CODECS.get(random.nextInt(CODECS.size())))
            .option("attrTtl", "0s")
            .open()) {
      List<Path> sources;
      try (Stream<Path> all = Files.list(share)) {
        sources = all.sorted().toList();
      }
      System.out.println("ready");
      for (int i = 0; i < count; i++) {
        Path source = sources.get(random.nextInt(sources.size()));
        Path mounted = fs.getPath("/" + source.getFileName());
        if (random.nextInt(3) == 0) {
          readSome(source, mounted, random);
        } else if (!Arrays.equals(Files.readAllBytes(mounted), Files.readAllBytes(source))) {
          throw new AssertionError("wrong bytes in " + source);
        }
        fs.dropCaches(); // of the memory: next time they come from the disk
        System.out.println("downloaded " + fs.stats().bytesFromServer());
      }
    }
    System.out.println("done");
  }

  private static void readSome(Path source, Path mounted, Random random) throws IOException {
    try (FileChannel expected = FileChannel.open(source);
        FileChannel found = FileChannel.open(mounted, StandardOpenOption.READ)) {
      for (int i = 0; i < 20; i++) {
        long at = (long) (random.nextDouble() * expected.size());
        ByteBuffer one = ByteBuffer.allocate(20_000);
        ByteBuffer other = ByteBuffer.allocate(20_000);
        expected.read(one, at);
        while (found.read(other, at + other.position()) > 0) {
          // until it is full, or the file ends
        }
        if (!one.flip().equals(other.flip())) {
          throw new AssertionError("wrong bytes in " + source + " at " + at);
        }
      }
    }
  }
}
