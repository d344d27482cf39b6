package dev.netfs.it;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * The warm workloads, in a JVM of its own: reads what is in memory again and again, at random and
 * in order, by one thread and by many, as large files and as small ones, lists, and has many files
 * open. Prints the most memory that the process has had, in KiB.
 */
final class WarmMemory {
  static final int BUDGET_MIB = 64;
  private static final int LARGE = 48 << 20;
  private static final int RANDOM_READS = 400_000;

  private WarmMemory() {}

  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[0]);
    fill(directory);
    try (NetfsFileSystem fs =
        Netfs.mount(directory).memory((long) BUDGET_MIB << 20).option("attrTtl", "1h").open()) {
      Path large = fs.getPath("/large");
      sequentially(large);
      try (FileChannel channel = FileChannel.open(large, StandardOpenOption.READ)) {
        atRandom(channel, 1);
        atRandom(channel, 8);
      }
      for (int i = 0; i < 10; i++) {
        sequentially(large);
        Files.copy(large, OutputStream.nullOutputStream());
        walk(fs.getPath("/tree"));
        small(fs.getPath("/tree"));
      }
      System.out.println(fs.stats());
    }
    System.out.println(peakKib());
  }

  private static void fill(Path directory) throws IOException {
    byte[] chunk = new byte[1 << 20];
    new SplittableRandom(1).nextBytes(chunk);
    try (OutputStream out = Files.newOutputStream(directory.resolve("large"))) {
      for (int i = 0; i < LARGE; i += chunk.length) {
        out.write(chunk);
      }
    }
    for (int d = 0; d < 100; d++) {
      Path sub = Files.createDirectories(directory.resolve("tree/d" + d));
      for (int f = 0; f < 100; f++) {
        Files.write(sub.resolve("f" + f), d < 2 ? new byte[4096] : new byte[0]);
      }
    }
  }

  private static void sequentially(Path large) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
    try (FileChannel channel = FileChannel.open(large, StandardOpenOption.READ)) {
      while (channel.read(buffer.clear()) >= 0) {
        // The next one.
      }
    }
  }

  private static void atRandom(FileChannel channel, int threads) throws InterruptedException {
    List<Thread> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      SplittableRandom random = new SplittableRandom(t);
      all.add(
          new Thread(
              () -> {
                ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
                try {
                  for (int i = 0; i < RANDOM_READS / threads; i++) {
                    channel.read(buffer.clear(), random.nextInt(LARGE / 4096) * 4096L);
                  }
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              }));
    }
    all.forEach(Thread::start);
    for (Thread thread : all) {
      thread.join();
    }
  }

  private static void walk(Path tree) throws IOException {
    try (Stream<Path> all = Files.find(tree, 9, (path, attributes) -> attributes.isRegularFile())) {
      if (all.count() != 10_000) {
        throw new AssertionError("files are missing");
      }
    }
  }

  /** Reads two hundred small files, all of them open at once. */
  private static void small(Path tree) throws IOException {
    List<FileChannel> open = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      Path file = tree.resolve("d" + i / 100 + "/f" + i % 100);
      Files.readAllBytes(file);
      open.add(FileChannel.open(file, StandardOpenOption.READ));
    }
    for (FileChannel channel : open) {
      channel.read(ByteBuffer.allocate(4096), 0);
      channel.close();
    }
  }

  private static long peakKib() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("the system does not tell");
  }
}
