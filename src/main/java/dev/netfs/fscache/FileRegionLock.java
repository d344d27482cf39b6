package dev.netfs.fscache;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import org.jspecify.annotations.Nullable;

/**
 * Locks between JVMs, on single bytes of a file: the kernel takes them back when their JVM ends,
 * however it ends. They keep JVMs from doing work twice, and from culling what is in use; nothing
 * becomes wrong where they do not work, as on some network file systems.
 */
final class FileRegionLock {
  /** The byte of a cookie's file that says that it is in use: behind all that it can hold. */
  static final long IN_USE = Long.MAX_VALUE - 1;

  private static final int TRIES = 200;

  private FileRegionLock() {}

  /** Takes a lock if it can be had at once; null if not, or if there are no locks here. */
  static @Nullable FileLock tryLock(FileChannel channel, long position, boolean shared) {
    try {
      return channel.tryLock(position, 1, shared);
    } catch (IOException | OverlappingFileLockException e) {
      return null;
    }
  }

  /** Waits for an exclusive lock for a fifth of a second; null if it cannot be had. */
  static @Nullable FileLock lock(FileChannel channel, long position) {
    for (int i = 0; i < TRIES; i++) {
      FileLock lock = tryLock(channel, position, false);
      if (lock != null) {
        return lock;
      }
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return null;
      }
    }
    return null;
  }

  /** Gives a lock back. */
  static void release(@Nullable FileLock lock) {
    if (lock != null) {
      try {
        lock.release();
      } catch (IOException e) {
        // It goes with its channel.
      }
    }
  }
}
