package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.EmbeddedSftpServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableMap;
import org.apache.sshd.common.file.virtualfs.VirtualFileSystemFactory;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.keyprovider.SimpleGeneratorHostKeyProvider;
import org.apache.sshd.sftp.server.SftpFileSystemAccessor;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;
import org.apache.sshd.sftp.server.SftpSubsystemProxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signing on, and what is mounted, with an SFTP server. */
class SftpCommandsTest {
  @TempDir private Path directory;
  private EmbeddedSftpServer server;
  private String known;

  @BeforeEach
  void start() throws IOException {
    server = EmbeddedSftpServer.start(directory);
    Files.createDirectories(server.root().resolve("dir"));
    Files.writeString(server.root().resolve("dir/file"), "content\n");
    known = "knownHosts=" + server.knownHosts();
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private String uri(String path) {
    return server.uri(path).toString();
  }

  @Test
  void thePasswordMayStandInTheEnvironment() {
    Cli.Result result =
        new Cli().env("NETFS_PASSWORD", "secret").run("cat", "-o", known, uri("/dir/file"));
    assertThat(result.err()).isEmpty();
    assertThat(result.out()).isEqualTo("content\n");
  }

  @Test
  void thePasswordMayStandInAFile() throws IOException {
    Path file = Files.writeString(directory.resolve("pw"), "secret\n");
    // The file counts, whatever the environment says.
    Cli cli = new Cli().env("NETFS_PASSWORD", "other");
    assertThat(cli.run("ls", "-o", known, "--password-file=" + file, uri("/dir")).out())
        .isEqualTo("file\n");
    assertThat(cli.run("ls", "-o", known, "-o", "passwordFile=" + file, uri("/dir")).out())
        .isEqualTo("file\n");
  }

  @Test
  void thePasswordIsAskedForWhereThereIsSomebodyToAsk() {
    Cli cli = new Cli().answering("secret");
    Cli.Result result = cli.run("ls", "-o", known, uri("/dir"));
    assertThat(result.err()).isEmpty();
    assertThat(result.out()).isEqualTo("file\n");
    assertThat(cli.question()).isEqualTo("Password for demo@127.0.0.1:" + server.port() + ": ");
  }

  @Test
  void aWrongPasswordIsRefusedAndNotShown() {
    Cli.Result result =
        new Cli().env("NETFS_PASSWORD", "Pst-1234").run("ls", "-o", known, uri("/dir"));
    assertThat(result.status()).isEqualTo(3);
    assertThat(result.err().lines()).hasSize(1);
    assertThat(result.err()).contains("refuses the user 'demo'").doesNotContain("Pst-1234");
  }

  @Test
  void anUnknownServerIsRefused() throws IOException {
    Path empty = Files.writeString(directory.resolve("empty"), "");
    Cli.Result result =
        new Cli().env("NETFS_PASSWORD", "secret").run("ls", "-o", "knownHosts=" + empty, uri("/"));
    assertThat(result.status()).isEqualTo(3);
    assertThat(result.err()).contains("is not known", "hostKey=accept-new");
  }

  @Test
  void anUnreachableServerIsNamed() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    Cli.Result result =
        new Cli().env("NETFS_PASSWORD", "secret").run("ls", "netfs+sftp://demo@127.0.0.1:" + port);
    assertThat(result.status()).isEqualTo(3);
    assertThat(result.err().lines()).hasSize(1);
    assertThat(result.err()).contains("127.0.0.1:" + port, "cannot be reached");
  }

  @Test
  void copiesBetweenPlacesOfOneServerAndToADirectory() throws IOException {
    Cli cli = new Cli().env("NETFS_PASSWORD", "secret");
    String query = "?knownHosts=" + server.knownHosts();
    assertThat(cli.run("cp", "-r", uri("/dir") + query, uri("/copy")).err()).isEmpty();
    assertThat(server.root().resolve("copy/file")).hasContent("content\n");
    Path local = Files.createDirectories(directory.resolve("local"));
    assertThat(cli.run("cp", "-r", uri("/copy") + query, "netfs+" + local.toUri()).err()).isEmpty();
    assertThat(local.resolve("copy/file")).hasContent("content\n");
  }

  @Test
  void mountsADirectoryWhereTheServersRootMayNotBeSeen() throws IOException {
    try (SshServer guarded = withoutRoot()) {
      guarded.start();
      String origin = "netfs+sftp://demo@127.0.0.1:" + guarded.getPort();
      Path keys = directory.resolve("new_hosts");
      String options = "?hostKey=accept-new&knownHosts=" + keys;
      Cli cli = new Cli().env("NETFS_PASSWORD", "secret");
      assertThat(cli.run("cat", origin + "/dir/file" + options).out()).isEqualTo("content\n");
      Cli.Result directly = cli.run("stat", origin + "/dir" + options);
      assertThat(directly.err()).isEmpty();
      assertThat(directly.out()).contains("File:        " + origin + "/dir\n");
      Cli.Result missing = cli.run("ls", origin + "/nowhere/x" + options);
      assertThat(missing.err()).contains("there is no directory /nowhere/x");
      assertThat(missing.status()).isEqualTo(3);
    }
  }

  /** A server that does not let its root be looked at. */
  private SshServer withoutRoot() {
    SshServer guarded = SshServer.setUpDefaultServer();
    guarded.setHost("127.0.0.1");
    guarded.setPort(0);
    SimpleGeneratorHostKeyProvider hostKey = new SimpleGeneratorHostKeyProvider();
    hostKey.setAlgorithm("EC");
    hostKey.setKeySize(256);
    guarded.setKeyPairProvider(hostKey);
    guarded.setPasswordAuthenticator((user, password, session) -> password.equals("secret"));
    guarded.setFileSystemFactory(new VirtualFileSystemFactory(server.root()));
    SftpSubsystemFactory sftp = new SftpSubsystemFactory();
    sftp.setFileSystemAccessor(
        new SftpFileSystemAccessor() {
          @Override
          public NavigableMap<String, Object> resolveReportedFileAttributes(
              SftpSubsystemProxy subsystem,
              Path file,
              int flags,
              NavigableMap<String, Object> attributes,
              LinkOption... options)
              throws IOException {
            if (file.toAbsolutePath().normalize().getNameCount() == 0) {
              throw new AccessDeniedException(file.toString());
            }
            return attributes;
          }
        });
    guarded.setSubsystemFactories(List.of(sftp));
    return guarded;
  }
}
