package dev.netfs.engine;

import dev.netfs.fscache.CoherencyData;
import dev.netfs.fscache.Cookie;
import dev.netfs.share.IoSegments;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What the disk may have of one file, in the state that its inode's token says: opened when it is
 * first needed, let go of when nobody has the file open any more.
 *
 * <p>It is {@linkplain #retire over} as soon as a change of ours is about to be sent: what is on
 * disk is what the server had before. Downloads that are on their way, and copies of them, find
 * that out and keep nothing (C1, C5).
 *
 * <p><b>Concurrency.</b> {@link #lock} is held while a cookie is opened, so only the threads of
 * {@link DiskCache} take it; {@link #isOver} may be asked, and {@link #retire} and {@link #release}
 * called, by anybody under any lock.
 */
final class DiskFile {
  private final DiskCache disk;
  private final String path;
  private final CoherencyData state;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Cookie cookie; // guarded by lock
  private volatile boolean over;
  private volatile boolean released;

  DiskFile(DiskCache disk, String path, CoherencyData state) {
    this.disk = disk;
    this.path = path;
    this.state = state;
  }

  CoherencyData state() {
    return state;
  }

  String path() {
    return path;
  }

  /** Returns whether this stands for a file of such a name and state. */
  boolean isOf(String name, CoherencyData other) {
    return !over && path.equals(name) && state.matches(other);
  }

  boolean isOver() {
    return over;
  }

  /**
   * Opens the cookie. By a thread of the cache's only. To be closed by the caller.
   *
   * @param create whether it is made if it is not there
   * @return null if there is none
   */
  @Nullable Cookie open(boolean create) throws IOException {
    lock.lock();
    try {
      Cookie known = cookie;
      if (over) {
        return null;
      }
      if (known != null && known.isCurrent() && known.retain()) {
        return known;
      }
      Cookie opened = disk.open(path, state, create);
      if (opened != null) {
        if (known != null) {
          known.close();
        }
        cookie = !released && opened.retain() ? opened : null;
      }
      return opened;
    } finally {
      lock.unlock();
    }
  }

  /** Shows a range's bytes, which lie in one granule. */
  @FunctionalInterface
  interface View {
    IoSegments of(long start, long end);
  }

  /**
   * Writes what is whole blocks of some ranges, a granule at a time, until this is over. By a
   * thread of the cache's only.
   *
   * @return how many bytes were not there before
   */
  long write(Cookie cookie, ExtentSet good, View view) throws IOException {
    long written = 0;
    int granule = cookie.granule();
    for (int i = 0; i < good.size(); i++) {
      long at = Reads.roundUp(good.start(i), Reads.BLOCK);
      long end = Math.min(good.end(i), state.size());
      end = end == state.size() ? end : end / Reads.BLOCK * Reads.BLOCK;
      while (at < end && !over) {
        long stop = Math.min(end, (at / granule + 1) * granule);
        if (cookie.write(at, view.of(at, stop))) {
          written += stop - at;
        }
        at = stop;
      }
    }
    return written;
  }

  /** Has the file closed, until it is needed again. */
  void release() {
    released = true;
    disk.read(this::close);
  }

  /** Notes that somebody has the file open, so that it is worth while to keep the cookie open. */
  void reopened() {
    released = false;
  }

  private void close() {
    lock.lock();
    try {
      Cookie known = cookie;
      if ((released || over) && known != null) {
        cookie = null;
        known.close();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends it: nothing more is read or kept, and it is closed. */
  void abandon() {
    if (!over) {
      over = true;
      disk.read(this::close);
    }
  }

  /** Ends it, and has what is on disk removed: we are about to change the server's file. */
  void retire() {
    if (!over) {
      over = true;
      disk.read(this::remove);
    }
  }

  private void remove() {
    lock.lock(); // whoever is just making the file has made it by then
    try {
      disk.forget(path);
    } finally {
      lock.unlock();
    }
    close();
  }
}
