package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mounts by name, as programs use them: through the JDK's own methods. */
class NamedMountProviderTest {
  private static final URI DATA = URI.create("netfs://data/");

  @TempDir private Path dir;
  private Path share;
  private Path config;

  @BeforeEach
  void describe() throws IOException {
    share = Files.createDirectories(dir.resolve("share/a"));
    share = share.getParent();
    Files.writeString(share.resolve("a/b"), "hello");
    config = dir.resolve("netfs.json");
    describe("data", share, "");
    System.setProperty("netfs.config", config.toString());
  }

  @AfterEach
  void unmount() throws IOException {
    System.clearProperty("netfs.config");
    for (URI uri : List.of(DATA, URI.create("netfs://other/"), uriOf(share))) {
      MountedFileSystem fs = MountRegistry.find(MountRoot.of(uri));
      if (fs != null) {
        fs.close();
      }
    }
  }

  private static URI uriOf(Path directory) {
    return URI.create("netfs+" + directory.toUri().toString().replaceFirst("/$", ""));
  }

  private void describe(String name, Path directory, String options) throws IOException {
    Files.writeString(config, "{\"mounts\": {" + mount(name, directory, options) + "}}");
  }

  private static String mount(String name, Path directory, String options) {
    return "\"%s\": {\"uri\": \"%s\", \"options\": {%s}}"
        .formatted(name, uriOf(directory), options);
  }

  @Test
  void aPathMountsWhatItNeeds() throws IOException {
    Path path = Path.of(URI.create("netfs://data/a/b"));
    assertThat(Files.readString(path)).isEqualTo("hello");
    assertThat(path).hasToString("/a/b");
    assertThat(path.getFileSystem()).isInstanceOf(NetfsFileSystem.class);
    assertThat(path.getFileSystem().provider().getScheme()).isEqualTo("netfs");
    assertThat(FileSystems.getFileSystem(DATA)).isSameAs(path.getFileSystem());
    assertThat(FileSystems.getFileSystem(URI.create("NETFS://Data")))
        .isSameAs(path.getFileSystem());
  }

  @Test
  void aFileSystemMountsItself() throws IOException {
    try (FileSystem fs = FileSystems.getFileSystem(DATA)) {
      assertThat(Files.readString(fs.getPath("a", "b"))).isEqualTo("hello");
    }
  }

  @Test
  void urisGoThereAndBack() throws IOException {
    FileSystem fs = FileSystems.getFileSystem(DATA);
    for (String text : List.of("/", "/a/b", "/x y/\u00e4?#%", "/a/../b")) {
      Path path = fs.getPath(text);
      assertThat(path.toUri().getScheme()).isEqualTo("netfs");
      assertThat(path.toUri().getAuthority()).isEqualTo("data");
      assertThat(Path.of(path.toUri())).isEqualTo(path);
    }
    assertThat(fs.getPath("a", "b").toUri()).isEqualTo(URI.create("netfs://data/a/b"));
    // By the share's own root it is the same one too.
    assertThat(Path.of(URI.create(uriOf(share) + "/a/b"))).isEqualTo(fs.getPath("/a/b"));
    assertThat(FileSystems.getFileSystem(uriOf(share))).isSameAs(fs);
    assertThat(((NetfsFileSystem) fs).uri()).isEqualTo(uriOf(share));
  }

  @Test
  void closedItIsMountedAgainByTheFileOfThen() throws IOException {
    Path before = Path.of(URI.create("netfs://data/a/b"));
    Path elsewhere = Files.createDirectories(dir.resolve("elsewhere/a"));
    Files.writeString(elsewhere.resolve("b"), "there");
    describe("data", elsewhere.getParent(), "");
    // What is mounted stays what it is.
    assertThat(Files.readString(Path.of(URI.create("netfs://data/a/b")))).isEqualTo("hello");
    before.getFileSystem().close();
    Path after = Path.of(before.toUri());
    assertThat(after.getFileSystem()).isNotSameAs(before.getFileSystem());
    assertThat(Files.readString(after)).isEqualTo("there");
  }

  @Test
  void theOptionsOfTheFileCountAndThoseOfTheProgramMore() throws IOException {
    describe("data", share, "\"cache\": \"immutable\", \"depth\": 2");
    try (FileSystem fs = FileSystems.getFileSystem(DATA)) {
      assertThat(fs.isReadOnly()).isTrue();
    }
    try (FileSystem fs = FileSystems.newFileSystem(DATA, Map.of("cache", "none"))) {
      assertThat(fs.isReadOnly()).isFalse();
      assertThat(FileSystems.getFileSystem(DATA)).isSameAs(fs);
      assertThat(Path.of(URI.create("netfs://data/a")).getFileSystem()).isSameAs(fs);
    }
    URI query = URI.create("netfs://data/?cache=loose");
    try (FileSystem fs = FileSystems.newFileSystem(query, Map.of())) {
      assertThat(fs.isReadOnly()).isFalse();
    }
    try (FileSystem fs = FileSystems.newFileSystem(query, Map.of("cache", "immutable"))) {
      assertThat(fs.isReadOnly()).isTrue();
    }
    try (NetfsFileSystem fs = Netfs.mount(DATA).option("cache", "none").open()) {
      assertThat(fs.isReadOnly()).isFalse();
    }
  }

