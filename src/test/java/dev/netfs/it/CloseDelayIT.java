package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code closeDelay} under the leases of a real Samba server, with smbclient as the other. */
@Timeout(120)
class CloseDelayIT {
  /** Samba waits 35 seconds for who does not answer. */
  private static final long PROMPT_NANOS = TimeUnit.SECONDS.toNanos(20);

  private static SambaServer server;
  private static CountingProxy proxy;

  @TempDir Path local;

  @BeforeAll
  static void start() throws IOException {
    server = SambaServer.start();
    proxy = CountingProxy.to(server.host(), server.port());
  }

  @AfterAll
  static void stop() {
    if (proxy != null) {
      proxy.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private static NetfsFileSystem mount(String cache, String delay) throws IOException {
    Map<String, Object> options = new HashMap<>(server.options());
    options.put("cache", cache);
    options.put("closeDelay", delay);
    return (NetfsFileSystem) FileSystems.newFileSystem(server.uri(proxy.port(), ""), options);
  }

  private void put(String name, String content) throws IOException {
    smbclient("put " + Files.writeString(local.resolve("new"), content) + " " + name);
  }

  private static void smbclient(String command) throws IOException {
    long before = System.nanoTime();
    assertThat(server.smbclient(command)).doesNotContain("NT_STATUS");
    assertThat(System.nanoTime() - before).as(command).isLessThan(PROMPT_NANOS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"close-to-open", "strict"})
  void aFileThatIsOpenedAgainMovesNoByte(String cache) throws Exception {
    put("again", "old");
    try (NetfsFileSystem fs = mount(cache, "1h")) {
      Path file = fs.getPath("/again");
      assertThat(Files.readString(file)).isEqualTo("old");
      long up = proxy.bytesUp();
      for (int i = 0; i < 20; i++) {
        assertThat(Files.readString(file)).isEqualTo("old");
      }
      assertThat(proxy.bytesUp()).isEqualTo(up);
      put("again", "brand new");
      assertThat(Files.readString(file)).isEqualTo("brand new");
      Files.writeString(file, "ours!");
      assertThat(Files.readString(file)).isEqualTo("ours!");
      smbclient("get again " + local.resolve("copy"));
      assertThat(local.resolve("copy")).hasContent("ours!");
    }
  }

  @Test
  @Tag("L3")
  void anOpenChannelSeesAChangeOnceTheLeaseIsAskedBack() throws Exception {
    put("open", "old");
    try (NetfsFileSystem fs = mount("close-to-open", "1h");
        FileChannel channel = FileChannel.open(fs.getPath("/open"))) {
      ByteBuffer text = ByteBuffer.allocate(3);
      channel.read(text, 0);
      put("open", "new");
      channel.read(text.clear(), 0);
      assertThat(StandardCharsets.US_ASCII.decode(text.flip()).toString()).isEqualTo("new");
    }
  }

  @Test
  @Tag("L3")
  void othersRenameAndDeleteWhatIsOnlyKeptOpen() throws Exception {
    try (NetfsFileSystem fs = mount("close-to-open", "1h")) {
      put("a", "of a");
      assertThat(Files.readString(fs.getPath("/a"))).isEqualTo("of a");
      smbclient("rename a b");
      assertThatThrownBy(() -> Files.readString(fs.getPath("/a")))
          .isInstanceOf(NoSuchFileException.class);
      assertThat(Files.readString(fs.getPath("/b"))).isEqualTo("of a");
      smbclient("del b");
      assertThat(server.data().resolve("b")).doesNotExist();
      assertThatThrownBy(() -> Files.readString(fs.getPath("/b")))
          .isInstanceOf(NoSuchFileException.class);
      put("b", "another");
      assertThat(Files.readString(fs.getPath("/b"))).isEqualTo("another");
    }
  }

  @Test
  void whatIsOnlyKeptOpenIsInNobodysWayHere() throws Exception {
    try (NetfsFileSystem fs = mount("close-to-open", "1h")) {
      Path directory = Files.createDirectories(fs.getPath("/d/e"));
      Files.writeString(directory.resolve("f"), "of f");
      assertThat(Files.readString(directory.resolve("f"))).isEqualTo("of f");
      Files.move(fs.getPath("/d"), fs.getPath("/g"));
      Path file = fs.getPath("/g/e/f");
      assertThat(Files.readString(file)).isEqualTo("of f");
      Files.writeString(fs.getPath("/g/new"), "new");
      Files.move(fs.getPath("/g/new"), file, StandardCopyOption.REPLACE_EXISTING);
      assertThat(Files.readString(file)).isEqualTo("new");
      Files.delete(file);
      assertThat(server.data().resolve("g/e")).isEmptyDirectory();
      Files.delete(fs.getPath("/g/e"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"close-to-open", "strict"})
  void whatSambaDoesNotTellIsSeenOnceTheTimeIsUp(String cache) throws Exception {
    put("name", "old");
    put("other", "brand new");
    try (NetfsFileSystem fs = mount(cache, "1s")) {
      Path file = fs.getPath("/name");
      assertThat(Files.readString(file)).isEqualTo("old");
      smbclient("rename other name -f");
      long deadline = System.nanoTime() + PROMPT_NANOS;
      while (!Files.readString(file).equals("brand new")) {
        assertThat(System.nanoTime()).isLessThan(deadline);
      }
    }
  }
}
