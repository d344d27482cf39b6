package dev.netfs.share.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.Share;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareCapabilities.LockKind;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareProvider;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PathShareProviderTest {
  @TempDir Path directory;

  private static List<String> names(Share share) {
    List<DirectoryEntry> entries = new ArrayList<>();
    share.list("/", entries::add).toCompletableFuture().join();
    return entries.stream().map(DirectoryEntry::name).toList();
  }

  private static String encode(URI uri) {
    return URLEncoder.encode(uri.toString(), StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Test
  void isFoundByItsSchemes() {
    assertThat(ServiceLoader.load(ShareProvider.class))
        .filteredOn(provider -> provider instanceof PathShareProvider)
        .singleElement()
        .satisfies(
            provider -> {
              assertThat(provider.schemes()).containsExactlyInAnyOrder("netfs+file", "netfs+path");
              assertThat(provider.missingLibrary()).isNull();
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "with space", "100%", "%41", "a+b", "a#b", "a?b", "~x", "'\""})
  void fileUrisAreDecodedOnce(String name) throws Exception {
    Path root = Files.createDirectory(directory.resolve(name));
    Files.createFile(root.resolve("here"));
    String uri = root.toUri().toString();
    String trimmed = uri.substring("file:".length(), uri.length() - 1);
    try (Share share = Connecting.to("netfs+file:" + trimmed, Map.of())) {
      assertThat(names(share)).containsExactly("here");
    }
    try (Share share =
        Connecting.to(
            "netfs+path:///" + encode(directory.toUri()) + "/" + encodeName(name), Map.of())) {
      assertThat(names(share)).containsExactly("here");
    }
  }

  private static String encodeName(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Test
  void theRootOfAllIsADirectoryToo() throws Exception {
    for (String uri : List.of("netfs+file:///", "netfs+file://localhost/")) {
      try (Share share = Connecting.to(uri, Map.of())) {
        assertThat(names(share)).isNotEmpty();
      }
    }
  }

  @Test
  void pathUrisReachAnyProvider() throws Exception {
    try (FileSystem jimfs = Jimfs.newFileSystem(Configuration.unix())) {
      Path root = Files.createDirectories(jimfs.getPath("/a b/c%d"));
      Files.createFile(root.resolve("here"));
      try (Share share = Connecting.to("netfs+path:///" + encode(root.toUri()), Map.of())) {
        assertThat(names(share)).containsExactly("here");
      }
      String top = encode(jimfs.getPath("/").toUri());
      try (Share share = Connecting.to("netfs+path:///" + top + "/a%20b/c%25d", Map.of())) {
        assertThat(names(share)).containsExactly("here");
      }
    }
  }

  @Test
  void aPathObjectCountsMoreThanTheUri() throws Exception {
    Files.createFile(directory.resolve("here"));
    for (String uri : List.of("netfs+file:///no/such/thing", "netfs+path:///x")) {
      try (Share share = Connecting.to(uri, Map.of("path", directory))) {
        assertThat(names(share)).containsExactly("here");
      }
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Connecting.to("netfs+file:///", Map.of("path", directory.toString())))
        .withMessageContaining("'path'")
        .withMessageContaining("URI");
  }

  @Test
  void rootsThatAreNotThere() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    Path missing = directory.resolve("missing");
    for (Path root : List.of(file, missing, file.resolve("below"))) {
      assertThatThrownBy(() -> Connecting.to(root))
          .asInstanceOf(type(ShareConnectException.class))
          .satisfies(
              e -> {
                assertThat(e.reason()).isEqualTo(Reason.NO_SUCH_SHARE);
                assertThat(e.isTransient()).isFalse();
                assertThat(e).hasMessageContaining(root.toString());
              });
    }
  }

  @Test
  void fileSystemsThatAreNotOpen() throws Exception {
    Path closed;
    try (FileSystem jimfs = Jimfs.newFileSystem("gone", Configuration.unix())) {
      closed = jimfs.getPath("/work");
    }
    assertThatThrownBy(() -> Connecting.to(closed))
        .isInstanceOf(ShareConnectException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(
            () -> Connecting.to("netfs+path:///" + encode(URI.create("jimfs://gone/x")), Map.of()))
        .isInstanceOf(ShareConnectException.class)
        .hasMessageContaining("jimfs://gone/x");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "netfs+file://server/share",
        "netfs+path:///",
        "netfs+path://host/x",
        "netfs+path:///noscheme",
        "netfs+path:///%7Bbad%7D",
        "netfs+path:///nosuch%3A%2F%2Fscheme",
        "netfs+path:///%FF%FE"
      })
  void malformedUris(String uri) {
    assertThatThrownBy(() -> Connecting.to(uri, Map.of()))
        .isInstanceOfAny(IllegalArgumentException.class, ShareConnectException.class)
        .hasMessageContaining(uri);
  }

  @Test
  void connectingCanBeInterrupted() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> Connecting.to(directory)).isInstanceOf(InterruptedIOException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void saysWhatTheStoreCan() throws Exception {
    try (FileSystem jimfs = Jimfs.newFileSystem(Configuration.unix());
        Share local = Connecting.to(directory);
        Share memory = Connecting.to(jimfs.getPath("/work"))) {
      ShareCapabilities can = memory.capabilities();
      assertThat(can.locks()).as("Jimfs's locks exclude nobody").isEqualTo(LockKind.NONE);
      assertThat(can.caseSensitive()).isTrue();
      assertThat(can.attributeViews()).containsExactly("basic");
      assertThat(can.timestampGranularity()).isLessThanOrEqualTo(Duration.ofSeconds(1));
      if (local.capabilities().attributeViews().contains("posix")) {
        assertThat(local.capabilities().attributeViews())
            .containsExactlyInAnyOrder("basic", "owner", "posix", "unix");
        assertThat(local.capabilities().locks()).isEqualTo(LockKind.ADVISORY);
      }
    }
    try (FileSystem jimfs = Jimfs.newFileSystem(Configuration.windows());
        Share share = Connecting.to(jimfs.getPath("C:\\work"))) {
      assertThat(share.capabilities().caseSensitive()).isFalse();
    }
  }

  @Test
  void probingLeavesNothingBehind() throws Exception {
    try (Share share = Connecting.to(directory)) {
      assertThat(share.isConnected()).isTrue();
    }
    assertThat(directory).isEmptyDirectory();
  }

  /** A provider of which nothing is known: what is not sure is not claimed. */
  @Test
  void zipFiles() throws Exception {
    URI uri = URI.create("jar:" + directory.resolve("a.zip").toUri());
    try (FileSystem zip = FileSystems.newFileSystem(uri, Map.of("create", "true"))) {
      Files.createDirectory(zip.getPath("/d"));
      Files.writeString(zip.getPath("/d/f"), "content");
      try (Share share = Connecting.to(zip.getPath("/"))) {
        ShareCapabilities can = share.capabilities();
        assertThat(can.atomicReplace()).isFalse();
        assertThat(can.hardLinks()).isFalse();
        assertThat(can.symbolicLinks()).isFalse();
        assertThat(can.locks()).isEqualTo(LockKind.NONE);
        assertThat(can.timestampGranularity()).isEqualTo(Duration.ofSeconds(2));
        assertThat(names(share)).containsExactly("d");
        FileInfo info = share.stat("/d/f", true).toCompletableFuture().join();
        assertThat(info.size()).isEqualTo(7);
        ShareFile file = share.open("/d/f", OpenIntent.READ).toCompletableFuture().join();
        assertThat(file.openInfo().size()).isEqualTo(7);
        file.close().toCompletableFuture().join();
      }
      assertThat(zip.isOpen()).as("what was passed in stays open").isTrue();
    }
  }

  @Test
  void aBackingFileSystemThatGoesAwayIsALostConnection() throws Exception {
    FileSystem jimfs = Jimfs.newFileSystem(Configuration.unix());
    try (Share share = Connecting.to(jimfs.getPath("/work"))) {
      jimfs.close();
      assertThat(share.isConnected()).isFalse();
      assertThatThrownBy(() -> share.stat("/", true).toCompletableFuture().join())
          .hasCauseInstanceOf(ShareDisconnectedException.class);
    }
  }
}
