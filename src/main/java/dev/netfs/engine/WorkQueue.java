package dev.netfs.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Work that may block, begun in the order in which it comes, on a few of the engine's threads at a
 * time. A thread is taken when there is work and given back when there is none.
 *
 * <p>Safe for use by several threads. {@link #lock} is a leaf, never held while work is done.
 */
final class WorkQueue {
  private final Background background;
  private final int most;
  private final Consumer<Throwable> failed;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>(); // guarded by lock
  private final List<CompletableFuture<Boolean>> draining = new ArrayList<>(); // guarded by lock
  private int threads; // guarded by lock
  private int expected; // guarded by lock: how often work may be added that drained() waits for

  /**
   * Makes a queue.
   *
   * @param most how many threads it may use at once, 1 or more
   * @param failed hears of what work throws, which it should not; the queue goes on
   */
  WorkQueue(Background background, int most, Consumer<Throwable> failed) {
    this.background = background;
    this.most = most;
    this.failed = failed;
  }

  /** Has something done, soon. Never waits; may be called under any lock but a leaf. */
  void add(Runnable work) {
    lock.lock();
    try {
      waiting.add(work);
      if (threads == most) {
        return;
      }
      threads++;
    } finally {
      lock.unlock();
    }
    background.execute(this::run);
  }

  /**
   * Announces that work may be added soon: it is waited for as if it had been. Ends with {@link
   * #arrived}.
   */
  void expect() {
    lock.lock();
    try {
      expected++;
    } finally {
      lock.unlock();
    }
  }

  /** Ends what {@link #expect} began: what was announced has been added, or will not be. */
  void arrived() {
    List<CompletableFuture<Boolean>> drained;
    lock.lock();
    try {
      expected--;
      drained = takeDrained();
    } finally {
      lock.unlock();
    }
    drained.forEach(waiter -> waiter.complete(true));
  }

  /** Returns who waits no longer. Under the lock. */
  private List<CompletableFuture<Boolean>> takeDrained() {
    if (threads > 0 || expected > 0) {
      return List.of();
    }
    List<CompletableFuture<Boolean>> drained = List.copyOf(draining);
    draining.clear();
    return drained;
  }

  private void run() {
    Runnable next = next();
    while (next != null) {
      try {
        next.run();
      } catch (RuntimeException | Error e) {
        failed.accept(e);
      }
      next = next();
    }
  }

  private @Nullable Runnable next() {
    List<CompletableFuture<Boolean>> drained;
    lock.lock();
    try {
      Runnable next = waiting.poll();
      if (next != null || --threads > 0) {
        return next;
      }
      drained = takeDrained();
    } finally {
      lock.unlock();
    }
    drained.forEach(waiter -> waiter.complete(true));
    return null;
  }

  /**
   * Returns what completes with true when nothing is waiting, being done or announced, at one
   * moment at least: what work adds before it ends is waited for too. May be completed by who waits
   * no longer.
   */
  CompletableFuture<Boolean> drained() {
    CompletableFuture<Boolean> over = new CompletableFuture<>();
    lock.lock();
    try {
      if (threads > 0 || expected > 0) {
        draining.add(over);
        return over;
      }
    } finally {
      lock.unlock();
    }
    over.complete(true);
    return over;
  }

  /** Forgets what has not begun. */
  void clear() {
    lock.lock();
    try {
      waiting.clear();
    } finally {
      lock.unlock();
    }
  }
}
