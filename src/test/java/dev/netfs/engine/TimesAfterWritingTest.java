package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.testing.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Times that are set after something was written. Samba moves the time of modification on, and the
 * time of access back, when a handle is closed that was written with.
 */
@Timeout(30)
class TimesAfterWritingTest {
  private static final FileTime TIME = FileTime.fromMillis(1_000_000_000_000L);

  private final SimServer server = new SimServer(1);

  @Test
  void theyAreSetAfterWhatWasWrittenWithIsClosed() throws Exception {
    for (AttributeChange change :
        new AttributeChange[] {
          AttributeChange.ofTimes(TIME, null, null), AttributeChange.ofTimes(null, TIME, null)
        }) {
      server.put("/f", new byte[10]);
      try (Mount mount = server.mount(Map.of("attrTtl", "0s"))) {
        OpenFile file =
            mount.open(
                "/f",
                new OpenMode(
                    false,
                    true,
                    Disposition.OPEN_EXISTING,
                    false,
                    -1,
                    OpenMode.Durability.BACK,
                    OpenMode.Caching.CACHED));
        file.write(ByteBuffer.wrap(new byte[] {1}), 3);
        Inode inode = Objects.requireNonNull(mount.services().inodes().find("/f"));
        // As the thread that has just told of an answer, and goes on only later.
        RemoteFile inUse = inode.handles.writerInUse();
        file.close();
        int before = server.requests.getOrDefault("close", 0);
        int[] closedAtSet = {-1};
        server.beforeRequest =
            kind -> {
              if (kind.equals("setattr")) {
                closedAtSet[0] = server.requests.getOrDefault("close", 0);
              }
            };
        Thread setting =
            new Thread(
                () -> {
                  try {
                    mount.setAttributes("/f", change, true);
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                });
        setting.start();
        Threads.awaitWaiting(setting);
        inUse.endUse();
        setting.join();
        assertThat(closedAtSet[0]).isEqualTo(before + 1);
        assertThat(mount.services().inodes().all()).as("and is forgotten").isEmpty();
      } finally {
        server.beforeRequest = null;
      }
    }
  }
}
