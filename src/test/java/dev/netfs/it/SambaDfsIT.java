package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.NetfsFileSystem;
import dev.netfs.share.ShareConnectException;
import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Mounts whose URI leads through DFS links of a Samba server. */
@Timeout(60)
class SambaDfsIT {
  private static SambaServer server;

  @BeforeAll
  static void start() throws IOException {
    server =
        SambaServer.builder()
            .setting("host msdfs = yes")
            .share("root", "msdfs root = yes")
            .share("proxy", "msdfs root = yes")
            .share("proxy", "msdfs proxy = \\\\127.0.0.1\\data")
            .start();
    Path deep = Files.createDirectories(server.data().resolve("deep/er"));
    server.own(Files.writeString(deep.resolve("f"), "here"));
    server.own(deep);
    server.own(deep.getParent());
    server.own(Files.writeString(server.data().resolve("top"), "here"));
    link("link", "127.0.0.1\\data");
    link("down", "127.0.0.1\\data\\deep");
    server.own(Files.createDirectory(server.data().resolve("empty")));
    link("hollow", "127.0.0.1\\data\\empty");
    link("second", "127.0.0.1\\missing,127.0.0.1\\data");
    link("chain", "127.0.0.1\\root\\link");
    link("circle", "127.0.0.1\\root\\circle2");
    link("circle2", "127.0.0.1\\root\\circle");
    link("nowhere", "127.0.0.1\\missing");
    Files.createDirectory(server.data("root").resolve("plain"));
    Files.writeString(server.data("root").resolve("plain/f"), "here");
  }

