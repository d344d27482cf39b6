package dev.netfs.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;

/** Counts a mount's dirty bytes, and lets writers wait until there are fewer. */
final class DirtyLimit {
  private final Background background;
  private final long limit;
  private final ReentrantLock lock = new ReentrantLock();
  private long bytes; // guarded by lock
  private final List<CompletableFuture<Void>> waiting = new ArrayList<>(); // guarded by lock

  DirtyLimit(Background background, long limit) {
    this.background = background;
    this.limit = limit;
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

  /** Counts bytes that have become dirty, or (negative) that are so no more. */
  void add(long delta) {
    lock.lock();
    try {
      bytes += delta;
      if (delta >= 0 || waiting.isEmpty()) {
        return;
      }
    } finally {
      lock.unlock();
    }
    // Elsewhere: whoever is woken must not run on, and may hold what this thread waits for.
    background.execute(this::wakeAll);
  }

  /** Lets every waiting writer look again: something was sent, or could not be. */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  void wakeAll() {
    List<CompletableFuture<Void>> woken;
    lock.lock();
    try {
      woken = new ArrayList<>(waiting);
      waiting.clear();
    } finally {
      lock.unlock();
    }
    woken.forEach(future -> future.complete(null));
  }

  /** Returns a future that completes when a writer may look again; a completed one if it may go. */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  CompletableFuture<Void> room() {
    lock.lock();
    try {
      if (bytes < limit) {
        return CompletableFuture.completedFuture(null);
      }
      CompletableFuture<Void> future = new CompletableFuture<>();
      waiting.add(future);
      return future;
    } finally {
      lock.unlock();
    }
  }
}