  @Test
  void aSecretOfTheProgramDisplacesTheFilesFile() throws IOException {
    Files.writeString(
        config,
        """
        {"mounts": {"data": {
          "uri": "netfs+sftp://me@127.0.0.1:1/",
          "options": {"passwordFile": "missing", "connectTimeout": "2s"}
        }}}
        """);
    // Nobody listens there; that it is tried at all means that the options are not at odds.
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(
            () -> FileSystems.newFileSystem(DATA, Map.of("password", "hunter2".toCharArray())))
        .satisfies(e -> assertThat(e.toString()).doesNotContain("hunter2"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FileSystems.newFileSystem(DATA, Map.of()))
        .withMessageContaining(config + ", line 1")
        .withMessageContaining(dir.resolve("missing").toString());
  }

  @Test
  void whatIsMountedIsNotMountedAnew() throws IOException {
    try (FileSystem fs = FileSystems.newFileSystem(DATA, Map.of())) {
      assertThat(fs.isOpen()).isTrue();
      for (URI uri : List.of(DATA, uriOf(share))) {
        assertThatExceptionOfType(FileSystemAlreadyExistsException.class)
            .isThrownBy(() -> FileSystems.newFileSystem(uri, Map.of()))
            .withMessageContaining("mounted already");
      }
    }
  }

  @Test
  void aRootThatIsMountedIsUsedIfTheNameHasNoOptions() throws IOException {
    try (FileSystem fs = FileSystems.newFileSystem(uriOf(share), Map.of())) {
      Path path = Path.of(URI.create("netfs://data/a/b"));
      assertThat(path.getFileSystem()).isSameAs(fs);
      assertThat(FileSystems.getFileSystem(DATA)).isSameAs(fs);
      // The paths show what they were mounted by, and come back all the same.
      assertThat(path.toUri()).isEqualTo(URI.create(uriOf(share) + "/a/b"));
      assertThat(Path.of(path.toUri())).isEqualTo(path);
      assertThatExceptionOfType(FileSystemAlreadyExistsException.class)
          .isThrownBy(() -> FileSystems.newFileSystem(DATA, Map.of()));
    }
    FileSystem again = FileSystems.getFileSystem(DATA);
    assertThat(again.isOpen()).isTrue();
    assertThat(again.provider().getScheme()).isEqualTo("netfs");
  }

  @Test
  void aRootThatIsMountedIsNotUsedForANameWithOptions() throws IOException {
    describe("data", share, "\"cache\": \"none\"");
    try (FileSystem fs = FileSystems.newFileSystem(uriOf(share), Map.of())) {
      assertThatExceptionOfType(FileSystemAlreadyExistsException.class)
          .isThrownBy(() -> Path.of(URI.create("netfs://data/a")))
          .withMessageContaining(config.toString())
          .withMessageContaining(uriOf(share).toString());
      assertThat(fs.isOpen()).isTrue();
    }
    assertThat(Path.of(URI.create("netfs://data/a"))).isEqualTo(Path.of(DATA).resolve("a"));
  }

  @Test
  void twoNamesOfOneRootAreOneFileSystem() throws IOException {
    Files.writeString(
        config,
        "{\"mounts\": {" + mount("data", share, "") + "," + mount("other", share, "") + "}}");
    Path one = Path.of(URI.create("netfs://data/a"));
    Path two = Path.of(URI.create("netfs://other/a"));
    assertThat(two).isEqualTo(one);
    assertThat(Path.of(two.toUri())).isEqualTo(two);
  }

  @Test
  void threadsThatUseANameAtOnceMountOnce() throws Exception {
    describe("data", share, "\"cache\": \"none\"");
    int threads = 8;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      for (int round = 0; round < 20; round++) {
        CyclicBarrier start = new CyclicBarrier(threads);
        Callable<FileSystem> use =
            () -> {
              start.await(30, TimeUnit.SECONDS);
              Path path = Path.of(URI.create("netfs://data/a/b"));
              assertThat(Files.readString(path)).isEqualTo("hello");
              return path.getFileSystem();
            };
        List<Future<FileSystem>> uses = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
          uses.add(pool.submit(use));
        }
        Set<FileSystem> seen = new java.util.HashSet<>();
        for (Future<FileSystem> future : uses) {
          seen.add(future.get(60, TimeUnit.SECONDS));
        }
        assertThat(seen).hasSize(1);
        seen.iterator().next().close();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void aNameThatIsNotThereIsSaidWithThoseThatAre() throws IOException {
    Files.writeString(
        config,
        "{\"mounts\": {" + mount("data", share, "") + "," + mount("other", share, "") + "}}");
    URI uri = URI.create("netfs://date/a");
    assertThatExceptionOfType(FileSystemNotFoundException.class)
        .isThrownBy(() -> Path.of(uri))
        .withMessageContaining("netfs://date/")
        .withMessageContaining("data, other")
        .withMessageContaining(config + " (system property netfs.config)");
    URI root = URI.create("netfs://date/");
    assertThatExceptionOfType(FileSystemNotFoundException.class)
        .isThrownBy(() -> FileSystems.getFileSystem(root));
    assertThatExceptionOfType(FileSystemNotFoundException.class)
        .isThrownBy(() -> FileSystems.newFileSystem(root, Map.of()));
    // It did not stay reserved: with the name there, it mounts.
    describe("date", share, "");
    FileSystems.getFileSystem(root).close();
  }

  @Test
  void whatCannotBeMountedSaysWhy() throws IOException {
    describe("data", dir.resolve("gone"), "");
    assertThatExceptionOfType(FileSystemNotFoundException.class)
        .isThrownBy(() -> Path.of(URI.create("netfs://data/a")))
        .withMessageContaining("netfs://data/ cannot be mounted")
        .withMessageContaining("gone")
        .withCauseInstanceOf(IOException.class);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> FileSystems.newFileSystem(DATA, Map.of()))
        .withMessageContaining("gone");
    System.setProperty("netfs.config", dir.resolve("none.json").toString());
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> FileSystems.newFileSystem(DATA, Map.of()));
    assertThatExceptionOfType(FileSystemNotFoundException.class)
        .isThrownBy(() -> FileSystems.getFileSystem(DATA))
        .withCauseInstanceOf(NoSuchFileException.class);
  }

