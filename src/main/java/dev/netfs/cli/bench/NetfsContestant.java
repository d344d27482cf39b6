package dev.netfs.cli.bench;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.NetfsStats;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** netfs, through a link. */
final class NetfsContestant implements Contestant {
  private final BenchServer server;
  private final Line line;
  private final BenchSettings settings;
  private @Nullable NetfsFileSystem fs;

  /** Nothing is mounted until {@link #renew}. */
  NetfsContestant(BenchServer server, Line line, BenchSettings settings) {
    this.server = server;
    this.line = line;
    this.settings = settings;
  }

  @Override
  public String name() {
    return "netfs";
  }

  @Override
  public void renew(Map<String, String> options) throws IOException {
    close();
    int port = line.proxyPort();
    Netfs.Builder builder = Netfs.mount(server.uri(port));
    server.options(port).forEach(builder::option);
    // Room for the large file and a half of it, since the warm workloads are about memory.
    builder.memory(Math.max(256L << 20, settings.size() + settings.size() / 2));
    settings.options().forEach(builder::option);
    options.forEach(builder::option);
    fs = builder.open();
  }

  @Override
  public Path root() {
    return mounted().getPath("/");
  }

  private NetfsFileSystem mounted() {
    if (fs == null) {
      throw new IllegalStateException("not mounted");
    }
    return fs;
  }

  @Override
  public Counters counters() {
    NetfsStats stats = mounted().stats();
    return new Counters(
        stats.requests(),
        stats.bytesFromServer(),
        stats.bytesToServer(),
        line.bytesDown(),
        line.bytesUp(),
        line.roundTrips());
  }

  @Override
  public void close() throws IOException {
    NetfsFileSystem mounted = fs;
    fs = null;
    if (mounted != null) {
      mounted.close();
    }
  }
}
