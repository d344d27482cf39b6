package dev.netfs.share.smb;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

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

  /** What no path is: the name of a file that has lost its own. */
  private static final String NAMELESS = "";

  /** One file that is open. Its name may change. */
  final class Entry {
    private final SmbLeases.@Nullable Lease lease;
    private String name; // guarded by lock

    private Entry(String name, SmbLeases.@Nullable Lease lease) {
      this.name = name;
      this.lease = lease;
    }

    /** Takes the file out. To be called once. */
    void close() {
      lock.lock();
      try {
        uncount();
        entries.remove(this);
      } finally {
        lock.unlock();
      }
    }

    /** Changes the name; the lock is held. */
    private void rename(String to) {
      uncount();
      name = to;
      counts.merge(to, 1, Integer::sum);
    }

    private void uncount() {
      counts.computeIfPresent(name, (key, count) -> count == 1 ? null : count - 1);
    }
  }

  private final java.util.Set<Entry> entries =
      java.util.Collections.newSetFromMap(new java.util.IdentityHashMap<>()); // guarded by lock

  /**
   * @param lease the lease that it was opened under, or null
   */
  Entry open(String path, SmbLeases.@Nullable Lease lease) {
    Entry entry = new Entry(SmbNames.upperCase(path), lease);
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
      return counts.containsKey(SmbNames.upperCase(path));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns the lease under which a name is open here, or null: who brings it along breaks no lease
   * of our own.
   */
  SmbLeases.@Nullable Lease lease(String path) {
    String name = SmbNames.upperCase(path);
    lock.lock();
    try {
      if (counts.containsKey(name)) {
        for (Entry entry : entries) {
          if (entry.name.equals(name) && entry.lease != null) {
            return entry.lease;
          }
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Takes in that a name is another file's by now than the one that is open under a lease. */
  void lost(String path, SmbLeases.Lease lease) {
    String name = SmbNames.upperCase(path);
    lock.lock();
    try {
      for (Entry entry : entries) {
        if (entry.lease == lease && entry.name.equals(name)) {
          entry.rename(NAMELESS);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes in that something has another name, and what is below it too. */
  void renamed(String source, String target) {
    String from = SmbNames.upperCase(source);
    String to = SmbNames.upperCase(target);
    lock.lock();
    try {
      for (Entry entry : entries) {
        if (entry.name.equals(from) || entry.name.startsWith(from + "/")) {
          entry.rename(to + entry.name.substring(from.length()));
        }
      }
    } finally {
      lock.unlock();
    }
  }
}
