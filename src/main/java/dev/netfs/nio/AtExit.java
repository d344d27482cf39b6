package dev.netfs.nio;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What the end of the JVM does for file systems that nobody has closed: what was written is sent,
 * as a local file has it though its channel was never closed, and files opened with {@code
 * DELETE_ON_CLOSE} are deleted.
 *
 * <p>There is a shutdown hook while any file system is open; with the last one it goes, so that it
 * does not pin a class loader.
 */
final class AtExit {
  /** How long the JVM is kept from ending, at most. */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final System.Logger LOG = System.getLogger(AtExit.class.getName());
  private static final ThreadFactory THREADS = Workers.threads("netfs-exit-");
  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final Set<MountedFileSystem> OPEN = new HashSet<>(); // guarded by LOCK
  private static @Nullable Thread hook; // guarded by LOCK

  private AtExit() {}

  /** Takes note of a file system. */
  static void opened(MountedFileSystem fs) {
    LOCK.lock();
    try {
      OPEN.add(fs);
      if (hook == null) {
        Thread fresh = THREADS.newThread(() -> finish(open(), PATIENCE));
        Runtime.getRuntime().addShutdownHook(fresh);
        hook = fresh;
      }
    } catch (IllegalStateException e) {
      // The JVM is ending.
    } finally {
      LOCK.unlock();
    }
  }

  /** Forgets a file system, which is closed. */
  static void closed(MountedFileSystem fs) {
    LOCK.lock();
    try {
      OPEN.remove(fs);
      if (OPEN.isEmpty() && hook != null) {
        Runtime.getRuntime().removeShutdownHook(hook);
        hook = null;
      }
    } catch (IllegalStateException e) {
      // The JVM is ending.
    } finally {
      LOCK.unlock();
    }
  }

  private static List<MountedFileSystem> open() {
    LOCK.lock();
    try {
      return List.copyOf(OPEN);
    } finally {
      LOCK.unlock();
    }
  }

  /** Finishes file systems, all at once; those that take longer than that are left alone. */
  static void finish(Collection<MountedFileSystem> open, Duration patience) {
    CompletableFuture<?>[] finished =
        open.stream()
            .map(fs -> CompletableFuture.runAsync(() -> finish(fs), Workers.POOL))
            .toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(finished).get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.log(
          Level.WARNING,
          "the JVM ends; within {0} not all could be sent of what was written to files that are"
              + " not closed",
          patience);
    } catch (InterruptedException | ExecutionException e) {
      LOG.log(Level.WARNING, "the JVM ends: {0}", e.toString());
    }
  }

  private static void finish(MountedFileSystem fs) {
    try {
      fs.finish();
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.WARNING, "{0}: written, and lost as the JVM ends: {1}", fs, e.toString());
    }
  }
}
