package dev.netfs.engine;

import java.io.Closeable;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Lets who asks do something one after another, in the order in which they ask: a lock that may be
 * held while waiting for the server. Who waits for it through an open file is woken when that is
 * closed. A turn may be ended by another thread than the one that has taken it, and nobody has two.
 */
final class Turns {
  private static final CompletableFuture<?> NOBODY = CompletableFuture.completedFuture(null);

  /** Completes when everybody who has asked so far has had their turn. */
  private final AtomicReference<CompletableFuture<?>> last = new AtomicReference<>(NOBODY);

  /** A turn, which ends when it is closed. */
  interface Turn extends Closeable {
    @Override
    void close();
  }

  /** A way to wait for those before. */
  @FunctionalInterface
  private interface Waiting<E extends Exception> {
    void until(CompletableFuture<?> before) throws E;
  }

  /**
   * Waits until it is the caller's turn.
   *
   * @throws java.nio.channels.AsynchronousCloseException if the file is closed meanwhile
   * @throws IOException never otherwise
   */
  Turn take(OpenFile file) throws IOException {
    return take(file.closing::await);
  }

  /** Waits until it is the caller's turn, whatever the thread's interrupt status. */
  Turn take() {
    return take(Await::untilDone);
  }

  private <E extends Exception> Turn take(Waiting<E> waiting) throws E {
    CompletableFuture<Void> over = new CompletableFuture<>();
    CompletableFuture<?> before = last.getAndSet(over);
    boolean taken = false;
    try {
      waiting.until(before);
      taken = true;
      return turn(over);
    } finally {
      if (!taken) {
        passOn(before, over);
      }
    }
  }

  /** Returns a turn if nobody has one or waits for one, or null. */
  @Nullable Turn tryTake() {
    CompletableFuture<?> before = Objects.requireNonNull(last.get());
    CompletableFuture<Void> over = new CompletableFuture<>();
    return before.isDone() && last.compareAndSet(before, over) ? turn(over) : null;
  }

  @SuppressWarnings("NullAway") // a future of Void completes with null
  private static Turn turn(CompletableFuture<Void> over) {
    return () -> over.complete(null);
  }

  /** Ends the turn of one who has given up: those behind still wait for those before. */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  private static void passOn(CompletableFuture<?> before, CompletableFuture<Void> over) {
    before.thenRun(() -> over.complete(null));
  }
}
