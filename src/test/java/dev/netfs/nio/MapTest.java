package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mappings, which are images of ranges. */
class MapTest {
  private static final int SIZE = 300_001;

  @TempDir Path dir;
  private byte[] data = new byte[SIZE];
  private NetfsFileSystem fs;
  private Path file;

  @BeforeEach
  void mount() throws IOException {
    new Random(1).nextBytes(data);
    Files.write(dir.resolve("f"), data);
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

  private static byte[] bytes(MappedByteBuffer mapped) {
    byte[] bytes = new byte[mapped.remaining()];
    mapped.duplicate().get(bytes);
    return bytes;
  }

  @Test
  void aReadOnlyMappingShowsTheRangeAndOutlivesTheChannel() throws IOException {
    MappedByteBuffer mapped;
    try (FileChannel channel = FileChannel.open(file)) {
      mapped = channel.map(MapMode.READ_ONLY, 12_345, 200_000);
      assertThat(channel.position()).isZero();
      assertThat(channel.map(MapMode.READ_ONLY, 5, 0).remaining()).isZero();
    }
    assertThat(mapped.isReadOnly()).isTrue();
    assertThat(bytes(mapped)).isEqualTo(Arrays.copyOfRange(data, 12_345, 212_345));
  }

  @Test
  void aPrivateMappingKeepsItsChanges() throws IOException {
    try (FileChannel channel = open()) {
      MappedByteBuffer mapped = channel.map(MapMode.PRIVATE, 0, SIZE);
      mapped.put(7, (byte) ~data[7]);
      channel.force(true);
    }
    assertThat(Files.readAllBytes(dir.resolve("f"))).isEqualTo(data);
  }

  @Test
  @Tag("W1")
  void changesInAWritableMappingArriveAtForceAndAtClose() throws IOException {
    try (FileChannel channel = open()) {
      MappedByteBuffer mapped = channel.map(MapMode.READ_WRITE, 100, SIZE - 100);
      change(mapped, 0);
      change(mapped, 65_535);
      change(mapped, 65_536);
      change(mapped, SIZE - 101);
      long before = fs.stats().bytesToServer();
      channel.force(true);
      assertThat(fs.stats().bytesToServer() - before).isEqualTo(4);
      assertThat(Files.readAllBytes(dir.resolve("f"))).isEqualTo(data);
      change(mapped, 1_000);
    }
    assertThat(Files.readAllBytes(dir.resolve("f"))).isEqualTo(data);
  }

  private void change(MappedByteBuffer mapped, int at) {
    data[100 + at] ^= 0x55;
    mapped.put(at, data[100 + at]);
  }

  @Test
  void aWritableMappingMakesTheFileLonger() throws IOException {
    try (FileChannel channel = open()) {
      MappedByteBuffer mapped = channel.map(MapMode.READ_WRITE, SIZE - 1, 10_000);
      assertThat(channel.size()).isEqualTo(SIZE + 9_999);
      mapped.put(9_999, (byte) 42);
    }
    byte[] expected = Arrays.copyOf(data, SIZE + 9_999);
    expected[SIZE + 9_998] = 42;
    assertThat(Files.readAllBytes(dir.resolve("f"))).isEqualTo(expected);
  }

  @Test
  void refusesWhatTheJdkRefuses() throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      assertThatThrownBy(() -> channel.map(MapMode.READ_WRITE, 0, 1))
          .isInstanceOf(NonWritableChannelException.class);
      assertThatThrownBy(() -> channel.map(MapMode.PRIVATE, 0, 1))
          .isInstanceOf(NonWritableChannelException.class);
      assertThatThrownBy(() -> channel.map(MapMode.READ_ONLY, 0, SIZE + 1))
          .isInstanceOf(IOException.class);
      assertThatThrownBy(() -> channel.map(MapMode.READ_ONLY, -1, 1))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> channel.map(MapMode.READ_ONLY, 0, 1L << 31))
          .isInstanceOf(IllegalArgumentException.class);
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      assertThatThrownBy(() -> channel.map(MapMode.READ_WRITE, 0, 1))
          .isInstanceOf(NonReadableChannelException.class);
    }
  }
}
