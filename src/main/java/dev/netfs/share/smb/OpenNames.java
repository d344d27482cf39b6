package dev.netfs.share.smb;

import dev.netfs.share.LeaseState;
import java.util.HashMap;
import java.util.Locale;
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
        counts.computeIfPresent(name, (key, count) -> count == 1 ? null : count - 1);
        entries.remove(this);
      } finally {
        lock.unlock();
      }
    }
  }

  private final java.util.Set<Entry> entries =
      java.util.Collections.newSetFromMap(new java.util.IdentityHashMap<>()); // guarded by lock

  /**
   * @param lease the lease that it was opened under, or null
   */
  Entry open(String path, SmbLeases.@Nullable Lease lease) {
    Entry entry = new Entry(key(path), lease);
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

  /**
   * Returns the create context of the lease under which a name is open here, or of none: who brings
   * it along breaks no lease of our own.
   */
  byte[] lease(String path) {
    String name = key(path);
    lock.lock();
    try {
      if (counts.containsKey(name)) {
        for (Entry entry : entries) {
          if (entry.name.equals(name) && entry.lease != null) {
            return entry.lease.context(LeaseState.NONE);
          }
        }
      }
      return Packets.NO_CONTEXT;
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
