package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a stream reads from the cache on disk takes memory only when it comes back to it. */
@Timeout(60)
class PassedPagesTest {
  private static final int MIB = 1 << 20;
  private static final int PAGE = 64 << 10;
  private static final int MEMORY = 32 * MIB;
  private static final int SIZE = 16 * MIB;

  /**
   * A 64th of the memory, the stream's chunks, and what they are rounded to, and half as much
   * again.
   */
  private static final long FEW = 12L * MIB;

  @TempDir Path temp;
  private final SimServer server = new SimServer(1);
  private final byte[] content = new byte[SIZE];

  @BeforeEach
  void fill() throws IOException {
    new Random(1).nextBytes(content);
    server.put("/f", content);
    try (Mount mount = mount()) {
      read(mount);
    }
  }

  private Mount mount() throws IOException {
    return server.mount(
        Map.of(
            "disk", temp.resolve("cache"), "encrypt", "off", "memory", MEMORY, "pageSize", PAGE));
  }

  private void read(Mount mount) throws IOException {
    try (OpenFile file = mount.open("/f", OpenMode.READ)) {
      for (int at = 0; at < SIZE; at += PAGE) {
        check(file, at);
      }
    }
  }

  private void check(OpenFile file, int at) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(PAGE);
    assertThat(file.read(buffer, at)).isEqualTo(PAGE);
    assertThat(Arrays.mismatch(buffer.array(), 0, PAGE, content, at, at + PAGE)).isEqualTo(-1);
  }

  private static boolean isInMemory(OpenFile file, int at) throws IOException {
    return file.readFromMemory(ByteBuffer.allocate(1), at) == 1;
  }

  @Test
  void theFirstPassTakesLittleMemoryAndTheSecondKeepsWhatItReads() throws IOException {
    try (Mount mount = mount()) {
      read(mount);
      assertThat(mount.stats().cachedBytes()).isLessThan(FEW);
      FramePool frames = mount.services().pages().frames();
      assertThat((long) frames.frames() * PAGE).as("memory got").isLessThan(MEMORY);
      assertThat(mount.stats().bytesFromDisk()).isEqualTo(SIZE);
      read(mount);
      long read = mount.stats().bytesFromDisk();
      assertThat(read).isGreaterThan(SIZE).isLessThanOrEqualTo(2L * SIZE);
      read(mount);
      assertThat(mount.stats().bytesFromDisk()).as("the third time").isEqualTo(read);
      assertThat(mount.stats().bytesFromServer()).isZero();
      assertThat(mount.stats().cachedBytes()).isEqualTo(SIZE);
      mount.dropCaches();
      assertThat(mount.stats().cachedBytes()).isZero();
    }
  }

  @Test
  void whatSomebodyReadsAgainMeanwhileStays() throws IOException {
    try (Mount mount = mount();
        OpenFile file = mount.open("/f", OpenMode.READ);
        OpenFile other = mount.open("/f", OpenMode.READ)) {
      for (int at = 0; at < SIZE; at += PAGE) {
        check(file, at);
        check(other, 0);
      }
      assertThat(isInMemory(file, 0)).isTrue();
      assertThat(isInMemory(file, 2 * PAGE)).isFalse();
    }
  }

  @Test
  void whatComesFromTheServerStays() throws IOException {
    server.put("/f", content); // of another time
    try (Mount mount = mount()) {
      read(mount);
      assertThat(mount.stats().bytesFromDisk()).isZero();
      assertThat(mount.stats().cachedBytes()).isEqualTo(SIZE);
      long before = mount.stats().bytesFromServer();
      read(mount);
      assertThat(mount.stats().bytesFromServer()).isEqualTo(before);
    }
  }

  @Test
  @Tag("W3")
  void whatIsWrittenOverItStaysUntilItIsSent() throws IOException {
    byte[] piece = new byte[100];
    try (Mount mount = mount();
        OpenFile file = mount.open("/f", OpenModes.CREATE)) {
      for (int at = 0; at < SIZE; at += PAGE) {
        check(file, at);
        if (at >= PAGE && at <= MIB) {
          file.write(ByteBuffer.wrap(piece), at - PAGE);
        }
      }
      for (int at = 0; at < MIB; at += PAGE) {
        System.arraycopy(piece, 0, content, at, piece.length);
      }
      for (int at = 0; at < SIZE; at += PAGE) {
        check(file, at);
      }
    }
    assertThat(server.get("/f")).isEqualTo(content);
  }
}
