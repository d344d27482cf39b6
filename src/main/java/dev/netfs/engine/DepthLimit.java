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
  /** An operation that waits its turn. */
  private record Task<T>(Supplier<CompletableFuture<T>> operation, CompletableFuture<T> result) {
    /** Starts the operation; returns whether it is over already. */
    boolean start(Runnable whenOverLater) {
      CompletableFuture<T> stage;
      try {
        stage = operation.get();
      } catch (RuntimeException | Error e) {
        stage = CompletableFuture.failedFuture(e);
      }
      if (stage.isDone()) {
        stage.whenComplete(this::finish);
        return true;
      }
      stage.whenComplete(
          (value, failure) -> {
            whenOverLater.run();
            finish(value, failure);
          });
      return false;
    }

    private void finish(T value, @Nullable Throwable failure) {
      if (failure == null) {
        result.complete(value);
      } else {
        result.completeExceptionally(failure);
      }
    }
  }

  private final int depth;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Task<?>> queue = new ArrayDeque<>(); // guarded by lock
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
    Task<T> task = new Task<>(operation, new CompletableFuture<>());
    lock.lock();
    try {
      if (outstanding >= depth) {
        queue.add(task);
        return task.result;
      }
      outstanding++;
    } finally {
      lock.unlock();
    }
    run(task);
    return task.result;
  }

  /** Returns how many operations are under way. */
  int outstanding() {
    lock.lock();
    try {
      return outstanding;
    } finally {
      lock.unlock();
    }
  }

  /** Runs an operation and, in a loop, those that get their turn because one is over at once. */
  private void run(@Nullable Task<?> first) {
    Task<?> task = first;
    while (task != null && task.start(() -> run(next()))) {
      task = next();
    }
  }

  /** Returns whose turn it is now that a place has become free, or null. */
  private @Nullable Task<?> next() {
    lock.lock();
    try {
      Task<?> next = queue.poll();
      if (next == null) {
        outstanding--;
      }
      return next;
    } finally {
      lock.unlock();
    }
  }
}
