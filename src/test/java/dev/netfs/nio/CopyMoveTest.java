package dev.netfs.nio;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.share.ShareCapabilities;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies and moves where more than one file system is in it, and what fails half-way. */
class CopyMoveTest {
  private static final FileTime T = FileTime.fromMillis(1_234_567_890_000L);

  @TempDir Path dir;
  private Path one;
  private Path two;
  private NetfsFileSystem a;
  private NetfsFileSystem b;
  private byte[] content;

  @BeforeEach
  void mount() throws Exception {
    one = Files.createDirectory(dir.resolve("one"));
    two = Files.createDirectory(dir.resolve("two"));
    a = Netfs.mount(one).open();
    b = Netfs.mount(two).open();
    content = new byte[3_000_000];
    new Random(1).nextBytes(content);
    Files.write(one.resolve("file"), content);
  }

  @AfterEach
  void unmount() throws Exception {
    a.close();
    b.close();
  }

  @Test
  void aTargetToBeReplacedIsReplacedThoughSomebodyElseMakesItAnew() throws Exception {
    GatedShares.Control control = new GatedShares.Control();
    Path theirs = one.resolve("target");
    control.afterDelete =
        () -> {
          control.afterDelete = () -> {};
          write(theirs, "theirs");
        };
    try (NetfsFileSystem fs = GatedShares.mount(one, "replaced", control)) {
      write(theirs, "old");
      Files.copy(fs.getPath("/file"), fs.getPath("/target"), REPLACE_EXISTING);
      assertThat(Files.readAllBytes(theirs)).isEqualTo(content);
    }
  }

  @Test
  void aTargetThatOthersMakeAgainAndAgainIsNoReasonToSayThatItMustNotExist() throws Exception {
    GatedShares.Control control = new GatedShares.Control();
    Path theirs = one.resolve("target");
    control.afterDelete = () -> write(theirs, "theirs");
    try (NetfsFileSystem fs = GatedShares.mount(one, "replaced", control)) {
      write(theirs, "old");
      assertThatThrownBy(
              () -> Files.copy(fs.getPath("/file"), fs.getPath("/target"), REPLACE_EXISTING))
          .isExactlyInstanceOf(FileSystemException.class)
          .hasMessageContaining("others keep making the target");
      assertThat(theirs).hasContent("theirs");
      assertThat(Files.readAllBytes(one.resolve("file"))).isEqualTo(content);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void anInterruptEndsACopyIfThatIsAskedFor() throws Exception {
    Path source = a.getPath("/file");
    Path target = b.getPath("/copy");
    CopyOption interruptible = // its module need not be there
        (CopyOption)
            Class.forName("com.sun.nio.file.ExtendedCopyOption")
                .getField("INTERRUPTIBLE")
                .get(null);
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> Files.copy(source, target, interruptible))
          .isInstanceOf(InterruptedIOException.class);
      assertThat(two.resolve("copy")).doesNotExist();
      Files.copy(source, target); // no other copy is ended
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
    }
    assertThat(Files.readAllBytes(two.resolve("copy"))).isEqualTo(content);
  }

