package dev.netfs.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A byte range of a file as whoever keeps its locks has granted it: the server, a table on the
 * share, or nobody. Safe for use by several threads.
 */
interface Hold {
  /** That of a lock that holds in this JVM only. */
  Hold LOCAL =
      new Hold() {
        @Override
        @SuppressWarnings("NullAway") // a future of Void completes with null
        public CompletionStage<Void> release() {
          return CompletableFuture.completedFuture(null);
        }

        @Override
        public @Nullable String lost() {
          return null;
        }
      };

  /** Gives it back; completes when others may have it. */
  CompletionStage<Void> release();

  /**
   * Returns why it is not held any more although nobody gave it back, or null. What was lost once
   * stays lost.
   */
  @Nullable String lost();
}
