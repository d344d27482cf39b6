package dev.netfs.share.path;

import dev.netfs.share.ShareLock;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The byte-range locks of one open file.
 *
 * <p><b>Waiting</b> is asking again, after 5 ms at first and 100 ms at last. The backing channel's
 * own blocking call would take a thread that only an interrupt gets back, and an interrupt closes
 * the channel. The price: no queue among those who wait, in this process or another, and up to 100
 * ms between a release and the next grant. Between attempts a wait costs no thread.
 *
 * <p><b>An overlap inside the JVM</b>, which the JDK's table of locks reports as {@link
 * OverlappingFileLockException}, comes from another mount of the same directory, or from somebody
 * who opened the file without netfs: the engine has checked its own locks before. It is an other
 * holder like any other: null, or wait.
 */
final class PathLocks {
  private static final long FIRST_WAIT_MILLIS = 5;
  private static final long LAST_WAIT_MILLIS = 100;

  private final FileChannel channel;
  private final @Nullable Object fileKey;
  private final Workers workers;
  private final Set<Held> held = ConcurrentHashMap.newKeySet();
  private final Set<Workers.Operation<?>> waiting = ConcurrentHashMap.newKeySet();
  private final Gate gate;

  /**
   * @param gate who is inside of the file
   * @param fileKey the file's key, where closes have to be put off for {@link PosixLocks}; else
   *     null
   */
  PathLocks(FileChannel channel, Gate gate, @Nullable Object fileKey, Workers workers) {
    this.channel = channel;
    this.gate = gate;
    this.fileKey = fileKey;
    this.workers = workers;
  }

  /** The range and kind of a lock. */
  private record Range(long position, long size, boolean shared) {}

  private final class Held implements ShareLock {
    private final FileLock lock;
    private final CompletableFuture<Void> released = new CompletableFuture<>();

    Held(FileLock lock) {
      this.lock = lock;
    }

    @Override
    @SuppressWarnings("NullAway") // a future of Void completes with null
    public CompletionStage<Void> release() {
      if (held.remove(this)) {
        try {
          workers.execute(
              () -> {
                try {
                  free();
                  released.complete(null);
                } catch (Throwable e) {
                  released.completeExceptionally(e);
                }
              });
        } catch (RejectedExecutionException e) {
          released.complete(null); // the share is closed, and its locks went with its channels
        }
      }
      return released;
    }

    /** Releases the lock on the calling thread; whoever removed it from the held ones does. */
    void free() throws IOException {
      try {
        lock.release();
      } catch (ClosedChannelException e) {
        // Released with its channel.
      } finally {
        gone();
      }
    }

    @SuppressWarnings("NullAway")
    void freed() {
      released.complete(null);
    }
  }

  /** Takes a lock, as {@link dev.netfs.share.ShareFile#lock}. */
  CompletableFuture<@Nullable ShareLock> lock(
      long position,
      long size,
      boolean shared,
      boolean wait,
      Function<Throwable, Throwable> failure) {
    Workers.Operation<@Nullable ShareLock> operation = workers.begin();
    waiting.add(operation);
    // Also the end of the wait when somebody cancels the future.
    operation.future.whenComplete(
        (lock, e) -> {
          waiting.remove(operation);
          operation.forget();
        });
    Range range = new Range(position, size, shared);
    attempt(operation, range, wait ? FIRST_WAIT_MILLIS : 0, failure);
    if (gate.isClosed()) {
      operation.fail(new ClosedChannelException());
    }
    return operation.future;
  }

  private void attempt(
      Workers.Operation<@Nullable ShareLock> operation,
      Range range,
      long waitMillis,
      Function<Throwable, Throwable> failure) {
    try {
      workers.execute(() -> attemptNow(operation, range, waitMillis, failure));
    } catch (RejectedExecutionException e) {
      operation.fail(workers.disconnected());
    }
  }

  private void attemptNow(
      Workers.Operation<@Nullable ShareLock> operation,
      Range range,
      long waitMillis,
      Function<Throwable, Throwable> failure) {
    if (operation.future.isDone()) {
      return;
    }
    Held lock;
    try {
      gate.enter();
      try {
        lock = tryLock(range);
      } finally {
        gate.leave();
      }
    } catch (Throwable e) {
      operation.fail(failure.apply(e));
      return;
    }
    if (lock != null) {
      if (!operation.complete(lock)) {
        lock.release();
      }
    } else if (waitMillis == 0) {
      operation.completeEmpty();
    } else {
      CompletableFuture.delayedExecutor(waitMillis, TimeUnit.MILLISECONDS, Runnable::run)
          .execute(
              () -> attempt(operation, range, Math.min(2 * waitMillis, LAST_WAIT_MILLIS), failure));
    }
  }

  private @Nullable Held tryLock(Range range) throws IOException {
    if (fileKey != null) {
      PosixLocks.PROCESS.taking(fileKey);
    }
    FileLock lock = null;
    try {
      lock = channel.tryLock(range.position, range.size, range.shared);
    } catch (OverlappingFileLockException e) {
      return null; // see the class comment
    } finally {
      if (lock == null) {
        gone();
      }
    }
    if (lock == null) {
      return null;
    }
    Held result = new Held(lock);
    held.add(result);
    return result;
  }

  private void gone() {
    if (fileKey != null) {
      PosixLocks.PROCESS.released(fileKey);
    }
  }

  /** Ends every wait; to be called when the gate was closed. */
  void endWaits() {
    for (Workers.Operation<?> operation : waiting) {
      operation.fail(new ClosedChannelException());
    }
  }

  /**
   * Releases every lock, on the calling thread, the gate being closed and nobody inside.
   *
   * @throws IOException the first failure, after all were tried
   */
  void releaseAll() throws IOException {
    IOException failure = null;
    for (Held lock : held) {
      if (held.remove(lock)) {
        try {
          lock.free();
        } catch (IOException e) {
          failure = failure == null ? e : failure;
        } finally {
          lock.freed();
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
