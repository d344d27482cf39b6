package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One file, a few channels, random operations, against a model of bytes: what fsx does. Each seed
 * chooses its own page size, request sizes, options and faults, and runs under virtual time, the
 * same way every time; a failure prints the seed and the fewest steps that fail. {@code
 * docs/testing.md} says how to replay one and how to run a million.
 */
@Timeout(600)
class FileModelTest {
  private static final String NAME = "netfs.fsx";
  private static final int OPERATIONS = Integer.getInteger(NAME + ".operations", 300);

  @TempDir Path temp;

  static LongStream seeds() {
    return seeds(25);
  }

  /** Fewer, since each of them waits for the disk a hundred times. */
  static LongStream seedsDeferred() {
    return seeds(10);
  }

  private static LongStream seeds(long count) {
    Long one = Long.getLong(NAME + ".seed");
    long first = Long.getLong(NAME + ".first", 0);
    return one != null
        ? LongStream.of(one)
        : LongStream.range(first, first + Long.getLong(NAME + ".seeds", count));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("R1")
  @Tag("R3")
  @Tag("R4")
  @Tag("R5")
  @Tag("S1")
  @Tag("S2")
  @Tag("S3")
  @Tag("S5")
  @Tag("C5")
  @Tag("W1")
  void readsWhatWasWritten(long seed) {
    run(seed, false, OPERATIONS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("R1")
  @Tag("W3")
  void readsWhatWasWrittenOverBrokenConnections(long seed) {
    run(seed, true, OPERATIONS / 2);
  }

  /** With a cache on disk, mounts that end and begin anew, and a disk that loses its memory. */
  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("C1")
  @Tag("C2")
  @Tag("C5")
  @Tag("C7")
  @Tag("R2")
  void readsWhatWasWrittenWithACacheOnDisk(long seed) throws IOException {
    Path directory = Files.createTempDirectory(temp, "cache");
    Shrinking.run(
        NAME,
        seed,
        OPERATIONS,
        steps ->
            new FileModelRun(seed, ModelWorld.SIMULATED)
                .faults(seed % 3 == 1)
                .disk(Files.createTempDirectory(directory, "run"))
                .execute(steps));
  }

  /**
   * With {@code write=deferred}: mounts that end by an unmount, which sends everything, or as if
   * their JVM were killed, once everything is acknowledged.
   */
  @ParameterizedTest
  @MethodSource("seedsDeferred")
  @Tag("W1")
  @Tag("W3")
  @Tag("W4")
  void readsWhatWasWrittenDeferred(long seed) throws IOException {
    Path directory = Files.createTempDirectory(temp, "cache");
    Shrinking.run(
        NAME,
        seed,
        OPERATIONS,
        steps ->
            new FileModelRun(seed, ModelWorld.SIMULATED_WAITING)
                .faults(seed % 3 == 1)
                .deferred(Files.createTempDirectory(directory, "run"))
                .execute(steps));
  }

  private static void run(long seed, boolean faults, int operations) {
    Shrinking.run(
        NAME,
        seed,
        operations,
        steps -> new FileModelRun(seed, ModelWorld.SIMULATED).faults(faults).execute(steps));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theModelItselfIsAnArrayOfBytes(long seed) {
    Random random = new Random(seed);
    SparseBytes sparse = new SparseBytes();
    byte[] array = new byte[0];
    for (int i = 0; i < 300; i++) {
      if (random.nextInt(3) == 0) {
        int size = random.nextInt(array.length + 9_000);
        sparse.setSize(size);
        array = Arrays.copyOf(array, size);
      } else {
        byte[] bytes = new byte[random.nextInt(9_000)];
        random.nextBytes(bytes);
        int at = random.nextInt(array.length + 1);
        sparse.write(at, bytes);
        array = Arrays.copyOf(array, Math.max(array.length, at + bytes.length));
        System.arraycopy(bytes, 0, array, at, bytes.length);
      }
      assertThat(sparse.toArray()).isEqualTo(array);
    }
  }
}
