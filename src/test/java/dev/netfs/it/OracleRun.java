package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.NetfsFileSystem;
import dev.netfs.engine.Shrinking;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * Random operations of every kind, made on a netfs mount and on a directory of the JDK's own
 * provider, the oracle: each has to come to the same, and at the end the server's own directory has
 * to hold what the oracle does, byte by byte.
 *
 * <p>A failure prints the seed, the fewest steps found that fail, and the last operations; {@code
 * -Dnetfs.oracle.seed=N} runs that seed alone, with {@code -Dnetfs.oracle.steps=...} those steps.
 */
final class OracleRun {
  /** So many directories around the compared one hold nothing else: links climb out of it. */
  static final int DEPTH = 5;

  private static final int LOGGED = Integer.getInteger("netfs.oracle.log", 60);

  private final long seed;
  private final Random random;
  private final List<NetfsFileSystem> mounts;
  private final Path backing;
  private final Path oracleRoot;
  private final Side netfs;
  private final Side oracle;
  private final boolean posix;
  private final Names names;
  private final PathOperations paths;
  private final ChannelOperations channels;
  private final boolean[] further = new boolean[Side.CHANNELS];
  private final List<String> log = new ArrayList<>();

  /**
   * @param mounts one mount, or several of the same directory, which take turns
   * @param backing that directory, as the server has it, the only one in {@link #DEPTH}
   *     directories; null where it is not to be had
   * @param oracle an empty directory to compare with, as deep
   */
  OracleRun(long seed, List<NetfsFileSystem> mounts, Path backing, Path oracle) throws IOException {
    this.seed = seed;
    this.random = new Random(seed);
    this.mounts = mounts;
    this.backing = backing;
    this.oracleRoot = oracle;
    this.netfs = new Side(true, mounts.stream().map(fs -> fs.getPath("/")).toList());
    this.oracle = new Side(false, List.of(oracle));
    this.posix = mounts.get(0).supportedFileAttributeViews().contains("posix");
    this.names = new Names(random, oracle, !posix);
    Object key = Files.readAttributes(netfs.root(), BasicFileAttributes.class).fileKey();
    this.paths = new PathOperations(random, names, key != null, backing != null, posix);
    this.channels = new ChannelOperations(random, names);
  }

  /** Returns the seeds of a test: the one that is asked for, or the first few. */
  static LongStream seeds(int count) {
    Long one = Long.getLong("netfs.oracle.seed");
    return one != null
        ? LongStream.of(one)
        : LongStream.range(0, Integer.getInteger("netfs.oracle.seeds", count));
  }

  /** A run from the beginning, in directories of its own. */
  @FunctionalInterface
  interface Fresh {
    void execute(List<Integer> steps) throws IOException;
  }

  /** Makes a run of so many operations, and shorter ones if it fails. */
  static void run(long seed, int operations, Fresh fresh) {
    Shrinking.run("netfs.oracle", seed, operations, fresh::execute);
  }

  /** Carries out steps, each of which depends on its number and on what there is. */
  void execute(List<Integer> steps) throws IOException {
    try {
      for (int number : steps) {
        random.setSeed(new SplittableRandom(seed * 1_000_003 + number).nextLong());
        step();
      }
      closeAll();
      compare();
    } catch (IOException | RuntimeException | AssertionError e) {
      int from = Math.max(0, log.size() - LOGGED);
      throw new AssertionError(
          "after "
              + log.size()
              + " operations:\n  "
              + String.join("\n  ", log.subList(from, log.size()))
              + "\n\n"
              + e.getMessage(),
          e);
    } finally {
      netfs.closeAll();
      oracle.closeAll();
    }
  }

  private void step() throws IOException {
    if (mounts.size() > 1 && random.nextInt(12) == 0) {
      closeAll();
      netfs.next();
      log.add("the next client");
    }
    boolean[] open = new boolean[Side.CHANNELS];
    for (int i = 0; i < open.length; i++) {
      open[i] = oracle.channels[i] != null;
    }
    Operation operation = random.nextInt(100) < 45 ? channels.next(open) : paths.next();
    boolean byFurtherName = false;
    boolean alone = operation.alone();
    for (String name : operation.names()) {
      byFurtherName |= names.isFurther(name);
    }
    for (int i = 0; i < further.length; i++) {
      alone |= further[i] && !operation.names().isEmpty();
    }
    if (alone || byFurtherName) {
      closeAll();
    }
    carryOut(operation);
    if (byFurtherName && backing != null) {
      names.deleteOutside(backing, DEPTH);
    }
    for (int i = 0; i < further.length; i++) {
      further[i] = oracle.channels[i] != null && (further[i] || !open[i] && byFurtherName);
    }
    for (String name :
        operation.text().startsWith("hard link") ? operation.names() : List.<String>of()) {
      names.linked(name);
    }
  }

  private void carryOut(Operation operation) throws IOException {
    log.add(operation.text());
    boolean inFile = false;
    for (String name : operation.names()) {
      inFile |= names.isInFile(name);
    }
    Side.Outcome expected = oracle.outcome(operation.deed());
    Side.Outcome actual = netfs.outcome(operation.deed());
    log.set(log.size() - 1, operation.text() + ": " + expected);
    if (!actual.isAsGoodAs(expected, inFile)) {
      AssertionError error =
          new AssertionError(
              operation.text() + ":\n  the JDK's provider " + expected + "\n  netfs " + actual);
      for (Side.Outcome outcome : List.of(actual, expected)) {
        if (outcome.failure() != null) {
          error.addSuppressed(outcome.failure());
        }
      }
      throw error;
    }
    if (actual.failure() instanceof FileSystemException e) {
      assertThat(e.getFile()).as("the file of %s", e).isNotNull();
    }
  }

  private void closeAll() throws IOException {
    for (int i = 0; i < Side.CHANNELS; i++) {
      if (oracle.channels[i] != null) {
        carryOut(channels.close(i));
      }
    }
  }

  private void compare() throws IOException {
    for (NetfsFileSystem mount : mounts) {
      mount.sync();
      assertThat(mount.stats().dirtyBytes()).isZero();
    }
    boolean permissions = posix && sameDefaults();
    if (backing != null) {
      assertThat(Trees.describe(backing, permissions))
          .as("what the server has")
          .isEqualTo(Trees.describe(oracleRoot, permissions));
    }
    netfs.next();
    assertThat(Trees.describe(netfs.root(), permissions))
        .as("what netfs shows")
        .isEqualTo(Trees.describe(oracleRoot, permissions));
  }

  /** Returns whether the server and this JVM have the same umask. */
  private boolean sameDefaults() throws IOException {
    Path ours = Files.createFile(oracleRoot.resolve("umask"));
    Path theirs = Files.createFile(netfs.root().resolve("umask"));
    boolean same =
        Files.getPosixFilePermissions(ours).equals(Files.getPosixFilePermissions(theirs));
    Files.delete(ours);
    Files.delete(theirs);
    return same;
  }
}
