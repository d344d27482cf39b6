package dev.netfs.cli.bench;

import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
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
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Samba on a free port of the loopback interface, for the user who runs the benchmark (root, as
 * Samba wants it), with a password made for the occasion.
 */
final class SmbdServer implements StockServer {
  private static final String HOST = "127.0.0.1";
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int ATTEMPTS = 5;
  private static final List<String> DIRECTORIES =
      List.of("lock", "state", "cache", "private", "pid", "ncalrpc", "log");

  private final Path home;
  private final Path data;
  private final boolean encrypted;
  private final String user = System.getProperty("user.name");
  private final String password = UUID.randomUUID().toString();
  private final String version;
  private Process process;
  private int port;

  /** Returns the server's program, if it and what makes its passwords are installed. */
  static Optional<Path> program() {
    return Programs.find("smbpasswd").isPresent() ? Programs.find("smbd") : Optional.empty();
  }

  /**
   * Starts the server.
   *
   * @param home a directory for its configuration and state
   * @param data the directory that is mounted
   * @param encrypted whether clients are to encrypt, or only to sign
   */
  SmbdServer(Path home, Path data, boolean encrypted) throws IOException {
    this.home = home;
    this.data = data;
    this.encrypted = encrypted;
    Path smbd = program().orElseThrow(() -> new BenchException("there is no smbd"));
    for (String directory : DIRECTORIES) {
      Files.createDirectory(home.resolve(directory));
    }
    Files.setPosixFilePermissions(
        home.resolve("private"), PosixFilePermissions.fromString("rwx------"));
    process = start(smbd);
    version = Programs.run(List.of(smbd.toString(), "--version")).strip();
  }

  private Process start(Path smbd) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
        port = free.getLocalPort();
      }
      Files.write(configuration(), lines());
      if (attempt == 1) {
        setPassword();
      }
      Process started =
          new ProcessBuilder(
                  smbd.toString(),
                  "-F",
                  "--no-process-group",
                  "-s",
                  configuration().toString(),
                  "-l",
                  home.resolve("log").toString())
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .redirectOutput(home.resolve("log/smbd.out").toFile())
              .start();
      if (listens(started)) {
        return started;
      }
      started.destroyForcibly();
      if (attempt == ATTEMPTS) {
        throw new BenchException(
            "smbd does not come up: " + Files.readString(home.resolve("log/smbd.out")).strip());
      }
    }
  }

  private Path configuration() {
    return home.resolve("smb.conf");
  }

  private List<String> lines() {
    return List.of(
        "[global]",
        "server role = standalone server",
        "netbios name = NETFSBENCH",
        "disable netbios = yes",
        "interfaces = 127.0.0.1/8",
        "bind interfaces only = yes",
        "smb ports = " + port,
        "lock directory = " + home.resolve("lock"),
        "state directory = " + home.resolve("state"),
        "cache directory = " + home.resolve("cache"),
        "private dir = " + home.resolve("private"),
        "pid directory = " + home.resolve("pid"),
        "ncalrpc dir = " + home.resolve("ncalrpc"),
        "log file = " + home.resolve("log/log.%m"),
        "log level = 0",
        "passdb backend = tdbsam:" + home.resolve("private/passdb.tdb"),
        "load printers = no",
        "printcap name = /dev/null",
        "disable spoolss = yes",
        "strict sync = yes",
        "[bench]",
        "path = " + data,
        "read only = no");
  }

  private void setPassword() throws IOException {
    Process smbpasswd =
        new ProcessBuilder(
                Programs.find("smbpasswd").orElseThrow().toString(),
                "-c",
                configuration().toString(),
                "-L",
                "-s",
                "-a",
                user)
            .redirectErrorStream(true)
            .start();
    try (OutputStream in = smbpasswd.getOutputStream()) {
      in.write((password + "\n" + password + "\n").getBytes(StandardCharsets.US_ASCII));
    }
    String output = new String(smbpasswd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (smbpasswd.waitFor() != 0) {
        throw new BenchException("smbpasswd fails: " + output.strip());
      }
    } catch (InterruptedException e) {
      smbpasswd.destroy();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while smbpasswd ran");
    }
  }

  private boolean listens(Process started) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (started.isAlive() && System.nanoTime() < deadline) {
      try (Socket socket = new Socket(HOST, port)) {
        return socket.isConnected();
      } catch (IOException e) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20)); // not yet
      }
    }
    return false;
  }

  @Override
  public String description() {
    return "Samba "
        + version.replaceFirst("Version ", "")
        + ", started by the benchmark, "
        + (encrypted ? "encrypted" : "signed");
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
  public URI uri(int throughPort) {
    int at = throughPort == 0 ? port : throughPort;
    return URI.create("netfs+smb://" + user + "@" + HOST + ":" + at + "/bench");
  }

  @Override
  public Map<String, ?> options(int throughPort) {
    return Map.of("password", password.toCharArray(), "seal", encrypted ? "required" : "server");
  }

  @Override
  public Optional<Login> login() {
    return Optional.empty();
  }

  @Override
  public String stockName() {
    return "smbclient";
  }

  @Override
  public Optional<StockClient> stockClient(Line line) throws IOException {
    Optional<Path> program = Programs.find("smbclient");
    if (program.isEmpty()) {
      return Optional.empty();
    }
    Path credentials = home.resolve("credentials");
    Files.writeString(credentials, "username=" + user + "\npassword=" + password + "\n");
    return Optional.of(
        new SmbclientProgram(
            List.of(
                program.orElseThrow().toString(),
                "-s",
                configuration().toString(),
                "-A",
                credentials.toString(),
                "-p",
                Integer.toString(line.address().getPort()),
                "--client-protection=" + (encrypted ? "encrypt" : "sign"),
                "//" + HOST + "/bench")));
  }

  @Override
  public void close() {
    // Not by asking it to end: it would ask all of its process group then, which is this JVM's.
    List<ProcessHandle> sessions = process.descendants().toList();
    process.destroyForcibly();
    sessions.forEach(ProcessHandle::destroyForcibly);
  }
}
