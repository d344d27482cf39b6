package dev.netfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What each cache mode shows of a file that is changed behind the mount's back. */
class CacheModesTest {
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir private Path directory;
  private Path served;

  @BeforeEach
  void makeFile() throws IOException {
    served = directory.resolve("file");
    change("before", 3);
  }

  /** Writes the server's file, so many hours ago: no timestamp is too young to prove something. */
  private void change(String content, int hoursAgo) throws IOException {
    Files.writeString(served, content);
    Files.setLastModifiedTime(
        served, FileTime.from(Instant.now().minus(HOUR.multipliedBy(hoursAgo))));
  }

  private NetfsFileSystem mount(CacheMode mode) throws IOException {
    return Netfs.mount(directory).cache(mode).attrTtl(HOUR).open();
  }

  @Test
  void closeToOpenSeesAChangeAtTheNextOpenAndReadsNothingTwice() throws IOException {
    try (NetfsFileSystem fs = mount(CacheMode.CLOSE_TO_OPEN)) {
      Path file = fs.getPath("/file");
      assertThat(file).hasContent("before");
      long read = fs.stats().bytesFromServer();
      assertThat(file).hasContent("before");
      assertThat(fs.stats().bytesFromServer()).isEqualTo(read);
      change("after.", 2);
      assertThat(file).hasContent("after.");
    }
  }

  @Test
  void looseAndImmutableTrustWhatTheyHave() throws IOException {
    for (CacheMode mode : new CacheMode[] {CacheMode.LOOSE, CacheMode.IMMUTABLE}) {
      change("before", 3);
      try (NetfsFileSystem fs = mount(mode)) {
        Path file = fs.getPath("/file");
        assertThat(file).hasContent("before");
        change("after.", 2);
        assertThat(file).as(mode.toString()).hasContent("before");
        fs.dropCaches();
        assertThat(file).as(mode.toString()).hasContent("after.");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"STRICT", "NONE"})
  void strictAndNoneKeepNothing(CacheMode mode) throws IOException {
    try (NetfsFileSystem fs = mount(mode);
        FileChannel open = FileChannel.open(fs.getPath("/file"))) {
      assertThat(read(open)).isEqualTo("before");
      change("after.", 3); // to be seen without another open, whatever its time says
      assertThat(read(open)).isEqualTo("after.");
      assertThat(Files.size(fs.getPath("/file"))).isEqualTo(6);
      change("longer than before", 3);
      assertThat(Files.size(fs.getPath("/file"))).isEqualTo(18);
      assertThat(fs.stats().bytesFromMemory()).isZero();
      assertThat(fs.stats().cachedBytes()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"STRICT", "NONE"})
  void strictAndNoneSendAtOnce(CacheMode mode) throws IOException {
    try (NetfsFileSystem fs = mount(mode);
        FileChannel open = FileChannel.open(fs.getPath("/file"), StandardOpenOption.WRITE)) {
      open.write(ByteBuffer.wrap("B".getBytes()), 0);
      assertThat(served).hasContent("Before");
    }
  }

  @Test
  void immutableAsksNothingTwiceHoweverShortAttributesWouldLive() throws Exception {
    Files.createDirectories(directory.resolve("d/deeper"));
    Files.writeString(directory.resolve("d/deeper/inner"), "inner");
    Files.createLink(directory.resolve("d/second name"), served);
    try (NetfsFileSystem fs =
        Netfs.mount(directory).cache(CacheMode.IMMUTABLE).attrTtl(Duration.ZERO).open()) {
      String first = everything(fs);
      Map<String, Long> requests = fs.stats().requests();
      change("something else", 2);
      Files.writeString(directory.resolve("d/new"), "another");
      assertThat(everything(fs)).isEqualTo(first);
      assertThat(fs.stats().requests()).isEqualTo(requests);
    }
  }

  private static String everything(NetfsFileSystem fs) throws IOException {
    StringBuilder seen = new StringBuilder();
    try (Stream<Path> walk = Files.walk(fs.getPath("/"))) {
      for (Path path : walk.toList()) {
        seen.append(path).append(Files.getLastModifiedTime(path));
        if (Files.isRegularFile(path)) {
          seen.append(Files.size(path)).append(Files.readString(path));
        }
      }
    }
    return seen.toString();
  }

  @Test
  void immutableIsReadOnly() throws IOException {
    try (NetfsFileSystem fs = mount(CacheMode.IMMUTABLE)) {
      assertThat(fs.isReadOnly()).isTrue();
      assertThatThrownBy(() -> Files.writeString(fs.getPath("/new"), "x"))
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(() -> Files.delete(fs.getPath("/file")))
          .isInstanceOf(ReadOnlyFileSystemException.class);
    }
    assertThat(served).hasContent("before");
  }

  /** Who deletes a file by closing it changes what is there, though he only reads it. */
  @Test
  void immutableDeletesNothingOnClose() throws IOException {
    try (NetfsFileSystem fs = mount(CacheMode.IMMUTABLE)) {
      Path file = fs.getPath("/file");
      assertThatThrownBy(() -> FileChannel.open(file, StandardOpenOption.DELETE_ON_CLOSE).close())
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(
              () -> AsynchronousFileChannel.open(file, StandardOpenOption.DELETE_ON_CLOSE).close())
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(
              () -> Files.newInputStream(file, StandardOpenOption.DELETE_ON_CLOSE).close())
          .isInstanceOf(ReadOnlyFileSystemException.class);
    }
    assertThat(served).hasContent("before");
  }

  @Test
  void whatIsWrittenIsOnTheServerWhenItsChannelIsClosedOrForced() throws IOException {
    try (NetfsFileSystem fs = mount(CacheMode.CLOSE_TO_OPEN)) {
      FileChannel open = FileChannel.open(fs.getPath("/file"), StandardOpenOption.WRITE);
      open.write(ByteBuffer.wrap("B".getBytes()), 0);
      assertThat(served).hasContent("before");
      open.force(true);
      assertThat(served).hasContent("Before");
      open.write(ByteBuffer.wrap("E".getBytes()), 1);
      open.close();
      assertThat(served).hasContent("BEfore");
    }
  }

  private static String read(FileChannel channel) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(100);
    channel.read(buffer, 0);
    return new String(buffer.array(), 0, buffer.position());
  }
}
