package dev.netfs.share.smb;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Under which names this connection has files open.
 *
 * <p>What is open cannot go from under its name on SMB as it can on Unix: it stays there, dead,
 * until it is closed. So what is open here is moved aside first. That another client has it open,
 * or has renamed it, is not known here; then the server's own rule holds.
 */
final class OpenNames {
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Integer> counts = new HashMap<>(); // guarded by lock

  /** One file that is open. Its name may change. */
  final class Entry {
    private String name; // guarded by lock

    private Entry(String name) {
      this.name = name;
    }

    /** Takes the file out. To be called once. */
    void close() {
      lock.lock();
      try {
        counts.computeIfPresent(name, (key, count) -> count == 1 ? null : count - 1);
        entries.remove(this);
      } finally {
        lock.unlock();
      }
    }
  }

  private final java.util.Set<Entry> entries =
      java.util.Collections.newSetFromMap(new java.util.IdentityHashMap<>()); // guarded by lock

  Entry open(String path) {
    Entry entry = new Entry(key(path));
    lock.lock();
    try {
      counts.merge(entry.name, 1, Integer::sum);
      entries.add(entry);
      return entry;
    } finally {
      lock.unlock();
    }
  }

  boolean isOpen(String path) {
    lock.lock();
    try {
      return counts.containsKey(key(path));
    } finally {
      lock.unlock();
    }
  }

  /** Takes in that something has another name, and what is below it too. */
  void renamed(String source, String target) {
    String from = key(source);
    String to = key(target);
    lock.lock();
    try {
      for (Entry entry : entries) {
        if (entry.name.equals(from) || entry.name.startsWith(from + "/")) {
          counts.computeIfPresent(entry.name, (key, count) -> count == 1 ? null : count - 1);
          entry.name = to + entry.name.substring(from.length());
          counts.merge(entry.name, 1, Integer::sum);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private static String key(String path) {
    return path.toUpperCase(Locale.ROOT);
  }
}
