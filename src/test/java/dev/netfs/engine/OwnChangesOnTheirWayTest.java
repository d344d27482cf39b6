package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.engine.OpenMode.Caching;
import dev.netfs.engine.OpenMode.Durability;
import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What others of the same mount see and hear while its own changes are on their way. */
@Timeout(30)
class OwnChangesOnTheirWayTest {
  private static final int SEEDS = 20;

  private static OpenFile open(Mount mount, Caching caching, Durability durability)
      throws IOException {
    return mount.open(
        "/f", new OpenMode(true, true, Disposition.OPEN_EXISTING, false, -1, durability, caching));
  }

  private static OpenFile open(Mount mount, Caching caching) throws IOException {
    return open(mount, caching, Durability.BACK);
  }

  private static Mount mount(SimServer server) throws IOException {
    return server.mount(Map.of("pageSize", 4096, "readahead", 0));
  }

  @Test
  @Tag("S3")
  void anAnswerFromBeforeOurWriteThatEndsEarlyCutsNothingOff() throws IOException {
    SimServer server = new SimServer(1);
    server.put("/f", new byte[100]);
    try (Mount mount = mount(server);
        OpenFile file = open(mount, Caching.CACHED)) {
      Inode inode = file.inode();
      List<ReadRequest> begun = SimServer.planned(mount, inode, 0, 100);
      file.write(ByteBuffer.wrap(new byte[50]), 50);
      mount.sync();
      byte[] now = server.get("/f");
      server.putSameTime("/f", new byte[50]); // what the answer is made of: another had cut it
      begun.forEach(ReadRequest::issue);
      SimServer.eventuallyArrived(inode);
      begun.forEach(ReadRequest::endUse);
      server.putSameTime("/f", now);
      assertThat(inode.localSize()).isEqualTo(100);
      assertThat(file.size()).isEqualTo(100);
    }
  }

  @Test
  @Tag("S1")
  void whatADirectWriteWritesIsNoZerosAfterAnOpenMeanwhile() throws IOException {
    SimServer server = new SimServer(1);
    server.put("/f", new byte[0]);
    AtomicReference<OpenFile> other = new AtomicReference<>();
    try (Mount mount = mount(server);
        OpenFile direct = open(mount, Caching.DIRECT)) {
      server.beforeRequest =
          kind -> {
            if (kind.equals("write")) {
              server.beforeRequest = null;
              try {
                other.set(mount.open("/f", OpenMode.READ)); // which sees an empty file
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            }
          };
      direct.write(ByteBuffer.wrap(new byte[] {7}), 10_000);
      try (OpenFile opened = Objects.requireNonNull(other.get())) {
        ByteBuffer one = ByteBuffer.allocate(1);
        assertThat(opened.read(one, 10_000)).isEqualTo(1);
        assertThat(one.get(0)).isEqualTo((byte) 7);
      }
    }
  }

  @Test
  @Tag("R5")
  void whatIsDirtyBehindADirectReadCounts() throws IOException {
    SimServer server = new SimServer(1);
    server.put("/f", new byte[200]);
    try (Mount mount = mount(server);
        OpenFile file = open(mount, Caching.CACHED);
        OpenFile direct = open(mount, Caching.DIRECT)) {
      file.write(ByteBuffer.wrap(new byte[] {7}), 100);
      server.setSize("/f", 0);
      ByteBuffer ten = ByteBuffer.allocate(10);
      assertThat(direct.read(ten, 0)).as("our byte is behind these").isEqualTo(10);
    }
  }

  /** What is done while another channel cuts the file from 100 bytes to 2. */
  private interface Meanwhile {
    void run(SimServer server, OpenFile direct) throws IOException;
  }

  private static void duringACut(Meanwhile meanwhile) throws Exception {
    for (int seed = 0; seed < SEEDS; seed++) {
      VirtualTime time = new VirtualTime(seed);
      SimServer server = new SimServer(seed, time);
      server.maxDelayMicros = 10_000;
      server.put("/f", new byte[100]);
      time.run(
          () -> {
            try (Mount mount = mount(server);
                OpenFile file = open(mount, Caching.CACHED);
                OpenFile direct = open(mount, Caching.DIRECT)) {
              CompletableFuture<@Nullable Void> cut = time.start("cut", () -> file.truncate(2));
              while (file.inode().localSize() != 2) {
                time.sleep(1, TimeUnit.MICROSECONDS);
              }
              meanwhile.run(server, direct);
              Await.result(cut);
            }
          });
    }
  }

  @Test
  @Tag("R5")
  void aDirectReadDuringACutSeesNothingOfWhatIsCutOff() throws Exception {
    duringACut(
        (server, direct) -> {
          ByteBuffer all = ByteBuffer.allocate(100);
          assertThat(direct.read(all, 0)).isEqualTo(2);
        });
  }

  @Test
  @Tag("S4")
  void theSizeDuringACutIsTheServers() throws Exception {
    duringACut(
        (server, direct) -> {
          server.afterChange =
              () -> {
                if (Objects.requireNonNull(server.get("/f")).length == 2) {
                  server.afterChange = null;
                  server.putRange("/f", 49, new byte[] {9}); // another client, just after the cut
                }
              };
          assertThat(direct.size()).isEqualTo(50);
        });
  }

  @Test
  @Tag("W3")
  void eachOfTwoThreadsHearsThatItsOwnWriteCouldNotBeSent() throws Exception {
    for (int seed = 0; seed < SEEDS; seed++) {
      VirtualTime time = new VirtualTime(seed);
      SimServer server = new SimServer(seed, time);
      server.maxDelayMicros = 10_000;
      server.put("/f", new byte[100]);
      server.errorsIn = kind -> kind.equals("write");
      time.run(
          () -> {
            try (Mount mount = mount(server);
                OpenFile file = open(mount, Caching.CACHED, Durability.THROUGH)) {
              server.errorRate = 1;
              ModelTime.Program write =
                  () ->
                      assertThatThrownBy(() -> file.write(ByteBuffer.wrap(new byte[10]), 0))
                          .isInstanceOf(IOException.class);
              CompletableFuture<@Nullable Void> one = time.start("one", write);
              CompletableFuture<@Nullable Void> other = time.start("other", write);
              Await.result(one);
              Await.result(other);
              server.errorRate = 0;
            }
          });
    }
  }
}