  private static void link(String name, String targets) throws IOException {
    Files.createSymbolicLink(server.data("root").resolve(name), Path.of("msdfs:" + targets));
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  private static void assertFinds(String share, String below, String file) throws IOException {
    URI uri = server.uri(server.port(), share, below);
    try (FileSystem fs = FileSystems.newFileSystem(uri, server.options())) {
      assertThat(Files.readString(fs.getPath(file))).isEqualTo("here");
    }
  }

  @Test
  void aLinkIsFollowed() throws IOException {
    assertFinds("root", "/link", "/top");
    assertFinds("root", "/link/deep", "/er/f");
    assertFinds("root", "/down/er", "/f");
    assertFinds("root", "/chain/deep/er", "/f");
  }

  @Test
  void whatIsNoLinkIsWhereItIs() throws IOException {
    assertFinds("root", "/plain", "/f");
    assertFinds("root", "", "/plain/f");
  }

  @Test
  void aShareThatStandsForAnotherIsFollowed() throws IOException {
    assertFinds("proxy", "", "/top");
    assertFinds("proxy", "/deep", "/er/f");
  }

  @Test
  void whereTheFirstTargetCannotBeUsedTheNextIsTried() throws IOException {
    assertFinds("root", "/second", "/top");
  }

  @Test
  void whatLeadsNowhereSaysSo() {
    assertThatThrownBy(() -> assertFinds("root", "/nowhere", "/top"))
        .isInstanceOf(ShareConnectException.class)
        .hasMessageContaining("/root")
        .hasMessageContaining("DFS link")
        .hasMessageContaining("no share 'missing'");
    assertThatThrownBy(() -> assertFinds("root", "/circle", "/top"))
        .isInstanceOf(ShareConnectException.class)
        .hasMessageContaining("circle");
  }

  @Test
  void aConnectionThroughALinkIsMadeAgain() throws IOException {
    try (CountingProxy proxy = CountingProxy.to(server.host(), server.port());
        NetfsFileSystem fs =
            (NetfsFileSystem)
                FileSystems.newFileSystem(
                    server.uri(proxy.port(), "root", "/link"), server.options());
        FileChannel channel =
            FileChannel.open(
                fs.getPath("/top"), StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      proxy.cutClients();
      assertThat(channel.read(ByteBuffer.allocate(10), 0)).isEqualTo(4);
      assertThat(lock.isValid()).isTrue();
    }
  }

  private static FileSystem root(Object... options) throws IOException {
    Map<String, Object> env = new HashMap<>(server.options());
    for (int i = 0; i < options.length; i += 2) {
      env.put((String) options[i], options[i + 1]);
    }
    return FileSystems.newFileSystem(server.uri(server.port(), "root", ""), env);
  }

  @Test
  void linksBelowTheMountsRootAreFollowed() throws IOException {
    try (FileSystem fs = root()) {
      assertThat(Files.readString(fs.getPath("/link/top"))).isEqualTo("here");
      assertThat(Files.readString(fs.getPath("/down/er/f"))).isEqualTo("here");
      assertThat(Files.readString(fs.getPath("/chain/deep/er/f"))).isEqualTo("here");
      assertThat(Files.readString(fs.getPath("/second/top"))).isEqualTo("here");
      assertThat(Files.readString(fs.getPath("/plain/f"))).isEqualTo("here");
      assertThat(Files.isDirectory(fs.getPath("/link"))).isTrue();
      assertThat(Files.isSameFile(fs.getPath("/link/deep"), fs.getPath("/plain"))).isFalse();
      Path file = fs.getPath("/link/deep/new");
      Files.writeString(file, "written");
      assertThat(server.data().resolve("deep/new")).hasContent("written");
      Files.move(file, fs.getPath("/link/moved"));
      Files.copy(fs.getPath("/link/moved"), fs.getPath("/link/copied"));
      assertThat(server.data().resolve("moved")).hasContent("written");
      Files.delete(fs.getPath("/link/moved"));
      Files.delete(fs.getPath("/link/copied"));
      assertThat(Files.getOwner(fs.getPath("/link/top")).getName()).contains(server.user());
      assertThatThrownBy(() -> Files.readString(fs.getPath("/link/missing")))
          .isInstanceOf(NoSuchFileException.class)
          .hasMessage("/link/missing");
    }
  }

  @Test
  void aTreeWithLinksIsWalked() throws IOException {
    for (String ahead : new String[] {"0s", "3s"}) {
      try (FileSystem fs = root("attrTtl", ahead);
          Stream<Path> walk = Files.walk(fs.getPath("/down"))) {
        assertThat(walk.map(Path::toString)).containsExactly("/down", "/down/er", "/down/er/f");
      }
    }
    try (FileSystem fs = root();
        Stream<Path> list = Files.list(fs.getPath("/"))) {
      assertThat(list.map(Path::toString)).contains("/link", "/plain");
    }
  }

  @Test
  void whatIsMovedAndCopiedFromShareToShareGoesThroughHere() throws IOException {
    server.own(server.data("root").resolve("plain"));
    try (FileSystem fs = root()) {
      Path mine = fs.getPath("/link/deep/mine");
      Path there = fs.getPath("/plain/there");
      Files.writeString(mine, "here");
      assertThatThrownBy(() -> Files.move(mine, there, StandardCopyOption.ATOMIC_MOVE))
          .isInstanceOf(AtomicMoveNotSupportedException.class)
          .hasMessageContaining("/link/deep/mine");
      assertThatThrownBy(() -> Files.createLink(there, mine))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining("different shares");
      Files.copy(mine, there);
      assertThat(server.data("root").resolve("plain/there")).hasContent("here");
      Files.delete(there);
      Files.move(mine, there);
      assertThat(server.data("root").resolve("plain/there")).hasContent("here");
      assertThat(server.data().resolve("deep/mine")).doesNotExist();
      Files.delete(there);
    }
  }

  @Test
  void aLinkIsNotDeletedWithWhatItLeadsTo() throws IOException {
    try (FileSystem fs = root()) {
      assertThatThrownBy(() -> Files.delete(fs.getPath("/hollow")))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining("/hollow: a DFS link");
      assertThat(server.data().resolve("empty")).isDirectory();
      assertThat(server.data("root").resolve("hollow")).isSymbolicLink();
    }
  }

  @Test
  void aLinkBelowThatLeadsNowhereSaysSo() throws IOException {
    try (FileSystem fs = root()) {
      assertThatThrownBy(() -> Files.readString(fs.getPath("/nowhere/top")))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining("/nowhere")
          .hasMessageContaining("no share 'missing'");
      assertThatThrownBy(() -> Files.readString(fs.getPath("/circle/top")))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining("circle");
    }
  }

  @Test
  void aLostConnectionIsMadeAgainBelowALinkToo() throws IOException {
    try (CountingProxy proxy = CountingProxy.to(server.host(), server.port());
        NetfsFileSystem fs =
            (NetfsFileSystem)
                FileSystems.newFileSystem(server.uri(proxy.port(), "root", ""), server.options());
        FileChannel channel =
            FileChannel.open(
                fs.getPath("/link/top"), StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      proxy.cutClients();
      assertThat(channel.read(ByteBuffer.allocate(10), 0)).isEqualTo(4);
      assertThat(lock.isValid()).isTrue();
    }
  }
}
