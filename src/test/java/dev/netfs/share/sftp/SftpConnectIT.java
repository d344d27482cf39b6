package dev.netfs.share.sftp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.OpenSshServer;
import dev.netfs.testing.Servers;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trusting and signing on at OpenSSH, and what goes wrong with it. */
@Timeout(60)
class SftpConnectIT {
  private static final String PASS_PHRASE = "a pass phrase";
  private static OpenSshServer server;

  /** Stands for ~/.ssh, so that the keys of whoever runs the test do not matter. */
  @TempDir Path home;

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

  // ---------------------------------------------------------------- host keys

  @ParameterizedTest
  @ValueSource(strings = {"ed25519", "ecdsa", "rsa"})
  void oneKnownKeyOfAnyTypeIsEnough(String type) throws IOException {
    Path known = known(type);
    connect("knownHosts", known, "privateKey", server.privateKey());
  }

  @Test
  void hashedNamesAreFound() throws Exception {
    Path known = known("ecdsa");
    run("ssh-keygen", "-q", "-H", "-f", known.toString());
    assertThat(Files.readString(known)).startsWith("|1|");
    connect("knownHosts", known, "privateKey", server.privateKey());
  }

  @Test
  void strictRefusesAnUnknownServerAndWritesNothing() throws IOException {
    Path known = home.resolve("none");
    ShareConnectException e = refused("knownHosts", known, "privateKey", server.privateKey());
    assertThat(e.reason()).isEqualTo(Reason.UNTRUSTED_SERVER);
    assertThat(e)
        .hasMessageContaining("127.0.0.1:" + server.port() + " is not known")
        .hasMessageContaining(fingerprint("ed25519"))
        .hasMessageContaining(known.toString())
        .hasMessageContaining("hostKey=accept-new");
    assertThat(known).doesNotExist();
  }

  @Test
  void acceptNewTrustsAtFirstSight() throws IOException {
    Path known = home.resolve("dir/known");
    connect("knownHosts", known, "privateKey", server.privateKey(), "hostKey", "accept-new");
    assertThat(known).content().startsWith("[127.0.0.1]:" + server.port() + " ssh-ed25519 ");
    connect("knownHosts", known, "privateKey", server.privateKey());
  }

  @ParameterizedTest
  @ValueSource(strings = {"strict", "accept-new"})
  void aChangedKeyIsRefused(String mode) throws IOException {
    // What another machine has, under this one's name.
    String other = Files.readString(Path.of(server.privateKey() + ".pub")).split(" ")[1];
    Path known = home.resolve("known");
    String line = "[127.0.0.1]:" + server.port() + " ssh-ed25519 " + other + "\n";
    Files.writeString(known, "# comment\n" + line);
    ShareConnectException e =
        refused("knownHosts", known, "privateKey", server.privateKey(), "hostKey", mode);
    assertThat(e.reason()).isEqualTo(Reason.UNTRUSTED_SERVER);
    assertThat(e)
        .hasMessageContaining("has changed")
        .hasMessageContaining(fingerprint("ed25519"))
        .hasMessageContaining(known + ", line 2");
    assertThat(known).hasContent("# comment\n" + line);
  }

  @Test
  void aRevokedKeyIsRefused() throws IOException {
    Path known = known("ed25519");
    String key = server.hostKey("ed25519");
    Files.writeString(known, Files.readString(known) + "@revoked * " + key + "\n");
    ShareConnectException e = refused("knownHosts", known, "privateKey", server.privateKey());
    assertThat(e.reason()).isEqualTo(Reason.UNTRUSTED_SERVER);
    assertThat(e).hasMessageContaining("revoked").hasMessageContaining(known + ", line 2");
  }

  // ---------------------------------------------------------------- credentials

  @Test
  void passwords() throws IOException {
    assumeTrue(server.password().isPresent(), "started without root, so there is no password");
    String password = server.password().orElseThrow();
    connect("knownHosts", server.knownHosts(), "password", password.toCharArray());
    Path file = Files.writeString(home.resolve("password"), password + "\n");
    connect("knownHosts", server.knownHosts(), "passwordFile", file);
    ShareConnectException e =
        refused("knownHosts", server.knownHosts(), "password", "Wrong-1".toCharArray());
    assertThat(e.reason()).isEqualTo(Reason.AUTHENTICATION);
    assertThat(e)
        .hasMessageContaining("sftp://" + server.user() + "@127.0.0.1:" + server.port())
        .hasMessageContaining("with the password")
        .hasMessageContaining("it accepts: publickey, password");
    assertThat(everything(e)).doesNotContain("Wrong-1");
  }

