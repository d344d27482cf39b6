package dev.netfs.share.path;

import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Counts who is inside of an open file, so that its channel is closed when the last has left: the
 * asynchronous counterpart of a lock's write side.
 */
final class Gate {
  private final ReentrantLock lock = new ReentrantLock();
  private int inside; // guarded by lock
  private volatile boolean closed; // written under lock
  private @Nullable Runnable whenEmpty; // guarded by lock

  /**
   * Goes in; to be paired with {@link #leave}.
   *
   * @throws ClosedChannelException if the gate is closed; nobody went in
   */
  void enter() throws ClosedChannelException {
    lock.lock();
    try {
      if (closed) {
        throw new ClosedChannelException();
      }
      inside++;
    } finally {
      lock.unlock();
    }
  }

  /** Goes out. The last one out of a closed gate runs what was left for them. */
  void leave() {
    Runnable task = null;
    lock.lock();
    try {
      if (--inside == 0 && closed) {
        task = whenEmpty;
        whenEmpty = null;
      }
    } finally {
      lock.unlock();
    }
    if (task != null) {
      task.run();
    }
  }

  boolean isClosed() {
    return closed;
  }

  /**
   * Closes the gate.
   *
   * @param whenEmpty run once: when the last has left, on their thread, or now if nobody is inside
   * @return false if the gate was closed before; nothing will be run then
   */
  boolean close(Runnable whenEmpty) {
    boolean empty;
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      closed = true;
      empty = inside == 0;
      if (!empty) {
        this.whenEmpty = whenEmpty;
      }
    } finally {
      lock.unlock();
    }
    if (empty) {
      whenEmpty.run();
    }
    return true;
  }
}
