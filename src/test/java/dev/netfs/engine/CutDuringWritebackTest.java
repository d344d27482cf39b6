package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Files that are cut while bytes behind the cut are on their way. */
@Timeout(30)
class CutDuringWritebackTest {
  private final VirtualTime time = new VirtualTime(1);
  private final SimServer server = new SimServer(1, time);

  private Mount mount() throws IOException {
    server.maxDelayMicros = 10_000;
    server.put("/f", new byte[0]);
    return server.mount(Map.of("pageSize", 4096));
  }

  private static OpenFile open(Mount mount) throws IOException {
    return mount.open("/f", OpenModes.UPDATE);
  }

  @Test
  @Tag("W1")
  void theyAreSentAsTheyWereWritten() throws Exception {
    List<byte[]> sent = new ArrayList<>();
    server.onWrite = (path, offset, bytes) -> sent.add(bytes);
    time.run(
        () -> {
          try (Mount mount = mount();
              OpenFile file = open(mount)) {
            file.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}), 0);
            file.inode().uploader.issue();
            assertThat(sent).as("on its way").isEmpty();
            file.truncate(2);
            assertThat(sent).containsExactly(new byte[] {1, 2, 3, 4});
            assertThat(server.get("/f")).containsExactly(1, 2);
            file.write(ByteBuffer.wrap(new byte[] {9}), 5);
            ByteBuffer all = ByteBuffer.allocate(10);
            assertThat(file.read(all, 0)).isEqualTo(6);
            assertThat(all.array()).startsWith(1, 2, 0, 0, 0, 9);
          }
          assertThat(server.get("/f")).containsExactly(1, 2, 0, 0, 0, 9);
        });
  }

  @Test
  @Tag("W1")
  @Tag("W3")
  void whatFailsIsSentAgainOnlyUpToTheCut() throws Exception {
    List<Long> ends = new ArrayList<>();
    server.onWrite = (path, offset, bytes) -> ends.add(offset + bytes.length);
    time.run(
        () -> {
          try (Mount mount = mount();
              OpenFile file = open(mount);
              OpenFile writer = open(mount)) {
            file.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}), 0);
            server.errorsIn = kind -> kind.equals("write");
            server.errorRate = 1;
            file.inode().uploader.issue();
            CompletableFuture<@Nullable Void> cut = time.start("cut", () -> file.truncate(2));
            time.sleep(1, TimeUnit.MICROSECONDS);
            while (file.inode().localSize() != 2) {
              time.sleep(1, TimeUnit.MICROSECONDS);
            }
            writer.write(ByteBuffer.wrap(new byte[] {9}), 5); // makes it longer again
            Await.result(cut);
            server.errorRate = 0;
            assertThatThrownBy(() -> file.force(false)).isInstanceOf(IOException.class);
            file.force(false);
            assertThat(ends).containsExactlyInAnyOrder(2L, 6L);
            assertThatThrownBy(writer::close).isInstanceOf(IOException.class);
          }
          assertThat(server.get("/f")).containsExactly(1, 2, 0, 0, 0, 9);
        });
  }

  @Test
  @Tag("S3")
  void twoWhoCutAtTheSameTimeLeaveTheShorterFile() throws Exception {
    for (int seed = 0; seed < 20; seed++) {
      VirtualTime time = new VirtualTime(seed);
      SimServer server = new SimServer(seed, time);
      server.maxDelayMicros = 10_000;
      server.put("/f", new byte[100]);
      time.run(
          () -> {
            try (Mount mount = server.mount(Map.of("pageSize", 4096));
                OpenFile file = open(mount);
                OpenFile other = open(mount)) {
              CompletableFuture<@Nullable Void> cut = time.start("cut", () -> other.truncate(50));
              while (file.inode().localSize() != 50) {
                time.sleep(1, TimeUnit.MICROSECONDS);
              }
              file.truncate(20);
              Await.result(cut);
              assertThat(file.size()).isEqualTo(20);
              assertThat(server.get("/f")).hasSize(20);
            }
          });
    }
  }
}