  @Test
  void keysOfAllTypesAndFormats() throws Exception {
    for (String[] options :
        new String[][] {
          {"-t", "ed25519"},
          {"-t", "ecdsa"},
          {"-t", "ecdsa", "-b", "521"},
          {"-t", "rsa", "-b", "2048"},
          {"-t", "rsa", "-b", "2048", "-m", "PEM"},
          {"-t", "ecdsa", "-m", "PEM"},
          {"-t", "rsa", "-b", "2048", "-m", "PKCS8"},
        }) {
      Path key = key("", options);
      server.authorize(Files.readString(Path.of(key + ".pub")));
      connect("knownHosts", server.knownHosts(), "privateKey", key);
    }
  }

  @Test
  void keysWithPassPhrases() throws Exception {
    // Of PKCS8 files with a pass phrase MINA reads none without Bouncy Castle.
    for (String[] options : new String[][] {{"-t", "ed25519"}, {"-t", "ecdsa", "-m", "PEM"}}) {
      Path key = key(PASS_PHRASE, options);
      server.authorize(Files.readString(Path.of(key + ".pub")));
      connect(
          "knownHosts",
          server.knownHosts(),
          "privateKey",
          key,
          "privateKeyPassphrase",
          PASS_PHRASE.toCharArray());
    }
  }

  @Test
  void anEncryptedKeyNeedsItsPassPhrase() throws Exception {
    for (String format : List.of("RFC4716", "PEM")) {
      Path key = key(PASS_PHRASE, "-t", "ecdsa", "-m", format);
      ShareConnectException e = refused("knownHosts", server.knownHosts(), "privateKey", key);
      assertThat(e.reason()).isEqualTo(Reason.AUTHENTICATION);
      assertThat(e)
          .hasMessageContaining(key + " needs a pass phrase")
          .hasMessageContaining("privateKeyPassphrase");
      e =
          refused(
              "knownHosts",
              server.knownHosts(),
              "privateKey",
              key,
              "privateKeyPassphrase",
              "Wrong-2".toCharArray());
      assertThat(e.reason()).isEqualTo(Reason.AUTHENTICATION);
      assertThat(e).hasMessageContaining("cannot be opened with the pass phrase");
      assertThat(everything(e)).doesNotContain("Wrong-2");
    }
  }

  @Test
  void aKeyFileMustBeOne() throws Exception {
    Path text = Files.writeString(home.resolve("text"), "not a key");
    ShareConnectException e = refused("knownHosts", server.knownHosts(), "privateKey", text);
    assertThat(e.reason()).isEqualTo(Reason.AUTHENTICATION);
    assertThat(e).hasMessageContaining(text.toString()).hasMessageContaining("private key");
    IllegalArgumentException missing =
        catchThrowableOfType(
            IllegalArgumentException.class,
            () -> connect("knownHosts", server.knownHosts(), "privateKey", home.resolve("no")));
    assertThat(missing).hasMessageContaining("'privateKey'").hasMessageContaining("no");
  }

  @Test
  void anUnauthorizedKeyIsRefused() throws Exception {
    Path key = key("", "-t", "ed25519");
    ShareConnectException e = refused("knownHosts", server.knownHosts(), "privateKey", key);
    assertThat(e.reason()).isEqualTo(Reason.AUTHENTICATION);
    assertThat(e)
        .hasMessageContaining("'" + server.user() + "'")
        .hasMessageContaining("the key " + key);
  }

  @Test
  void theUsersOwnKeysAreTheDefault() throws Exception {
    Files.copy(server.knownHosts(), home.resolve("known_hosts"));
    ShareConnectException nothing = refused();
    assertThat(nothing.reason()).isEqualTo(Reason.AUTHENTICATION);
    assertThat(nothing)
        .hasMessageContaining("nothing to sign on with")
        .hasMessageContaining(home.toString())
        .hasMessageContaining("passwordFile");

    Path encrypted = key(PASS_PHRASE, "-t", "ecdsa");
    Files.move(encrypted, home.resolve("id_ecdsa"));
    assertThat(refused()).hasMessageContaining("id_ecdsa needs a pass phrase");

    Files.copy(server.privateKey(), home.resolve("id_ed25519"));
    connect();
  }

  @Test
  void theAgentsKeysAreUsed() throws Exception {
    Servers.require(Servers.program("ssh-agent").isPresent(), "ssh-agent (openssh-client)");
    Path socket = home.resolve("agent");
    Process agent =
        new ProcessBuilder("ssh-agent", "-D", "-a", socket.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      for (int i = 0; i < 200 && !Files.exists(socket); i++) {
        agent.waitFor(25, TimeUnit.MILLISECONDS);
      }
      for (String[] options : new String[][] {{"-t", "rsa", "-b", "2048"}, {"-t", "ed25519"}}) {
        Path key = key("", options);
        server.authorize(Files.readString(Path.of(key + ".pub")));
        ProcessBuilder add = new ProcessBuilder("ssh-add", "-q", key.toString());
        add.environment().put("SSH_AUTH_SOCK", socket.toString());
        assertThat(add.start().waitFor()).isZero();
        Files.delete(key);
        UserHome user = new UserHome(home, home.resolve("none"), socket);
        ShareOptions options1 = ShareOptions.of(Map.of("knownHosts", server.knownHosts()));
        SftpConnector.connect(target(""), options1, user).close();
        ProcessBuilder clear = new ProcessBuilder("ssh-add", "-q", "-D");
        clear.environment().put("SSH_AUTH_SOCK", socket.toString());
        clear.start().waitFor();
      }
    } finally {
      agent.destroyForcibly();
    }
  }

