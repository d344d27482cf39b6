package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.testing.OpenSshServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a mount says that cannot be made: one exception with what, where and what to do, and no
 * secret, in it or in any log, however talkative that is.
 */
@Timeout(60)
class MountErrorsIT {
  /** With whatever has a meaning in a URI, a format or a pattern. */
  private static final String PASSWORD = "p/a#s@s%41w:o?r&d{0}$1";

  private static OpenSshServer server;

  private final Logger root = Logger.getLogger("");
  private final Map<Logger, Level> levels = new HashMap<>();
  private final Recorder recorder = new Recorder();
  private Handler[] handlers;

  @TempDir private Path directory;

  /** Keeps all records that are logged, as text. */
  private static final class Recorder extends Handler {
    final Queue<String> lines = new ConcurrentLinkedQueue<>();

    @Override
    public void publish(LogRecord entry) {
      lines.add(new SimpleFormatter().format(entry));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @BeforeAll
  static void startServer() throws IOException {
    server = OpenSshServer.start();
  }

  @AfterAll
  static void stopServer() {
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void record() {
    LogManager.getLogManager()
        .getLoggerNames()
        .asIterator()
        .forEachRemaining(name -> talkative(Logger.getLogger(name)));
    talkative(root);
    handlers = root.getHandlers();
    for (Handler handler : handlers) {
      root.removeHandler(handler); // the console need not see all that
    }
    recorder.setLevel(Level.ALL);
    root.addHandler(recorder);
  }

  private void talkative(Logger logger) {
    // The root is among the named ones too: once it is at ALL, that is not the level to keep.
    if (!levels.containsKey(logger) && (logger == root || logger.getLevel() != null)) {
      levels.put(logger, logger.getLevel());
      logger.setLevel(Level.ALL);
    }
  }

  @AfterEach
  void restore() {
    root.removeHandler(recorder);
    for (Handler handler : handlers) {
      root.addHandler(handler);
    }
    levels.forEach(Logger::setLevel);
  }

  // ---------------------------------------------------------------- servers

  @Test
  void anUnknownHostKey() throws IOException {
    Path empty = Files.createFile(directory.resolve("known_hosts"));
    assertRefused(Reason.UNTRUSTED_SERVER, server.uri(""), env("knownHosts", empty))
        .contains("host key of 127.0.0.1:" + server.port() + " is not known")
        .contains("SHA256:")
        .contains(empty.toString())
        .contains("hostKey=accept-new")
        .contains("ssh-keyscan -p " + server.port() + " 127.0.0.1");
    assertThat(empty).isEmptyFile();
  }

  @Test
  void aChangedHostKey() throws IOException {
    Path other = Files.createFile(directory.resolve("known_hosts"));
    // The user's key is surely not the host's.
    String key = Files.readString(Path.of(server.privateKey() + ".pub"));
    Files.writeString(other, "[127.0.0.1]:" + server.port() + " " + key);
    for (String policy : List.of("strict", "accept-new")) {
      assertRefused(
              Reason.UNTRUSTED_SERVER, server.uri(""), env("knownHosts", other, "hostKey", policy))
          .contains("host key of 127.0.0.1:" + server.port() + " has changed")
          .contains("SHA256:")
          .contains(other + ", line 1")
          .contains("ssh-keygen -R '[127.0.0.1]:" + server.port() + "'");
    }
    assertThat(other).hasContent("[127.0.0.1]:" + server.port() + " " + key);
  }

  @ParameterizedTest
  @ValueSource(strings = {"char[]", "String", "Supplier", "file"})
  void aWrongPassword(String form) throws IOException {
    Object password = PASSWORD.toCharArray();
    String option = "password";
    switch (form) {
      case "String" -> password = PASSWORD;
      case "Supplier" -> password = (Supplier<char[]>) PASSWORD::toCharArray;
      case "file" -> {
        option = "passwordFile";
        password = Files.writeString(directory.resolve("password"), PASSWORD + "\n");
      }
      default -> {}
    }
    Map<String, Object> env = new HashMap<>(Map.of("knownHosts", server.knownHosts()));
    env.put(option, password);
    assertRefused(Reason.AUTHENTICATION, server.uri(""), env)
        .contains("sftp://" + server.user() + "@127.0.0.1:" + server.port())
        .contains("refuses the user '" + server.user() + "' with")
        .contains("it accepts: ")
        .contains("Check the user's name and the options password");
  }

  @Test
  void anUnknownUser() {
    URI uri = URI.create("netfs+sftp://nobody-of-that-name@127.0.0.1:" + server.port() + "/");
    assertRefused(Reason.AUTHENTICATION, uri, env())
        .contains("127.0.0.1:" + server.port())
        .contains("refuses the user 'nobody-of-that-name'")
        .contains("Check the user's name");
  }

  @Test
  void anUnreachablePort() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      port = free.getLocalPort();
    }
    assertRefused(Reason.UNREACHABLE, server.uri(port, ""), env())
        .contains("127.0.0.1:" + port)
        .contains("cannot be reached")
        .contains("Check the host and the port");
  }

