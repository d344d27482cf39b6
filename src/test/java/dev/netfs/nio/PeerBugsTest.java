package dev.netfs.nio;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other providers for remote files get wrong, one test for each. */
class PeerBugsTest {
  @TempDir Path dir;
  private NetfsFileSystem fs;
  private Path file;

  @BeforeEach
  void mount() throws Exception {
    fs = Netfs.mount(dir).open();
    file = Files.writeString(fs.getPath("/file"), "0123456789");
  }

  @AfterEach
  void unmount() throws Exception {
    fs.close();
  }

  @Test
  @Tag("J1")
  void aPositionalReadLeavesThePosition() throws Exception {
    try (FileChannel channel = FileChannel.open(file, READ, WRITE)) {
      channel.position(3);
      assertThat(channel.read(ByteBuffer.allocate(4), 1)).isEqualTo(4);
      assertThat(channel.position()).isEqualTo(3);
      assertThat(channel.write(ByteBuffer.allocate(4), 1)).isEqualTo(4);
      assertThat(channel.position()).isEqualTo(3);
    }
  }

  @Test
  @Tag("J2")
  void truncateClipsThePosition() throws Exception {
    try (SeekableByteChannel channel = Files.newByteChannel(file, READ, WRITE)) {
      channel.position(8);
      channel.truncate(5);
      assertThat(channel.position()).isEqualTo(5);
      assertThat(channel.size()).isEqualTo(5);
      assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
  }

  @Test
  @Tag("J3")
  void transferToPastTheEndIsNothing() throws Exception {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      assertThat(channel.transferTo(10, 5, Channels.newChannel(out))).isZero();
      assertThat(channel.transferTo(11, 5, Channels.newChannel(out))).isZero();
      assertThat(channel.transferTo(8, 5, Channels.newChannel(out))).isEqualTo(2);
      assertThat(out.toString()).isEqualTo("89");
    }
  }

  @Test
  @Tag("J4")
  void readsAtTheEndSaySo() throws Exception {
    try (FileChannel channel = FileChannel.open(file)) {
      channel.position(10);
      assertThat(channel.read(ByteBuffer.allocate(4))).isEqualTo(-1);
      assertThat(channel.read(ByteBuffer.allocate(4), 10)).isEqualTo(-1);
      assertThat(channel.read(ByteBuffer.allocate(4), 11)).isEqualTo(-1);
      ByteBuffer[] two = {ByteBuffer.allocate(4), ByteBuffer.allocate(4)};
      assertThat(channel.read(two)).isEqualTo(-1);
      channel.position(7);
      assertThat(channel.read(two)).isEqualTo(3);
    }
  }

  @Test
  @Tag("J5")
  void appendAppends() throws Exception {
    try (FileChannel channel = FileChannel.open(file, APPEND)) { // without WRITE
      assertThat(channel.position()).isEqualTo(10);
      channel.write(ByteBuffer.wrap(new byte[] {'a'}));
      Files.writeString(file, "b", APPEND); // somebody else
      channel.position(0);
      channel.write(ByteBuffer.wrap(new byte[] {'c'}));
      assertThat(channel.position()).isEqualTo(13);
    }
    assertThat(Files.readString(file)).isEqualTo("0123456789abc");
  }

  @Test
  void forceReachesTheServer() throws Exception {
    try (FileChannel channel = FileChannel.open(file, WRITE)) {
      channel.write(ByteBuffer.wrap("forced".getBytes()));
      channel.force(false);
      assertThat(Files.readString(dir.resolve("file"))).isEqualTo("forced6789");
      assertThat(fs.stats().requests("sync")).isEqualTo(1);
    }
  }

  @Test
  @Tag("J8")
  void aDirectoryKeepsItsContent() throws Exception {
    Files.createDirectories(fs.getPath("/d/sub"));
    Files.writeString(fs.getPath("/d/x"), "x");
    assertThatThrownBy(() -> Files.delete(fs.getPath("/d")))
        .isExactlyInstanceOf(DirectoryNotEmptyException.class)
        .hasMessage("/d");
    assertThatThrownBy(() -> Files.deleteIfExists(fs.getPath("/d")))
        .isExactlyInstanceOf(DirectoryNotEmptyException.class);
    Files.copy(fs.getPath("/d"), fs.getPath("/e"));
    assertThat(dir.resolve("e")).isEmptyDirectory();
    assertThatThrownBy(() -> Files.copy(fs.getPath("/e"), fs.getPath("/d"), REPLACE_EXISTING))
        .isExactlyInstanceOf(DirectoryNotEmptyException.class);
    assertThat(dir.resolve("d/x")).exists();
  }

  @Test
  void nothingIsNull() throws Exception {
    assertThat(Files.getFileStore(file)).isNotNull();
    assertThat(Files.getFileStore(file).getTotalSpace())
        .isEqualTo(Files.getFileStore(dir).getTotalSpace());
    assertThat(fs.getFileStores()).hasSize(1);
    assertThat(Files.readAttributes(file, "*")).containsEntry("size", 10L);
  }

  @Test
  @Tag("J6")
  void errorsAreTheJdks() throws Exception {
    assertThatThrownBy(() -> Files.readString(fs.getPath("missing")))
        .isExactlyInstanceOf(NoSuchFileException.class)
        .hasMessage("missing");
    assertThatThrownBy(() -> Files.createFile(file))
        .isExactlyInstanceOf(FileAlreadyExistsException.class)
        .hasMessage("/file");
    assertThatThrownBy(() -> Files.createDirectory(fs.getPath("x/../file")))
        .isExactlyInstanceOf(FileAlreadyExistsException.class)
        .hasMessage("x/../file");
  }

  @Test
  void timesAreSet() throws Exception {
    FileTime time = FileTime.fromMillis(1_000_000_000_000L);
    Files.setLastModifiedTime(file, time);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(time);
    assertThat(Files.getLastModifiedTime(dir.resolve("file"))).isEqualTo(time);
  }

  @Test
  @Tag("J7")
  void anOverlapIsAnException() throws Exception {
    try (FileChannel one = FileChannel.open(file, READ, WRITE);
        FileChannel two = FileChannel.open(file, READ, WRITE)) {
      FileLock lock = one.lock(0, 5, false);
      assertThatThrownBy(() -> two.tryLock(4, 5, false))
          .isInstanceOf(OverlappingFileLockException.class);
      assertThatThrownBy(() -> two.lock(4, 5, false))
          .isInstanceOf(OverlappingFileLockException.class);
      lock.release();
      assertThat(two.tryLock(4, 5, false)).isNotNull();
    }
  }

  @Test
  void falseIsABoolean() {
    // An option that is a Boolean nowhere yet; what matters is that a query's text is parsed.
    assertThatThrownBy(
            () ->
                java.nio.file.FileSystems.newFileSystem(
                    URI.create("netfs+file://" + dir + "?cache=sometimes"), java.util.Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cache")
        .hasMessageContaining("sometimes");
  }

  @Test
  void aMoveNeverLosesTheTarget() throws Exception {
    Path target = Files.writeString(fs.getPath("/target"), "target");
    assertThatThrownBy(() -> Files.move(fs.getPath("/missing"), target, REPLACE_EXISTING))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> Files.move(fs.getPath("/missing"), target, ATOMIC_MOVE))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(Files.readString(target)).isEqualTo("target");
    Files.move(file, target, ATOMIC_MOVE);
    assertThat(Files.readString(target)).isEqualTo("0123456789");
    assertThat(file).doesNotExist();
    // One request: there is no moment without a target.
    assertThat(fs.stats().requests("delete")).isZero();
  }
}
