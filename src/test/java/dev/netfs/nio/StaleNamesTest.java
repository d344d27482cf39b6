package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.NetfsFileSystem;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Deletes and moves go out without a question first, by what is known of the names. Here another
 * client has made that wrong: the outcome is the same as if everything had been asked for.
 */
@Timeout(30)
class StaleNamesTest {
  @TempDir Path onServer;

  private NetfsFileSystem fs;

  @BeforeEach
  void mount() throws IOException {
    URI root = URI.create("netfs+file://" + onServer.toRealPath().toUri().getPath());
    fs = (NetfsFileSystem) FileSystems.newFileSystem(root, Map.of("attrTtl", "1h"));
  }

  @AfterEach
  void unmount() throws IOException {
    fs.close();
  }

  private Path known(String name) throws IOException {
    Path path = fs.getPath("/" + name);
    Files.getLastModifiedTime(path);
    if (Files.isDirectory(path)) {
      try (Stream<Path> list = Files.list(path)) {
        assertThat(list).isEmpty();
      }
    }
    return path;
  }

  @Test
  @Tag("J8")
  void whatHasBecomeADirectoryIsDeletedOnlyIfItIsEmpty() throws IOException {
    Files.createFile(onServer.resolve("a"));
    Path a = known("a");
    Files.delete(onServer.resolve("a"));
    Files.createDirectories(onServer.resolve("a/b"));
    assertThatThrownBy(() -> Files.delete(a)).isInstanceOf(DirectoryNotEmptyException.class);
    Files.delete(onServer.resolve("a/b"));
    Files.delete(a);
    assertThat(onServer.resolve("a")).doesNotExist();
  }

  @Test
  void whatHasBecomeAFileIsDeleted() throws IOException {
    Files.createDirectory(fs.getPath("/made"));
    Files.createDirectory(onServer.resolve("a"));
    Path a = known("a");
    for (String name : new String[] {"a", "made"}) {
      Files.delete(onServer.resolve(name));
      Files.createFile(onServer.resolve(name));
      Files.delete(fs.getPath("/" + name));
      assertThat(onServer.resolve(name)).doesNotExist();
    }
    assertThatThrownBy(() -> Files.delete(a)).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void aMoveDoesNotReplaceWhatHasJustComeToBe() throws IOException {
    Files.writeString(onServer.resolve("a"), "a");
    Path a = known("a");
    assertThat(fs.getPath("/b")).doesNotExist();
    Files.writeString(onServer.resolve("b"), "b");
    assertThatThrownBy(() -> Files.move(a, fs.getPath("/b")))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(onServer.resolve("a")).hasContent("a");
    assertThat(onServer.resolve("b")).hasContent("b");
    Files.move(a, fs.getPath("/b"), StandardCopyOption.REPLACE_EXISTING);
    assertThat(onServer.resolve("a")).doesNotExist();
    assertThat(fs.getPath("/b")).hasContent("a");
  }

  @Test
  void aMoveReplacesAnEmptyDirectoryAndNoOther() throws IOException {
    Files.writeString(onServer.resolve("a"), "a");
    Files.writeString(onServer.resolve("b"), "b");
    Path a = known("a");
    Path b = known("b");
    Files.delete(onServer.resolve("b"));
    Files.createDirectories(onServer.resolve("b/c"));
    assertThatThrownBy(() -> Files.move(a, b, StandardCopyOption.REPLACE_EXISTING))
        .isInstanceOf(DirectoryNotEmptyException.class);
    assertThat(onServer.resolve("b/c")).isDirectory();
    Files.delete(onServer.resolve("b/c"));
    Files.move(a, b, StandardCopyOption.REPLACE_EXISTING);
    assertThat(onServer.resolve("b")).hasContent("a");
  }

  @Test
  void aMoveToAnotherNameOfTheSameFileDoesNothing() throws IOException {
    Files.writeString(onServer.resolve("a"), "a");
    Files.createLink(onServer.resolve("b"), onServer.resolve("a"));
    Path a = fs.getPath("/a");
    Path b = fs.getPath("/b");
    Files.move(a, b);
    Files.move(a, b, StandardCopyOption.REPLACE_EXISTING);
    Files.move(a, a, StandardCopyOption.REPLACE_EXISTING);
    assertThat(a).hasContent("a");
    assertThat(b).hasContent("a");
    Files.writeString(b, "both");
    assertThat(a).hasContent("both");
  }
}
