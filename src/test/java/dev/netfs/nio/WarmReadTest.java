package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.NetfsStats;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reads and walks must not cost. */
class WarmReadTest {
  private static final int SIZE = 4 << 20;
  @TempDir Path dir;

  @Test
  @Tag("J1")
  void aPositionalReadFromMemoryAllocatesNothing() throws Exception {
    byte[] content = new byte[SIZE];
    new Random(1).nextBytes(content);
    Files.write(dir.resolve("file"), content);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (NetfsFileSystem fs = Netfs.mount(dir).open();
        FileChannel channel = FileChannel.open(fs.getPath("/file"))) {
      ByteBuffer dst = ByteBuffer.allocateDirect(4096);
      for (long at = 0; at < SIZE; at += 4096) {
        channel.read(dst.clear(), at);
      }
      long requests = fs.stats().requests("read");
      read(channel, dst, content, 20_000); // so that it is compiled
      // Compilers and the like allocate on their own threads; the least of some rounds is ours.
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 10 && least > 0; round++) {
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        read(channel, dst, content, 5_000);
        long after = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        least = Math.min(least, after - before);
      }
      assertThat(least).as("bytes for 5,000 reads").isLessThan(1024);
      assertThat(fs.stats().requests("read")).isEqualTo(requests);
      assertThat(channel.position()).isZero();
    }
  }

  private static void read(FileChannel channel, ByteBuffer dst, byte[] content, int count)
      throws Exception {
    int seed = 7;
    for (int i = 0; i < count; i++) {
      seed = seed * 1103515245 + 12345;
      int at = (seed >>> 8) % (SIZE - 4096);
      int read = channel.read(dst.clear(), at);
      if (read != 4096 || dst.get(0) != content[at] || dst.get(4095) != content[at + 4095]) {
        throw new AssertionError("at " + at + ": " + read);
      }
    }
  }

  @Test
  void aWalkCostsOneListingADirectoryAndNoStat() throws Exception {
    for (int d = 0; d < 10; d++) {
      Path sub = Files.createDirectories(dir.resolve("a/d" + d));
      for (int f = 0; f < 20; f++) {
        Files.writeString(sub.resolve("f" + f), "x".repeat(f));
      }
    }
    try (NetfsFileSystem fs = Netfs.mount(dir).open()) {
      NetfsStats before = fs.stats();
      Map<String, Long> sizes = new HashMap<>();
      try (Stream<Path> paths = Files.walk(fs.getPath("/"))) {
        paths.forEach(
            path -> {
              try {
                BasicFileAttributes attributes =
                    Files.readAttributes(path, BasicFileAttributes.class);
                if (attributes.isRegularFile()) {
                  sizes.put(path.toString(), attributes.size() + Files.size(path));
                }
              } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
      }
      NetfsStats after = fs.stats();
      assertThat(sizes).hasSize(200).containsEntry("/a/d3/f7", 14L);
      assertThat(after.requests("list") - before.requests("list")).isEqualTo(12);
      // The root itself is in no listing.
      assertThat(after.requests("stat") - before.requests("stat")).isLessThanOrEqualTo(2);
    }
  }
}
