package dev.netfs.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a mount's dirty bytes within its limit, and is fair to those who want to add to them.
 *
 * <p>A writer reserves room for each piece before it writes it. Who finds no room, or others
 * waiting for it, waits. As room comes free, it goes in turn to whoever has waited longest and to
 * whoever's file has the fewest dirty bytes: so a stream of gigabytes, whose file always has the
 * most of them, hardly holds up one who writes a line now and then, and every writer gets on, since
 * no room is given to others when it is the turn of the one who has waited longest.
 *
 * <p>What cannot be sent stays dirty. Where it fills the limit, writers wait for it to be sent
 * after all, and give up when nothing at all has been sent for as long as one request may take.
 *
 * <p><b>Concurrency.</b> {@link #lock} is a leaf; futures are completed on a thread of the
 * background, since whoever is woken must not run on the thread that made room, which may hold what
 * it waits for.
 */
final class DirtyLimit {
  /** Who makes bytes dirty: a file. */
  interface Owner {
    /** Returns how many dirty bytes there are of it; by anybody, under any lock. */
    long unsentBytes();
  }

  /** A writer who waits for room. */
  final class Waiter {
    /** Completes when there is room or reason to look again; fails when there is no hope of any. */
    final CompletableFuture<Void> over = new CompletableFuture<>();

    private final int bytes;
    private final Owner owner;
    private long sentBefore; // guarded by lock
    private boolean granted; // guarded by lock

    private Waiter(int bytes, Owner owner) {
      this.bytes = bytes;
      this.owner = owner;
    }

    /** Returns how many bytes it waits for room for. */
    int bytes() {
      return bytes;
    }

    /** Ends the waiting; returns whether there is room, which {@link #end} gives back then. */
    boolean finish() {
      lock.lock();
      try {
        if (waiting.remove(this)) {
          grant(); // it may have been this one's turn
        }
        return granted;
      } finally {
        lock.unlock();
      }
    }

    /** Fails a waiter that has waited in vain, or lets it wait on. */
    private void overdue() {
      boolean vain;
      lock.lock();
      try {
        if (!waiting.contains(this)) {
          return;
        }
        vain = sentBefore == sent;
        sentBefore = sent;
      } finally {
        lock.unlock();
      }
      if (vain) {
        over.completeExceptionally(
            new IOException(
                "there is no room for more unsent data (option dirtyLimit), and the server has"
                    + " taken none of it for "
                    + patienceMillis
                    + " ms"));
      } else {
        watch();
      }
    }

    private void watch() {
      Background.Task task =
          background.schedule(this::overdue, patienceMillis, TimeUnit.MILLISECONDS);
      over.whenComplete((done, failure) -> task.cancel());
    }
  }

  private final long limit;
  private final long patienceMillis;
  private final Background background;
  private final ReentrantLock lock = new ReentrantLock();
  private long bytes; // guarded by lock
  private long reserved; // guarded by lock
  private long sent; // guarded by lock: how many bytes have been dirty and are no more
  private boolean oldestNext = true; // guarded by lock
  private final Set<Waiter> waiting = new LinkedHashSet<>(); // guarded by lock

  /**
   * Makes a limit.
   *
   * @param limit the most dirty bytes
   * @param patienceMillis how long a writer waits while nothing is sent
   */
  DirtyLimit(Background background, long limit, long patienceMillis) {
    this.limit = limit;
    this.patienceMillis = patienceMillis;
    this.background = background;
  }

  /** Returns how many bytes are dirty. */
  long bytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  /** Returns the most that one write should add at once. */
  int chunk() {
    return (int) Math.max(1, Math.min(1 << 20, limit / 4));
  }

  /** Returns whether writers wait for room. */
  boolean isPressed() {
    lock.lock();
    try {
      return !waiting.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Reserves room if there is some and nobody waits for it.
   *
   * @param wanted how many bytes, at most {@link #chunk}
   * @return whether there is; {@link #end} gives it back
   */
  boolean tryReserve(int wanted) {
    lock.lock();
    try {
      if (!waiting.isEmpty() || !fits(wanted)) {
        return false;
      }
      reserved += wanted;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Queues for room.
   *
   * @param wanted how many bytes, at most {@link #chunk}
   * @return to be {@linkplain Waiter#finish finished} in any case
   */
  Waiter queue(int wanted, Owner owner) {
    Waiter waiter = new Waiter(wanted, owner);
    lock.lock();
    try {
      waiter.sentBefore = sent;
      waiting.add(waiter);
      grant();
    } finally {
      lock.unlock();
    }
    waiter.watch();
    return waiter;
  }

  /** Gives back what was reserved: what became of it is counted as dirty by now. */
  void end(int wanted) {
    lock.lock();
    try {
      reserved -= wanted;
      grant();
    } finally {
      lock.unlock();
    }
  }

  /** Lets a file's writers look again: something of it could not be sent. */
  void failed(Owner owner) {
    List<Waiter> concerned = new ArrayList<>();
    lock.lock();
    try {
      for (Waiter waiter : waiting) {
        if (waiter.owner == owner) {
          concerned.add(waiter);
        }
      }
    } finally {
      lock.unlock();
    }
    if (!concerned.isEmpty()) {
      background.execute(() -> wake(concerned));
    }
  }

  /** Counts bytes that have become dirty, or (negative) that are so no more. */
  void add(long delta) {
    lock.lock();
    try {
      bytes += delta;
      if (delta < 0) {
        sent -= delta;
        grant();
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean fits(int wanted) {
    long used = bytes + reserved;
    return used + wanted <= limit || used == 0;
  }

  /** Gives the room there is to those whose turn it is. Under the lock. */
  private void grant() {
    if (waiting.isEmpty()) {
      return;
    }
    List<Waiter> granted = new ArrayList<>();
    Waiter next = next();
    while (next != null && fits(next.bytes)) {
      waiting.remove(next);
      next.granted = true;
      reserved += next.bytes;
      granted.add(next);
      oldestNext = !oldestNext;
      next = next();
    }
    if (!granted.isEmpty()) {
      background.execute(() -> wake(granted));
    }
  }

  /** Returns whose turn it is, or null if nobody waits. */
  private @Nullable Waiter next() {
    Iterator<Waiter> all = waiting.iterator();
    if (!all.hasNext()) {
      return null;
    }
    Waiter found = all.next();
    if (!oldestNext) {
      long least = found.owner.unsentBytes();
      while (all.hasNext()) {
        Waiter other = all.next();
        long share = other.owner.unsentBytes();
        if (share < least) {
          found = other;
          least = share;
        }
      }
    }
    return found;
  }

  @SuppressWarnings("NullAway") // a future of Void completes with null
  private static void wake(List<Waiter> waiters) {
    waiters.forEach(waiter -> waiter.over.complete(null));
  }
}
