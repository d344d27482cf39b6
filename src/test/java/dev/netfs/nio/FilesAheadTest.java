package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.NetfsFileSystem;
import dev.netfs.NetfsStats;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small files that are fetched ahead: which, how many in vain, and what an open shows of them. */
@Timeout(60)
class FilesAheadTest {
  @TempDir Path onServer;

  private NetfsFileSystem mount(Object... options) throws IOException {
    Map<String, Object> env = new HashMap<>();
    for (int i = 0; i < options.length; i += 2) {
      env.put((String) options[i], options[i + 1]);
    }
    return (NetfsFileSystem)
        FileSystems.newFileSystem(
            java.net.URI.create("netfs+file://" + onServer.toRealPath().toUri().getPath()), env);
  }

  private static byte[] content(String name, int size) {
    byte[] data = new byte[size];
    new Random(name.hashCode()).nextBytes(data);
    return data;
  }

  /** Puts a file on the server whose time is old enough to prove something. */
  private void put(String name, byte[] data, int minutesAgo) throws IOException {
    Path file = onServer.resolve(name);
    Files.write(file, data);
    Files.setLastModifiedTime(
        file, FileTime.from(Instant.now().minus(Duration.ofMinutes(minutesAgo))));
  }

  private void putMany(int count, String suffix) throws IOException {
    for (int i = 0; i < count; i++) {
      String name = "f" + (1000 + i) + suffix;
      put(name, content(name, 4096), 10);
    }
  }

  private static List<Path> list(NetfsFileSystem fs) throws IOException {
    try (Stream<Path> list = Files.list(fs.getPath("/"))) {
      return list.toList();
    }
  }

  private static void read(Path file) throws IOException {
    String name = file.getFileName().toString();
    assertThat(Files.readAllBytes(file)).as(name).isEqualTo(content(name, 4096));
  }

  private static long wasted(NetfsStats stats) {
    return stats.filesAhead() - stats.filesAheadUsed();
  }

  @ParameterizedTest
  @ValueSource(strings = {"close-to-open", "loose"})
  void filesThatAreOpenedInListingOrderAreFetchedAheadAndOnce(String cache) throws IOException {
    putMany(200, "");
    try (NetfsFileSystem fs = mount("cache", cache, "attrTtl", "1h")) {
      for (Path file : list(fs)) {
        read(file);
      }
      NetfsStats stats = fs.stats();
      assertThat(stats.filesAhead()).isGreaterThanOrEqualTo(198);
      assertThat(wasted(stats)).isZero();
      assertThat(stats.bytesFromServer()).isEqualTo(200 * 4096);
      assertThat(stats.requests("open"))
          .as("one by the readahead, and under close-to-open one by the program")
          .isLessThanOrEqualTo(cache.equals("loose") ? 202 : 402);
    }
  }

  @Test
  void whatIsFetchedInVainIsBounded() throws IOException {
    putMany(200, "");
    for (int used : new int[] {0, 1, 2, 5, 20, 100}) {
      try (NetfsFileSystem fs = mount()) {
        for (Path file : list(fs).subList(0, used)) {
          read(file);
        }
        assertThat(wasted(fs.stats())).as("after %s files", used).isLessThanOrEqualTo(used + 2);
        assertThat(wasted(fs.stats())).isLessThanOrEqualTo(64);
        assertThat(used == 0 ? wasted(fs.stats()) : 0).isZero();
      }
    }
    try (NetfsFileSystem fs = mount("memory", "512KiB")) {
      for (Path file : list(fs).subList(0, 100)) {
        read(file);
      }
      assertThat(wasted(fs.stats())).as("an eighth of the memory").isLessThanOrEqualTo(16);
    }
    try (NetfsFileSystem fs = mount("readahead", 0)) {
      for (Path file : list(fs)) {
        read(file);
      }
      assertThat(fs.stats().filesAhead()).as("with readahead=0").isZero();
    }
  }

