package dev.netfs.engine;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a mount's outstanding subrequests within the share's depth, which is their number, and its
 * window, which is their bytes: many small ones, or a few large ones. What is over either waits its
 * turn; nobody's thread waits.
 *
 * <p>Each operation belongs to a flow, such as the writing of one file. The flows take turns, one
 * operation each; within a flow it is first come, first served. So the thousand uploads of a large
 * file hold up those of a small one, or a read, by one operation and not by a thousand.
 */
final class DepthLimit {
  /** An operation that waits its turn. */
  private record Task<T>(
      long bytes, Supplier<CompletableFuture<T>> operation, CompletableFuture<T> result) {
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
            try {
              whenOverLater.run();
            } finally {
              finish(value, failure);
            }
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

  /** Of uploads: enough to keep both ends busy where the way between them is short. */
  private static final long FEW_UPLOADS = 768 << 10;

  private static final int UPLOADS = 3;

  private final int depth;
  private final LongSupplier window;
  private final ReentrantLock lock = new ReentrantLock();

  /** What waits, by flow; the flow whose turn it is comes first. Guarded by lock. */
  private final Map<Object, ArrayDeque<Task<?>>> queues = new LinkedHashMap<>();

  private int outstanding; // guarded by lock
  private long outstandingBytes; // guarded by lock

  /**
   * @param depth how many operations may be under way
   * @param window how many bytes they may have together; a single one may have more
   */
  DepthLimit(int depth, long window) {
    this(depth, () -> window);
  }

  /**
   * As the other one, with a window that changes.
   *
   * @param window is asked whenever an operation could begin, under the lock: takes no other
   */
  DepthLimit(int depth, LongSupplier window) {
    this.depth = depth;
    this.window = window;
  }

  /**
   * Makes the limit of a mount's uploads, which is of their bytes: what the way to the server holds
   * and half of it again, and besides a few requests of full size. More of them would only lie in
   * the server's memory, which is not free: OpenSSH's server copies all that it has not come to
   * each time its buffer grows.
   *
   * @param uplink knows the way
   * @param wsize the most bytes of one request
   */
  static DepthLimit ofUploads(LinkEstimate uplink, int wsize) {
    long few = Math.max(FEW_UPLOADS, (long) UPLOADS * wsize);
    return new DepthLimit(Integer.MAX_VALUE, () -> few + uplink.bytesUnderWay() * 3 / 2);
  }

  /**
   * Starts an operation as soon as the limits allow.
   *
   * @param flow what the operation belongs to, by {@code equals}
   * @param bytes how many bytes it moves
   * @return completes as the operation does
   */
  <T> CompletableFuture<T> submit(
      Object flow, long bytes, Supplier<CompletableFuture<T>> operation) {
    Task<T> task = new Task<>(bytes, operation, new CompletableFuture<>());
    lock.lock();
    try {
      if (!queues.isEmpty() || !fits(task)) {
        queues.computeIfAbsent(flow, key -> new ArrayDeque<>()).add(task);
        return task.result;
      }
      begin(task);
    } finally {
      lock.unlock();
    }
    if (start(task)) {
      run();
    }
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

  /** Returns whether there is room for a task now. Under the lock. */
  private boolean fits(Task<?> task) {
    return outstanding == 0
        || (outstanding < depth && outstandingBytes + task.bytes <= window.getAsLong());
  }

  /** Gives a task its place. Under the lock. */
  private void begin(Task<?> task) {
    outstanding++;
    outstandingBytes += task.bytes;
  }

  private void end(Task<?> task) {
    lock.lock();
    try {
      outstanding--;
      outstandingBytes -= task.bytes;
    } finally {
      lock.unlock();
    }
  }

  /** Starts a task that has begun; returns whether it has ended already. */
  private boolean start(Task<?> task) {
    boolean over =
        task.start(
            () -> {
              end(task);
              run();
            });
    if (over) {
      end(task);
    }
    return over;
  }

  /** Starts, in a loop, those that get their turn because another has ended. */
  private void run() {
    Task<?> task = next();
    while (task != null) {
      start(task);
      task = next();
    }
  }

  /** Returns whose turn it is, if there is room for it, or null. */
  private @Nullable Task<?> next() {
    lock.lock();
    try {
      Iterator<Map.Entry<Object, ArrayDeque<Task<?>>>> first = queues.entrySet().iterator();
      if (!first.hasNext()) {
        return null;
      }
      Map.Entry<Object, ArrayDeque<Task<?>>> turn = first.next();
      Object flow = turn.getKey();
      ArrayDeque<Task<?>> queue = turn.getValue();
      if (!fits(queue.element())) {
        return null; // and nobody overtakes it, or it might wait for ever
      }
      first.remove();
      Task<?> next = queue.remove();
      if (!queue.isEmpty()) {
        queues.put(flow, queue); // behind the others
      }
      begin(next);
      return next;
    } finally {
      lock.unlock();
    }
  }
}
