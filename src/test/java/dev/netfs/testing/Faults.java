package dev.netfs.testing;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What goes wrong at a {@link FaultyShare}, and when. One object serves all connections of a mount,
 * one after the other, and counts their calls.
 *
 * <p><b>Replay.</b> What happens to the n-th call of a kind depends on the seed, the kind and n,
 * and on nothing else: not on time, threads or calls of other kinds. A single-threaded test sees
 * exactly the same faults again; with several threads each kind's series of faults is the same,
 * though its calls may come in another order. {@link #toString} says what was injected.
 *
 * <p>Safe for use by several threads.
 */
public final class Faults {

  /** The kinds of calls that are counted and disturbed. */
  public enum Kind {
    CONNECT,
    OPEN,
    STAT,
    LIST,
    MAKE_DIRECTORY,
    DELETE_FILE,
    DELETE_DIRECTORY,
    RENAME,
    SET_ATTRIBUTES,
    SPACE,
    LINK,
    SYMBOLIC_LINK,
    READ_LINK,
    COPY,
    READ,
    WRITE,
    FILE_STAT,
    TRUNCATE,
    SYNC,
    LOCK,
    RELEASE,
    CLOSE;

    private static final Set<Kind> TRANSFERS = EnumSet.of(READ, WRITE);
    private static final Set<Kind> ENDINGS = EnumSet.of(RELEASE, CLOSE);
  }

  /** What can go wrong. */
  public enum Fault {
    /** A read or write moves fewer bytes than it could, at least one. */
    SHORT,
    /** The call reaches the share late. */
    DELAY_BEFORE,
    /** The answer comes late. */
    DELAY_AFTER,
    /**
     * The call fails with a {@link java.nio.file.FileSystemException}, or a connect as unreachable.
     * Nothing was done, but for a close or a release, which are done and fail.
     */
    ERROR,
    /** The connection is lost before the call reaches the server; nothing was done. */
    DISCONNECT_BEFORE,
    /** The call is carried out, and then the connection is lost, and the answer with it. */
    DISCONNECT_AFTER,
    /** The call is never answered, until somebody closes the connection; nothing was done. */
    HANG
  }

  private static final List<Fault> TERMINAL =
      List.of(Fault.HANG, Fault.DISCONNECT_BEFORE, Fault.DISCONNECT_AFTER, Fault.ERROR);

  /** What happens to one call. */
  record Plan(Kind kind, long number, Set<Fault> faults, double fraction, long delayMicros) {
    boolean has(Fault fault) {
      return faults.contains(fault);
    }

    boolean isError() {
      return has(Fault.ERROR);
    }

    /** Whether an injected failure comes after the deed. */
    boolean failsAfterwards() {
      return Kind.ENDINGS.contains(kind);
    }

    /** Cuts the length of a transfer, if it is to be short. */
    long shorten(long length) {
      return has(Fault.SHORT) ? Math.max(1, (long) (length * fraction)) : length;
    }

    @Override
    public String toString() {
      return kind + "#" + number + " " + faults;
    }
  }

  private final long seed;
  private final long maxDelayMicros;
  private final Map<Fault, Map<Kind, Double>> rates;
  private final Map<Kind, Map<Long, Fault>> scripted;
  private final Map<Kind, AtomicLong> calls = new EnumMap<>(Kind.class);
  private final Map<Fault, AtomicLong> injected = new EnumMap<>(Fault.class);
  private final AtomicLong bytesRead = new AtomicLong();
  private final AtomicLong bytesWritten = new AtomicLong();
  private final Queue<String> trace = new ConcurrentLinkedQueue<>();
  private final Queue<String> violations = new ConcurrentLinkedQueue<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Kind, Deque<Fault>> next = new EnumMap<>(Kind.class); // guarded by lock
  private volatile boolean active = true;

  private Faults(Builder builder) {
    seed = builder.seed;
    maxDelayMicros = builder.maxDelay.toNanos() / 1_000;
    rates = new EnumMap<>(Fault.class);
    builder.rates.forEach((fault, byKind) -> rates.put(fault, new EnumMap<>(byKind)));
    scripted = new EnumMap<>(Kind.class);
    builder.scripted.forEach((kind, byNumber) -> scripted.put(kind, Map.copyOf(byNumber)));
    for (Kind kind : Kind.values()) {
      calls.put(kind, new AtomicLong());
    }
    for (Fault fault : Fault.values()) {
      injected.put(fault, new AtomicLong());
    }
  }

  /** Returns no faults at all, to begin with: calls are counted, and {@link #next} works. */
  public static Faults none() {
    return seeded(0).build();
  }

  /** Begins a plan of faults. */
  public static Builder seeded(long seed) {
    return new Builder(seed);
  }

  /** Collects the rates and scripted faults of a plan. */
  public static final class Builder {
    private final long seed;
    private final Map<Fault, Map<Kind, Double>> rates = new EnumMap<>(Fault.class);
    private final Map<Kind, Map<Long, Fault>> scripted = new EnumMap<>(Kind.class);
    private Duration maxDelay = Duration.ofMillis(2);

    private Builder(long seed) {
      this.seed = seed;
    }

    /**
     * Sets how often something goes wrong, of itself.
     *
     * @param probability from 0 to 1
     * @param kinds the kinds of calls, or none for all; connecting has to be named
     */
    public Builder rate(Fault fault, double probability, Kind... kinds) {
      Set<Kind> all = EnumSet.complementOf(EnumSet.of(Kind.CONNECT));
      for (Kind kind : kinds.length == 0 ? all : Set.of(kinds)) {
        rates.computeIfAbsent(fault, f -> new EnumMap<>(Kind.class)).put(kind, probability);
      }
      return this;
    }

    /** Has the n-th call of a kind, counted from 0, go wrong. */
    public Builder at(Kind kind, long number, Fault fault) {
      scripted.computeIfAbsent(kind, k -> new HashMap<>()).put(number, fault);
      return this;
    }

    /** Sets how long delays are at most; 2 ms if not set. */
    public Builder maxDelay(Duration value) {
      maxDelay = value;
      return this;
    }

    /** Returns the plan. */
    public Faults build() {
      return new Faults(this);
    }
  }

  /** Has the next call of a kind go wrong; called several times, the next ones. */
  public void next(Kind kind, Fault fault) {
    lock.lock();
    try {
      next.computeIfAbsent(kind, k -> new ArrayDeque<>()).add(fault);
    } finally {
      lock.unlock();
    }
  }

  /** From now on nothing goes wrong of itself; {@link #next} still works. */
  public void stop() {
    active = false;
  }

  /** Ends what {@link #stop} began. */
  public void resume() {
    active = true;
  }

  /** Counts an attempt to connect, and returns whether it is to fail. */
  public boolean refuses() {
    return plan(Kind.CONNECT).isError();
  }

  /** Returns how many calls of a kind were made, over all connections. */
  public long calls(Kind kind) {
    return calls.get(kind).get();
  }

  /** Returns how often something went wrong. */
  public long injected(Fault fault) {
    return injected.get(fault).get();
  }

  /** Returns how many bytes reads have brought. */
  public long bytesRead() {
    return bytesRead.get();
  }

  /** Returns how many bytes writes have taken. */
  public long bytesWritten() {
    return bytesWritten.get();
  }

  /** Returns which rules of the SPI the caller broke; best empty. */
  public List<String> violations() {
    return new ArrayList<>(violations);
  }

  /** Returns everything injected, in order. */
  public List<String> trace() {
    return new ArrayList<>(trace);
  }

  @Override
  public String toString() {
    return "Faults[seed=" + seed + ", injected=" + trace + ", violations=" + violations + "]";
  }

  // For the share.

  Plan plan(Kind kind) {
    long number = calls.get(kind).getAndIncrement();
    SplittableRandom random =
        new SplittableRandom(
            seed * 0x9E3779B97F4A7C15L + kind.ordinal() * 0xC2B2AE3D27D4EB4FL + number);
    Set<Fault> faults = EnumSet.noneOf(Fault.class);
    for (Fault fault : Fault.values()) {
      // Drawn whether or not it counts, so that one rate does not change what the others do.
      double drawn = random.nextDouble();
      boolean applies = fault != Fault.SHORT || Kind.TRANSFERS.contains(kind);
      double rate = rates.getOrDefault(fault, Map.of()).getOrDefault(kind, 0.0);
      if (active && applies && drawn < rate) {
        faults.add(fault);
      }
    }
    double fraction = random.nextDouble();
    long delay = (long) (random.nextDouble() * maxDelayMicros);
    Fault asked = asked(kind);
    if (asked == null) {
      asked = scripted.getOrDefault(kind, Map.of()).get(number);
    }
    if (asked != null) {
      faults.add(asked);
    }
    keepOneEnding(faults, asked);
    Plan plan = new Plan(kind, number, faults, fraction, delay);
    if (!faults.isEmpty()) {
      faults.forEach(fault -> injected.get(fault).incrementAndGet());
      trace.add(plan.toString());
    }
    return plan;
  }

  private static void keepOneEnding(Set<Fault> faults, Fault asked) {
    Fault kept = asked != null && TERMINAL.contains(asked) ? asked : null;
    for (Fault fault : TERMINAL) {
      if (faults.contains(fault)) {
        kept = kept == null ? fault : kept;
        if (fault != kept) {
          faults.remove(fault);
        }
      }
    }
  }

  private Fault asked(Kind kind) {
    lock.lock();
    try {
      Deque<Fault> queue = next.get(kind);
      return queue == null ? null : queue.poll();
    } finally {
      lock.unlock();
    }
  }

  void moved(Kind kind, long bytes) {
    (kind == Kind.READ ? bytesRead : bytesWritten).addAndGet(bytes);
  }

  void check(boolean rule, String otherwise) {
    if (!rule) {
      violations.add(otherwise);
    }
  }
}