  @Test
  void aFileIsCopiedBetweenMounts() throws Exception {
    Files.setLastModifiedTime(one.resolve("file"), T);
    Files.setPosixFilePermissions(
        one.resolve("file"), PosixFilePermissions.fromString("rwxr-x---"));
    Files.copy(a.getPath("file"), b.getPath("/copy"), COPY_ATTRIBUTES);
    assertThat(Files.readAllBytes(two.resolve("copy"))).isEqualTo(content);
    assertThat(Files.getLastModifiedTime(two.resolve("copy"))).isEqualTo(T);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(two.resolve("copy"))))
        .isEqualTo("rwxr-x---");
    assertThatThrownBy(() -> Files.copy(a.getPath("file"), b.getPath("copy")))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessage("copy");
    Files.writeString(two.resolve("copy"), "other");
    Files.copy(a.getPath("file"), b.getPath("copy"), REPLACE_EXISTING);
    assertThat(Files.readAllBytes(two.resolve("copy"))).isEqualTo(content);
  }

  @Test
  void samePathsOnTwoMountsAreTwoFiles() throws Exception {
    Files.copy(a.getPath("/file"), b.getPath("/file"));
    assertThat(Files.isSameFile(a.getPath("/file"), b.getPath("/file"))).isFalse();
    Files.move(a.getPath("/file"), b.getPath("/file"), REPLACE_EXISTING);
    assertThat(one.resolve("file")).doesNotExist();
    assertThat(Files.readAllBytes(two.resolve("file"))).isEqualTo(content);
  }

  @Test
  void aMoveBetweenMountsKeepsAttributes() throws Exception {
    Files.setLastModifiedTime(a.getPath("file"), T);
    Files.move(a.getPath("file"), b.getPath("moved"));
    assertThat(one.resolve("file")).doesNotExist();
    assertThat(Files.readAllBytes(two.resolve("moved"))).isEqualTo(content);
    assertThat(Files.getLastModifiedTime(two.resolve("moved"))).isEqualTo(T);
  }

  @Test
  void aMoveBetweenMountsIsNeverAtomic() {
    assertThatThrownBy(() -> Files.move(a.getPath("file"), b.getPath("moved"), ATOMIC_MOVE))
        .isInstanceOf(AtomicMoveNotSupportedException.class);
    assertThat(one.resolve("file")).exists();
    assertThat(two.resolve("moved")).doesNotExist();
  }

  @Test
  @Tag("J8")
  void onlyAnEmptyDirectoryMovesBetweenMounts() throws Exception {
    Files.createDirectories(one.resolve("dir/sub"));
    assertThatThrownBy(() -> Files.move(a.getPath("dir"), b.getPath("dir")))
        .isInstanceOf(DirectoryNotEmptyException.class)
        .hasMessage("dir");
    assertThat(two.resolve("dir")).doesNotExist();
    Files.move(a.getPath("dir/sub"), b.getPath("dir"));
    assertThat(two.resolve("dir")).isEmptyDirectory();
    assertThat(one.resolve("dir/sub")).doesNotExist();
  }

  @Test
  void aLinkMovesAsALink() throws Exception {
    Files.createSymbolicLink(one.resolve("link"), Path.of("file"));
    Files.move(a.getPath("link"), b.getPath("link"));
    assertThat(Files.readSymbolicLink(two.resolve("link"))).isEqualTo(Path.of("file"));
    assertThat(one.resolve("file")).exists();
    assertThat(Files.exists(one.resolve("link"), NOFOLLOW_LINKS)).isFalse();
  }

  @Test
  void aCopyThatCannotBeReadCostsTheTargetNothing() throws Exception {
    Files.writeString(two.resolve("precious"), "precious");
    assertThatThrownBy(
            () -> Files.copy(a.getPath("missing"), b.getPath("precious"), REPLACE_EXISTING))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage("missing");
    assertThat(Files.readString(two.resolve("precious"))).isEqualTo("precious");
  }

  @Test
  void aCopyThatFailsLeavesNoTarget() throws Exception {
    GatedShares.Control full = new GatedShares.Control();
    try (NetfsFileSystem source = GatedShares.mount(one, "source", new GatedShares.Control());
        NetfsFileSystem target = GatedShares.mount(two, "target", full)) {
      full.writes.shut();
      full.writes.openWith(new IOException("disk full"));
      // Through the provider itself: Files copies between two instances of it on its own.
      assertThatThrownBy(
              () -> source.provider().copy(source.getPath("file"), target.getPath("copy")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("disk full");
      assertThat(two.resolve("copy")).doesNotExist();
      assertThatThrownBy(
              () -> source.provider().move(source.getPath("file"), target.getPath("copy")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("disk full");
      assertThat(two.resolve("copy")).doesNotExist();
      assertThat(Files.readAllBytes(one.resolve("file"))).isEqualTo(content);
    }
  }

  /** As the JDK's provider: the times must be kept, owners and permissions are where they can. */
  @Test
  void aCopyWhoseModeIsRefusedIsGoodAndOneWhoseTimesAreIsNone() throws Exception {
    Files.setLastModifiedTime(one.resolve("file"), T);
    List<Throwable> refusals =
        List.of(
            new FileSystemException("/copy", null, "no such right"),
            new UnsupportedOperationException("no such bits"));
    for (Throwable refusal : refusals) {
      GatedShares.Control control = new GatedShares.Control();
      control.attributes = change -> change.mode() >= 0 ? refusal : null;
      try (NetfsFileSystem fs = GatedShares.mount(two, "modes", control)) {
        a.provider().copy(a.getPath("file"), fs.getPath("copy"), COPY_ATTRIBUTES, REPLACE_EXISTING);
        assertThat(two.resolve("copy")).hasBinaryContent(content);
        assertThat(Files.getLastModifiedTime(two.resolve("copy"))).isEqualTo(T);
        control.attributes = change -> change.modified() != null ? refusal : null;
        assertThatThrownBy(() -> a.provider().move(a.getPath("file"), fs.getPath("moved")))
            .hasMessageContaining("no such");
        assertThat(two.resolve("moved")).doesNotExist();
        assertThat(one.resolve("file")).hasBinaryContent(content);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void withinAMountTheServerCopiesWhereItCan(boolean serverCopies) throws Exception {
    GatedShares.Control control = new GatedShares.Control();
    control.capabilities = capabilities -> serverCopies ? capabilities : withoutCopy(capabilities);
    try (NetfsFileSystem fs = GatedShares.mount(one, "copying", control)) {
      Files.copy(fs.getPath("file"), fs.getPath("copy"));
      assertThat(Files.readAllBytes(one.resolve("copy"))).isEqualTo(content);
      assertThat(fs.stats().requests("copy")).isEqualTo(serverCopies ? 1 : 0);
      assertThat(fs.stats().bytesFromServer()).isEqualTo(serverCopies ? 0 : content.length);
    }
  }

  /** As over SFTP without posix-rename: a free name can be had in one step, a taken one cannot. */
  @Test
  void anAtomicMoveToAFreeNameNeedsNoAtomicReplacing() throws Exception {
    GatedShares.Control control = new GatedShares.Control();
    control.capabilities = capabilities -> ShareCapabilities.builder().atomicRename(true).build();
    try (NetfsFileSystem fs = GatedShares.mount(one, "renaming", control)) {
      Files.move(fs.getPath("file"), fs.getPath("moved"), ATOMIC_MOVE);
      assertThat(one.resolve("moved")).hasBinaryContent(content);
      assertThat(one.resolve("file")).doesNotExist();
      Path taken = Files.createFile(fs.getPath("taken"));
      assertThatThrownBy(() -> Files.move(fs.getPath("moved"), taken, ATOMIC_MOVE))
          .isInstanceOf(AtomicMoveNotSupportedException.class)
          .hasMessageContaining("moved")
          .hasMessageContaining("taken");
      assertThat(one.resolve("moved")).hasBinaryContent(content);
      Files.move(fs.getPath("moved"), taken, REPLACE_EXISTING);
      assertThat(one.resolve("taken")).hasBinaryContent(content);
    }
    control.capabilities = capabilities -> ShareCapabilities.builder().build();
    try (NetfsFileSystem fs = GatedShares.mount(one, "neither", control)) {
      assertThatThrownBy(() -> Files.move(fs.getPath("taken"), fs.getPath("moved"), ATOMIC_MOVE))
          .isInstanceOf(AtomicMoveNotSupportedException.class);
      Files.move(fs.getPath("taken"), fs.getPath("moved"));
    }
  }

  /** As the JDK's provider does: a file is copied, a directory only if nothing is in it. */
  @Test
  void aMoveToAnotherFileStoreOfTheServersCopies() throws Exception {
    Path shm = Path.of("/dev/shm");
    assumeTrue(
        Files.isWritable(shm) && !Files.getFileStore(shm).equals(Files.getFileStore(one)),
        "needs two file stores");
    Path elsewhere = Files.createTempDirectory(shm, "netfs-");
    try {
      Files.createSymbolicLink(one.resolve("elsewhere"), elsewhere);
      Path file = a.getPath("file");
      Path moved = a.getPath("elsewhere/moved");
      Files.setLastModifiedTime(one.resolve("file"), T);
      Files.setPosixFilePermissions(
          one.resolve("file"), PosixFilePermissions.fromString("rw-r----x"));
      assertThatThrownBy(() -> Files.move(file, moved, ATOMIC_MOVE))
          .isInstanceOf(AtomicMoveNotSupportedException.class);
      Files.move(file, moved);
      assertThat(one.resolve("file")).doesNotExist();
      assertThat(elsewhere.resolve("moved")).hasBinaryContent(content);
      assertThat(Files.getLastModifiedTime(moved)).isEqualTo(T);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(moved)))
          .isEqualTo("rw-r----x");

      Files.writeString(one.resolve("file"), "another");
      assertThatThrownBy(() -> Files.move(file, moved))
          .isInstanceOf(FileAlreadyExistsException.class);
      Files.move(file, moved, REPLACE_EXISTING);
      assertThat(elsewhere.resolve("moved")).hasContent("another");

      Files.createDirectories(one.resolve("full/empty"));
      assertThatThrownBy(() -> Files.move(a.getPath("full"), a.getPath("elsewhere/full")))
          .isInstanceOf(DirectoryNotEmptyException.class);
      Files.move(a.getPath("full/empty"), a.getPath("elsewhere/empty"));
      assertThat(elsewhere.resolve("empty")).isEmptyDirectory();
      assertThat(one.resolve("full")).isEmptyDirectory();
    } finally {
      try (Stream<Path> left = Files.walk(elsewhere)) {
        for (Path path : left.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  private static ShareCapabilities withoutCopy(ShareCapabilities c) {
    return ShareCapabilities.builder()
        .rsize(c.rsize())
        .wsize(c.wsize())
        .depth(c.depth())
        .atomicReplace(c.atomicReplace())
        .symbolicLinks(c.symbolicLinks())
        .attributeViews(c.attributeViews())
        .build();
  }

  /** A copy of a file that is still being written has what was written. */
  @Test
  void whatIsNotYetSentIsCopiedToo() throws Exception {
    try (var out = Files.newOutputStream(a.getPath("growing"))) {
      out.write(content);
      Files.copy(a.getPath("growing"), a.getPath("copy"));
    }
    assertThat(Files.readAllBytes(one.resolve("copy"))).isEqualTo(content);
  }

  @Test
  void aDirectoryDoesNotMoveIntoItself() throws Exception {
    Files.createDirectories(one.resolve("dir/empty"));
    assertThatThrownBy(() -> Files.move(a.getPath("dir"), a.getPath("dir/x")))
        .isInstanceOf(FileSystemException.class);
    assertThatThrownBy(() -> Files.move(a.getPath("dir"), a.getPath("dir/empty"), REPLACE_EXISTING))
        .isInstanceOf(FileSystemException.class);
    assertThat(one.resolve("dir/empty")).isEmptyDirectory();
  }

  @Test
  void toAndFromTheDefaultFileSystemAndOthers() throws Exception {
    try (FileSystem jimfs = Jimfs.newFileSystem(Configuration.unix())) {
      for (Path other : new Path[] {dir.resolve("other"), jimfs.getPath("/other")}) {
        Files.setLastModifiedTime(a.getPath("file"), T);
        Files.copy(a.getPath("file"), other, COPY_ATTRIBUTES);
        assertThat(Files.readAllBytes(other)).isEqualTo(content);
        assertThat(Files.getLastModifiedTime(other)).isEqualTo(T);
        Files.copy(other, a.getPath("back"), COPY_ATTRIBUTES, REPLACE_EXISTING);
        assertThat(Files.readAllBytes(one.resolve("back"))).isEqualTo(content);
        assertThat(Files.getLastModifiedTime(one.resolve("back"))).isEqualTo(T);
        Files.move(other, a.getPath("moved"), REPLACE_EXISTING);
        assertThat(other).doesNotExist();
        assertThat(Files.readAllBytes(one.resolve("moved"))).isEqualTo(content);
        assertThatThrownBy(() -> Files.move(a.getPath("moved"), other, ATOMIC_MOVE))
            .isInstanceOfAny(
                AtomicMoveNotSupportedException.class, UnsupportedOperationException.class);
      }
    }
  }

  @Test
  void nothingChangesOnAReadOnlyMount() throws Exception {
    try (NetfsFileSystem fs =
        Netfs.mount(Files.createDirectories(one.resolve("ro")))
            .option("cache", "immutable")
            .open()) {
      Files.writeString(one.resolve("ro/file"), "text");
      assertThat(fs.isReadOnly()).isTrue();
      Path file = fs.getPath("file");
      assertThat(Files.readString(file)).isEqualTo("text");
      assertThat(Files.isWritable(file)).isFalse();
      assertThat(Files.isReadable(file)).isTrue();
      assertThatThrownBy(() -> Files.writeString(file, "x"))
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(() -> Files.delete(file)).isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(() -> Files.createDirectory(fs.getPath("x")))
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(() -> Files.copy(file, fs.getPath("x")))
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(() -> Files.move(file, a.getPath("x")))
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(() -> Files.setLastModifiedTime(file, T))
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(() -> Files.createSymbolicLink(fs.getPath("x"), file))
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(() -> Files.createLink(fs.getPath("x"), file))
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThat(Files.readString(one.resolve("ro/file"))).isEqualTo("text");
    }
  }
}
