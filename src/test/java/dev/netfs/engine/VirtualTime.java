package dev.netfs.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Time that passes only while everybody waits, and threads of which one at a time runs: whatever
 * happens under it happens in the same order for the same seed.
 *
 * <p>Programs run as <em>actors</em>, threads that hand one baton on. Whoever has it runs until it
 * waits for a stage; then it carries out what is due next, and next, and sets the clock on, until
 * its own stage or another actor's is complete. Which of several actors goes on, and in which order
 * work of the same moment is done, is random. An actor that has waited for longer than {@link
 * #patience}, or for something that nothing will bring about, fails: it hangs.
 *
 * <p>Not seen here: what depends on two threads running at the very same time. An actor is
 * interrupted only where it waits.
 */
final class VirtualTime implements ModelTime {
  private static final long BEGIN_MILLIS = 1_700_000_000_000L;

  /** What runs for longer than this, in real time, is in a loop without end. */
  private static final long REAL_MILLIS = 120_000;

  private static final class Event implements Task {
    final long at;
    final int order;
    final long number;
    final Runnable work;
    final boolean idle;
    boolean cancelled;

    Event(long at, int order, long number, Runnable work, boolean idle) {
      this.at = at;
      this.order = order;
      this.number = number;
      this.work = work;
      this.idle = idle;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  /** Ends the threads of actors after one of them has failed. */
  private static final class Aborted extends Error {
    private static final long serialVersionUID = 1L;

    Aborted() {
      super("another actor has failed", null, false, false);
    }
  }

  private final Random random;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          Comparator.<Event>comparingLong(e -> e.at)
              .thenComparingInt(e -> e.order)
              .thenComparingLong(e -> e.number));
  private final List<Actor> waiting = new ArrayList<>();
  private final List<Actor> alive = new ArrayList<>();
  private final List<Worker> workers = new ArrayList<>();
  private final List<Worker> idle = new ArrayList<>();
  private long nanos = 1;
  private long number;
  private volatile @Nullable Throwable failure;
  private volatile boolean ended;

  /**
   * Whether what the background does may wait: each piece of work has the baton in a thread of its
   * own then. Otherwise it is done by whoever waits at the moment, which takes less time.
   */
  boolean workersWait;

  /** How long an actor may wait for one stage, in nanoseconds of this time. */
  long patience = TimeUnit.HOURS.toNanos(1);

  VirtualTime(long seed) {
    random = new Random(seed ^ 0x5DEECE66DL);
  }

  /** A thread that runs while it has the baton. */
  private class Actor extends Thread implements Await.WorkingThread {
    final Semaphore baton = new Semaphore(0);
    final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    private final Program program;
    @Nullable CompletableFuture<?> stage;
    long waitingSince;

    Actor(String name, Program program) {
      super(name);
      this.program = program;
      setDaemon(true);
    }

    @Override
    public void run() {
      baton.acquireUninterruptibly();
      try {
        if (failure == null) {
          program.run();
        }
      } catch (Aborted e) {
        // The other's failure is known.
      } catch (Throwable e) {
        fail(e);
      }
      alive.remove(this);
      done.complete(null);
      if (failure == null && !alive.isEmpty()) {
        try {
          handOn();
        } catch (Throwable e) {
          fail(e);
        }
      }
      if (failure != null) {
        List.copyOf(waiting).forEach(actor -> actor.baton.release());
      }
    }

    @Override
    public void workUntilDone(CompletableFuture<?> awaited) {
      if (failure != null) {
        throw new Aborted();
      }
      stage = awaited;
      waitingSince = nanos;
      waiting.add(this);
      Actor next;
      try {
        next = nextReady();
      } catch (RuntimeException | Error e) {
        waiting.remove(this);
        throw e;
      }
      if (next == this) {
        return;
      }
      next.baton.release();
      baton.acquireUninterruptibly();
      if (failure != null || ended) {
        throw new Aborted();
      }
    }

    void handOn() {
      nextReady().baton.release();
    }
  }

  /** A thread of the background: does one piece of work after another, each of which may wait. */
  private final class Worker extends Actor {
    private @Nullable Runnable work;

    Worker() {
      super("worker", () -> {});
    }

    void begin(Runnable next) {
      work = next;
      stage = CompletableFuture.completedFuture(null);
      waitingSince = nanos;
      waiting.add(this);
    }

    @Override
    public void run() {
      while (true) {
        baton.acquireUninterruptibly();
        if (failure != null || ended) {
          return;
        }
        try {
          java.util.Objects.requireNonNull(work).run();
          idle.add(this);
          handOn();
        } catch (Aborted e) {
          return;
        } catch (Throwable e) {
          fail(e);
          List.copyOf(waiting).forEach(actor -> actor.baton.release());
          return;
        }
      }
    }
  }

  /** Lets time pass until an actor's stage is complete, and takes it off those who wait. */
  private Actor nextReady() {
    while (true) {
      List<Actor> ready = new ArrayList<>();
      for (Actor actor : waiting) {
        if (java.util.Objects.requireNonNull(actor.stage).isDone()) {
          ready.add(actor);
        } else if (nanos - actor.waitingSince > patience) {
          throw hang(actor.getName() + " has waited for an age");
        }
      }
      if (!ready.isEmpty()) {
        Actor chosen = ready.get(ready.size() == 1 ? 0 : random.nextInt(ready.size()));
        waiting.remove(chosen);
        return chosen;
      }
      if (!step()) {
        throw hang(waiting + " wait for what nothing will bring about");
      }
    }
  }

  private AssertionError hang(String what) {
    AssertionError error = new AssertionError("hang: " + what);
    fail(error);
    return error;
  }

  private boolean step() {
    Event event = events.poll();
    while (event != null && event.cancelled) {
      event = events.poll();
    }
    if (event == null) {
      return false;
    }
    nanos = Math.max(nanos, event.at);
    try {
      event.work.run();
    } catch (RuntimeException | Error e) {
      fail(e);
      throw e;
    }
    return true;
  }

  private void fail(Throwable e) {
    if (failure == null) {
      failure = e;
    } else if (failure != e) {
      java.util.Objects.requireNonNull(failure).addSuppressed(e);
    }
  }

  @Override
  public void run(Program program) throws Exception {
    Actor main = new Actor("main", program);
    alive.add(main);
    main.start();
    main.baton.release();
    main.join(REAL_MILLIS);
    if (main.isAlive()) {
      StringBuilder where = new StringBuilder("hang: busy without end\n");
      List<Actor> all = new ArrayList<>(alive);
      all.addAll(workers);
      for (Actor actor : all) {
        where.append(actor.getName()).append('\n');
        for (StackTraceElement frame : actor.getStackTrace()) {
          where.append("    ").append(frame).append('\n');
        }
      }
      AssertionError error = new AssertionError(where.toString());
      failure = error; // ends the actors as soon as they wait
      throw error;
    }
    ended = true;
    List.copyOf(workers).forEach(worker -> worker.baton.release());
    Throwable failed = failure;
    if (failed instanceof Exception e) {
      throw e;
    }
    if (failed instanceof Error e) {
      throw e;
    }
  }

  @Override
  public CompletableFuture<@Nullable Void> start(String name, Program program) {
    Actor actor = new Actor(name, program);
    alive.add(actor);
    actor.start();
    CompletableFuture<@Nullable Void> begin = new CompletableFuture<>();
    actor.stage = begin;
    actor.waitingSince = nanos;
    waiting.add(actor);
    execute(() -> begin.complete(null));
    return actor.done;
  }

  @Override
  public void sleep(long delay, TimeUnit unit) {
    CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
    schedule(() -> over.complete(null), delay, unit);
    Await.untilDone(over);
  }

  @Override
  public void settle(BooleanSupplier condition) {
    sleep(10, TimeUnit.MINUTES);
  }

  @Override
  public String span(long millis) {
    return millis + "ms";
  }

  /** Returns whether anything is still to happen but what happens again and again. */
  boolean isQuiet() {
    return events.stream().allMatch(event -> event.cancelled || event.idle);
  }

  /** Returns whether nothing at all is still to happen. */
  boolean isSilent() {
    return events.stream().allMatch(event -> event.cancelled);
  }

  @Override
  public long nanoTime() {
    return nanos;
  }

  @Override
  public long random() {
    return random.nextLong();
  }

  @Override
  public long currentTimeMillis() {
    return BEGIN_MILLIS + nanos / 1_000_000;
  }

  @Override
  public void execute(Runnable work) {
    int delay = random.nextInt(20_000);
    add(delay, workersWait ? () -> hire().begin(work) : work, false);
  }

  private Worker hire() {
    if (!idle.isEmpty()) {
      return idle.remove(idle.size() - 1);
    }
    Worker made = new Worker();
    workers.add(made);
    made.start();
    return made;
  }

  @Override
  public Task schedule(Runnable work, long delay, TimeUnit unit) {
    return add(unit.toNanos(delay), work, false);
  }

  @Override
  public Task repeat(Runnable work, long pause, TimeUnit unit) {
    return new Repeated(work, unit.toNanos(pause));
  }

  private final class Repeated implements Task {
    private final Runnable work;
    private final long pause;
    private Event next;

    Repeated(Runnable work, long pause) {
      this.work = work;
      this.pause = pause;
      this.next = add(pause, this::run, true);
    }

    private void run() {
      Event current = next;
      work.run();
      if (!current.cancelled) {
        next = add(pause, this::run, true);
      }
    }

    @Override
    public void cancel() {
      next.cancel();
    }
  }

  private Event add(long delay, Runnable work, boolean idle) {
    Event event = new Event(nanos + delay, random.nextInt(), number++, work, idle);
    events.add(event);
    return event;
  }
}
