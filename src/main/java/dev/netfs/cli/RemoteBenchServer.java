package dev.netfs.cli;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.cli.bench.BenchServer;
import dev.netfs.cli.bench.TemporaryTree;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Somebody's server, in a directory of which a new one is filled, and deleted at the end.
 *
 * <p>It is mounted as it is, and its key checked, before any proxy stands before it; at a proxy's
 * port its key is then taken as it comes, since no list of known hosts names such a port.
 */
final class RemoteBenchServer implements BenchServer {
  private static final String SCHEME = "netfs+sftp";
  private static final int SSH = 22;

  private final URI parent;
  private final Map<String, Object> env;
  private final Path home;
  private final NetfsFileSystem control;
  private final Path data;

  private RemoteBenchServer(
      URI parent, Map<String, Object> env, Path home, NetfsFileSystem control, Path data) {
    this.parent = parent;
    this.env = env;
    this.home = home;
    this.control = control;
    this.data = data;
  }

  /**
   * Mounts a directory and makes one in it.
   *
   * @param text the directory's URI
   * @param home where a list of known hosts is written
   * @throws UsageException if the URI is not one of an SFTP server
   */
  static RemoteBenchServer mount(
      String text, MountArguments arguments, Terminal terminal, Path home) throws IOException {
    URI uri;
    try {
      uri = URI.create(text);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--server: the URI is malformed");
    }
    if (!SCHEME.equals(uri.getScheme())
        || uri.getHost() == null
        || uri.getRawQuery() != null
        || uri.getUserInfo() == null
        || uri.getUserInfo().contains(":")) {
      throw new UsageException(
          "--server: has to be a URI such as netfs+sftp://me@server/dir; options are given with"
              + " -o, a password with --password-file FILE or the variable NETFS_PASSWORD");
    }
    Map<String, Object> env = arguments.env(SCHEME, terminal);
    Netfs.Builder builder = Netfs.mount(uri);
    env.forEach(builder::option);
    builder.option("cache", "none");
    NetfsFileSystem control;
    try {
      control = builder.open();
    } catch (IllegalArgumentException e) {
      throw new UsageException(ErrorText.of(e));
    }
    try {
      Path data = Files.createTempDirectory(control.getPath("/"), "netfs-bench-");
      return new RemoteBenchServer(uri, env, home, control, data);
    } catch (IOException | RuntimeException e) {
      control.close();
      throw e;
    }
  }

  @Override
  public String description() {
    return parent.toString();
  }

  @Override
  public InetSocketAddress address() {
    return new InetSocketAddress(parent.getHost(), parent.getPort() < 0 ? SSH : parent.getPort());
  }

  @Override
  public Path data() {
    return data;
  }

  @Override
  public URI uri(int port) {
    String server =
        port == 0 ? parent.getRawAuthority() : parent.getRawUserInfo() + "@127.0.0.1:" + port;
    String directory = parent.getRawPath().replaceFirst("/+$", "") + "/" + data.getFileName();
    return URI.create(SCHEME + "://" + server + directory);
  }

  @Override
  public Map<String, ?> options(int port) {
    Map<String, Object> options = new HashMap<>(env);
    if (port != 0) {
      options.put("knownHosts", home.resolve("known_hosts"));
      options.put("hostKey", "accept-new");
    }
    return options;
  }

  @Override
  public Optional<Login> login() {
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    try (control) {
      TemporaryTree.delete(data);
    }
  }
}
