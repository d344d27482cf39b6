package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an open file and a cached byte cost in heap. Memory is measured after collections. */
@Timeout(120)
class FootprintTest {
  private static final int FILES = 2_000;

  private final SimServer server = new SimServer(1);

  /** Returns how many bytes of the heap are in use once nothing more can be collected. */
  private static long heap() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 4; i++) {
      System.gc();
      least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return least;
  }

  private static long perFile(long before) {
    return (heap() - before) / FILES;
  }

  @Test
  void anOpenFileTakesLessThanFourKibibytesOfHeap() throws IOException {
    for (int i = 0; i < FILES; i++) {
      server.put("/" + i, new byte[100]);
    }
    OpenMode mode = OpenModes.UPDATE;
    try (Mount mount = server.mount(Map.of("pageSize", 4096, "memory", "64MiB"))) {
      mount.open("/0", mode).close();
      long before = heap();
      List<OpenFile> open = new ArrayList<>();
      for (int i = 0; i < FILES; i++) {
        OpenFile file = mount.open("/" + i, mode);
        open.add(file);
        file.read(ByteBuffer.allocate(100), 0);
        file.write(ByteBuffer.wrap(new byte[] {1}), 50);
      }
      assertThat(perFile(before)).as("read and written").isLessThan(4096);
      for (OpenFile file : open) {
        file.close();
      }
      open.clear();
      mount.dropCaches();
      assertThat(perFile(before)).as("closed and dropped").isLessThan(512);
    }
  }

  @Test
  void anOpenChannelTakesLessThanFourKibibytesOfHeap(@TempDir Path dir) throws IOException {
    int files = FILES / 2; // each takes a descriptor of the process
    for (int i = 0; i < files; i++) {
      Files.write(dir.resolve("" + i), new byte[100]);
    }
    try (NetfsFileSystem fs = Netfs.mount(dir).open()) {
      Files.readAllBytes(fs.getPath("/0"));
      long before = heap();
      List<FileChannel> open = new ArrayList<>();
      for (int i = 0; i < files; i++) {
        open.add(FileChannel.open(fs.getPath("/" + i)));
      }
      assertThat((heap() - before) / files).isLessThan(4096);
      for (FileChannel channel : open) {
        channel.close();
      }
    }
  }

  @Test
  void aCachedGibibyteTakesLessThanSixteenMebibytesOfHeap() throws IOException {
    int size = 128 << 20;
    server.put("/f", new byte[size]);
    server.rsize = 1 << 20;
    try (Mount mount = server.mount(Map.of("memory", "160MiB"));
        OpenFile file = mount.open("/f", OpenMode.READ)) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
      file.read(buffer.clear(), 0);
      long before = heap();
      for (long at = 0; at < size; at += buffer.capacity()) {
        file.read(buffer.clear(), at);
      }
      assertThat(mount.stats().cachedBytes()).isGreaterThanOrEqualTo(size);
      long gibibyte = (heap() - before) * ((1L << 30) / size);
      assertThat(gibibyte).isLessThan(16L << 20);
    }
  }
}
