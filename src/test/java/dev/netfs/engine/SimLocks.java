package dev.netfs.engine;

import dev.netfs.share.RangeLockedException;
import dev.netfs.share.ShareDisconnectedException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The byte-range locks of a {@link SimServer}: each belongs to a handle and goes with it, or to
 * another client, who is null here. Guarded by the server's monitor, but for the futures, which
 * complete outside of it.
 */
final class SimLocks {
  /** A lock that is held or waited for. */
  static final class Lock {
    final @Nullable SimFile holder;
    final String path;
    final long start;
    final long end;
    final boolean shared;
    final CompletableFuture<Boolean> granted = new CompletableFuture<>();

    Lock(@Nullable SimFile holder, String path, long start, long end, boolean shared) {
      this.holder = holder;
      this.path = path;
      this.start = start;
      this.end = end;
      this.shared = shared;
    }

    boolean conflicts(Lock other) {
      return path.equals(other.path)
          && !(shared && other.shared)
          && start < other.end
          && other.start < end;
    }
  }

  private final SimServer server;
  private final List<Lock> held = new ArrayList<>();
  private final List<Lock> waiting = new ArrayList<>();

  /** Whether the locks keep I/O of others out. */
  boolean mandatory;

  SimLocks(SimServer server) {
    this.server = server;
  }

  /** Takes a lock, queues for it, or refuses it. */
  Lock ask(Lock lock, boolean wait) {
    if (held.stream().noneMatch(lock::conflicts)) {
      held.add(lock);
      answer(lock, true);
    } else if (wait) {
      waiting.add(lock);
    } else {
      answer(lock, false);
    }
    return lock;
  }

  /** Gives a lock back, or stops waiting for it. */
  void end(Lock lock) {
    endAll(other -> other == lock);
  }

  /** Gives back all locks of a handle; who waits on it is told that the connection has gone. */
  void endAllOf(SimFile handle) {
    endAll(lock -> lock.holder == handle);
  }

  private void endAll(Predicate<Lock> which) {
    held.removeIf(which);
    for (Lock lock : List.copyOf(waiting)) {
      if (which.test(lock)) {
        waiting.remove(lock);
        server.time.execute(
            () ->
                lock.granted.completeExceptionally(
                    new ShareDisconnectedException("sim lost a wait", null)));
      } else if (held.stream().noneMatch(lock::conflicts)) {
        waiting.remove(lock);
        held.add(lock);
        answer(lock, true);
      }
    }
  }

  private void answer(Lock lock, boolean granted) {
    if (Thread.holdsLock(server)) {
      server.time.execute(() -> lock.granted.complete(granted));
    } else {
      lock.granted.complete(granted);
    }
  }

  int count() {
    return held.size();
  }

  /** Before I/O through a handle. */
  void check(@Nullable SimFile through, String path, long start, long end, boolean write)
      throws RangeLockedException {
    for (Lock lock : mandatory ? held : List.<Lock>of()) {
      if (lock.holder != through
          && lock.path.equals(path)
          && start < lock.end
          && lock.start < end
          && (write || !lock.shared)) {
        throw new RangeLockedException(path, start, end - start);
      }
    }
  }
}
