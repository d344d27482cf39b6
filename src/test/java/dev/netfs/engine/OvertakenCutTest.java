package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A cut whose channel another thread closes meanwhile comes before what is written afterwards. */
@Timeout(30)
@Tag("W3")
class OvertakenCutTest {
  private static OpenFile open(Mount mount) throws IOException {
    return mount.open("/f", OpenModes.UPDATE);
  }

  @Test
  void cutsOffNothingThatIsWrittenAfterTheClose() throws Exception {
    for (int seed = 0; seed < 20; seed++) {
      VirtualTime time = new VirtualTime(seed);
      SimServer server = new SimServer(seed, time);
      server.put("/f", new byte[10]);
      time.run(
          () -> {
            Mount mount = server.mount(Map.of("pageSize", 4096));
            OpenFile first = open(mount);
            server.maxDelayMicros = 1_000_000;
            CompletableFuture<@Nullable Void> cut = time.start("cut", () -> first.truncate(2));
            while (first.inode().localSize() != 2) {
              time.sleep(1, TimeUnit.MICROSECONDS);
            }
            first.close();
            server.maxDelayMicros = 1_000;
            try (OpenFile next = open(mount)) {
              next.write(ByteBuffer.wrap(new byte[100]), 0);
            }
            Await.result(cut);
            assertThat(server.get("/f")).hasSize(100);
            mount.sync();
            assertThat(mount.services().inodes().all()).isEmpty();
            mount.close();
          });
    }
  }
}
