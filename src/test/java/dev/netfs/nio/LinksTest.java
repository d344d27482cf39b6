package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Corners of links, found by random operations. */
class LinksTest {
  private Twins twins;
  private Path root;

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
}