  @Test
  void anotherUserIsRefused() {
    SftpTarget nobody = new SftpTarget("127.0.0.1", server.port(), "nobody-here", "/", false);
    ShareConnectException e =
        catchThrowableOfType(
            ShareConnectException.class,
            () -> SftpConnector.connect(nobody, ShareOptions.of(server.options()), home()));
    assertThat(e.reason()).isEqualTo(Reason.AUTHENTICATION);
    assertThat(e).hasMessageContaining("'nobody-here'");
  }

  // ---------------------------------------------------------------- what is mounted

  @Test
  void theRootHasToBeADirectory() throws IOException {
    Files.writeString(server.data().resolve("file"), "x");
    for (String path : List.of("/missing", "/file", "/file/below")) {
      ShareConnectException e =
          catchThrowableOfType(
              ShareConnectException.class,
              () -> new SftpShareProvider().connect(config(server.uri(path))));
      assertThat(e.reason()).isEqualTo(Reason.NO_SUCH_SHARE);
      assertThat(e).hasMessageContaining(server.data() + path);
    }
  }

  @Test
  void homeDirectoriesCanBeMounted() throws Exception {
    assumeTrue(server.password().isPresent(), "the user's home directory is its own");
    Files.createDirectories(server.data().resolve("sub"));
    Files.writeString(server.data().resolve("sub/hello"), "x");
    String authority = "netfs+sftp://" + server.user() + "@127.0.0.1:" + server.port();
    try (Share share = new SftpShareProvider().connect(config(URI.create(authority + "/~")))) {
      assertThat(share.stat("/sub/hello", true).toCompletableFuture().get().size()).isOne();
    }
    try (Share share = new SftpShareProvider().connect(config(URI.create(authority + "/~/sub")))) {
      assertThat(share.stat("/hello", true).toCompletableFuture().get().size()).isOne();
    }
  }

  @Test
  void aServerWithoutSftpSaysSo() throws IOException {
    try (OpenSshServer other = OpenSshServer.builder().withoutSftp().start()) {
      ShareConnectException e =
          catchThrowableOfType(
              ShareConnectException.class,
              () ->
                  new SftpShareProvider()
                      .connect(new ShareConfig(other.uri(""), ShareOptions.of(other.options()))));
      assertThat(e.reason()).isEqualTo(Reason.PROTOCOL);
      assertThat(e).hasMessageContaining("no SFTP subsystem");
    }
  }

  // ---------------------------------------------------------------- helpers

  private void connect(Object... options) throws IOException {
    SftpConnector.connect(target(""), options(options), home()).close();
  }

  private ShareConnectException refused(Object... options) {
    ShareConnectException e =
        catchThrowableOfType(ShareConnectException.class, () -> connect(options));
    assertThat(e).isNotNull();
    return e;
  }

  private UserHome home() {
    return new UserHome(home, home.resolve("none"), null);
  }

  private static SftpTarget target(String below) {
    return SftpTarget.of(config(server.uri(below)));
  }

  private static ShareConfig config(URI uri) {
    return new ShareConfig(uri, ShareOptions.of(server.options()));
  }

  private static ShareOptions options(Object... pairs) {
    Map<String, Object> options = new HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      options.put((String) pairs[i], pairs[i + 1]);
    }
    return ShareOptions.of(options);
  }

  private Path known(String type) throws IOException {
    return Files.writeString(
        home.resolve("known-" + type),
        "[127.0.0.1]:" + server.port() + " " + server.hostKey(type) + "\n");
  }

  private Path key(String passphrase, String... options) throws Exception {
    Path file = Files.createTempFile(home, "key", "");
    Files.delete(file);
    List<String> command = new java.util.ArrayList<>(List.of("ssh-keygen", "-q", "-N", passphrase));
    command.addAll(List.of(options));
    command.addAll(List.of("-f", file.toString()));
    run(command.toArray(String[]::new));
    return file;
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(output).isZero();
  }

  private static String fingerprint(String type) throws IOException {
    String key = server.hostKey(type).split(" ")[1];
    return KnownHosts.fingerprint(java.util.Base64.getDecoder().decode(key));
  }

  /** Returns an exception with its stack and its causes as text. */
  private static String everything(Throwable e) {
    java.io.StringWriter text = new java.io.StringWriter();
    e.printStackTrace(new java.io.PrintWriter(text));
    return text.toString();
  }
}
