package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is done by one name of a file shows by the others at once, attributes cached or not. */
class FurtherNamesTest {
  @TempDir Path directory;
  private NetfsFileSystem fs;
  private Path root;

  @BeforeEach
  void mount() throws IOException {
    fs = Netfs.mount(directory).option("attrTtl", "1h").open();
    root = fs.getPath("/");
    Files.createDirectory(root.resolve("a"));
    Files.write(root.resolve("a/f"), new byte[3]);
    Files.write(root.resolve("g"), new byte[3]);
  }

  @AfterEach
  void close() throws IOException {
    fs.close();
  }

  private void look() throws IOException {
    for (String directory : List.of("", "a")) {
      try (Stream<Path> list = Files.list(root.resolve(directory))) {
        list.forEach(Files::isRegularFile);
      }
    }
  }

  @Test
  void aWriteThroughALinkedDirectoryShowsInTheDirectory() throws IOException {
    Files.createSymbolicLink(root.resolve("b"), root.resolve("a"));
    look();
    Files.write(root.resolve("b/f"), new byte[7]);
    assertThat(Files.size(root.resolve("a/f"))).isEqualTo(7);
    Files.delete(root.resolve("b/f"));
    assertThat(Files.exists(root.resolve("a/f"))).isFalse();
  }

  @Test
  void aWriteInADirectoryShowsThroughItsLink() throws IOException {
    Files.createSymbolicLink(directory.resolve("b"), Path.of("a"));
    look();
    assertThat(Files.size(root.resolve("b/f"))).isEqualTo(3);
    Files.write(root.resolve("a/f"), new byte[7]);
    assertThat(Files.size(root.resolve("b/f"))).isEqualTo(7);
  }

  @Test
  void aWriteThroughALinkShowsInTheFile() throws IOException {
    Files.createSymbolicLink(root.resolve("link"), fs.getPath("g"));
    Files.move(root.resolve("link"), root.resolve("moved"));
    look();
    Files.write(root.resolve("moved"), new byte[7]);
    assertThat(Files.size(root.resolve("g"))).isEqualTo(7);
  }

  @Test
  void hardLinksShowOneFile() throws IOException {
    Files.createLink(root.resolve("h"), root.resolve("g"));
    look();
    assertThat(Files.size(root.resolve("h"))).isEqualTo(3);
    Files.write(root.resolve("g"), new byte[7]);
    assertThat(Files.size(root.resolve("h"))).isEqualTo(7);
    Files.move(root.resolve("h"), root.resolve("a/h"));
    look();
    Files.write(root.resolve("a/h"), new byte[9]);
    assertThat(Files.size(root.resolve("g"))).isEqualTo(9);
  }

  @Test
  void namesOfTheirOwnAreStillCachedBesideLinks() throws IOException {
    Files.createSymbolicLink(root.resolve("b"), root.resolve("a"));
    look();
    long before = fs.stats().requests("stat");
    assertThat(Files.size(root.resolve("a/f"))).isEqualTo(3);
    assertThat(Files.size(root.resolve("g"))).isEqualTo(3);
    Files.write(root.resolve("g"), new byte[7]);
    assertThat(Files.size(root.resolve("a/f"))).isEqualTo(3);
    assertThat(fs.stats().requests("stat")).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"symbolic", "hard", "directory"})
  void contentWrittenByOneNameIsSeenByTheOthersAtTheirNextOpen(String kind) throws IOException {
    Path real = root.resolve("a/f");
    Path other = root.resolve("other");
    switch (kind) {
      case "symbolic" -> Files.createSymbolicLink(other, fs.getPath("a/f"));
      case "hard" -> Files.createLink(other, real);
      default -> {
        Files.createSymbolicLink(root.resolve("b"), root.resolve("a"));
        other = root.resolve("b/f");
      }
    }
    look();
    for (int i = 0; i < 10; i++) {
      Path one = i % 2 == 0 ? real : other;
      Path another = i % 2 == 0 ? other : real;
      byte[] content = {1, 2, (byte) i}; // always as long, and all within a moment
      Files.write(one, content);
      assertThat(Files.readAllBytes(another)).isEqualTo(content);
      try (FileChannel channel = FileChannel.open(another, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.wrap(new byte[] {7}), 1);
        channel.force(false);
        content[1] = 7;
        assertThat(Files.readAllBytes(one)).isEqualTo(content);
      }
      assertThat(Files.readAllBytes(another)).isEqualTo(content);
    }
  }
}
