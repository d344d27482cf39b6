package dev.netfs.cli.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Samba on a free port of the loopback interface, for the user who runs the benchmark (root, as
 * Samba wants it), with a password made for the occasion.
 */
final class SmbdServer implements StockServer {
  private static final List<String> DIRECTORIES =
      List.of("lock", "state", "cache", "private", "pid", "ncalrpc", "log");

  private final Path home;
  private final Path data;
  private final boolean encrypted;
  private final String user = System.getProperty("user.name");
  private final String password = UUID.randomUUID().toString();
  private final String version;
  private final ServerProcess process;

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
    process =
        ServerProcess.start(
            "smbd",
            home.resolve("log/smbd.out"),
            port -> setUp(smbd, port),
            socket -> socket.isConnected());
    version = Programs.run(List.of(smbd.toString(), "--version")).strip();
  }

  private List<String> setUp(Path smbd, int port) throws IOException {
    Files.write(configuration(), lines(port));
    Programs.run(
        List.of(
            Programs.find("smbpasswd").orElseThrow().toString(),
            "-c",
            configuration().toString(),
            "-L",
            "-s",
            "-a",
            user),
        password + "\n" + password + "\n");
    return List.of(
        smbd.toString(),
        "-F",
        "--no-process-group",
        "-s",
        configuration().toString(),
        "-l",
        home.resolve("log").toString());
  }

  private Path configuration() {
    return home.resolve("smb.conf");
  }

  private List<String> lines(int port) {
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

  @Override
  public String description() {
    return "Samba "
        + version.replaceFirst("Version ", "")
        + ", started by the benchmark, "
        + (encrypted ? "encrypted" : "signed");
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
  public URI uri(int throughPort) {
    int at = throughPort == 0 ? process.port() : throughPort;
    return URI.create("netfs+smb://" + user + "@" + ServerProcess.HOST + ":" + at + "/bench");
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
                "//" + ServerProcess.HOST + "/bench")));
  }

  @Override
  public void close() {
    process.kill();
    SambaProcesses.kill(configuration());
  }
}
