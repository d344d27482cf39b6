package dev.netfs.it;

import dev.netfs.NetfsFileSystem;
import dev.netfs.engine.Shrinking;
import dev.netfs.testing.Faults;
import dev.netfs.testing.Faults.Fault;
import dev.netfs.testing.FaultyShareProvider;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a mount may say of names that another client changes; see {@link SecondClientRun}. A failure
 * prints how to replay it; {@code -Dnetfs.second.seeds=N} runs more.
 */
@Timeout(300)
class SecondClientTest {
  private static final String NAME = "netfs.second";
  private static final int STEPS = 1500;

  @TempDir Path temporary;

  static LongStream seeds() {
    Long one = Long.getLong(NAME + ".seed");
    return one != null
        ? LongStream.of(one)
        : LongStream.range(0, Integer.getInteger(NAME + ".seeds", 6));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void isNoOlderThanTheCacheAndNeverOlderThanOurOwnChanges(long seed) {
    Shrinking.run(NAME, seed, STEPS, steps -> run(seed, steps));
  }

  private void run(long seed, List<Integer> steps) throws IOException {
    Path backing = Files.createTempDirectory(temporary, "run");
    // Answers overtake each other, and come after what has made them untrue.
    Faults faults =
        Faults.seeded(seed)
            .maxDelay(Duration.ofNanos(500_000))
            .rate(Fault.DELAY_BEFORE, seed % 2 == 0 ? 0.3 : 0)
            .rate(Fault.DELAY_AFTER, seed % 2 == 0 ? 0.3 : 0)
            .build();
    Map<String, Object> options = FaultyShareProvider.options(backing, faults);
    boolean cached = seed % 3 < 2;
    options.put("attrTtl", cached ? "1h" : "0s");
    try (NetfsFileSystem fs =
        (NetfsFileSystem) FileSystems.newFileSystem(FaultyShareProvider.uri(), options)) {
      new SecondClientRun(seed, fs, cached, backing, true).execute(steps);
    }
  }
}
