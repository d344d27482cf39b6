package dev.netfs.cli.bench;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.NetfsStats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** netfs, through a link; with the cache on disk that a workload asks for, or always without. */
final class NetfsContestant implements Contestant {
  private final String name;
  private final BenchServer server;
  private final Line line;
  private final BenchSettings settings;
  private final @Nullable Path caches;
  private @Nullable NetfsFileSystem fs;

  /**
   * Nothing is mounted until {@link #renew}.
   *
   * @param caches where its caches on disk are; null for a netfs that has none
   */
  NetfsContestant(
      String name, BenchServer server, Line line, BenchSettings settings, @Nullable Path caches) {
    this.name = name;
    this.server = server;
    this.line = line;
    this.settings = settings;
    this.caches = caches;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void renew(Workload workload, boolean first) throws IOException {
    close();
    int port = line.proxyPort();
    Netfs.Builder builder = Netfs.mount(server.uri(port));
    server.options(port).forEach(builder::option);
    // Room for the large file and a half of it, since the warm workloads are about memory.
    builder.memory(Math.max(256L << 20, settings.size() + settings.size() / 2));
    settings.options().forEach(builder::option);
    if (caches != null && workload.disk() != Workload.Disk.NONE) {
      Path disk = caches.resolve(name + "-" + workload.id());
      if (first || workload.disk() == Workload.Disk.EMPTY) {
        TemporaryTree.delete(disk);
      }
      builder.option("disk", disk.toString());
      if (workload.isEncrypted()) {
        // A key of no secret, beside what it seals, so that no directory of the user's is touched.
        builder.option("encryptionKeyFile", key(caches).toString());
      } else {
        builder.option("encrypt", "off");
      }
    }
    workload.options().forEach(builder::option);
    fs = builder.open();
  }

  private static Path key(Path caches) throws IOException {
    Path key = caches.resolve("key");
    return Files.exists(key) ? key : Files.write(key, new byte[32]);
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
