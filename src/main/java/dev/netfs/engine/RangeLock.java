package dev.netfs.engine;

import java.io.IOException;

/** A byte-range lock that an {@link OpenFile} holds. Safe for use by several threads. */
public interface RangeLock {
  /** Returns whether the lock is still held. */
  boolean isHeld();

  /** Gives the lock back, after what was written under it has been sent. */
  void release() throws IOException;
}
