package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.HidingLoader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchService;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which roots are mounted, what their URIs name, and what closing leaves behind. */
@Timeout(60)
class MountRegistryTest {
  private final ExecutorService threads = Executors.newCachedThreadPool();
  @TempDir Path dir;

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private URI uri(Path path) {
    return URI.create("netfs+file://" + path.toUri().getRawPath());
  }

  @Test
  void theJdkKnowsTheProviders() {
    assertThat(FileSystemProvider.installedProviders())
        .extracting(FileSystemProvider::getScheme)
        .contains("netfs+file", "netfs+path", "netfs+sftp");
  }

  @Test
  void aUriMountsAndIsKnownUntilItIsClosed() throws Exception {
    URI uri = uri(dir);
    assertThatThrownBy(() -> FileSystems.getFileSystem(uri))
        .isInstanceOf(FileSystemNotFoundException.class);
    try (FileSystem fs = FileSystems.newFileSystem(uri, Map.of())) {
      assertThat(FileSystems.getFileSystem(uri)).isSameAs(fs);
      assertThat(((NetfsFileSystem) fs).uri())
          .isEqualTo(URI.create(uri.toString().replaceAll("/$", "")));
      assertThatThrownBy(() -> FileSystems.newFileSystem(uri, Map.of()))
          .isInstanceOf(FileSystemAlreadyExistsException.class)
          .hasMessageContaining(dir.getFileName().toString());
    }
    assertThatThrownBy(() -> FileSystems.getFileSystem(uri))
        .isInstanceOf(FileSystemNotFoundException.class);
    FileSystems.newFileSystem(uri, Map.of()).close(); // free again
  }

  @Test
  void oneRootHasManySpellings() throws Exception {
    Path odd = Files.createDirectory(dir.resolve("a b~ü"));
    String base = "netfs+file://" + dir.toUri().getRawPath();
    try (FileSystem fs = FileSystems.newFileSystem(URI.create(base + "a%20b~%c3%bc/"), Map.of())) {
      for (String other : List.of("a%20b%7E%C3%BC", "./a%20b~%C3%BC", "x/../a%20b~ü/")) {
        assertThat(FileSystems.getFileSystem(URI.create(base + other))).as(other).isSameAs(fs);
      }
      Files.writeString(fs.getPath("x"), "x");
      assertThat(odd.resolve("x")).exists();
    }
  }

  @Test
  void aPathBelongsToTheLongestRootAboveIt() throws Exception {
    Path inner = Files.createDirectories(dir.resolve("in/ner"));
    try (NetfsFileSystem outside = Netfs.mount(dir).open();
        NetfsFileSystem inside = Netfs.mount(inner).open()) {
      assertThat(Path.of(uri(inner.resolve("a")))).isEqualTo(inside.getPath("/a"));
      assertThat(Path.of(uri(inner))).isEqualTo(inside.getPath("/"));
      assertThat(Path.of(uri(dir.resolve("in")))).isEqualTo(outside.getPath("/in"));
      assertThat(Path.of(uri(dir.resolve("in/nerd")))).isEqualTo(outside.getPath("/in/nerd"));
      inside.close();
      assertThat(Path.of(uri(inner.resolve("a")))).isEqualTo(outside.getPath("/in/ner/a"));
    }
  }

  @Test
  void anUnknownPlaceIsAnErrorThatNamesTheKnownOnes() throws Exception {
    try (NetfsFileSystem fs = Netfs.mount(dir).open()) {
      assertThatThrownBy(() -> Path.of(URI.create("netfs+file:///no/where")))
          .isInstanceOf(FileSystemNotFoundException.class)
          .hasMessageContaining("netfs+file:///no/where")
          .hasMessageContaining(fs.uri().toString());
      assertThatThrownBy(() -> FileSystems.getFileSystem(uri(dir.resolve("below"))))
          .isInstanceOf(FileSystemNotFoundException.class);
    }
  }

