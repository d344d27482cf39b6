package dev.netfs.share.path;

import dev.netfs.share.ShareDisconnectedException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one share, on which the backing provider's calls block, and what is outstanding on
 * them.
 *
 * <p><b>A call may hang for ever</b>: the backing store may be a hard-mounted network directory
 * whose server is gone, and Java cannot take a thread out of that. So an operation's result and its
 * thread are kept apart: {@link #close} fails every outstanding operation at once, whatever its
 * thread is doing, and what the thread brings back later is dropped. For that to be safe a thread
 * must never be inside a backing call with memory that was lent to the operation. Bytes therefore
 * pass through a buffer that the thread owns ({@link #buffer}), and move between it and the lent
 * memory inside {@link Operation#touch}, which holds the operation's lock and does nothing once the
 * operation is over. The copy is the price of that promise; it also makes one backing call out of a
 * scattered list of pages.
 *
 * <p><b>Interrupts.</b> An interrupt would close a backing channel under all its other users.
 * Nobody outside has these threads, they are never interrupted from here (the pool is shut down
 * without), and the pool clears the status before every task.
 *
 * <p><b>Lock order.</b> An operation's lock is a leaf, but for the consumer of a listing, which
 * runs under it. Futures complete without any lock held, since whatever depends on them runs then.
 */
final class Workers implements Executor {
  /** How many backing calls run at once. */
  static final int DEPTH = 16;

  /** The most bytes that one backing call moves: small enough to stay in the processor's cache. */
  static final int BUFFER_SIZE = 256 * 1024;

  private static final long IDLE_SECONDS = 10;
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String name;
  private final boolean direct;
  private final ThreadPoolExecutor pool;
  private final Set<Operation<?>> outstanding = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * @param name how messages call the share
   * @param direct whether the threads' buffers are direct ones, which the default provider wants
   */
  Workers(String name, boolean direct) {
    this.name = name;
    this.direct = direct;
    String prefix = "netfs-path-" + COUNT.incrementAndGet() + "-";
    AtomicInteger threads = new AtomicInteger();
    pool =
        new ThreadPoolExecutor(
            DEPTH,
            DEPTH,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> new Worker(task, prefix + threads.incrementAndGet()));
    pool.allowCoreThreadTimeOut(true);
  }

  /** A backing call. */
  interface Body<T extends @Nullable Object> {
    /** Makes it; runs on a thread of the share and may block. */
    T run(Operation<T> operation) throws Exception;
  }

  private final class Worker extends Thread {
    private @Nullable ByteBuffer buffer; // confined to this thread

    Worker(Runnable task, String name) {
      super(task, name);
      setDaemon(true);
    }

    ByteBuffer buffer() {
      ByteBuffer present = buffer;
      if (present == null) {
        present =
            direct ? ByteBuffer.allocateDirect(BUFFER_SIZE) : ByteBuffer.allocate(BUFFER_SIZE);
        buffer = present;
      }
      return present;
    }
  }

  /** One operation of the share: its future, and whether it may still touch lent memory. */
  final class Operation<T extends @Nullable Object> {
    final CompletableFuture<T> future = new CompletableFuture<>();
    private final ReentrantLock lock = new ReentrantLock();
    private boolean over; // guarded by lock

    private Operation() {}

    /**
     * Does something with what was lent to this operation.
     *
     * @throws ShareDisconnectedException if the operation is over, and nothing was done
     */
    void touch(Runnable action) throws ShareDisconnectedException {
      lock.lock();
      try {
        if (over) {
          throw disconnected();
        }
        action.run();
      } finally {
        lock.unlock();
      }
    }

    /** Completes the operation; returns false if it was over already, the value being unwanted. */
    boolean complete(T value) {
      return end() && future.complete(value);
    }

    /** Completes the operation with null. */
    @SuppressWarnings("NullAway") // for operations whose result may be null
    void completeEmpty() {
      complete(null);
    }

    /** Fails the operation, if it is not over. */
    void fail(Throwable failure) {
      if (end()) {
        future.completeExceptionally(failure);
      }
    }

    /** Takes note that somebody else, the receiver cancelling it, completed the future. */
    void forget() {
      end();
    }

    private boolean end() {
      lock.lock();
      try {
        if (over) {
          return false;
        }
        over = true;
      } finally {
        lock.unlock();
      }
      outstanding.remove(this);
      return true;
    }
  }

  /**
   * Returns the calling thread's buffer, cleared.
   *
   * @param length how many bytes it shall take, cut down to {@link #BUFFER_SIZE}
   */
  static ByteBuffer buffer(long length) {
    ByteBuffer buffer = ((Worker) Thread.currentThread()).buffer();
    return buffer.clear().limit((int) Math.min(length, BUFFER_SIZE));
  }

  /**
   * Begins an operation that somebody will complete.
   *
   * @return the operation; over already, its future failed, if the share is closed
   */
  <T extends @Nullable Object> Operation<T> begin() {
    Operation<T> operation = new Operation<>();
    outstanding.add(operation);
    if (closed) {
      operation.fail(disconnected());
    }
    return operation;
  }

  /**
   * Runs a backing call on a thread of the share.
   *
   * @param body the call
   * @param failure turns what it threw into what the operation fails with; runs on the same thread
   *     and may make backing calls itself
   */
  <T extends @Nullable Object> CompletableFuture<T> run(
      Body<T> body, Function<Throwable, Throwable> failure) {
    return run(body, failure, unwanted -> {});
  }

  /**
   * Runs a backing call whose result has to be given back if nobody takes it any more.
   *
   * @param unwanted takes the result of a call whose operation was over before it returned
   */
  <T extends @Nullable Object> CompletableFuture<T> run(
      Body<T> body, Function<Throwable, Throwable> failure, Unwanted<T> unwanted) {
    Operation<T> operation = begin();
    try {
      execute(
          () -> {
            if (operation.future.isDone()) {
              return;
            }
            T value;
            try {
              value = body.run(operation);
            } catch (Throwable e) {
              operation.fail(failure.apply(e));
              return;
            }
            if (!operation.complete(value)) {
              unwanted.accept(value);
            }
          });
    } catch (RejectedExecutionException e) {
      operation.fail(disconnected());
    }
    return operation.future;
  }

  /** A backing call without a result. */
  interface Action {
    /** Makes it; runs on a thread of the share and may block. */
    void run(Operation<Void> operation) throws Exception;
  }

  /** Runs a backing call that has no result. */
  @SuppressWarnings("NullAway") // an operation of Void completes with null
  CompletableFuture<Void> perform(Action action, Function<Throwable, Throwable> failure) {
    return run(
        operation -> {
          action.run(operation);
          return null;
        },
        failure);
  }

  /** Takes a result that came too late. */
  interface Unwanted<T extends @Nullable Object> {
    void accept(T value);
  }

  /**
   * Runs a task on a thread of the share.
   *
   * @throws RejectedExecutionException if the share is closed
   */
  @Override
  public void execute(Runnable task) {
    pool.execute(task);
  }

  /** Returns the failure of operations of a share that is closed. */
  ShareDisconnectedException disconnected() {
    return new ShareDisconnectedException(name + ": the share is closed", null);
  }

  boolean isClosed() {
    return closed;
  }

  /** Fails every outstanding operation and all to come. Tasks can still be executed. */
  void close() {
    closed = true;
    for (Operation<?> operation : outstanding) {
      operation.fail(disconnected());
    }
  }

  /**
   * Ends the threads once they have done what was executed before, waiting a moment for that,
   * unless the caller is one of them.
   */
  void shutdown(long waitMillis) {
    pool.shutdown();
    if (Thread.currentThread() instanceof Worker) {
      return;
    }
    try {
      // Whether they ended is of no account: those in a hung call end when it returns.
      pool.awaitTermination(waitMillis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
