package dev.netfs.engine;

import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.FaultyShareProvider;
import java.net.URI;
import java.util.Map;
import java.util.Random;

/** Servers in memory for tests that go through {@code Files}. */
public final class SimShares {
  private SimShares() {}

  /**
   * Returns what connects to an empty {@link SimServer} that stops short and answers late and out
   * of order, with request sizes that the seed chooses.
   */
  public static FaultyShareProvider.Backing server(long seed) {
    SimServer server = new SimServer(seed);
    Random random = new Random(seed);
    int[] sizes = {511, 4096, 10_000, 65_537};
    server.rsize = sizes[random.nextInt(sizes.length)];
    server.wsize = sizes[random.nextInt(sizes.length)];
    server.shortRate = 0.2;
    server.maxDelayMicros = random.nextBoolean() ? 300 : 0;
    server.tree.versions = random.nextBoolean();
    ShareConfig config =
        new ShareConfig(URI.create("netfs+sim://server/"), ShareOptions.of(Map.of()));
    return () -> server.connect(config);
  }
}