  @Test
  void aBadOptionIsSaidWithItsFile() throws IOException {
    describe("data", share, "\n\"memroy\": \"1MiB\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Path.of(DATA))
        .withMessageContaining("netfs://data/ (" + config + ", line 1): ")
        .withMessageContaining("unknown option 'memroy'");
    describe("data", share, "\"memory\": \"much\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Path.of(DATA))
        .withMessageContaining("option 'memory' is 'much'");
    describe("data", share, "\"password\": \"hunter2\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Path.of(DATA))
        .withMessageContaining("passwordFile")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hunter2"));
  }

  @Test
  void aUriThatCannotNameAMountIsRefused() {
    for (String text :
        List.of("netfs:///a", "netfs://me@data/a", "netfs://data:22/a", "netfs:data", "netfs:/a")) {
      assertThatIllegalArgumentException()
          .as(text)
          .isThrownBy(() -> Path.of(URI.create(text)))
          .withMessageContaining("mount");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FileSystems.getFileSystem(URI.create("netfs://data/a?password=hunter2")))
        .withMessage("netfs://data/a is a path in a mount; the mount itself is netfs://data/");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Path.of(URI.create("netfs://data/a?cache=none")))
        .withMessageContaining("FileSystems.newFileSystem");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> FileSystems.newFileSystem(URI.create("netfs://data/?password=hunter2"), Map.of()))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hunter2"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Path.of(URI.create("netfs://data/a%2Fb")))
        .withMessageContaining("encoded '/'");
  }

  @Test
  void aMountThatLeadsToItselfIsRefused() throws IOException {
    Files.writeString(
        config, "{\"mounts\": {\"data\": {\"uri\": \"netfs+path:///netfs%3A%2F%2Fdata%2Fa\"}}}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Path.of(DATA))
        .withMessageContaining("netfs://data/");
  }

  @Test
  void mountsThatLeadToEachOtherAreRefusedWhoeverMountsThem() throws Exception {
    Files.writeString(
        config,
        "{\"mounts\": {\"one\": {\"uri\": \"netfs+path:///netfs%3A%2F%2Ftwo%2Fa\"},"
            + " \"two\": {\"uri\": \"netfs+path:///netfs%3A%2F%2Fone%2Fa\"}}}");
    ExecutorService pool = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 50; round++) {
        CyclicBarrier start = new CyclicBarrier(2);
        List<Future<Path>> mounting = new ArrayList<>();
        for (String name : List.of("one", "two")) {
          mounting.add(
              pool.submit(
                  () -> {
                    start.await(30, TimeUnit.SECONDS);
                    return Path.of(URI.create("netfs://" + name + "/a"));
                  }));
        }
        for (Future<Path> each : mounting) {
          assertThatExceptionOfType(ExecutionException.class)
              .isThrownBy(() -> each.get(30, TimeUnit.SECONDS))
              .withCauseInstanceOf(IllegalArgumentException.class)
              .withMessageContaining("leads to itself, or to a mount that leads to it");
        }
      }
    } finally {
      pool.shutdownNow();
    }
  }
}
