package dev.netfs.share.path;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Files of a provider that has no file channels, only positioned ones. */
class FileIoTest {

  private static FileIo open(FileSystem fileSystem, String name) throws Exception {
    return FileIo.open(
        new NoFileChannels(fileSystem.provider()),
        fileSystem.getPath(name),
        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
        new FileAttribute<?>[0]);
  }

  @Test
  void agreesWithAnArray() throws Exception {
    try (FileSystem jimfs = Jimfs.newFileSystem(Configuration.unix())) {
      Path path = jimfs.getPath("f");
      FileIo io = open(jimfs, "f");
      assertThat(io.lockable()).isNull();
      byte[] oracle = new byte[0];
      Random random = new Random(1);
      for (int i = 0; i < 300; i++) {
        int at = random.nextInt(30_000);
        switch (random.nextInt(4)) {
          case 0 -> {
            io.truncate(at);
            oracle = Arrays.copyOf(oracle, at);
          }
          case 1, 2 -> {
            byte[] content = new byte[1 + random.nextInt(3_000)];
            random.nextBytes(content);
            assertThat(io.write(ByteBuffer.wrap(content), at)).isEqualTo(content.length);
            oracle = Arrays.copyOf(oracle, Math.max(oracle.length, at + content.length));
            System.arraycopy(content, 0, oracle, at, content.length);
          }
          default -> {
            ByteBuffer buffer = ByteBuffer.allocate(1 + random.nextInt(3_000));
            int count = io.read(buffer, at);
            if (at >= oracle.length) {
              assertThat(count).isEqualTo(-1);
            } else {
              assertThat(Arrays.copyOf(buffer.array(), count))
                  .isEqualTo(Arrays.copyOfRange(oracle, at, at + count));
            }
          }
        }
        assertThat(io.size()).isEqualTo(oracle.length);
      }
      io.channel().close();
      assertThat(path).hasBinaryContent(oracle);
    }
  }

  @Test
  void takesManyCallsAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (FileSystem jimfs = Jimfs.newFileSystem(Configuration.unix())) {
      FileIo io = open(jimfs, "f");
      List<Callable<Integer>> writes = new ArrayList<>();
      byte[] expected = new byte[200 * 100];
      for (int i = 0; i < 200; i++) {
        byte[] content = new byte[100];
        Arrays.fill(content, (byte) (i + 1));
        System.arraycopy(content, 0, expected, i * 100, 100);
        long offset = i * 100L;
        writes.add(
            () -> {
              io.write(ByteBuffer.wrap(content), offset);
              return io.read(ByteBuffer.allocate(10), offset);
            });
      }
      for (Future<Integer> write : threads.invokeAll(writes)) {
        assertThat(write.get()).isEqualTo(10);
      }
      io.channel().close();
      assertThat(jimfs.getPath("f")).hasBinaryContent(expected);
    } finally {
      threads.shutdown();
    }
  }
}
