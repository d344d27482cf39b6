package dev.netfs.it;

import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.FileServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random operations over a real server, each seed with options of its own. */
abstract class OracleContract {
  /**
   * How a seed's mounts are made.
   *
   * @param clients one, or two that take turns, and see each other's changes from close to open
   * @param options of each mount, names and values in turns
   */
  record SetUp(int clients, Object... options) {
    static SetUp of(Object... options) {
      return new SetUp(1, options);
    }

    /** Attributes are to be seen at once, too, which is asked for. */
    static SetUp twoClients() {
      return new SetUp(2, "attrTtl", "0s");
    }
  }

  private static FileServer server;
  private static CountingProxy proxy;

  private final int operations;
  private final List<SetUp> setUps;
  private final AtomicInteger runs = new AtomicInteger();

  @TempDir Path temporary;

  /**
   * @param operations how many each seed makes
   * @param setUps of which each seed takes one, in turns
   */
  OracleContract(int operations, SetUp... setUps) {
    this.operations = operations;
    this.setUps = List.of(setUps);
  }

  static void start(FileServer started) throws IOException {
    server = started;
    proxy = CountingProxy.to(server.host(), server.port());
    server.alsoKnownAt(proxy.port());
  }

  @AfterAll
  static void stop() {
    if (proxy != null) {
      proxy.close();
      proxy = null;
    }
    if (server != null) {
      server.close();
      server = null;
    }
  }

  /** The seeds are what the test's own method {@code seeds} says. */
  @ParameterizedTest
  @MethodSource("seeds")
  void agreesWithALocalDirectory(long seed) {
    OracleRun.run(seed, operations, steps -> run(seed, steps));
  }

  private void run(long seed, List<Integer> steps) throws IOException {
    String run = seed + "-" + runs.incrementAndGet();
    // Deep enough for a link that climbs out of the tree to lead nowhere.
    Path backing = Files.createDirectories(server.data().resolve(run + "/1/2/3/4/5/backing"));
    for (Path made = backing; !made.equals(server.data()); made = made.getParent()) {
      server.own(made);
    }
    Path oracle = Files.createDirectories(temporary.resolve(run + "/1/2/3/4/5/oracle"));
    String below = "/" + server.data().relativize(backing);
    SetUp setUp = setUps.get((int) (seed % setUps.size()));
    try (NetfsFileSystem one = mount(server.uri(below), setUp.options)) {
      if (setUp.clients == 1) {
        new OracleRun(seed, List.of(one), backing, oracle).execute(steps);
        return;
      }
      try (NetfsFileSystem two = mount(server.uri(proxy.port(), below), setUp.options)) {
        new OracleRun(seed, List.of(one, two), backing, oracle).execute(steps);
      }
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
