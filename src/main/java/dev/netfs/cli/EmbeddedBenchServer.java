package dev.netfs.cli;

import dev.netfs.cli.bench.BenchServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The demo's server, for benchmarks where there is no better one. */
final class EmbeddedBenchServer implements BenchServer {
  private static final String USER = "bench";

  private final char[] password = UUID.randomUUID().toString().toCharArray();
  private final DemoServer server;
  private final Path home;
  private final Path data;

  /**
   * Starts the server.
   *
   * @param home where lists of known hosts are written
   * @param data the directory that is its root
   */
  EmbeddedBenchServer(Path home, Path data) throws IOException {
    this.home = home;
    this.data = data;
    server = new DemoServer(data, USER, password);
  }

  @Override
  public String description() {
    return "the embedded one (Apache MINA SSHD, in the same process), which is no measure of"
        + " anything but itself; and sftp and mina are not measured: no sshd is installed, or"
        + " --server says so";
  }

  @Override
  public InetSocketAddress address() {
    return server.socketAddress();
  }

  @Override
  public Path data() {
    return data;
  }

  @Override
  public URI uri(int port) {
    return URI.create("netfs+sftp://" + USER + "@127.0.0.1:" + at(port) + "/");
  }

  private int at(int port) {
    return port == 0 ? address().getPort() : port;
  }

  @Override
  public Map<String, ?> options(int port) throws IOException {
    Path known = home.resolve("known_hosts-" + at(port));
    if (Files.notExists(known)) {
      server.writeKnownHosts(known, at(port));
    }
    return Map.of("password", password, "knownHosts", known);
  }

  @Override
  public Optional<Login> login() {
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
