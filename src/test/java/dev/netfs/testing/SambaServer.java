package dev.netfs.testing;

import dev.netfs.cli.bench.SambaProcesses;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A private Samba server on a free port of loopback, with its configuration, users, state and data
 * in a temporary directory of its own.
 *
 * <p>Needs root: Samba wants a Unix account for each of its users, and this makes one for its time.
 * Ends with {@link #close}, and with the JVM at the latest.
 */
public final class SambaServer implements FileServer {
  /** The share that every server has. */
  public static final String SHARE = "data";

  private final Path directory;
  private final Path smbd;
  private final String user;
  private final String password;
  private final List<String> settings;
  private final Map<String, List<String>> shares;
  private final Thread hook = new Thread(this::stop);
  private final List<Path> mounted = new ArrayList<>();
  private Process process;
  private int port;

  /** How a server is to be set up. */
  public static final class Builder {
    private final List<String> settings = new ArrayList<>();
    private final Map<String, List<String>> shares = new LinkedHashMap<>();
    private final Map<String, String> disks = new LinkedHashMap<>();

    private Builder() {
      shares.put(SHARE, new ArrayList<>());
    }

    /** Adds a line to the section {@code [global]}. */
    public Builder setting(String line) {
      settings.add(line);
      return this;
    }

    /** Adds a line to the section of a share, which is made if there is none of that name. */
    public Builder share(String name, String line) {
      shares.computeIfAbsent(name, made -> new ArrayList<>()).add(line);
      return this;
    }

    /** Puts a share on a disk of its own, in memory, of a size such as {@code 4m}. */
    public Builder disk(String share, String size) {
      shares.computeIfAbsent(share, made -> new ArrayList<>());
      disks.put(share, size);
      return this;
    }

    /** Starts the server, or skips the test where there is none. */
    public SambaServer start() throws IOException {
      return new SambaServer(this);
    }
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Starts a server, or skips the test where there is none. */
  public static SambaServer start() throws IOException {
    return builder().start();
  }

  private SambaServer(Builder builder) throws IOException {
    Optional<Path> program = Servers.program("smbd");
    Servers.require(program.isPresent(), "smbd (apt-get install samba)");
    Servers.require("root".equals(System.getProperty("user.name")), "root, to start smbd");
    smbd = program.orElseThrow();
    settings = List.copyOf(builder.settings);
    shares = builder.shares;
    directory = Files.createTempDirectory("netfs-smbd");
    user = "netfs" + Integer.toString(ThreadLocalRandom.current().nextInt(0xffffff), 36);
    password = "Secret-" + Long.toString(ThreadLocalRandom.current().nextLong(), 36);
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      ServerProcess.allow(directory, "rwxr-xr-x");
      for (String each : List.of("lock", "state", "cache", "private", "pid", "ncalrpc", "log")) {
        Files.createDirectories(directory.resolve(each));
      }
      ServerProcess.allow(directory.resolve("private"), "rwx------");
      useradd();
      for (String share : shares.keySet()) {
        Files.createDirectories(data(share));
        if (builder.disks.containsKey(share)) {
          mount(data(share), builder.disks.get(share));
        }
        own(data(share));
      }
      if (!ServerProcess.onFreePort(this::launchOn)) {
        throw new IOException("smbd does not come up: " + log());
      }
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

  public String password() {
    return password;
  }

  /** Returns the directory that the share {@value #SHARE} shows. */
  @Override
  public Path data() {
    return data(SHARE);
  }

  /** Returns the directory that a share shows. */
  public Path data(String share) {
    return directory.resolve("share-" + share);
  }

  /** Returns the temporary directory of this server, for a test's own files too. */
  public Path directory() {
    return directory;
  }

  /** Returns the mount of the share {@value #SHARE}, or of a directory below it. */
  @Override
  public URI uri(String below) {
    return uri(port, SHARE, below);
  }

  @Override
  public URI uri(int throughPort, String below) {
    return uri(throughPort, SHARE, below);
  }

  /** Returns the mount of a share or a directory below it, through a proxy's port. */
  public URI uri(int throughPort, String share, String below) {
    return URI.create("netfs+smb://" + user + "@127.0.0.1:" + throughPort + "/" + share + below);
  }

  /** Returns the options to sign on with. */
  @Override
  public Map<String, Object> options() {
    return Map.of("password", password.toCharArray());
  }

  /** Gives a file that the test made to the server's user. */
  @Override
  public void own(Path file) throws IOException {
    ServerProcess.run("chown", "-h", user, file.toString());
  }

  @Override
  public void alsoKnownAt(int otherPort) {} // the server proves itself by the password

  /** Runs a command of smbclient's on the share {@value #SHARE} and returns what it printed. */
  public String smbclient(String command) throws IOException {
    return client("smbclient", "-p", Integer.toString(port), "//127.0.0.1/" + SHARE, "-c", command);
  }

  /** Runs smbcacls, which knows one port only, on a file of the share {@value #SHARE}. */
  public String smbcacls(String file, String... arguments) throws IOException {
    try (CountingProxy proxy = CountingProxy.on(445, host(), port)) {
      List<String> all = new ArrayList<>(List.of("//" + proxy.host() + "/" + SHARE, file));
      all.addAll(List.of(arguments));
      return client("smbcacls", all.toArray(String[]::new));
    }
  }

  private String client(String program, String... arguments) throws IOException {
    Path credentials = directory.resolve("credentials");
    Files.writeString(credentials, "username=" + user + "\npassword=" + password + "\n");
    List<String> command = new ArrayList<>();
    command.add(Servers.program(program).orElseThrow().toString());
    command.addAll(List.of("-s", configuration().toString(), "-A", credentials.toString()));
    command.addAll(List.of(arguments));
    return ServerProcess.run(command.toArray(String[]::new));
  }

  /** Kills the processes of the sessions there are; the server itself goes on. */
  @Override
  public void killSessions() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
  }

  /** Kills the server and all its sessions. */
  public void kill() throws IOException {
    Files.deleteIfExists(directory.resolve("lock/names.tdb")); // it names who is killed
    ServerProcess.kill(process);
    SambaProcesses.kill(configuration());
  }

  /** Starts the server again, on the same port, after it was killed. */
  public void restart() throws IOException {
    if (!launchOn(port)) {
      throw new IOException("smbd does not come up again: " + log());
    }
  }

  public Path configuration() {
    return directory.resolve("smb.conf");
  }

  /** Returns the server's own log. */
  public String log() throws IOException {
    Path log = directory.resolve("log/smbd.out");
    return Files.exists(log) ? Files.readString(log) : "";
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

  private void mount(Path directory, String size) throws IOException {
    try {
      ServerProcess.run("mount", "-t", "tmpfs", "-o", "size=" + size, "none", directory.toString());
      mounted.add(directory);
    } catch (IOException e) {
      Servers.require(false, "root, to mount a small tmpfs: " + e.getMessage());
    }
  }

  private void useradd() throws IOException {
    Optional<Path> useradd = Servers.program("useradd");
    Servers.require(useradd.isPresent(), "useradd (apt-get install passwd)");
    ServerProcess.retry(
        useradd.orElseThrow().toString(),
        "--system",
        "--no-create-home",
        "--home-dir",
        directory.toString(),
        "--shell",
        "/usr/sbin/nologin",
        user);
  }

  private void setPassword() throws IOException {
    ServerProcess.runOn(
        password + "\n" + password + "\n",
        Servers.program("smbpasswd").orElseThrow().toString(),
        "-c",
        configuration().toString(),
        "-L",
        "-s",
        "-a",
        user);
  }

  private boolean launchOn(int free) throws IOException {
    boolean first = port == 0;
    port = free;
    Files.write(configuration(), lines());
    if (first) {
      setPassword();
    }
    process =
        ServerProcess.start(
            directory.resolve("log/smbd.out"),
            smbd.toString(),
            "-F",
            "--no-process-group",
            "-s",
            configuration().toString(),
            "-l",
            directory.resolve("log").toString());
    return ServerProcess.await(process, port, socket -> tellsOfChanges());
  }

  /**
   * Returns whether the process is there that the others report changes to: what somebody watches
   * before that is never told of.
   */
  private boolean tellsOfChanges() throws IOException {
    Path names = directory.resolve("lock/names.tdb");
    return Files.exists(names)
        && new String(Files.readAllBytes(names), StandardCharsets.ISO_8859_1)
            .contains("notify-daemon");
  }

  private List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("[global]");
    lines.addAll(
        List.of(
            "server role = standalone server",
            "workgroup = WORKGROUP",
            "netbios name = NETFSTEST",
            "disable netbios = yes",
            "interfaces = 127.0.0.1/8",
            "bind interfaces only = yes",
            "smb ports = " + port,
            "lock directory = " + directory.resolve("lock"),
            "state directory = " + directory.resolve("state"),
            "cache directory = " + directory.resolve("cache"),
            "private dir = " + directory.resolve("private"),
            "pid directory = " + directory.resolve("pid"),
            "ncalrpc dir = " + directory.resolve("ncalrpc"),
            "log file = " + directory.resolve("log/log.%m"),
            "log level = 1",
            "passdb backend = tdbsam:" + directory.resolve("private/passdb.tdb"),
            "map to guest = never",
            "load printers = no",
            "printcap name = /dev/null",
            "disable spoolss = yes",
            "store dos attributes = yes",
            "strict sync = yes"));
    lines.addAll(settings);
    shares.forEach(
        (name, extra) -> {
          lines.add("[" + name + "]");
          lines.add("path = " + data(name));
          lines.add("read only = no");
          lines.addAll(extra);
        });
    return lines;
  }

  private void stop() {
    try {
      if (process != null) {
        kill();
      }
      if (user != null) {
        ServerProcess.retry(Servers.program("userdel").orElseThrow().toString(), "--force", user);
      }
      for (Path each : mounted) {
        ServerProcess.run("umount", "-l", each.toString());
      }
      mounted.clear();
      if (Files.exists(directory)) {
        Directories.delete(directory);
      }
    } catch (IOException e) {
      System.err.println("While stopping smbd: " + e);
    }
  }
}