  @Test
  void pathsAndUrisRoundTrip() throws Exception {
    String[] pieces = {
      "a",
      " ",
      "%",
      "#",
      "?",
      "é",
      "+",
      ";",
      "&",
      "=",
      "@",
      ":",
      "..",
      ".",
      "\\",
      "\"",
      "<",
      "\uD83D\uDE00",
      "%41",
      "[",
      "]",
      "^",
      "`",
      "{",
      "|",
      "~",
      "\n",
      "\u00A0",
      "..."
    };
    Random random = new Random(7);
    try (NetfsFileSystem fs = Netfs.mount(Files.createDirectory(dir.resolve("r %#ü+"))).open()) {
      for (int i = 0; i < 5_000; i++) {
        StringBuilder text = new StringBuilder("/");
        for (int n = random.nextInt(8); n > 0; n--) {
          text.append(random.nextInt(3) == 0 ? "/" : pieces[random.nextInt(pieces.length)]);
        }
        Path path = fs.getPath(text.toString());
        URI uri = path.toUri();
        assertThat(Path.of(uri)).as(uri.toString()).isEqualTo(path);
        assertThat(Path.of(URI.create(uri.toASCIIString()))).isEqualTo(path);
        assertThat(uri.toString()).isEqualTo(uri.toASCIIString());
      }
      assertThat(fs.getPath("a").toUri()).isEqualTo(fs.getPath("/a").toUri());
      assertThat(Path.of(fs.uri())).isEqualTo(fs.getPath("/"));
    }
  }

  @Test
  void uriOfARootThatIsTheServersRoot() throws Exception {
    try (NetfsFileSystem fs = Netfs.mount(Path.of("/")).open()) {
      assertThat(fs.uri().toString()).isEqualTo("netfs+file:///");
      assertThat(fs.getPath("/").toUri()).isEqualTo(fs.uri());
      assertThat(Path.of(fs.getPath("/a/b").toUri())).isEqualTo(fs.getPath("/a/b"));
    }
  }

  @Test
  void aMountOfAnyOtherProvidersDirectory() throws Exception {
    try (FileSystem jimfs = Jimfs.newFileSystem(Configuration.unix());
        NetfsFileSystem fs = Netfs.mount(Files.createDirectories(jimfs.getPath("/a b/c"))).open()) {
      assertThat(fs.uri().getScheme()).isEqualTo("netfs+path");
      Path file = Files.writeString(fs.getPath("/x y"), "text");
      assertThat(Files.readString(jimfs.getPath("/a b/c/x y"))).isEqualTo("text");
      assertThat(Path.of(file.toUri())).isEqualTo(file);
      fs.close();
      assertThat(jimfs.isOpen()).isTrue();
    }
  }

