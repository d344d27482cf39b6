package dev.netfs.share.sftp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.EmbeddedSftpServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Connecting, and each way in which it fails that needs no OpenSSH. */
@Timeout(30)
class SftpConnectTest {
  @TempDir Path directory;

  @Test
  void aClosedPort() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    ShareConnectException e = refused("me@127.0.0.1:" + port);
    assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE);
    assertThat(e.isTransient()).isTrue();
    assertThat(e)
        .hasMessageContaining("cannot connect to sftp://me@127.0.0.1:" + port)
        .hasMessageContaining("refused")
        .hasMessageContaining("Check the host and the port");
  }

  @Test
  void aNameThatIsNone() {
    ShareConnectException e = refused("me@no-such-host.invalid");
    assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE);
    assertThat(e).hasMessageContaining("there is no host 'no-such-host.invalid'");
  }

  @Test
  void aServerThatSaysNothing() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      ShareConnectException e =
          refused("me@127.0.0.1:" + socket.getLocalPort(), "connectTimeout", "300ms");
      assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE);
      assertThat(e)
          .hasMessageContaining("does not greet as SSH servers do")
          .hasMessageContaining("within 300 ms")
          .hasMessageContaining("connectTimeout");
    }
  }

  @Test
  void aServerThatHangsUp() throws Exception {
    try (ServerSocket socket = answering("")) {
      ShareConnectException e = refused("me@127.0.0.1:" + socket.getLocalPort());
      assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE);
      assertThat(e).hasMessageContaining("closed the connection at once");
    }
  }

  @Test
  void aServerOfAnotherKind() throws Exception {
    try (ServerSocket socket = answering("SSH-1.5-old\r\n")) {
      ShareConnectException e = refused("me@127.0.0.1:" + socket.getLocalPort());
      assertThat(e.reason()).isEqualTo(Reason.PROTOCOL);
      assertThat(e).hasMessageContaining("SSH-1.5-old");
    }
  }

  @Test
  void anInterruptEndsConnecting() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      AtomicReference<Throwable> seen = new AtomicReference<>();
      Thread thread =
          new Thread(
              () -> {
                try {
                  connect("me@127.0.0.1:" + socket.getLocalPort());
                } catch (IOException | RuntimeException e) {
                  seen.set(e);
                }
              });
      thread.start();
      socket.accept();
      thread.interrupt();
      thread.join(10_000);
      assertThat(seen.get()).isInstanceOf(InterruptedIOException.class);
    }
  }

  @Test
  void malformedOptionsAreNamed() {
    for (String[] option :
        new String[][] {
          {"hostKey", "never"}, {"connectTimeout", "soon"}, {"privateKey", "/no/such/key"}
        }) {
      IllegalArgumentException e =
          catchThrowableOfType(
              IllegalArgumentException.class,
              () -> connect("me@127.0.0.1:1", option[0], option[1]));
      assertThat(e).hasMessageContaining("'" + option[0] + "'").hasMessageContaining(option[1]);
    }
  }

  @Test
  void aPasswordAskedForInWords() throws Exception {
    try (EmbeddedSftpServer server = EmbeddedSftpServer.start(directory)) {
      for (String prompt : new String[] {"Password: ", "Bitte das Kennwort"}) {
        server.askInWords(prompt);
        connect(server, "secret").close();
        ShareConnectException e =
            catchThrowableOfType(
                ShareConnectException.class, () -> connect(server, "Wrong-3").close());
        assertThat(e.reason()).isEqualTo(Reason.AUTHENTICATION);
      }
    }
  }

  private static Share connect(EmbeddedSftpServer server, String password) throws IOException {
    Map<String, Object> options = new HashMap<>(server.options());
    options.put("password", password.toCharArray());
    return new SftpShareProvider()
        .connect(new ShareConfig(server.uri(""), ShareOptions.of(options)));
  }

  private Share connect(String authority, String... options) throws IOException {
    Map<String, Object> all = new HashMap<>();
    all.put("knownHosts", directory.resolve("known_hosts"));
    for (int i = 0; i < options.length; i += 2) {
      all.put(options[i], options[i + 1]);
    }
    if (!all.containsKey("privateKey")) {
      all.put("password", "secret".toCharArray());
    }
    return new SftpShareProvider()
        .connect(
            new ShareConfig(URI.create("netfs+sftp://" + authority + "/x"), ShareOptions.of(all)));
  }

  private ShareConnectException refused(String authority, String... options) {
    ShareConnectException e =
        catchThrowableOfType(
            ShareConnectException.class, () -> connect(authority, options).close());
    assertThat(e).isNotNull();
    return e;
  }

  /** Listens; hangs up on each client, or greets it with a text and listens. */
  private static ServerSocket answering(String text) throws IOException {
    ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    Thread thread =
        new Thread(
            () -> {
              while (!listener.isClosed()) {
                try (Socket socket = listener.accept()) {
                  socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
                  if (!text.isEmpty()) {
                    socket.getInputStream().readAllBytes();
                  }
                } catch (IOException e) {
                  // Closed by the test, or by the client.
                }
              }
            });
    thread.setDaemon(true);
    thread.start();
    return listener;
  }
}
