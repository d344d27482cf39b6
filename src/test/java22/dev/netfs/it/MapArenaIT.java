package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mapping into an arena, which JDK 22 and later can. On the packaged jar, which has a class of its
 * own for them.
 */
class MapArenaIT {
  private static final int SIZE = 300_001;
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  @TempDir Path dir;
  private final byte[] data = new byte[SIZE];
  private NetfsFileSystem fs;
  private Path local;
  private Path file;

  @BeforeEach
  void mount() throws IOException {
    new Random(1).nextBytes(data);
    local = dir.resolve("f");
    Files.write(local, data);
    fs = Netfs.mount(dir).open();
    file = fs.getPath("/f");
  }

  @AfterEach
  void unmount() throws IOException {
    fs.close();
  }

  private FileChannel open() throws IOException {
    return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  @Test
  void aReadOnlySegmentShowsTheRangeUntilItsArenaIsClosed() throws IOException {
    MemorySegment mapped;
    try (Arena arena = Arena.ofConfined()) {
      try (FileChannel channel = FileChannel.open(file)) {
        mapped = channel.map(MapMode.READ_ONLY, 12_345, 200_000, arena);
        assertThat(channel.position()).isZero();
        assertThat(channel.map(MapMode.READ_ONLY, 5, 0, arena).byteSize()).isZero();
      }
      assertThat(mapped.toArray(BYTE)).isEqualTo(Arrays.copyOfRange(data, 12_345, 212_345));
      assertThat(mapped.isReadOnly()).isTrue();
      assertThat(mapped.isMapped()).isTrue();
      assertThatThrownBy(() -> mapped.get(BYTE, 200_000))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> CompletableFuture.supplyAsync(() -> mapped.get(BYTE, 0)).join())
          .hasCauseInstanceOf(WrongThreadException.class);
    }
    assertThatThrownBy(() -> mapped.get(BYTE, 0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aPrivateSegmentKeepsItsChanges() throws IOException {
    try (FileChannel channel = open();
        Arena arena = Arena.ofShared()) {
      MemorySegment mapped = channel.map(MapMode.PRIVATE, 0, SIZE, arena);
      mapped.set(BYTE, 7, (byte) ~data[7]);
      channel.force(true);
    }
    assertThat(Files.readAllBytes(local)).isEqualTo(data);
  }

  @Test
  @Tag("W1")
  void changesInAWritableSegmentArriveAtForceAndAtCloseByTheByte() throws IOException {
    try (FileChannel channel = open()) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment mapped = channel.map(MapMode.READ_WRITE, 100, SIZE - 100, arena);
        change(mapped, 0);
        change(mapped, 65_536);
        change(mapped, SIZE - 101);
        long before = fs.stats().bytesToServer();
        channel.force(true);
        assertThat(fs.stats().bytesToServer() - before).isEqualTo(3);
        assertThat(Files.readAllBytes(local)).isEqualTo(data);
        change(mapped, 1_000);
      }
      // Its memory is gone; what was changed in it is not.
      channel.force(true);
      assertThat(Files.readAllBytes(local)).isEqualTo(data);
      try (Arena arena = Arena.ofConfined()) {
        change(channel.map(MapMode.READ_WRITE, 100, SIZE - 100, arena), 2_000);
      }
    }
    assertThat(Files.readAllBytes(local)).isEqualTo(data);
  }

  private void change(MemorySegment mapped, int at) {
    data[100 + at] ^= 0x55;
    mapped.set(BYTE, at, data[100 + at]);
  }

  @Test
  void aRangeFarOutIsMappedAndMakesTheFileLonger() throws IOException {
    long far = (5L << 30) + 17;
    try (FileChannel channel = open();
        Arena arena = Arena.ofConfined()) {
      MemorySegment mapped = channel.map(MapMode.READ_WRITE, far, 10_000, arena);
      assertThat(channel.size()).isEqualTo(far + 10_000);
      mapped.set(BYTE, 9_998, (byte) 42);
    }
    try (FileChannel channel = FileChannel.open(local)) {
      assertThat(channel.size()).isEqualTo(far + 10_000);
      ByteBuffer tail = ByteBuffer.allocate(10_000);
      channel.read(tail, far);
      byte[] expected = new byte[10_000];
      expected[9_998] = 42;
      assertThat(tail.array()).isEqualTo(expected);
    }
  }

  /** Maps in some way that the JDK refuses. */
  private interface Attempt {
    Object with(FileChannel channel) throws Exception;
  }

  private void failsAsOnALocalFile(Attempt attempt, StandardOpenOption... options)
      throws IOException {
    try (FileChannel ours = FileChannel.open(file, options);
        FileChannel theirs = FileChannel.open(local, options)) {
      Throwable expected = catchThrowable(() -> attempt.with(theirs));
      assertThat(expected).isNotNull();
      assertThat(catchThrowable(() -> attempt.with(ours))).hasSameClassAs(expected);
    }
  }

  @Test
  void refusesWhatTheJdkRefuses() throws Exception {
    StandardOpenOption read = StandardOpenOption.READ;
    StandardOpenOption write = StandardOpenOption.WRITE;
    try (Arena arena = Arena.ofShared()) {
      failsAsOnALocalFile(c -> c.map(MapMode.READ_WRITE, 0, 1, arena), read);
      failsAsOnALocalFile(c -> c.map(MapMode.PRIVATE, 0, 1, arena), read);
      failsAsOnALocalFile(c -> c.map(MapMode.READ_ONLY, 0, SIZE + 1, arena), read);
      failsAsOnALocalFile(c -> c.map(MapMode.READ_ONLY, -1, 1, arena), read);
      failsAsOnALocalFile(c -> c.map(MapMode.READ_ONLY, 0, -1, arena), read);
      failsAsOnALocalFile(c -> c.map(MapMode.READ_ONLY, Long.MAX_VALUE, 2, arena), read);
      failsAsOnALocalFile(c -> c.map(null, 0, 1, arena), read);
      failsAsOnALocalFile(c -> c.map(MapMode.READ_ONLY, 0, 1, null), read);
      failsAsOnALocalFile(c -> c.map(MapMode.READ_ONLY, 0, 1, arena), write);
      failsAsOnALocalFile(c -> c.map(MapMode.READ_WRITE, 0, 1, arena), write);
      failsAsOnALocalFile(
          c -> {
            c.close();
            return c.map(MapMode.READ_ONLY, 0, 1, arena);
          },
          read);
      failsAsOnALocalFile(
          c -> {
            MemorySegment mapped = c.map(MapMode.READ_ONLY, 0, 10, arena);
            mapped.set(BYTE, 0, (byte) 1);
            return mapped;
          },
          read);
    }
    Arena closed = Arena.ofShared();
    closed.close();
    failsAsOnALocalFile(c -> c.map(MapMode.READ_ONLY, 0, 1, closed), read);
    Arena another = CompletableFuture.supplyAsync(Arena::ofConfined).join();
    failsAsOnALocalFile(c -> c.map(MapMode.READ_ONLY, 0, 1, another), read);
  }
}