  @Test
  void malformedUrisAreRefused() {
    for (String uri :
        List.of(
            "netfs+file:opaque", "netfs+file:///a#b", "netfs+file:///a%ff", "netfs+file:///a?x")) {
      assertThatThrownBy(() -> FileSystems.newFileSystem(URI.create(uri), Map.of()))
          .as(uri)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(
            () -> new NetfsFileProvider().newFileSystem(URI.create("file:///"), Map.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> FileSystems.newFileSystem(uri(dir), Map.of("nonsense", 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nonsense");
    assertThatThrownBy(() -> new NetfsFileProvider().newFileSystem(uri(dir), null))
        .isInstanceOf(NullPointerException.class);
  }

  @Test
  void whoComesWhileARootConnectsWaitsForTheOutcome() throws Exception {
    GatedShares.Control slow = new GatedShares.Control();
    slow.connectGate = new CountDownLatch(1);
    Future<NetfsFileSystem> first = mount("one", slow);
    slow.connecting.await();
    assertThatThrownBy(() -> new GatedShares.Provider().getFileSystem(GatedShares.uri("one")))
        .isInstanceOf(FileSystemNotFoundException.class);
    GatedShares.Control other = new GatedShares.Control();
    Future<NetfsFileSystem> second = mount("one", other);
    // Another root does not wait.
    mount("two", new GatedShares.Control()).get(30, TimeUnit.SECONDS).close();
    assertThat(second).isNotDone();
    slow.connectGate.countDown();
    try (NetfsFileSystem fs = first.get(30, TimeUnit.SECONDS)) {
      assertThatThrownBy(() -> second.get(30, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(FileSystemAlreadyExistsException.class);
      assertThat(other.connects).hasValue(0);
    }
  }

  @Test
  void aFailedMountLeavesNothingBehind() throws Exception {
    GatedShares.Control failing = new GatedShares.Control();
    failing.connectGate = new CountDownLatch(1);
    failing.connectFailure = new IOException("nobody there");
    Future<NetfsFileSystem> first = mount("one", failing);
    failing.connecting.await();
    Future<NetfsFileSystem> second = mount("one", new GatedShares.Control());
    failing.connectGate.countDown();
    assertThatThrownBy(() -> first.get(30, TimeUnit.SECONDS)).hasRootCauseMessage("nobody there");
    second.get(30, TimeUnit.SECONDS).close();
  }

  @Test
  void anInterruptEndsWaitingForAnothersMount() throws Exception {
    GatedShares.Control slow = new GatedShares.Control();
    slow.connectGate = new CountDownLatch(1);
    Future<NetfsFileSystem> first = mount("one", slow);
    slow.connecting.await();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> GatedShares.mount(dir, "one", new GatedShares.Control()))
        .isInstanceOf(InterruptedIOException.class);
    assertThat(Thread.interrupted()).isTrue();
    slow.connectGate.countDown();
    first.get(30, TimeUnit.SECONDS).close();
  }

  @Test
  void ofManyWhoMountOneRootAtOnceOneSucceeds() throws Exception {
    List<Future<NetfsFileSystem>> mounts = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      mounts.add(mount("one", new GatedShares.Control()));
    }
    int mounted = 0;
    for (Future<NetfsFileSystem> mount : mounts) {
      try {
        mount.get(30, TimeUnit.SECONDS);
        mounted++;
      } catch (ExecutionException e) {
        assertThat(e).hasCauseInstanceOf(FileSystemAlreadyExistsException.class);
      }
    }
    assertThat(mounted).isEqualTo(1);
    new GatedShares.Provider().getFileSystem(GatedShares.uri("one")).close();
  }

  private Future<NetfsFileSystem> mount(String name, GatedShares.Control control) {
    return threads.submit(() -> GatedShares.mount(dir, name, control));
  }

  @Test
  void afterTheCloseEverythingSaysSo() throws Exception {
    Files.writeString(dir.resolve("file"), "text");
    NetfsFileSystem fs = Netfs.mount(dir).open();
    Path root = fs.getPath("/");
    Path file = fs.getPath("/file");
    FileStore store = Files.getFileStore(file);
    WatchService watcher = fs.newWatchService();
    DirectoryStream<Path> entries = Files.newDirectoryStream(root);
    assertThat(fs.isOpen()).isTrue();
    fs.close();
    fs.close();
    assertThat(fs.isOpen()).isFalse();
    List<Callable<?>> uses =
        List.of(
            () -> fs.getPath("x"),
            fs::getRootDirectories,
            fs::getFileStores,
            fs::supportedFileAttributeViews,
            () -> fs.getPathMatcher("glob:*"),
            fs::getUserPrincipalLookupService,
            fs::newWatchService,
            () -> {
              fs.sync();
              return null;
            },
            () -> Files.readString(file),
            () -> Files.newOutputStream(file),
            () -> Files.newByteChannel(file),
            () -> Files.size(file),
            () -> Files.list(root),
            () -> Files.createDirectory(fs.provider().getPath(URI.create("netfs+file:///"))),
            () -> Files.copy(file, root.resolve("copy")),
            () -> Files.getLastModifiedTime(file),
            file::toRealPath,
            store::getTotalSpace);
    for (Callable<?> use : uses.subList(0, 13)) {
      assertThatThrownBy(use::call).isInstanceOf(ClosedFileSystemException.class);
    }
    for (Callable<?> use : uses.subList(14, uses.size())) {
      assertThatThrownBy(use::call).isInstanceOf(ClosedFileSystemException.class);
    }
    assertThatThrownBy(watcher::poll).isInstanceOf(java.nio.file.ClosedWatchServiceException.class);
    assertThatThrownBy(entries::iterator).isInstanceOf(IllegalStateException.class);
    assertThat(file.resolve("x").getParent()).isEqualTo(file); // paths are text
  }

  /** A fat jar's class loader makes providers of its own, of classes of its own. */
  @Test
  @Tag("J6")
  void aChildClassLoaderMounts() throws Exception {
    try (HidingLoader loader = new HidingLoader()) {
      try (FileSystem fs = FileSystems.newFileSystem(uri(dir), Map.of(), loader)) {
        // The installed provider comes first; that of the loader is another class altogether.
        assertThat(fs.isOpen()).isTrue();
      }
      Class<?> netfs = Class.forName("dev.netfs.Netfs", true, loader);
      Object builder = netfs.getMethod("mount", Path.class).invoke(null, dir);
      try (FileSystem fs = (FileSystem) builder.getClass().getMethod("open").invoke(builder)) {
        assertThat(fs.getClass().getClassLoader()).isSameAs(loader);
      }
      try (FileSystem fs =
          (FileSystem)
              loader
                  .loadClass("dev.netfs.nio.NetfsFileProvider")
                  .asSubclass(FileSystemProvider.class)
                  .getConstructor()
                  .newInstance()
                  .newFileSystem(uri(dir), Map.of())) {
        assertThat(fs.getClass().getClassLoader()).isSameAs(loader);
        Files.writeString(fs.getPath("x"), "text");
        assertThat(Files.readString(dir.resolve("x"))).isEqualTo("text");
      }
    }
  }
}
