package dev.netfs.cli.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * One round of a workload with one contestant: what it works on, and the stopwatch. Confined to the
 * benchmark's thread, but for {@link #expired}.
 */
final class Run {
  /** How long warm work goes on, which could be over in no time. */
  private static final Duration ENOUGH = Duration.ofMillis(500);

  /** From which size of the large file on; with smaller ones nobody wants exact figures. */
  private static final long ENOUGH_SIZE = 64 << 20;

  /** When netfs is given up, which nobody should ever see. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** When rivals are stopped that take forever; what they have done until then is their figure. */
  private static final Duration IMPATIENCE = Duration.ofSeconds(4);

  private static final Duration WARM_UP = Duration.ofSeconds(1);

  private final Path root;
  private final Fixture fixture;
  private final Path localFile;
  private final BenchSettings settings;
  private final int round;
  private final boolean patient;
  private final Duration limit;
  private final Optional<Duration> idleRoundTrip;
  private final Supplier<Counters> counters;
  private final Map<String, Double> notes = new TreeMap<>();
  private volatile long started;
  private long ended;
  private double amount;
  private Counters before = Counters.NONE;
  private Counters after = Counters.NONE;

  /**
   * @param root the fixture's files, as the contestant shows them
   * @param fixture the same files, as they are
   * @param localFile the large file on the local disk, for those that copy
   * @param round the number of the round; 0 is the one that is not counted
   * @param patient whether it is waited for, however long it takes
   * @param idleRoundTrip how long a byte and its answer take on the link, if that was measured
   * @param counters the contestant's
   */
  Run(
      Path root,
      Fixture fixture,
      Path localFile,
      BenchSettings settings,
      int round,
      boolean patient,
      Optional<Duration> idleRoundTrip,
      Supplier<Counters> counters) {
    this.root = root;
    this.fixture = fixture;
    this.localFile = localFile;
    this.settings = settings;
    this.round = round;
    this.patient = patient;
    limit = patient ? PATIENCE : round == 0 ? WARM_UP : IMPATIENCE;
    this.idleRoundTrip = idleRoundTrip;
    this.counters = counters;
  }

  Path root() {
    return root;
  }

  Fixture fixture() {
    return fixture;
  }

  BenchSettings settings() {
    return settings;
  }

  /** Returns the large file on the local disk. */
  Path localFile() {
    return localFile;
  }

  /** Returns whether this contestant is waited for until all is done. */
  boolean isPatient() {
    return patient;
  }

  /** Returns whether this round only warms up, and may check what it reads. */
  boolean isFirst() {
    return round == 0;
  }

  int round() {
    return round;
  }

  void start() {
    before = counters.get();
    started = System.nanoTime();
  }

  /** Returns whether it takes too long, and what has been done has to do. */
  boolean expired() {
    return System.nanoTime() - started > limit.toNanos();
  }

  /** Returns whether work that is repeated for the sake of the clock has lasted long enough. */
  boolean enough() {
    double part = Math.min(1, settings.size() / (double) ENOUGH_SIZE);
    return System.nanoTime() - started > ENOUGH.toNanos() * part;
  }

  /**
   * Ends the measurement.
   *
   * @param done how much was done, in the workload's unit without "per second"
   */
  void stop(double done) {
    ended = System.nanoTime();
    after = counters.get();
    amount = done;
  }

  double seconds() {
    return (ended - started) / 1e9;
  }

  /** Returns how many idle round trips of the link the measured time was, if that is known. */
  OptionalDouble roundTripsByTheClock() {
    return idleRoundTrip.isPresent()
        ? OptionalDouble.of((ended - started) / (double) idleRoundTrip.get().toNanos())
        : OptionalDouble.empty();
  }

  Counters cost() {
    return after.since(before);
  }

  void note(String name, double value) {
    notes.put(name, value);
  }

  Sample sample() {
    return new Sample(amount / seconds(), cost(), Map.copyOf(notes));
  }
}
