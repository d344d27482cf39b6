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
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
    server.own(Files.writeString(server.data().resolve("top"), "here"));
    link("link", "127.0.0.1\\data");
    link("down", "127.0.0.1\\data\\deep");
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

  @Test
  void aLinkBelowTheMountsRootIsAClearError() throws IOException {
    URI uri = server.uri(server.port(), "root", "");
    try (FileSystem fs = FileSystems.newFileSystem(uri, server.options())) {
      assertThatThrownBy(() -> Files.readString(fs.getPath("/link/top")))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining("/link/top")
          .hasMessageContaining("DFS");
    }
  }
}
