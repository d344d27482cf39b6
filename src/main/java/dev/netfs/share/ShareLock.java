package dev.netfs.share;

import java.util.concurrent.CompletionStage;

/** A byte-range lock held on the server. Safe for use by several threads. */
public interface ShareLock {
  /**
   * Gives the lock back. A second call does nothing.
   *
   * @return completes when the server has it back, or exceptionally with an {@link
   *     java.io.IOException}; the lock counts as given back then too
   */
  CompletionStage<Void> release();
}
