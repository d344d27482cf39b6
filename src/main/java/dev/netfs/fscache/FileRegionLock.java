package dev.netfs.fscache;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import org.jspecify.annotations.Nullable;

/**
 * Locks between JVMs, on bytes of a file: the kernel takes them back when their JVM ends, however
 * it ends. They keep JVMs from doing work twice, and from culling what is in use; nothing becomes
 * wrong where they do not work, as on some network file systems.
 *
 * <p>An instance is such a lock that is held, or stands for one where the file system has none.
 */
final class FileRegionLock implements Closeable {
  /** The byte of a cookie's file that says that it is in use: behind all that it can hold. */
  static final long IN_USE = Long.MAX_VALUE - 1;

  /** Stands for a lock where there are none. */
  static final FileRegionLock NONE = new FileRegionLock(null);

  private final @Nullable FileLock lock; // null where there are no locks

  private FileRegionLock(@Nullable FileLock lock) {
    this.lock = lock;
  }

  /** Takes a lock if it can be had at once; null if not, or if there are no locks here. */
  static @Nullable FileLock tryLock(FileChannel channel, long position, boolean shared) {
    try {
      return channel.tryLock(position, 1, shared);
    } catch (IOException | OverlappingFileLockException e) {
      return null;
    }
  }

  /** Takes an exclusive lock if it can be had at once; null if somebody holds a byte of it. */
  static @Nullable FileRegionLock take(FileChannel channel, long position, long size) {
    try {
      FileLock lock = channel.tryLock(position, size, false);
      return lock == null ? null : new FileRegionLock(lock);
    } catch (OverlappingFileLockException e) {
      return null;
    } catch (IOException e) {
      return NONE;
    }
  }

  /** Waits for an exclusive lock on one byte, so long; null if somebody else holds it still. */
  static @Nullable FileRegionLock await(FileChannel channel, long position, long millis) {
    long begun = System.nanoTime();
    while (true) {
      FileRegionLock lock = take(channel, position, 1);
      if (lock != null || System.nanoTime() - begun > millis * 1_000_000) {
        return lock;
      }
      try {
        // The kernel wakes who waits in lock(), but only the lock ends that, or the channel's
        // close, with which all other locks of this JVM on the file would go.
        Thread.sleep(1);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return null;
      }
    }
  }

  /** Gives the lock back. Never throws. */
  @Override
  public void close() {
    if (lock != null) {
      try {
        lock.release();
      } catch (IOException e) {
        // It goes with its channel.
      }
    }
  }
}
