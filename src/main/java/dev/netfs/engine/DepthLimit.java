package dev.netfs.engine;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the number of outstanding subrequests of a mount within the share's depth. What is over it
 * waits its turn; nobody's thread waits.
 *
 * <p>Each operation belongs to a flow, such as the writing of one file. The flows take turns, one
 * operation each; within a flow it is first come, first served. So the thousand uploads of a large
 * file hold up those of a small one, or a read, by one operation and not by a thousand.
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

  /** What waits, by flow; the flow whose turn it is comes first. Guarded by lock. */
  private final Map<Object, ArrayDeque<Task<?>>> queues = new LinkedHashMap<>();

  private int outstanding; // guarded by lock

  DepthLimit(int depth) {
    this.depth = depth;
  }

  /**
   * Starts an operation as soon as the depth allows.
   *
   * @param flow what the operation belongs to, by {@code equals}
   * @return completes as the operation does
   */
  <T> CompletableFuture<T> submit(Object flow, Supplier<CompletableFuture<T>> operation) {
    Task<T> task = new Task<>(operation, new CompletableFuture<>());
    lock.lock();
    try {
      if (outstanding >= depth) {
        queues.computeIfAbsent(flow, key -> new ArrayDeque<>()).add(task);
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
      Iterator<Map.Entry<Object, ArrayDeque<Task<?>>>> first = queues.entrySet().iterator();
      if (!first.hasNext()) {
        outstanding--;
        return null;
      }
      Map.Entry<Object, ArrayDeque<Task<?>>> turn = first.next();
      Object flow = turn.getKey();
      ArrayDeque<Task<?>> queue = turn.getValue();
      first.remove();
      Task<?> next = queue.poll();
      if (!queue.isEmpty()) {
        queues.put(flow, queue); // behind the others
      }
      return next;
    } finally {
      lock.unlock();
    }
  }
}
