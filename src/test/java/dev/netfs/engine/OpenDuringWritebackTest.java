package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * An open while this mount's own bytes are on their way, and another client's change just before
 * it: its answer proves nothing, but what the other has closed has to be seen.
 */
@Timeout(30)
@Tag("S4")
class OpenDuringWritebackTest {
  private static final int PAGE = 4096;
  private static final int SIZE = 4 * PAGE;

  private final SimServer server = new SimServer(1);
  private final byte[] content = new byte[SIZE];

  private OpenFile open(Mount mount) throws IOException {
    return mount.open("/f", OpenModes.UPDATE);
  }

  /** What happens while the server has our write and we have no answer yet. */
  private interface Meanwhile {
    void run() throws IOException;
  }

  /** Reads all, writes a byte at 10, and returns what an open in the middle of that then reads. */
  private byte[] readAfter(boolean arrived, Meanwhile change) throws IOException {
    Arrays.fill(content, (byte) 1);
    server.put("/f", content);
    AtomicReference<OpenFile> other = new AtomicReference<>();
    try (Mount mount = server.mount(Map.of("pageSize", PAGE));
        OpenFile file = open(mount)) {
      assertThat(file.read(ByteBuffer.allocate(SIZE), 0)).isEqualTo(SIZE);
      file.write(ByteBuffer.wrap(new byte[] {5}), 10);
      AtomicBoolean armed = new AtomicBoolean(true);
      Runnable meanwhile =
          () -> {
            server.afterChange = null;
            try {
              change.run();
              other.set(open(mount));
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          };
      server.beforeRequest =
          kind -> {
            if (kind.equals("write") && armed.getAndSet(false)) {
              if (arrived) {
                server.afterChange = meanwhile;
              } else {
                meanwhile.run();
              }
            }
          };
      file.force(false);
      try (OpenFile opened = Objects.requireNonNull(other.get())) {
        ByteBuffer all = ByteBuffer.allocate(2 * SIZE);
        int count = opened.read(all, 0);
        assertThat(opened.size()).isEqualTo(count);
        return Arrays.copyOf(all.array(), count);
      }
    } finally {
      server.beforeRequest = null;
    }
  }

  @Test
  void anothersBytesAreSeen() throws IOException {
    byte[] seen = readAfter(false, () -> server.putRange("/f", 2 * PAGE, new byte[] {9}));
    content[10] = 5;
    content[2 * PAGE] = 9;
    assertThat(seen).isEqualTo(content);
  }

  @Test
  void anothersBytesOverOursAreSeen() throws IOException {
    byte[] seen = readAfter(true, () -> server.putRange("/f", 10, new byte[] {9}));
    content[10] = 9;
    assertThat(seen).isEqualTo(content);
  }

  @Test
  @Tag("S3")
  void aFileThatAnotherExtendedIsLonger() throws IOException {
    byte[] seen = readAfter(false, () -> server.putRange("/f", SIZE, new byte[] {9, 9}));
    byte[] expected = Arrays.copyOf(content, SIZE + 2);
    expected[10] = 5;
    expected[SIZE] = 9;
    expected[SIZE + 1] = 9;
    assertThat(seen).isEqualTo(expected);
  }

  @Test
  @Tag("S3")
  void aFileThatAnotherCutIsShorter() throws IOException {
    byte[] seen = readAfter(false, () -> server.put("/f", new byte[] {2, 2}));
    byte[] expected = new byte[11];
    expected[0] = 2;
    expected[1] = 2;
    expected[10] = 5;
    assertThat(seen).isEqualTo(expected);
  }

  @Test
  void endsOfChangesAreRememberedAsLongAsTheyMayMatter() {
    SentEnds ends = new SentEnds();
    ends.add(1, 100);
    ends.add(2, 50);
    ends.add(3, 70);
    assertThat(ends.since(0)).isEqualTo(100);
    assertThat(ends.since(1)).isEqualTo(70);
    assertThat(ends.since(2)).isEqualTo(70);
    assertThat(ends.since(3)).isZero();
    for (int i = 0; i < 60; i++) {
      ends.add(4 + i, 69 - i);
    }
    assertThat(ends.since(0)).as("never too short").isEqualTo(100);
    assertThat(ends.since(62)).isEqualTo(10);
    assertThat(ends.cutSince(0)).isFalse();
    ends.cut(64);
    assertThat(ends.cutSince(63)).isTrue();
    assertThat(ends.cutSince(64)).isFalse();
    assertThat(ends.since(0)).isZero();
  }
}
