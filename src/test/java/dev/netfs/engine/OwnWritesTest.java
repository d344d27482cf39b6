package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What is still known of a file that this mount has written and closed: with a server whose answers
 * show versions, what one request wrote from end to end; in all other cases nothing, since another
 * client may have written at the same moment.
 */
@Timeout(30)
@Tag("S4")
class OwnWritesTest {
  private static final int SIZE = 10_000;

  private final SimServer server = new SimServer(1);
  private final byte[] ours = bytes(1);
  private Mount mount;

  @BeforeEach
  void versions() {
    server.tree.versions = true;
  }

  @AfterEach
  void unmount() throws IOException {
    mount.close();
  }

  private static byte[] bytes(int seed) {
    byte[] data = new byte[SIZE];
    new Random(seed).nextBytes(data);
    return data;
  }

  private void mount(Object... options) throws IOException {
    Map<String, Object> map = new HashMap<>(Map.of("pageSize", 4096));
    for (int i = 0; i < options.length; i += 2) {
      map.put((String) options[i], options[i + 1]);
    }
    mount = server.mount(map);
  }

  private OpenFile open(boolean truncate) throws IOException {
    return mount.open(
        "/f",
        new OpenMode(
            true,
            true,
            Disposition.OPEN_OR_CREATE,
            truncate,
            -1,
            OpenMode.Durability.BACK,
            OpenMode.Caching.CACHED));
  }

  private void writeAll() throws IOException {
    try (OpenFile file = open(true)) {
      file.write(ByteBuffer.wrap(ours), 0);
    }
  }

  private void assertShows(byte[] expected) throws IOException {
    try (OpenFile file = mount.open("/f", OpenMode.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(expected.length + 1);
      assertThat(file.read(buffer, 0)).isEqualTo(expected.length);
      byte[] read = new byte[expected.length];
      buffer.get(0, read);
      assertThat(read).isEqualTo(expected);
    }
  }

  @Test
  void whatOneRequestWroteIsNotDownloaded() throws IOException {
    mount();
    for (int i = 0; i < 3; i++) {
      writeAll();
      assertShows(ours);
      assertShows(ours);
    }
    try (OpenFile file = open(false)) {
      file.write(ByteBuffer.wrap(ours), 0);
    }
    assertShows(ours);
    assertThat(mount.stats().bytesFromServer()).isZero();
  }

  @Test
  @Tag("C3")
  void whereOnlyATimeShowsItIsDownloadedAgain() throws IOException {
    server.tree.versions = false;
    mount();
    writeAll();
    assertShows(ours);
    assertThat(mount.stats().bytesFromServer()).isEqualTo(SIZE);
  }

  @Test
  void aThirdPartysWriteAfterOursIsSeen() throws IOException {
    mount();
    writeAll();
    byte[] theirs = bytes(2);
    server.put("/f", theirs);
    assertShows(theirs);
    try (OpenFile file = open(false)) {
      file.write(ByteBuffer.wrap(ours), 0);
      file.flush();
      server.put("/f", theirs); // while it is still open here
    }
    assertShows(theirs);
  }

  @Test
  void aThirdPartysWriteBeforeOursIsSeenWhereItIsLonger() throws IOException {
    mount();
    try (OpenFile file = open(true)) {
      byte[] theirs = bytes(3);
      server.putRange("/f", SIZE, theirs); // behind the end that we know of
      file.write(ByteBuffer.wrap(ours), 0);
      file.flush();
    }
    byte[] both = java.util.Arrays.copyOf(ours, 2 * SIZE);
    System.arraycopy(bytes(3), 0, both, SIZE, SIZE);
    assertShows(both);
  }

  @Test
  void whatSeveralRequestsWroteIsDownloadedAgain() throws IOException {
    mount("wsize", SIZE - 1);
    AtomicBoolean first = new AtomicBoolean(true);
    server.beforeRequest =
        kind -> {
          if (kind.equals("write") && !first.getAndSet(false)) {
            server.putRange("/f", 5, new byte[] {1, 2, 3}); // between our two
          }
        };
    writeAll();
    server.beforeRequest = null;
    byte[] onServer = server.get("/f");
    assertThat(onServer).hasSize(SIZE);
    assertShows(onServer);
  }

  @Test
  void whatIsWrittenAgainWhileItIsOnItsWayIsNotMistakenForWhatWasSent() throws IOException {
    mount();
    AtomicBoolean first = new AtomicBoolean(true);
    OpenFile file = open(true);
    server.beforeRequest =
        kind -> {
          if (kind.equals("write") && first.getAndSet(false)) {
            try {
              file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 7);
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          }
        };
    file.write(ByteBuffer.wrap(ours), 0);
    mount.sync();
    file.close();
    assertThat(first).isFalse();
    byte[] expected = ours.clone();
    System.arraycopy(new byte[] {1, 2, 3}, 0, expected, 7, 3);
    assertThat(server.get("/f")).isEqualTo(expected);
    server.putRange("/f", 100, new byte[] {9});
    expected[100] = 9;
    assertShows(expected);
  }

  @Test
  void afterACutNothingIsKnown() throws IOException {
    mount();
    writeAll();
    try (OpenFile file = open(false)) {
      file.truncate(SIZE / 2);
    }
    server.putRange("/f", 100, new byte[] {9});
    byte[] expected = java.util.Arrays.copyOf(ours, SIZE / 2);
    expected[100] = 9;
    assertShows(expected);
  }
}
