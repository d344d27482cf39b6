package dev.netfs.cli.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * OpenSSH's own server on a free port of the loopback interface, for the user who runs the
 * benchmark, with keys made for the occasion. It speaks AES-128-GCM only, so that all clients use
 * the same cipher.
 */
final class SshdServer implements StockServer {

  private final Path home;
  private final Path data;
  private final String user = System.getProperty("user.name");
  private final String version;
  private final ServerProcess process;

  /** Returns the server's program, if it and what makes its keys are installed. */
  static Optional<Path> program() {
    return Programs.find("ssh-keygen").isPresent() ? Programs.find("sshd") : Optional.empty();
  }

  /**
   * Starts the server.
   *
   * @param home a directory for its configuration and keys
   * @param data the directory that is mounted
   */
  SshdServer(Path home, Path data) throws IOException {
    this.home = home;
    this.data = data;
    Path sshd = program().orElseThrow(() -> new BenchException("there is no sshd"));
    Path keygen = Programs.find("ssh-keygen").orElseThrow();
    for (String key : List.of("host", "id")) {
      Programs.run(
          List.of(
              keygen.toString(),
              "-q",
              "-t",
              "ecdsa",
              "-N",
              "",
              "-C",
              "netfs-bench",
              "-f",
              home.resolve(key).toString()));
    }
    Path authorized = home.resolve("authorized_keys");
    Files.copy(home.resolve("id.pub"), authorized);
    Files.setPosixFilePermissions(authorized, PosixFilePermissions.fromString("rw-------"));
    if (user.equals("root")) {
      // Where it separates its privileges; the name is compiled in.
      Files.createDirectories(Path.of("/run/sshd"));
    }
    Files.createFile(knownHosts());
    process =
        ServerProcess.start(
            "sshd", home.resolve("sshd.log"), port -> setUp(sshd, port), SshdServer::greets);
    know(process.port());
    version = Programs.run(List.of("ssh", "-V")).strip();
  }

  private List<String> setUp(Path sshd, int port) throws IOException {
    Path configuration = home.resolve("sshd_config");
    Files.write(configuration, configuration(port));
    // By its absolute path, since it starts itself again for each connection.
    return List.of(sshd.toString(), "-D", "-e", "-f", configuration.toString());
  }

  private List<String> configuration(int port) {
    return List.of(
        "ListenAddress " + ServerProcess.HOST + ":" + port,
        "HostKey " + home.resolve("host"),
        "PidFile none",
        // The keys may lie below a world-writable directory, which StrictModes refuses.
        "StrictModes no",
        "AuthorizedKeysFile " + home.resolve("authorized_keys"),
        "AllowUsers " + user,
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "UsePAM no",
        "UseDNS no",
        "AllowTcpForwarding no",
        "X11Forwarding no",
        "Ciphers aes128-gcm@openssh.com",
        "Compression no",
        "MaxStartups 100",
        "LogLevel ERROR",
        "Subsystem sftp internal-sftp");
  }

  private static boolean greets(Socket socket) throws IOException {
    byte[] first = socket.getInputStream().readNBytes(4);
    return new String(first, StandardCharsets.US_ASCII).equals("SSH-");
  }

  Path knownHosts() {
    return home.resolve("known_hosts");
  }

  /** Lets clients trust the server at a port of a proxy too. */
  private void know(int atPort) throws IOException {
    String line =
        "[" + ServerProcess.HOST + "]:" + atPort + " " + Files.readString(home.resolve("host.pub"));
    String known = Files.readString(knownHosts());
    if (!known.contains("[" + ServerProcess.HOST + "]:" + atPort + " ")) {
      Files.writeString(knownHosts(), known + line.strip() + "\n");
    }
  }

  @Override
  public String description() {
    return version.replaceFirst(",.*", "") + ", started by the benchmark, AES-128-GCM";
  }

  @Override
  public InetSocketAddress address() {
    return process.address();
  }

  @Override
  public Path data() {
    return data;
  }

  @Override
  public URI uri(int throughPort) throws IOException {
    int at = throughPort == 0 ? process.port() : throughPort;
    know(at);
    return URI.create(
        "netfs+sftp://"
            + user
            + "@"
            + ServerProcess.HOST
            + ":"
            + at
            + data.toUri().getRawPath().replaceFirst("/$", ""));
  }

  @Override
  public Map<String, ?> options(int throughPort) {
    return Map.of("privateKey", home.resolve("id"), "knownHosts", knownHosts());
  }

  @Override
  public Optional<Login> login() {
    return Optional.of(new Login(user, home.resolve("id"), data.toString()));
  }

  @Override
  public String stockName() {
    return "sftp";
  }

  @Override
  public Optional<StockClient> stockClient(Line line) throws IOException {
    Optional<Path> sftp = Programs.find("sftp");
    return sftp.isEmpty()
        ? Optional.empty()
        : Optional.of(new SftpProgram(sftp.orElseThrow(), login().orElseThrow(), line));
  }

  @Override
  public void close() {
    process.kill();
  }
}