  @Test
  void aServerThatDoesNotAnswer() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
      int port = silent.getLocalPort();
      assertRefused(Reason.UNREACHABLE, server.uri(port, ""), env("connectTimeout", "500ms"))
          .contains("127.0.0.1:" + port)
          .contains("within 500 ms")
          .contains("option connectTimeout");
    }
  }

  @Test
  void anUnknownHostName() {
    // RFC 6761, section 6.4: a name that never is one.
    assertRefused(
            Reason.UNREACHABLE, URI.create("netfs+sftp://me@no-such-host.invalid:2222/data"), env())
        .contains("no-such-host.invalid:2222")
        .contains("there is no host 'no-such-host.invalid'")
        .contains("check the name");
  }

  @Test
  void aMissingShareDirectory() {
    Map<String, Object> env = new HashMap<>(server.options());
    assertRefused(Reason.NO_SUCH_SHARE, server.uri("/not/there"), env)
        .contains("127.0.0.1:" + server.port())
        .contains("there is no directory " + server.data() + "/not/there")
        .contains("check the path of the mount's URI");
  }

  @Test
  void aShareThatIsAFile() throws IOException {
    Files.createFile(server.data().resolve("file"));
    Map<String, Object> env = new HashMap<>(server.options());
    assertRefused(Reason.NO_SUCH_SHARE, server.uri("/file"), env)
        .contains("127.0.0.1:" + server.port())
        .contains(server.data() + "/file on the server is not a directory")
        .contains("check the URI's path");
  }

  // ---------------------------------------------------------------- options

  @Test
  void anUnknownOption() {
    assertIllegal(server.uri(""), env("passwort", "x", "password", PASSWORD))
        .contains("unknown option 'passwort'")
        .contains("127.0.0.1:" + server.port())
        .contains("there are ")
        .contains("knownHosts, locks, memory, ")
        .contains("password, passwordFile, ");
    assertIllegal(URI.create(server.uri("") + "?colour=blue"), env())
        .contains("unknown option 'colour'")
        .contains("127.0.0.1:" + server.port())
        .contains("there are ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "memory=much: a whole number such as 64KiB or 1GiB",
        "pageSize=5000: a power of two",
        "attrTtl=soon: a time such as 500ms, 3s or 10m",
        "cache=always: one of close-to-open, strict, loose, immutable, none",
        "retries=-1: from 0 to 1000",
        "connectTimeout=never: a time such as 500ms, 3s or 10m",
        "hostKey=any: one of strict, accept-new"
      })
  void aMalformedOption(String text) {
    int equals = text.indexOf('=');
    int colon = text.indexOf(": ");
    String name = text.substring(0, equals);
    String value = text.substring(equals + 1, colon);
    String message = "option '" + name + "' is '" + value + "', but has to be ";
    for (URI uri : List.of(server.uri(""), URI.create(server.uri("") + "?" + name + "=" + value))) {
      Map<String, Object> env = uri.getQuery() == null ? env(name, value) : env();
      assertIllegal(uri, env).contains(message + text.substring(colon + 2));
    }
  }

  @Test
  void aSecretOfTheWrongType() {
    record Secret(String text) {}
    assertIllegal(server.uri(""), env("password", new Secret(PASSWORD)))
        .contains("option 'password' must be a char[], a CharSequence or a Supplier");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "netfs+sftp://me:%s@server.invalid:22/data",
        "netfs+sftp://me:%s@under_score.invalid/data",
        "netfs+sftp://server.invalid/data?password=%s",
        "netfs+sftp://me@server.invalid/data?memory=1g&password=%s"
      })
  void aPasswordInTheUri(String form) {
    String encoded = java.net.URLEncoder.encode(PASSWORD, StandardCharsets.UTF_8);
    URI uri = URI.create(form.replace("%s", encoded));
    assertIllegal(uri, Map.of())
        .contains("password")
        .contains("pass it in the env map")
        .doesNotContain(encoded);
    // The other ways to a mount.
    Throwable thrown = catchThrowable(() -> Path.of(uri));
    assertThat(thrown)
        .isInstanceOfAny(IllegalArgumentException.class, FileSystemNotFoundException.class);
    assertThat(textOf(thrown)).doesNotContain(encoded);
    assertNoSecret(textOf(thrown));
    thrown = catchThrowable(() -> FileSystems.getFileSystem(uri));
    assertThat(thrown)
        .isInstanceOfAny(IllegalArgumentException.class, FileSystemNotFoundException.class);
    assertThat(textOf(thrown)).doesNotContain(encoded);
    assertNoSecret(textOf(thrown));
    assertNoSecret(String.join("", recorder.lines));
  }

  // ---------------------------------------------------------------- how they are looked at

  /** Returns options with the password, the host's keys known, and changes to that. */
  private static Map<String, Object> env(Object... changes) {
    Map<String, Object> env = new HashMap<>();
    env.put("knownHosts", server.knownHosts());
    env.put("password", PASSWORD.toCharArray());
    for (int i = 0; i < changes.length; i += 2) {
      env.put((String) changes[i], changes[i + 1]);
    }
    return env;
  }

  private org.assertj.core.api.AbstractStringAssert<?> assertRefused(
      Reason reason, URI uri, Map<String, Object> env) {
    Throwable thrown = assertFails(uri, env);
    assertThat(thrown).isInstanceOf(ShareConnectException.class);
    assertThat(((ShareConnectException) thrown).reason()).isEqualTo(reason);
    return assertThat(thrown.getMessage());
  }

  private org.assertj.core.api.AbstractStringAssert<?> assertIllegal(
      URI uri, Map<String, Object> env) {
    Throwable thrown = assertFails(uri, env);
    assertThat(thrown).isInstanceOf(IllegalArgumentException.class);
    return assertThat(thrown.getMessage());
  }

  /** Mounts; returns the one exception, once no secret is found anywhere. */
  private Throwable assertFails(URI uri, Map<String, Object> env) {
    recorder.lines.clear();
    Throwable thrown = catchThrowable(() -> FileSystems.newFileSystem(uri, env).close());
    assertThat(thrown).as("exception").isNotNull();
    assertThat(thrown.getMessage()).isNotBlank().doesNotContain("\n");
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      assertThat(t.getSuppressed()).isEmpty();
    }
    assertNoSecret(textOf(thrown));
    if (thrown instanceof ShareConnectException e && e.reason() == Reason.AUTHENTICATION) {
      assertThat(recorder.lines).as("what the SSH client logs").hasSizeGreaterThan(100);
    }
    assertNoSecret(String.join("", recorder.lines));
    return thrown;
  }

  /** Returns all that an exception can show of itself. */
  private static String textOf(Throwable thrown) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    thrown.printStackTrace(out); // messages, causes and suppressed ones
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      out.println(t + " " + t.getMessage() + " " + t.getLocalizedMessage());
    }
    return text.toString();
  }

  /** Looks for the password, also as dumps of packets and URIs write it. */
  private static void assertNoSecret(String text) {
    byte[] bytes = PASSWORD.getBytes(StandardCharsets.UTF_8);
    String plain = Objects.requireNonNull(text);
    assertThat(plain.contains(PASSWORD)).as("the password is in %s", text).isFalse();
    // Dumps have so many bytes a line; a part of it is enough.
    String part = HexFormat.of().formatHex(bytes, 4, 12);
    String compact = plain.toLowerCase(Locale.ROOT).replaceAll("[^0-9a-f]", "");
    assertThat(compact.contains(part)).as("the password is dumped in %s", text).isFalse();
    for (String piece : List.of("p/a#s@", "s%41w:", "p%2Fa", "o%3Fr")) {
      assertThat(plain.contains(piece)).as("a part of the password is in %s", text).isFalse();
    }
  }
}
