package dev.netfs.it;

import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random operations over a real Samba server, each seed with options of its own. */
@Timeout(120)
class SambaOracleIT {
  private static final int OPERATIONS = 700;

  private static SambaServer server;
  private static CountingProxy proxy;

  private final AtomicInteger runs = new AtomicInteger();

  @TempDir Path temporary;

  @BeforeAll
  static void start() throws IOException {
    server = SambaServer.start();
    proxy = CountingProxy.to(server.host(), server.port());
  }

  @AfterAll
  static void stop() {
    if (proxy != null) {
      proxy.close();
    }
    if (server != null) {
      server.close();
    }
  }

  static LongStream seeds() {
    return OracleRun.seeds(4);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void agreesWithALocalDirectory(long seed) {
    OracleRun.run(seed, OPERATIONS, steps -> run(seed, steps));
  }

  private void run(long seed, List<Integer> steps) throws IOException {
    String run = seed + "-" + runs.incrementAndGet();
    Path backing = Files.createDirectories(server.data().resolve(run + "/1/2/3/4/5/backing"));
    for (Path made = backing; !made.equals(server.data()); made = made.getParent()) {
      server.own(made);
    }
    Path oracle = Files.createDirectories(temporary.resolve(run + "/1/2/3/4/5/oracle"));
    String below = "/" + server.data().relativize(backing);
    switch ((int) (seed % 4)) {
      case 0 -> run(seed, steps, backing, oracle, "attrTtl", "0s");
      case 1 ->
          run(
              seed,
              steps,
              backing,
              oracle,
              "pageSize",
              4096,
              "memory",
              65_536,
              "readahead",
              20_000);
      case 2 -> {
        try (NetfsFileSystem one = mount(server.uri(below), "attrTtl", "0s");
            NetfsFileSystem two = mount(server.uri(proxy.port(), below), "attrTtl", "0s")) {
          new OracleRun(seed, List.of(one, two), backing, oracle).execute(steps);
        }
      }
      default -> run(seed, steps, backing, oracle, "cache", "none", "seal", "server");
    }
  }

  private static void run(
      long seed, List<Integer> steps, Path backing, Path oracle, Object... options)
      throws IOException {
    try (NetfsFileSystem fs = mount(server.uri("/" + server.data().relativize(backing)), options)) {
      new OracleRun(seed, List.of(fs), backing, oracle).execute(steps);
    }
  }

  private static NetfsFileSystem mount(URI uri, Object... options) throws IOException {
    Map<String, Object> env = new HashMap<>(server.options());
    env.put("locks", "local");
    for (int i = 0; i < options.length; i += 2) {
      env.put((String) options[i], options[i + 1]);
    }
    return (NetfsFileSystem) FileSystems.newFileSystem(uri, env);
  }
}
