package dev.netfs.testing;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A private Kerberos realm: MIT's key distribution centre on a free port of loopback, with its
 * database in a temporary directory of its own. Ends with {@link #close}, and with the JVM at the
 * latest.
 */
public final class KerberosRealm implements Closeable {
  /** The realm's name. */
  public static final String NAME = "NETFS.TEST";

  private static final String PACKAGES = " (apt-get install krb5-kdc krb5-admin-server krb5-user)";

  private final Path directory;
  private final Thread hook = new Thread(this::stop);
  private Process process;

  /** Starts a realm, or skips the test where there is none to be had. */
  public static KerberosRealm start() throws IOException {
    for (String each : List.of("krb5kdc", "kdb5_util", "kadmin.local", "kinit")) {
      Servers.require(Servers.program(each).isPresent(), each + PACKAGES);
    }
    return new KerberosRealm();
  }

  private KerberosRealm() throws IOException {
    directory = Files.createTempDirectory("netfs-krb5");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      boolean up = ServerProcess.onFreePort(this::launchOn);
      if (!up) {
        throw new IOException("krb5kdc does not come up: " + Files.readString(log()));
      }
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Returns what clients know of the realm: a {@code krb5.conf}. */
  public Path configuration() {
    return directory.resolve("krb5.conf");
  }

  /** Makes a user. */
  public void user(String name, String password) throws IOException {
    admin("addprinc -pw " + password + " " + name);
  }

  /**
   * Makes a service.
   *
   * @param name such as {@code cifs/localhost}
   * @return the file with its key
   */
  public Path service(String name) throws IOException {
    Path keys = directory.resolve(name.replace('/', '.') + ".keytab");
    admin("addprinc -randkey " + name);
    admin("ktadd -k " + keys + " " + name);
    return keys;
  }

  /** Gets a user's ticket, as {@code kinit} does; returns the environment that shows it. */
  public Map<String, String> signOn(String user, String password) throws IOException {
    Path tickets = directory.resolve(user + ".tickets");
    ServerProcess.runOn(password + "\n", command("kinit", "-c", tickets.toString(), user));
    return Map.of("KRB5CCNAME", tickets.toString());
  }

  private void admin(String query) throws IOException {
    ServerProcess.run(command("kadmin.local", "-r", NAME, "-q", query));
  }

  private boolean launchOn(int port) throws IOException {
    Files.write(
        configuration(),
        List.of(
            "[libdefaults]",
            "default_realm = " + NAME,
            "dns_lookup_kdc = false",
            "dns_lookup_realm = false",
            "rdns = false",
            "udp_preference_limit = 1",
            "[realms]",
            NAME + " = {",
            "kdc = " + ServerProcess.HOST + ":" + port,
            "}",
            "[domain_realm]",
            "localhost = " + NAME));
    Files.write(
        directory.resolve("kdc.conf"),
        List.of(
            "[realms]",
            NAME + " = {",
            "database_name = " + directory.resolve("principal"),
            "key_stash_file = " + directory.resolve("stash"),
            "acl_file = " + directory.resolve("acl"),
            "kdc_listen = " + ServerProcess.HOST + ":" + port,
            "kdc_tcp_listen = " + ServerProcess.HOST + ":" + port,
            // A server that is in no domain has no use for what Windows adds to tickets.
            "disable_pac = true",
            "}"));
    if (!Files.exists(directory.resolve("stash"))) {
      ServerProcess.run(command("kdb5_util", "create", "-s", "-r", NAME, "-P", "of-no-secret"));
    }
    process = ServerProcess.start(log(), command("krb5kdc", "-n", "-r", NAME));
    return ServerProcess.await(process, port, socket -> true);
  }

  private Path log() {
    return directory.resolve("kdc.log");
  }

  private String[] command(String program, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Servers.program("env").orElseThrow().toString());
    command.add("KRB5_CONFIG=" + configuration());
    command.add("KRB5_KDC_PROFILE=" + directory.resolve("kdc.conf"));
    command.add(Servers.program(program).orElseThrow().toString());
    command.addAll(List.of(arguments));
    return command.toArray(String[]::new);
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

  private void stop() {
    try {
      if (process != null) {
        ServerProcess.kill(process);
      }
      Directories.delete(directory);
    } catch (IOException e) {
      System.err.println("While stopping krb5kdc: " + e);
    }
  }
}
