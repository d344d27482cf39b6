package dev.netfs.engine;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the number of outstanding subrequests of a mount within the share's depth. What is over it
 * waits its turn, first come, first served; nobody's thread waits.
 */
final class DepthLimit {
  private final int depth;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Runnable> queue = new ArrayDeque<>(); // guarded by lock
  private int outstanding; // guarded by lock

  DepthLimit(int depth) {
    this.depth = depth;
  }

  /**
   * Starts an operation as soon as the depth allows.
   *
   * @return completes as the operation does
   */
  <T> CompletableFuture<T> submit(Supplier<CompletableFuture<T>> operation) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Runnable start = () -> run(operation, result);
    lock.lock();
    try {
      if (outstanding >= depth) {
        queue.add(start);
        return result;
      }
      outstanding++;
    } finally {
      lock.unlock();
    }
    start.run();
    return result;
  }

  private <T> void run(Supplier<CompletableFuture<T>> operation, CompletableFuture<T> result) {
    CompletableFuture<T> stage;
    try {
      stage = operation.get();
    } catch (RuntimeException | Error e) {
      stage = CompletableFuture.failedFuture(e);
    }
    stage.whenComplete(
        (value, failure) -> {
          Runnable next = finished();
          if (next != null) {
            next.run();
          }
          if (failure == null) {
            result.complete(value);
          } else {
            result.completeExceptionally(failure);
          }
        });
  }

  /** Returns who takes the place that has become free, or null. */
  private @Nullable Runnable finished() {
    lock.lock();
    try {
      Runnable next = queue.poll();
      if (next == null) {
        outstanding--;
      }
      return next;
    } finally {
      lock.unlock();
    }
  }
}
