package dev.netfs.engine;

import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The model checks {@link FileModelTest} and {@link ScheduleTest} over a real Samba, in real time:
 * what a seed does depends on the moment, too. {@code docs/testing.md} says how to run others.
 */
@Timeout(300)
class SambaModelIT {
  private static final String NAME = "netfs.samba";
  private static final int OPERATIONS = Integer.getInteger(NAME + ".operations", 150);
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static SambaServer samba;

  @TempDir Path temp;

  @BeforeAll
  static void start() throws IOException {
    samba = SambaServer.start();
  }

  @AfterAll
  static void stop() {
    if (samba != null) {
      samba.close();
    }
  }

  private static final ModelWorld WORLD =
      new ModelWorld() {
        @Override
        public ModelTime time(long seed) {
          return new RealTime();
        }

        @Override
        public ModelServer server(long seed, ModelTime time, Behaviour behaviour)
            throws IOException {
          return new LiveServer(samba, "model" + COUNT.incrementAndGet(), behaviour, seed);
        }
      };

  static LongStream seeds() {
    Long one = Long.getLong(NAME + ".seed");
    long first = Long.getLong(NAME + ".first", 0);
    return one != null
        ? LongStream.of(one)
        : LongStream.range(first, first + Long.getLong(NAME + ".seeds", 2));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("R1")
  @Tag("S3")
  @Tag("W1")
  void readsWhatWasWritten(long seed) {
    Shrinking.run(NAME, seed, OPERATIONS, steps -> new FileModelRun(seed, WORLD).execute(steps));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("R1")
  @Tag("W3")
  void readsWhatWasWrittenOverBrokenConnections(long seed) {
    Shrinking.run(
        NAME, seed, OPERATIONS, steps -> new FileModelRun(seed, WORLD).faults(true).execute(steps));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("C1")
  @Tag("C2")
  @Tag("C7")
  void readsWhatWasWrittenWithACacheOnDisk(long seed) {
    Shrinking.run(
        NAME,
        seed,
        OPERATIONS,
        steps ->
            new FileModelRun(seed, WORLD)
                .faults(seed % 3 == 1)
                .disk(Files.createTempDirectory(temp, "run"))
                .execute(steps));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("W1")
  @Tag("W3")
  @Tag("W4")
  void readsWhatWasWrittenDeferred(long seed) {
    Shrinking.run(
        NAME,
        seed,
        OPERATIONS,
        steps ->
            new FileModelRun(seed, WORLD)
                .faults(seed % 3 == 1)
                .deferred(Files.createTempDirectory(temp, "run"))
                .execute(steps));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("S4")
  @Tag("C1")
  @Tag("C2")
  @Tag("C3")
  @Tag("W1")
  @Tag("W3")
  void nobodySeesWhatHeMustNot(long seed) {
    Shrinking.run(NAME, seed, 40, steps -> new Schedule(seed, WORLD).run(steps));
  }
}
