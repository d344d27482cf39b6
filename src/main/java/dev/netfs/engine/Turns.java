package dev.netfs.engine;

import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Lets open files do something one after another, in the order in which they ask: a lock that may
 * be held while waiting for the server, since who waits for it is woken when its file is closed.
 */
final class Turns {
  /** Completes when everybody who has asked so far has had their turn. */
  private final AtomicReference<CompletableFuture<?>> last =
      new AtomicReference<>(CompletableFuture.completedFuture(null));

  /** A turn, which ends when it is closed. */
  interface Turn extends Closeable {
    @Override
    void close();
  }

  /**
   * Waits until it is the caller's turn.
   *
   * @throws java.nio.channels.AsynchronousCloseException if the file is closed meanwhile
   * @throws IOException never otherwise
   */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  Turn take(OpenFile file) throws IOException {
    CompletableFuture<Void> over = new CompletableFuture<>();
    CompletableFuture<?> before = last.getAndSet(over);
    boolean taken = false;
    try {
      file.await(before);
      taken = true;
      return () -> over.complete(null);
    } finally {
      if (!taken) {
        before.thenRun(() -> over.complete(null)); // those behind still wait for those before
      }
    }
  }
}
