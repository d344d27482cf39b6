package dev.netfs.engine;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.CompletableFuture;

/**
 * Whether an open file has begun to close, and the waiting that ends then: whoever waits for
 * something in a file also waits for this. Guards itself.
 */
final class Closing {
  private final CompletableFuture<Void> begun = new CompletableFuture<>();

  /** Begins: from now on nobody waits. */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  void begin() {
    begun.complete(null);
  }

  /** Returns whether the file has begun to close: what fails from then on fails because of it. */
  boolean isClosing() {
    return begun.isDone();
  }

  /**
   * Under the inode's lock: the server's handle is there until it is let go.
   *
   * @throws AsynchronousCloseException if the file has begun to close
   */
  void checkNotClosing() throws AsynchronousCloseException {
    if (isClosing()) {
      throw new AsynchronousCloseException();
    }
  }

  /** Waits for a stage, or until the file is closed. */
  <T> T await(CompletableFuture<T> stage) throws IOException {
    if (!stage.isDone()) {
      Await.untilDone(CompletableFuture.anyOf(stage, begun));
      checkArrived(stage);
    }
    return Await.result(stage);
  }

  /** Does something, on any thread, when a stage is over or the file begins to close. */
  void whenDoneOrClosing(CompletableFuture<?> stage, Runnable then) {
    CompletableFuture.anyOf(stage, begun).whenComplete((done, failure) -> then.run());
  }

  /** Throws what a stage has failed with, or why nobody waits for it any more. */
  void checkArrived(CompletableFuture<?> stage) throws IOException {
    if (isClosing() && (!stage.isDone() || stage.isCompletedExceptionally())) {
      throw new AsynchronousCloseException();
    }
    Await.result(stage);
  }

  /** Returns what completes as a stage does, or fails when the file begins to close before. */
  <T> CompletableFuture<T> untilClosed(CompletableFuture<T> stage) {
    if (stage.isDone()) {
      return stage;
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    whenDoneOrClosing(
        stage,
        () -> {
          try {
            checkArrived(stage);
            result.complete(stage.join());
          } catch (IOException | RuntimeException | Error e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }
}
