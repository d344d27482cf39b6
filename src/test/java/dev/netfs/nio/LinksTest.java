package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.testing.EmbeddedSftpServer;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Corners of links, found by random operations. */
class LinksTest {
  private Twins twins;
  private Path root;
  @TempDir Path remote;

  @BeforeEach
  void make() throws IOException {
    twins = new Twins();
    root = twins.netfs;
    Files.createDirectory(root.resolve("d"));
  }

  @AfterEach
  void remove() throws IOException {
    twins.close();
  }

  @Test
  void aLinkOutOfTheMountLeadsToNothingInIt() throws IOException {
    Files.createSymbolicLink(root.resolve("d/out"), root.getFileSystem().getPath("../../d"));
    assertThatThrownBy(() -> root.resolve("d/out").toRealPath())
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("d/out")
        .hasMessageContaining("out of the mount");
  }

  @Test
  void aLinkMovesIntoTheDirectoryThatItLeadsTo() throws IOException {
    Path link = Files.createSymbolicLink(root.resolve("l"), root.resolve("d"));
    Files.move(link, root.resolve("l/moved"));
    assertThat(Files.exists(link, LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(Files.isSymbolicLink(root.resolve("d/moved"))).isTrue();
  }

  @Test
  void aHardLinkToADirectoryFindsItsNameTaken() throws IOException {
    Path taken = Files.createFile(root.resolve("taken"));
    assertThatThrownBy(() -> Files.createLink(taken, root.resolve("d")))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessageContaining("taken");
  }

  @Test
  void aFileIsNotReplacedByItselfThroughALink() throws Exception {
    try (EmbeddedSftpServer server = EmbeddedSftpServer.start(remote);
        FileSystem fs = FileSystems.newFileSystem(server.uri(""), server.options())) {
      Path file = Files.writeString(fs.getPath("/file"), "all there is of it");
      Path link = Files.createSymbolicLink(fs.getPath("/link"), fs.getPath("file"));
      Path directory = Files.createDirectory(fs.getPath("/d"));
      Path around = Files.createSymbolicLink(directory.resolve("up"), fs.getPath(".."));
      Path outAndBack =
          Files.createSymbolicLink(
              directory.resolve("back"), fs.getPath("../../" + server.root().getFileName()));

      for (Path source : List.of(link, around.resolve("file"), outAndBack.resolve("file"))) {
        Files.copy(source, file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(Files.readString(server.root().resolve("file"))).isEqualTo("all there is of it");
      }
      Files.move(around.resolve("file"), file, StandardCopyOption.REPLACE_EXISTING);
      assertThat(server.root().resolve("file")).hasContent("all there is of it");

      Files.copy(file, link, StandardCopyOption.REPLACE_EXISTING);
      assertThat(Files.isSymbolicLink(link)).isFalse();
      assertThat(link).hasContent("all there is of it");
    }
  }

  @Test
  void whatIsOutOfTheMountIsNotTheSameAsWhatIsInIt() throws Exception {
    try (EmbeddedSftpServer server = EmbeddedSftpServer.start(remote)) {
      Files.writeString(server.root().resolve("outside"), "text");
      Files.createDirectory(server.root().resolve("served"));
      try (FileSystem fs = FileSystems.newFileSystem(server.uri("/served"), server.options())) {
        Path inside = Files.writeString(fs.getPath("/inside"), "text");
        Path out = Files.createSymbolicLink(fs.getPath("/out"), fs.getPath("../outside"));
        assertThat(Files.isSameFile(inside, out)).isFalse();
        assertThat(Files.mismatch(out, inside)).isEqualTo(-1);
      }
    }
  }
}
