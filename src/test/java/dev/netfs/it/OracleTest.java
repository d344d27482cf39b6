package dev.netfs.it;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.engine.SimShares;
import dev.netfs.testing.Faults;
import dev.netfs.testing.FaultyShareProvider;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The oracle's runs over a directory of this machine, and over one in memory. */
@Timeout(300)
class OracleTest {

  @TempDir Path temporary;

  static LongStream seeds() {
    return OracleRun.seeds(4);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void agreesWithTheJdkOverADirectory(long seed) {
    OracleRun.run(
        seed, 1000, steps -> run(seed, Files.createTempDirectory(temporary, "run"), steps));
  }

  /** Over a server that answers late and stops short, and whose content is not on this machine. */
  @ParameterizedTest
  @MethodSource("seeds")
  void agreesWithTheJdkOverASimulatedServer(long seed) {
    OracleRun.run(
        seed,
        600,
        steps -> {
          Path oracle =
              Files.createDirectories(
                  Files.createTempDirectory(temporary, "run").resolve("1/2/3/4/5/oracle"));
          Map<String, Object> options =
              FaultyShareProvider.options(SimShares.server(seed), Faults.none());
          options.put("locks", "local");
          try (NetfsFileSystem fs =
              (NetfsFileSystem) FileSystems.newFileSystem(FaultyShareProvider.uri(), options)) {
            new OracleRun(seed, List.of(fs), null, oracle).execute(steps);
          }
        });
  }

  private static void run(long seed, Path directory, List<Integer> steps) throws IOException {
    Path backing = Files.createDirectories(directory.resolve("server/1/2/3/4/5/backing"));
    Path oracle = Files.createDirectories(directory.resolve("jdk/1/2/3/4/5/oracle"));
    Netfs.Builder builder = Netfs.mount(backing).option("locks", "local");
    if (seed % 2 == 1) {
      builder.option("pageSize", 4096).memory(65_536).rsize(3000).wsize(5000);
    }
    try (NetfsFileSystem fs = builder.open()) {
      new OracleRun(seed, List.of(fs), backing, oracle).execute(steps);
    }
  }
}
