package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.engine.OpenMode.Caching;
import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A direct write whose channel is closed under it may still reach the server, much later: but not
 * after what was written since.
 */
@Timeout(30)
@Tag("W2")
class AbandonedDirectWriteTest {
  /** What follows the write. */
  enum Next {
    DIRECT,
    ASYNCHRONOUS,
    BUFFERED,
    TRUNCATE,
    CUTTING_OPEN
  }

  private static OpenFile open(Mount mount, Caching caching, boolean cut) throws IOException {
    return mount.open(
        "/f",
        new OpenMode(
            true, true, Disposition.OPEN_EXISTING, cut, -1, OpenMode.Durability.BACK, caching));
  }

  @ParameterizedTest
  @EnumSource
  void arrivesBeforeWhatFollows(Next next) throws Exception {
    VirtualTime time = new VirtualTime(1);
    SimServer server = new SimServer(1, time);
    server.maxDelayMicros = 1000;
    server.put("/f", new byte[10]);
    time.run(
        () -> {
          Mount mount = server.mount(Map.of("pageSize", 4096));
          OpenFile first = open(mount, Caching.DIRECT, false);
          server.lostReplyRate = 1;
          CompletableFuture<@Nullable Void> write =
              time.start(
                  "writer",
                  () ->
                      assertThatThrownBy(() -> first.write(ByteBuffer.wrap(new byte[] {1, 1}), 2))
                          .isInstanceOf(AsynchronousCloseException.class));
          time.sleep(100, TimeUnit.MILLISECONDS);
          assertThat(server.count("write")).isEqualTo(1);
          server.lostReplyRate = 0;
          first.close();
          Await.result(write);
          byte[] expected = {0, 0, 2, 2, 0, 0, 0, 0, 0, 0};
          ByteBuffer bytes = ByteBuffer.wrap(new byte[] {2, 2});
          boolean cut = next == Next.CUTTING_OPEN;
          boolean cached = next == Next.BUFFERED || next == Next.TRUNCATE;
          try (OpenFile file = open(mount, cached ? Caching.CACHED : Caching.DIRECT, cut)) {
            switch (next) {
              case DIRECT -> file.write(bytes, 2);
              case ASYNCHRONOUS -> Await.result(file.asynchronous(time::execute).write(bytes, 2));
              case BUFFERED -> {
                file.write(bytes, 2);
                file.force(false);
              }
              case TRUNCATE -> {
                file.truncate(1);
                expected = new byte[1];
              }
              case CUTTING_OPEN -> expected = new byte[0];
            }
            time.sleep(10, TimeUnit.MINUTES);
            assertThat(server.get("/f")).isEqualTo(expected);
            assertThat(file.size()).isEqualTo(expected.length);
            ByteBuffer all = ByteBuffer.allocate(20);
            file.read(all, 0);
            assertThat(java.util.Arrays.copyOf(all.array(), all.position())).isEqualTo(expected);
          }
          mount.close();
        });
  }
}
