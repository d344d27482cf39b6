package dev.netfs.testing;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A private OpenSSH server on a free port of loopback, with its SFTP subsystem, keys and data in a
 * temporary directory of its own.
 *
 * <p>Started by root, it makes a system account for its time, which can sign on by key and by
 * password, as sshd asks the system for accounts. Started by anybody else, that user can sign on
 * there by key. Ends with {@link #close}, and with the JVM at the latest.
 */
public final class OpenSshServer implements FileServer {
  private final Path directory;
  private final Path sshd;
  private final String user;
  private final Optional<String> password;
  private final List<String> settings;
  private final Thread hook = new Thread(this::stop);
  private Process process;
  private int port;

  /** How a server is to be set up. */
  public static final class Builder {
    private final List<String> settings = new ArrayList<>();
    private boolean sftp = true;

    private Builder() {}

    /** Adds a line to {@code sshd_config}. */
    public Builder setting(String line) {
      settings.add(line);
      return this;
    }

    /** Leaves the SFTP subsystem out. */
    public Builder withoutSftp() {
      sftp = false;
      return this;
    }

    /** Starts the server, or skips the test where there is none. */
    public OpenSshServer start() throws IOException {
      return new OpenSshServer(this);
    }
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Starts a server, or skips the test where there is none. */
  public static OpenSshServer start() throws IOException {
    return builder().start();
  }

  private OpenSshServer(Builder builder) throws IOException {
    Optional<Path> program = Servers.program("sshd");
    Servers.require(program.isPresent(), "sshd (apt-get install openssh-server)");
    Optional<Path> keygen = Servers.program("ssh-keygen");
    Servers.require(keygen.isPresent(), "ssh-keygen (apt-get install openssh-client)");
    sshd = program.orElseThrow();
    directory = Files.createTempDirectory("netfs-sshd");
    boolean root = "root".equals(System.getProperty("user.name"));
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      ServerProcess.allow(directory, "rwxr-xr-x");
      Files.createDirectories(data());
      if (root) {
        user = "netfs" + Integer.toString(ThreadLocalRandom.current().nextInt(0xffffff), 36);
        password =
            Optional.of("Secret-" + Long.toString(ThreadLocalRandom.current().nextLong(), 36));
        makeAccount();
      } else {
        user = System.getProperty("user.name");
        password = Optional.empty();
      }
      settings = new ArrayList<>(builder.settings);
      if (builder.sftp) {
        settings.add("Subsystem sftp internal-sftp");
      }
      String make = keygen.orElseThrow().toString();
      for (String[] key :
          new String[][] {
            {"host_ed25519", "ed25519", "256"},
            {"host_ecdsa", "ecdsa", "256"},
            {"host_rsa", "rsa", "2048"},
            {"id_ed25519", "ed25519", "256"}
          }) {
        ServerProcess.run(
            make, "-q", "-t", key[1], "-b", key[2], "-N", "", "-C", "test", "-f", file(key[0]));
      }
      Files.copy(directory.resolve("id_ed25519.pub"), directory.resolve("authorized_keys"));
      ServerProcess.allow(directory.resolve("authorized_keys"), "rw-r--r--");
      if (!ServerProcess.onFreePort(this::launchOn)) {
        throw new IOException("sshd does not come up: " + log());
      }
      writeKnownHosts();
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  // ---------------------------------------------------------------- what tests ask

  @Override
  public String host() {
    return ServerProcess.HOST;
  }

  @Override
  public int port() {
    return port;
  }

  public String user() {
    return user;
  }

  /** Returns the password, or empty where the server knows none: it was not started by root. */
  public Optional<String> password() {
    return password;
  }

  /** Returns the user's private key, of type Ed25519, without pass phrase. */
  public Path privateKey() {
    return directory.resolve("id_ed25519");
  }

  /** Returns a file in the format of {@code known_hosts} with all host keys of the server. */
  public Path knownHosts() {
    return directory.resolve("known_hosts");
  }

  /** Returns the public host key of a type ({@code ed25519}, {@code ecdsa}, {@code rsa}). */
  public String hostKey(String type) throws IOException {
    return Files.readString(directory.resolve("host_" + type + ".pub")).strip();
  }

  /** Returns the directory that the user may write to. */
  @Override
  public Path data() {
    return directory.resolve("data");
  }

  /** Returns the temporary directory of this server, for a test's own files too. */
  public Path directory() {
    return directory;
  }

  /** Returns the mount of {@link #data()}, or of a directory below it. */
  @Override
  public URI uri(String below) {
    return uri(port, below);
  }

  /** As {@link #uri(String)}, through a proxy's port. */
  @Override
  public URI uri(int throughPort, String below) {
    return URI.create("netfs+sftp://" + user + "@127.0.0.1:" + throughPort + data() + below);
  }

  /** Returns the options to sign on with by key, host keys checked. */
  @Override
  public Map<String, Object> options() {
    return Map.of("privateKey", privateKey(), "knownHosts", knownHosts());
  }

  /** Lets somebody sign on with a further key. */
  public void authorize(String publicKey) throws IOException {
    Files.writeString(
        directory.resolve("authorized_keys"),
        publicKey.strip() + "\n",
        java.nio.file.StandardOpenOption.APPEND);
  }

  /** Gives a file that the test made to the server's user. */
  @Override
  public void own(Path file) throws IOException {
    if (password.isPresent()) {
      ServerProcess.run("chown", "-h", user, file.toString());
    }
  }

  /** Writes known_hosts lines for another port too, as a proxy in front of the server has. */
  @Override
  public void alsoKnownAt(int otherPort) throws IOException {
    for (String type : List.of("ed25519", "ecdsa", "rsa")) {
      Files.writeString(
          knownHosts(),
          "[127.0.0.1]:" + otherPort + " " + hostKey(type) + "\n",
          java.nio.file.StandardOpenOption.APPEND);
    }
  }

  /** Kills the processes of the sessions there are; the server itself goes on. */
  @Override
  public void killSessions() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
  }

  /** Returns the server's own log. */
  public String log() throws IOException {
    return Files.readString(directory.resolve("sshd.log"));
  }

  @Override
  public void close() {
    stop();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM ends, and does all this.
    }
  }

  // ---------------------------------------------------------------- making and ending

  private void makeAccount() throws IOException {
    Optional<Path> useradd = Servers.program("useradd");
    Servers.require(useradd.isPresent(), "useradd (apt-get install passwd)");
    String hash = ServerProcess.run("openssl", "passwd", "-6", password.orElseThrow()).strip();
    ServerProcess.retry(
        useradd.orElseThrow().toString(),
        "--system",
        "--no-create-home",
        "--home-dir",
        data().toString(),
        "--shell",
        "/bin/sh",
        "--password",
        hash,
        user);
    ServerProcess.run("chown", user, data().toString());
    Files.createDirectories(Path.of("/run/sshd"));
  }

  private boolean launchOn(int free) throws IOException {
    port = free;
    Files.write(directory.resolve("sshd_config"), configuration());
    process =
        ServerProcess.start(
            directory.resolve("sshd.log"), sshd.toString(), "-D", "-e", "-f", file("sshd_config"));
    return ServerProcess.await(
        process,
        port,
        socket ->
            new String(socket.getInputStream().readNBytes(4), StandardCharsets.US_ASCII)
                .equals("SSH-"));
  }

  private List<String> configuration() {
    List<String> lines = new ArrayList<>(settings); // the first value of a keyword counts
    lines.addAll(
        List.of(
            "ListenAddress " + host() + ":" + port,
            "HostKey " + file("host_ed25519"),
            "HostKey " + file("host_ecdsa"),
            "HostKey " + file("host_rsa"),
            "PidFile none",
            // The keys may lie below a world-writable directory, which StrictModes refuses.
            "StrictModes no",
            "AuthorizedKeysFile " + file("authorized_keys"),
            "PubkeyAuthentication yes",
            "PasswordAuthentication " + (password.isPresent() ? "yes" : "no"),
            "KbdInteractiveAuthentication no",
            "UsePAM no",
            "UseDNS no",
            "AllowUsers " + user,
            "AllowTcpForwarding no",
            "X11Forwarding no",
            // Many parallel sessions: by default some unauthenticated ones are dropped at random.
            "MaxStartups 200:30:400",
            "MaxSessions 100",
            "MaxAuthTries 20",
            "LogLevel VERBOSE"));
    return lines;
  }

  private void writeKnownHosts() throws IOException {
    Files.createFile(knownHosts());
    alsoKnownAt(port);
  }

  private void stop() {
    try {
      if (process != null) {
        ServerProcess.kill(process);
      }
      if (password != null && password.isPresent()) {
        ServerProcess.retry(Servers.program("userdel").orElseThrow().toString(), "--force", user);
      }
      if (Files.exists(directory)) {
        Directories.delete(directory);
      }
    } catch (IOException e) {
      System.err.println("While stopping sshd: " + e);
    }
  }

  private String file(String name) {
    return directory.resolve(name).toString();
  }
}
