package dev.netfs.engine;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The files of a mount that are kept open on the server after their last close: not many at a time,
 * those that were closed last.
 *
 * <p>Safe for use by several threads. {@link #lock} is a leaf; what ends a delay is called without
 * an inode's lock.
 */
final class DelayedCloses {
  /** Few enough for any server's limit on open files, enough for what a program works with. */
  static final int MOST = 128;

  private final ReentrantLock lock = new ReentrantLock();
  private final Set<DelayedClose> all = new LinkedHashSet<>(); // guarded by lock; oldest first

  void add(DelayedClose delay) {
    lock.lock();
    try {
      all.add(delay);
    } finally {
      lock.unlock();
    }
  }

  void remove(DelayedClose delay) {
    lock.lock();
    try {
      all.remove(delay);
    } finally {
      lock.unlock();
    }
  }

  /** Closes the oldest ones that are too many. */
  void trim() {
    List<DelayedClose> surplus = new ArrayList<>();
    lock.lock();
    try {
      Iterator<DelayedClose> oldest = all.iterator();
      for (int i = all.size(); i > MOST; i--) {
        surplus.add(oldest.next());
      }
    } finally {
      lock.unlock();
    }
    surplus.forEach(delay -> delay.inode().opens.endDelay());
  }

  /** Closes what has a name, or lies below it: in any case, as servers may find it in any. */
  void endBelow(String path) {
    String ancestor = path.toLowerCase(Locale.ROOT);
    for (DelayedClose delay : snapshot()) {
      if (Names.within(delay.inode().path().toLowerCase(Locale.ROOT), ancestor)) {
        delay.inode().opens.endDelay();
      }
    }
  }

  /** Closes all. */
  void endAll() {
    snapshot().forEach(delay -> delay.inode().opens.endDelay());
  }

  private List<DelayedClose> snapshot() {
    lock.lock();
    try {
      return List.copyOf(all);
    } finally {
      lock.unlock();
    }
  }
}
