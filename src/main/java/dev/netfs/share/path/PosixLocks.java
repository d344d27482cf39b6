package dev.netfs.share.path;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.Channel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps this process from losing its own POSIX locks.
 *
 * <p>POSIX record locks ({@code fcntl}) belong to a process and a file, not to a descriptor: when
 * the process closes <em>any</em> descriptor of a file, all its locks on that file are gone. So
 * while a lock is held on a file, a close of another channel of it is put off until the last lock
 * is released, and whatever would open and close the file behind our back (setting its times, by
 * the JDK) is refused. What the program opens without netfs is out of reach.
 *
 * <p>Files are known by their file keys, process-wide, since the rule is. An entry exists only
 * while somebody holds a lock on the file, takes one, or opens and closes it.
 *
 * <p><b>Concurrency.</b> {@link #lock} guards everything; no system call is made while it is held.
 * Taking a lock waits until nobody is inside of {@link #passing}: moments.
 */
final class PosixLocks {
  private static final System.Logger LOG = System.getLogger(PosixLocks.class.getName());

  /** The process's. */
  static final PosixLocks PROCESS = new PosixLocks();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition passed = lock.newCondition();
  private final Map<Object, Entry> entries = new HashMap<>(); // guarded by lock

  private static final class Entry {
    int locks;
    int passing;
    final List<Channel> putOff = new ArrayList<>();

    boolean isIdle() {
      return locks == 0 && passing == 0;
    }
  }

  /** Something that closes a descriptor of the file. */
  interface Closing {
    void run() throws IOException;
  }

  /** Announces a lock: from now on closes are put off. To be paired with {@link #released}. */
  void taking(Object fileKey) {
    lock.lock();
    try {
      Entry entry = entries.computeIfAbsent(fileKey, key -> new Entry());
      entry.locks++;
      while (entry.passing > 0) {
        passed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Withdraws a lock that was released, or not obtained; closes what was put off. */
  void released(Object fileKey) {
    List<Channel> closing = List.of();
    lock.lock();
    try {
      Entry entry = java.util.Objects.requireNonNull(entries.get(fileKey));
      if (--entry.locks == 0) {
        closing = List.copyOf(entry.putOff);
        entry.putOff.clear();
        removeIdle(fileKey, entry);
      }
    } finally {
      lock.unlock();
    }
    for (Channel channel : closing) {
      try {
        close(fileKey, channel);
      } catch (IOException e) {
        // Its owner was told long ago that it is closed.
        LOG.log(Level.WARNING, "closing a file after its locks were released", e);
      }
    }
  }

  /**
   * Closes a channel, now or when the last lock on its file is released.
   *
   * @param fileKey the file's key, or null where the rule does not hold
   */
  void close(@Nullable Object fileKey, Channel channel) throws IOException {
    if (fileKey == null) {
      channel.close();
      return;
    }
    lock.lock();
    try {
      Entry entry = entries.get(fileKey);
      if (entry != null && entry.locks > 0) {
        entry.putOff.add(channel);
        return;
      }
      enter(fileKey);
    } finally {
      lock.unlock();
    }
    try {
      channel.close();
    } finally {
      leave(fileKey);
    }
  }

  /**
   * Does something that opens and closes the file, unless a lock is held on it.
   *
   * @return whether it was done
   */
  boolean passing(Object fileKey, Closing action) throws IOException {
    lock.lock();
    try {
      Entry entry = entries.get(fileKey);
      if (entry != null && entry.locks > 0) {
        return false;
      }
      enter(fileKey);
    } finally {
      lock.unlock();
    }
    try {
      action.run();
    } finally {
      leave(fileKey);
    }
    return true;
  }

  private void enter(Object fileKey) {
    entries.computeIfAbsent(fileKey, key -> new Entry()).passing++;
  }

  private void leave(Object fileKey) {
    lock.lock();
    try {
      Entry entry = java.util.Objects.requireNonNull(entries.get(fileKey));
      entry.passing--;
      passed.signalAll();
      removeIdle(fileKey, entry);
    } finally {
      lock.unlock();
    }
  }

  private void removeIdle(Object fileKey, Entry entry) {
    if (entry.isIdle()) {
      entries.remove(fileKey);
    }
  }

  /** Returns how many files are known. For tests. */
  int size() {
    lock.lock();
    try {
      return entries.size();
    } finally {
      lock.unlock();
    }
  }
}
