package dev.netfs.it;

import dev.netfs.NetfsFileSystem;
import dev.netfs.engine.Shrinking;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link SecondClientTest} over a real Samba server. */
@Timeout(300)
class SambaSecondClientIT {
  private static final String NAME = "netfs.second";
  private static final int STEPS = 600;

  private static SambaServer server;
  private static int runs;

  @BeforeAll
  static void start() throws IOException {
    // The other client, which is this JVM, makes files that are root's.
    server = SambaServer.builder().share(SambaServer.SHARE, "force user = root").start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  static LongStream seeds() {
    Long one = Long.getLong(NAME + ".seed");
    return one != null
        ? LongStream.of(one)
        : LongStream.range(0, Integer.getInteger(NAME + ".seeds", 3));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void isNoOlderThanTheCacheAndNeverOlderThanOurOwnChanges(long seed) {
    Shrinking.run(NAME, seed, STEPS, steps -> run(seed, steps));
  }

  private static void run(long seed, List<Integer> steps) throws IOException {
    String name = "/run" + ++runs;
    Path backing = Files.createDirectory(Path.of(server.data() + name));
    Map<String, Object> options = new HashMap<>(server.options());
    boolean cached = seed % 3 < 2;
    options.put("attrTtl", cached ? "1h" : "0s");
    try (NetfsFileSystem fs =
        (NetfsFileSystem) FileSystems.newFileSystem(server.uri(name), options)) {
      new SecondClientRun(seed, fs, cached, backing, false).execute(steps);
    }
  }
}
