package dev.netfs.engine.locks;

import dev.netfs.engine.locks.CooperativeLock.State;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One mount's dealings with the lock table of one file.
 *
 * <p>One <em>round</em> at a time looks at the newest table, decides what its successor has to say,
 * and publishes that; whatever was asked for meanwhile the next round takes together. Where another
 * client's table comes first the round begins anew. A lock that is in another's way, and is waited
 * for, is tried again after a pause that grows from {@link #FIRST_POLL_MILLIS} to {@link
 * #LAST_POLL_MILLIS}. There is no queue: of several clients that wait for a range any may be next.
 *
 * <p>What this mount has in a table is always exactly what it knows to hold or to want. So what a
 * lost answer, or an operation that was given up, has left there goes with the next table.
 *
 * <p><b>Concurrency.</b> {@link #lock} guards all that changes and is a leaf: nothing is called,
 * and no future completed, while it is held.
 */
final class Agent {
  /** How long a holder's locks live after it last said that it is alive. */
  static final long LEASE_MILLIS = 30_000;

  /** For how long others have to have seen no sign of life. */
  static final long EXPIRY_MILLIS = LEASE_MILLIS + LEASE_MILLIS / 4;

  private static final long RENEWAL_MILLIS = LEASE_MILLIS / 3;
  private static final long RETRY_MILLIS = 1_000;
  private static final long FIRST_POLL_MILLIS = 5;
  private static final long LAST_POLL_MILLIS = 250;
  private static final long LAST_CONFLICT_PAUSE_MILLIS = 50;
  private static final long NEVER = Long.MIN_VALUE;

  /** A sign of life of another holder, and when it was first seen. */
  private record Seen(long renewed, long sinceNanos) {}

  /** What a round has decided. */
  private static final class Plan {
    final LockTable base;
    @Nullable LockTable next;
    final List<CooperativeLock> granted = new ArrayList<>();
    final List<CooperativeLock> refused = new ArrayList<>();
    final List<CooperativeLock> gone = new ArrayList<>();
    boolean blocked;
    long begunNanos;
    long begunMillis;

    Plan(LockTable base) {
      this.base = base;
    }
  }

  private final Surroundings surroundings;
  private final String holder;
  private final String path;
  private final CooperativeLocks owner;
  private final TableFiles files;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<CooperativeLock> mine = new ArrayList<>(); // guarded by lock
  private final Map<String, Seen> seen = new HashMap<>(); // guarded by lock
  private @Nullable LockTable own; // guarded by lock: the newest, as we have published it
  private boolean running; // guarded by lock
  private boolean again; // guarded by lock
  private boolean closed; // guarded by lock
  private int polls; // guarded by lock: in vain, one after another
  private int conflicts; // guarded by lock: one after another
  private long number; // guarded by lock
  private long usedNanos; // guarded by lock
  private Surroundings.@Nullable Task timer; // guarded by lock
  private volatile long leaseEndsNanos; // written under lock; of no account with nothing held
  private volatile long leaseEndsMillis; // likewise
  private long renewedNanos; // guarded by lock

  Agent(Surroundings surroundings, String holder, String path, CooperativeLocks owner) {
    this.surroundings = surroundings;
    this.holder = holder;
    this.path = path;
    this.owner = owner;
    this.files = new TableFiles(surroundings, path);
  }

  /** Notes what is to be asked for. */
  CooperativeLock want(long position, long size, boolean shared, boolean wait) {
    lock.lock();
    try {
      CooperativeLock wanted = new CooperativeLock(this, ++number, position, size, shared, wait);
      mine.add(wanted);
      usedNanos = surroundings.nanoTime();
      polls = 0;
      return wanted;
    } finally {
      lock.unlock();
    }
  }

  /** Begins to ask for what is {@linkplain #want wanted}. */
  CompletableFuture<@Nullable CooperativeLock> ask(CooperativeLock wanted) {
    wanted.granted.whenComplete(
        (done, failure) -> {
          if (failure != null) {
            release(wanted); // cancelled: what is in the table of it has to go
          }
        });
    run();
    return wanted.granted;
  }

  /** Has a lock taken out of the table. */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  void release(CooperativeLock held) {
    boolean over;
    lock.lock();
    try {
      over = held.state == State.OVER;
      if (!over) {
        held.state = State.RELEASING;
      }
    } finally {
      lock.unlock();
    }
    if (over) {
      held.released.complete(null);
    } else {
      run();
    }
  }

  /** By the wall clock too, since the other stands still while the machine is suspended. */
  boolean leaseIsOver() {
    return surroundings.nanoTime() - leaseEndsNanos >= 0
        || surroundings.currentTimeMillis() >= leaseEndsMillis;
  }

  /** Returns whether there is nothing to do, and nothing known that may be of use. */
  boolean isIdle() {
    lock.lock();
    try {
      return mine.isEmpty()
          && !running
          && surroundings.nanoTime() - usedNanos >= nanos(2 * EXPIRY_MILLIS);
    } finally {
      lock.unlock();
    }
  }

  /** Has nothing begun any more that nobody asks for. */
  void close() {
    lock.lock();
    try {
      closed = true;
      if (timer != null) {
        timer.cancel();
      }
    } finally {
      lock.unlock();
    }
  }

  // ---- a round

  private void run() {
    lock.lock();
    try {
      if (running) {
        again = true;
        return;
      }
      running = true;
      if (timer != null) {
        timer.cancel();
        timer = null;
      }
    } finally {
      lock.unlock();
    }
    round();
  }

  private void round() {
    LockTable known;
    lock.lock();
    try {
      again = false;
      known = own;
    } finally {
      lock.unlock();
    }
    if (known != null) {
      decide(known, false);
      return;
    }
    files
        .newest()
        .whenComplete(
            (table, failure) -> {
              if (failure == null) {
                decide(table, true);
              } else {
                failed(TableFiles.cause(failure));
              }
            });
  }

  /**
   * Decides what to do.
   *
   * @param fresh whether the table was read just now; if not, another client's may be newer
   */
  private void decide(LockTable table, boolean fresh) {
    Plan plan;
    boolean look;
    lock.lock();
    try {
      if (fresh) {
        observe(table);
      }
      plan = plan(table);
      look = plan.blocked && !fresh;
      if (look) {
        own = null;
      } else if (plan.next == null) {
        own = fresh ? null : own;
        settle(plan);
      }
    } finally {
      lock.unlock();
    }
    if (look) {
      round();
      return;
    }
    LockTable next = plan.next;
    if (next == null) {
      tell(plan);
      finish();
      return;
    }
    plan.begunNanos = surroundings.nanoTime();
    plan.begunMillis = surroundings.currentTimeMillis();
    files
        .publish(table, next)
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                failed(TableFiles.cause(failure));
              } else if (done) {
                published(plan, next);
              } else {
                conflict();
              }
            });
  }

  /** Takes in the signs of life, and that locks of our own are missing. Under the lock. */
  private void observe(LockTable table) {
    long now = surroundings.nanoTime();
    Map<String, Seen> before = new HashMap<>(seen);
    seen.clear();
    LockTable.Holder self = null;
    for (LockTable.Holder other : table.holders()) {
      if (other.id().equals(holder)) {
        self = other;
        continue;
      }
      Seen last = before.get(other.id());
      seen.put(
          other.id(),
          last != null && last.renewed == other.renewed() ? last : new Seen(other.renewed(), now));
    }
    for (CooperativeLock held : mine) {
      if (held.state == State.HELD && !isIn(self, held)) {
        held.lose("it was not renewed in time, and another client has dropped it");
      }
    }
  }

  private static boolean isIn(LockTable.@Nullable Holder self, CooperativeLock held) {
    return self != null
        && self.locks().stream()
            .anyMatch(range -> range.number() == held.number && range.token() == held.token);
  }

  private boolean isExpired(LockTable.Holder other) {
    Seen last = seen.get(other.id());
    return last != null
        && last.renewed == other.renewed()
        && surroundings.nanoTime() - last.sinceNanos >= nanos(EXPIRY_MILLIS);
  }

  /** Decides what the next table says, if one is needed. Under the lock. */
  private Plan plan(LockTable base) {
    Plan plan = new Plan(base);
    List<LockTable.Holder> others = new ArrayList<>();
    List<LockTable.Range> before = List.of();
    for (LockTable.Holder each : base.holders()) {
      if (each.id().equals(holder)) {
        before = each.locks();
      } else if (!isExpired(each)) {
        others.add(each);
      }
    }
    long token = base.token();
    List<LockTable.Range> locks = new ArrayList<>();
    for (CooperativeLock each : mine) {
      if (each.state == State.RELEASING || each.state == State.HELD && each.lost() != null) {
        plan.gone.add(each);
      } else if (each.state == State.HELD) {
        locks.add(each.range());
      } else if (others.stream().anyMatch(other -> other.conflictsWith(each.range()))) {
        plan.blocked = true;
        if (!each.wait) {
          plan.refused.add(each);
        }
      } else {
        each.token = ++token;
        plan.granted.add(each);
        locks.add(each.range());
      }
    }
    boolean due =
        !locks.isEmpty() && surroundings.nanoTime() - renewedNanos >= nanos(RENEWAL_MILLIS);
    if (due || !plan.granted.isEmpty() || !before.equals(locks)) {
      long version = base.version() + 1;
      if (!locks.isEmpty()) {
        others.add(new LockTable.Holder(holder, version, locks));
      }
      plan.next =
          new LockTable(
              version,
              files.unique(),
              base.id(),
              Math.max(base.oldest(), files.trimmed()),
              token,
              others);
    }
    return plan;
  }

  /** Takes in what a plan has led to. Under the lock. */
  private void settle(Plan plan) {
    plan.refused.removeIf(each -> each.state != State.WANTED);
    for (CooperativeLock each : plan.refused) {
      each.state = State.OVER;
      mine.remove(each);
    }
    for (CooperativeLock each : plan.gone) {
      // What is lost stays until it is released, of which there will be no more to do.
      each.state = State.OVER;
      mine.remove(each);
    }
  }

  @SuppressWarnings("NullAway") // a future of Void completes with null
  private static void tell(Plan plan) {
    plan.refused.forEach(each -> each.granted.complete(null));
    plan.gone.forEach(
        each -> {
          each.granted.cancel(false);
          each.released.complete(null);
        });
  }

  private void published(Plan plan, LockTable next) {
    List<CooperativeLock> granted = new ArrayList<>();
    lock.lock();
    try {
      own = next;
      conflicts = 0;
      renewedNanos = plan.begunNanos;
      leaseEndsNanos = plan.begunNanos + nanos(LEASE_MILLIS);
      leaseEndsMillis = plan.begunMillis + LEASE_MILLIS;
      settle(plan);
      for (CooperativeLock each : plan.granted) {
        if (each.state == State.WANTED && !leaseIsOver()) {
          each.state = State.HELD;
          granted.add(each);
        }
      }
    } finally {
      lock.unlock();
    }
    tell(plan);
    for (CooperativeLock each : granted) {
      if (!each.granted.complete(each)) {
        release(each); // cancelled meanwhile
      }
    }
    finish();
  }

  /**
   * Another client's table was first: a round begins anew, after a moment that differs for each.
   */
  private void conflict() {
    long pause;
    lock.lock();
    try {
      own = null;
      conflicts++;
      pause =
          Long.remainderUnsigned(
              surroundings.random(),
              Math.min(LAST_CONFLICT_PAUSE_MILLIS, 1L << Math.min(conflicts, 10)));
    } finally {
      lock.unlock();
    }
    if (pause == 0) {
      round();
    } else {
      surroundings.later(this::round, pause);
    }
  }

  /** The share could not be asked: whoever waits is told; what is held is renewed later. */
  private void failed(Throwable failure) {
    List<CooperativeLock> asked = new ArrayList<>();
    List<CooperativeLock> releasing = new ArrayList<>();
    lock.lock();
    try {
      own = null;
      for (CooperativeLock each : List.copyOf(mine)) {
        if (each.state != State.HELD) {
          (each.state == State.WANTED ? asked : releasing).add(each);
          each.state = State.OVER;
          mine.remove(each);
        }
      }
    } finally {
      lock.unlock();
    }
    asked.forEach(each -> each.granted.completeExceptionally(failure));
    releasing.forEach(each -> each.released.completeExceptionally(failure));
    finish();
  }

  /** Ends a round: begins the next one now, or when it is due. */
  private void finish() {
    boolean go;
    lock.lock();
    try {
      go = again;
      if (!go) {
        running = false;
        long pause = pause();
        timer =
            closed
                ? null
                : surroundings.later(pause == NEVER ? this::rest : this::run, delay(pause));
      }
    } finally {
      lock.unlock();
    }
    if (go) {
      round();
    }
  }

  private static long delay(long pause) {
    return pause == NEVER ? 2 * EXPIRY_MILLIS : pause;
  }

  /** Returns after how many milliseconds there is something to do. Under the lock. */
  private long pause() {
    long pause = NEVER;
    for (CooperativeLock each : mine) {
      if (each.state == State.WANTED && each.wait) {
        long longest = Math.min(LAST_POLL_MILLIS, FIRST_POLL_MILLIS << Math.min(polls++, 10));
        return longest / 2 + Long.remainderUnsigned(surroundings.random(), longest / 2 + 1);
      }
      if (each.state == State.HELD) {
        long due = RENEWAL_MILLIS - (surroundings.nanoTime() - renewedNanos) / 1_000_000;
        pause = own == null && due <= 0 ? RETRY_MILLIS : Math.max(1, due);
      }
    }
    return pause;
  }

  private void rest() {
    owner.forgetIfIdle(path);
  }

  private static long nanos(long millis) {
    return millis * 1_000_000;
  }

  @Override
  public String toString() {
    return "Agent[" + path + "]";
  }
}
