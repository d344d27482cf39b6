package dev.netfs.cli.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * OpenSSH's own server on a free port of the loopback interface, for the user who runs the
 * benchmark, with keys made for the occasion. It speaks AES-128-GCM only, so that all clients use
 * the same cipher.
 */
final class SshdServer implements StockServer {
  private static final String HOST = "127.0.0.1";
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int ATTEMPTS = 5;

  private final Path home;
  private final Path data;
  private final String user = System.getProperty("user.name");
  private final String version;
  private Process process;
  private int port;

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
    process = start(sshd);
    know(port);
    version = Programs.run(List.of("ssh", "-V")).strip();
  }

  private Process start(Path sshd) throws IOException {
    Path log = home.resolve("sshd.log");
    for (int attempt = 1; ; attempt++) {
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
        port = free.getLocalPort();
      }
      Path configuration = home.resolve("sshd_config");
      Files.write(configuration, configuration());
      // By its absolute path, since it starts itself again for each connection.
      Process started =
          new ProcessBuilder(sshd.toString(), "-D", "-e", "-f", configuration.toString())
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      if (greets(started)) {
        return started;
      }
      started.destroyForcibly();
      if (attempt == ATTEMPTS) {
        throw new BenchException(
            "sshd does not come up: "
                + Files.readString(log).strip()
                + " (--server embedded does without it)");
      }
    }
  }

  private List<String> configuration() {
    return List.of(
        "ListenAddress " + HOST + ":" + port,
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

  private boolean greets(Process started) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (started.isAlive() && System.nanoTime() < deadline) {
      try (Socket socket = new Socket(HOST, port)) {
        socket.setSoTimeout((int) PATIENCE.toMillis());
        InputStream in = socket.getInputStream();
        if (new String(in.readNBytes(4), StandardCharsets.US_ASCII).equals("SSH-")) {
          return true;
        }
      } catch (IOException e) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20)); // it is not listening yet
      }
    }
    return false;
  }

  Path knownHosts() {
    return home.resolve("known_hosts");
  }

  /** Lets clients trust the server at a port of a proxy too. */
  private void know(int atPort) throws IOException {
    String line = "[" + HOST + "]:" + atPort + " " + Files.readString(home.resolve("host.pub"));
    String known = Files.readString(knownHosts());
    if (!known.contains("[" + HOST + "]:" + atPort + " ")) {
      Files.writeString(knownHosts(), known + line.strip() + "\n");
    }
  }

  @Override
  public String description() {
    return version.replaceFirst(",.*", "") + ", started by the benchmark, AES-128-GCM";
  }

  @Override
  public InetSocketAddress address() {
    return new InetSocketAddress(HOST, port);
  }

  @Override
  public Path data() {
    return data;
  }

  @Override
  public URI uri(int throughPort) throws IOException {
    int at = throughPort == 0 ? port : throughPort;
    know(at);
    return URI.create(
        "netfs+sftp://"
            + user
            + "@"
            + HOST
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
    List<ProcessHandle> sessions = process.descendants().toList();
    process.destroy();
    sessions.forEach(ProcessHandle::destroy);
  }
}
