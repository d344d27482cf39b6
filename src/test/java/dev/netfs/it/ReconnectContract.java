package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.FileServer;
import dev.netfs.testing.Threads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections to a real server that break in the middle of things. */
@Timeout(120)
abstract class ReconnectContract {
  static final int SIZE = 64 << 20;

  FileServer server;
  CountingProxy proxy;
  final byte[] data = new byte[SIZE];

  abstract FileServer startServer() throws IOException;

  @BeforeEach
  void start() throws IOException {
    server = startServer();
    proxy = CountingProxy.to(server.host(), server.port());
    server.alsoKnownAt(proxy.port());
    new Random(1).nextBytes(data);
  }

  @AfterEach
  void stop() throws IOException {
    if (proxy != null) {
      proxy.close();
    }
    if (server != null) {
      server.close();
    }
  }

  NetfsFileSystem mount(Object... options) throws IOException {
    Map<String, Object> env = new HashMap<>(server.options());
    for (int i = 0; i < options.length; i += 2) {
      env.put((String) options[i], options[i + 1]);
    }
    return (NetfsFileSystem) FileSystems.newFileSystem(server.uri(proxy.port(), ""), env);
  }

  Path put(String name) throws IOException {
    Path file = Files.write(server.data().resolve(name), data);
    server.own(file);
    return file;
  }

  void assertReads(NetfsFileSystem fs, String name) throws IOException {
    assertThat(Arrays.mismatch(Files.readAllBytes(fs.getPath(name)), data)).isEqualTo(-1);
  }

  @Test
  void aConnectionCutInTheMiddleOfAReadIsMadeAgain() throws IOException {
    put("f");
    try (NetfsFileSystem fs = mount()) {
      proxy.cutAfterDown(SIZE / 3);
      assertReads(fs, "/f");
      assertThat(fs.stats().reconnects()).isPositive();
    }
  }

  @Test
  @Tag("W3")
  void aConnectionCutInTheMiddleOfAWriteIsMadeAgain() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      proxy.cutAfterUp(SIZE / 3);
      try (FileChannel channel =
          FileChannel.open(
              fs.getPath("/f"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer src = ByteBuffer.wrap(data);
        while (src.hasRemaining()) {
          src.limit(Math.min(SIZE, src.position() + 100_000));
          channel.write(src);
          src.limit(SIZE);
        }
        channel.force(true);
        assertThat(Arrays.mismatch(Files.readAllBytes(server.data().resolve("f")), data))
            .isEqualTo(-1);
      }
      assertThat(fs.stats().reconnects()).isPositive();
    }
  }

  @Test
  void aServersProcessKilledInTheMiddleIsNoLoss() throws Exception {
    put("f");
    try (NetfsFileSystem fs = mount()) {
      CompletableFuture<Void> killer =
          CompletableFuture.runAsync(
              () -> {
                long seen = proxy.bytesDown();
                while (proxy.bytesDown() < seen + SIZE / 4) {
                  Thread.onSpinWait();
                }
                server.killSessions();
              },
              Threads.EACH);
      assertReads(fs, "/f");
      killer.get(30, TimeUnit.SECONDS);
      Files.write(fs.getPath("/g"), data);
      server.killSessions();
      Files.write(fs.getPath("/h"), data);
    }
    for (String name : new String[] {"g", "h"}) {
      assertThat(Arrays.mismatch(Files.readAllBytes(server.data().resolve(name)), data))
          .isEqualTo(-1);
    }
  }

  @Test
  void aServerThatIsAwayForTwoSecondsIsWaitedFor() throws Exception {
    put("f");
    try (NetfsFileSystem fs = mount()) {
      proxy.unreachable(true);
      proxy.cut();
      CompletableFuture<Void> back =
          CompletableFuture.runAsync(
              () -> {
                try {
                  proxy.unreachable(false);
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              },
              CompletableFuture.delayedExecutor(2, TimeUnit.SECONDS));
      assertReads(fs, "/f");
      back.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  @Tag("W3")
  @Tag("O1")
  void aServerThatStaysAwayIsAClearErrorAndNothingIsLost() throws Exception {
    byte[] small = Arrays.copyOf(data, 100_000);
    put("f");
    // Long enough for a busy machine to connect in.
    try (NetfsFileSystem fs = mount("timeout", "5s")) {
      FileChannel channel =
          FileChannel.open(
              fs.getPath("/g"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      channel.write(ByteBuffer.wrap(small));
      proxy.unreachable(true);
      proxy.cut();
      assertThatThrownBy(() -> channel.force(true))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("/g")
          .hasMessageContaining("127.0.0.1");
      assertThatThrownBy(() -> Files.readAllBytes(fs.getPath("/f")))
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(NoSuchFileException.class);
      assertThat(fs.stats().dirtyBytes()).isEqualTo(small.length);
      proxy.unreachable(false);
      channel.force(true); // has heard of it, and not of each time it was tried again meanwhile
      channel.close();
      assertThat(Files.readAllBytes(server.data().resolve("g"))).isEqualTo(small);
      assertReads(fs, "/f");
    }
  }
}
