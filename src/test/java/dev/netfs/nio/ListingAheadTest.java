package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.NetfsFileSystem;
import dev.netfs.NetfsStats;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Listings that are kept, and listings that are asked for ahead: how many, and what they show. */
@Timeout(60)
class ListingAheadTest {
  @TempDir Path onServer;

  private NetfsFileSystem mount(Object... options) throws IOException {
    Map<String, Object> env = new HashMap<>(Map.of("attrTtl", "1h"));
    for (int i = 0; i < options.length; i += 2) {
      env.put((String) options[i], options[i + 1]);
    }
    return (NetfsFileSystem)
        FileSystems.newFileSystem(
            java.net.URI.create("netfs+file://" + onServer.toRealPath().toUri().getPath()), env);
  }

  /** Makes directories, each with a file, and so many directories in each, and so on. */
  private static void tree(Path root, int width, int depth) throws IOException {
    Files.createFile(root.resolve("file"));
    if (depth > 0) {
      for (int i = 0; i < width; i++) {
        tree(Files.createDirectory(root.resolve("d" + i)), width, depth - 1);
      }
    }
  }

  private static List<String> walk(Path root) throws IOException {
    try (Stream<Path> walk = Files.walk(root)) {
      return new ArrayList<>(walk.map(path -> root.relativize(path).toString()).toList());
    }
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> list = Files.list(directory)) {
      return list.map(path -> path.getFileName().toString()).toList();
    }
  }

  private static long lists(NetfsFileSystem fs) {
    return fs.stats().requests("list");
  }

  @Test
  void aWalkListsEachDirectoryOnceAndMostOfThemAhead() throws IOException {
    tree(onServer, 6, 3);
    int directories = 1 + 6 + 36 + 216;
    try (NetfsFileSystem fs = mount()) {
      List<String> walked = walk(fs.getPath("/"));
      assertThat(new TreeSet<>(walked)).isEqualTo(new TreeSet<>(walk(onServer)));
      NetfsStats stats = fs.stats();
      assertThat(stats.requests("list")).isEqualTo(directories);
      assertThat(stats.listingsAhead()).isGreaterThan(directories * 8 / 10);
      assertThat(stats.listingsAheadUsed()).isEqualTo(stats.listingsAhead());
      assertThat(walk(fs.getPath("/"))).isEqualTo(walked);
      assertThat(fs.stats().totalRequests())
          .as("the second walk asks for nothing")
          .isEqualTo(stats.totalRequests());
    }
  }

  @Test
  void whatIsListedAheadInVainIsBounded() throws IOException {
    for (int i = 0; i < 100; i++) {
      Files.createDirectory(onServer.resolve("d" + (100 + i)));
    }
    for (int used : new int[] {0, 1, 2, 5, 20, 60}) {
      try (NetfsFileSystem fs = mount()) {
        names(fs.getPath("/"));
        for (int i = 0; i < used; i++) {
          names(fs.getPath("/d" + (100 + i)));
        }
        long wasted = fs.stats().listingsAhead() - fs.stats().listingsAheadUsed();
        assertThat(wasted).as("after %s in order", used).isLessThanOrEqualTo(used + 2);
        assertThat(wasted).isLessThanOrEqualTo(32);
        assertThat(used == 0 ? wasted : 0).isZero();
      }
    }
  }

  @Test
  void listingsOutOfOrderAskForNothingAhead() throws IOException {
    for (int i = 0; i < 100; i++) {
      Files.createDirectory(onServer.resolve("d" + (100 + i)));
    }
    try (NetfsFileSystem fs = mount()) {
      names(fs.getPath("/"));
      for (int i = 0; i < 33; i++) {
        names(fs.getPath("/d" + (101 + i * 37 % 99)));
      }
      assertThat(fs.stats().listingsAhead()).isLessThanOrEqualTo(3);
      assertThat(lists(fs)).isLessThanOrEqualTo(37);
    }
    try (NetfsFileSystem fs = mount("readahead", 0)) {
      walk(fs.getPath("/"));
      assertThat(fs.stats().listingsAhead()).as("with readahead=0").isZero();
    }
  }

  @Test
  void ownChangesShowInKeptListingsAtOnce() throws IOException {
    tree(onServer, 3, 1);
    try (NetfsFileSystem fs = mount()) {
      Path d0 = fs.getPath("/d0");
      walk(fs.getPath("/"));
      Files.writeString(d0.resolve("new"), "x");
      assertThat(names(d0)).containsExactly("file", "new");
      Files.move(d0.resolve("new"), fs.getPath("/d1/moved"));
      assertThat(names(d0)).containsExactly("file");
      assertThat(names(fs.getPath("/d1"))).containsExactly("file", "moved");
      Files.createDirectory(d0.resolve("sub"));
      assertThat(names(d0)).containsExactly("file", "sub");
      assertThat(names(d0.resolve("sub"))).isEmpty();
      Files.delete(d0.resolve("sub"));
      assertThat(names(d0)).containsExactly("file");
      assertThatThrownBy(() -> names(d0.resolve("sub"))).isInstanceOf(NoSuchFileException.class);
      Files.createSymbolicLink(fs.getPath("/link"), fs.getPath("d0"));
      assertThat(names(fs.getPath("/link"))).containsExactly("file");
      Files.delete(d0.resolve("file"));
      assertThat(names(fs.getPath("/link"))).isEmpty();
      assertThat(names(fs.getPath("/"))).containsExactly("d0", "d1", "d2", "file", "link");
    }
  }

  @Test
  void anotherClientsChangesShowAfterAttrTtl() throws IOException {
    tree(onServer, 3, 1);
    try (NetfsFileSystem fs = mount()) {
      walk(fs.getPath("/"));
      Files.createFile(onServer.resolve("d0/theirs"));
      assertThat(names(fs.getPath("/d0"))).as("within attrTtl").containsExactly("file");
      assertThat(Files.exists(fs.getPath("/d0/theirs"))).as("absence is not kept").isTrue();
      fs.dropCaches();
      assertThat(names(fs.getPath("/d0"))).containsExactly("file", "theirs");
    }
    for (String always : new String[] {"attrTtl=0s", "cache=strict", "cache=none"}) {
      String[] option = always.split("=");
      try (NetfsFileSystem fs = mount(option[0], option[1])) {
        walk(fs.getPath("/"));
        Files.createFile(onServer.resolve("d1/" + option[1]));
        assertThat(names(fs.getPath("/d1"))).contains(option[1]);
        assertThat(fs.stats().listingsAhead()).isZero();
      }
    }
  }
}