  @Test
  void filesThatAreOpenedInNoOrderAreNotFetchedAhead() throws IOException {
    putMany(200, "");
    try (NetfsFileSystem fs = mount()) {
      List<Path> files = list(fs);
      for (int i = 0; i < 100; i++) {
        read(files.get((3 + i * 67) % 200));
      }
      assertThat(fs.stats().filesAhead()).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void largeFilesAndKindsThatTheProgramPassesOverAreLeftOut() throws IOException {
    putMany(50, ".txt");
    putMany(50, ".jpg");
    put("f1020.txt.zip", new byte[1 << 20], 10);
    try (NetfsFileSystem fs = mount()) {
      List<Path> files = list(fs);
      for (Path file : files) {
        if (file.toString().endsWith(".txt")) {
          read(file);
        }
      }
      NetfsStats stats = fs.stats();
      assertThat(stats.filesAheadUsed()).isGreaterThan(40);
      assertThat(wasted(stats)).isLessThanOrEqualTo(3);
      assertThat(stats.bytesFromServer()).isLessThanOrEqualTo(53 * 4096);
    }
  }

  @Test
  @Tag("C2")
  void aChangeAfterTheFetchIsSeenByTheOpen() throws IOException {
    putMany(100, "");
    try (NetfsFileSystem fs = mount()) {
      List<Path> files = list(fs);
      for (int i = 0; i < 100; i++) {
        Path file = files.get(i);
        if (i % 3 == 2) {
          byte[] other = content("other" + i, i % 2 == 0 ? 4096 : 5000);
          put(file.getFileName().toString(), other, 5);
          assertThat(Files.readAllBytes(file)).as("file %s", i).isEqualTo(other);
        } else {
          read(file);
        }
      }
      assertThat(fs.stats().filesAhead()).isGreaterThan(90);
    }
  }

  @Test
  @Tag("C3")
  void aChangeAfterTheFetchWithinTheSameTickIsSeenByTheOpen() throws IOException {
    FileTime now = FileTime.from(Instant.now().plusMillis(500));
    for (int i = 0; i < 40; i++) {
      Path file = onServer.resolve("f" + (1000 + i));
      Files.write(file, content("first" + i, 4096));
      Files.setLastModifiedTime(file, now);
    }
    try (NetfsFileSystem fs = mount()) {
      List<Path> files = list(fs);
      for (int i = 0; i < 40; i++) {
        Path file = onServer.resolve("f" + (1000 + i));
        Files.write(file, content("other" + i, 4096));
        Files.setLastModifiedTime(file, now); // as if both changes were in one tick
        assertThat(Files.readAllBytes(files.get(i))).isEqualTo(content("other" + i, 4096));
      }
    }
  }

  @Test
  void whatIsChangedHereMeanwhileIsNotOverwrittenByWhatWasFetched() throws IOException {
    putMany(200, "");
    try (NetfsFileSystem fs = mount()) {
      List<Path> files = list(fs);
      for (int i = 0; i < 190; i++) {
        Path file = files.get(i);
        read(file);
        Path ahead = files.get(i + 3);
        String name = ahead.getFileName().toString();
        switch (i % 4) {
          case 0 -> {
            Files.write(ahead, content(name, 1));
            assertThat(Files.readAllBytes(ahead)).isEqualTo(content(name, 1));
            Files.write(ahead, content(name, 4096));
          }
          case 1 -> {
            Files.delete(ahead);
            assertThat(Files.exists(ahead)).isFalse();
            Files.write(ahead, content(name, 4096));
          }
          case 2 -> {
            Path moved = fs.getPath("/moved");
            Files.move(ahead, moved);
            assertThat(Files.exists(ahead)).isFalse();
            assertThat(Files.readAllBytes(moved)).isEqualTo(content(name, 4096));
            Files.move(moved, ahead);
          }
          default -> {}
        }
      }
    }
  }
}
