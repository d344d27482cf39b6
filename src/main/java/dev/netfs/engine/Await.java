package dev.netfs.engine;

import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** Waits for stages and unwraps what they failed with. */
final class Await {
  private Await() {}

  /**
   * A thread that has work to do while it waits: in a simulation, to let the time pass that it
   * waits for.
   */
  interface WorkingThread {
    /** Works until a stage has completed. */
    void workUntilDone(CompletableFuture<?> stage);
  }

  /** Waits until a stage has completed, in one way or another. */
  static void untilDone(CompletableFuture<?> stage) {
    if (stage.isDone()) {
      return;
    }
    if (Thread.currentThread() instanceof WorkingThread thread) {
      thread.workUntilDone(stage);
      return;
    }
    try {
      stage.join();
    } catch (CompletionException | CancellationException e) {
      // The stage's own failure, for whoever asks for its result.
    }
  }

  /**
   * Waits until a stage has completed, whatever the thread's interrupt status, which is kept: as
   * the JDK's own operations on names and attributes do.
   *
   * @return the stage's result
   * @throws IOException what the stage failed with
   */
  @SuppressWarnings("NullAway") // a stage of Void completes with null
  static <T> T result(CompletionStage<T> stage) throws IOException {
    CompletableFuture<T> future = stage.toCompletableFuture();
    untilDone(future);
    try {
      return future.join();
    } catch (CompletionException | CancellationException e) {
      throw io(cause(e));
    }
  }

  /** Returns what really happened inside the wrappings of {@link CompletableFuture}. */
  static Throwable cause(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /**
   * Returns a failure as an {@link IOException} to throw; throws it if it is none. The exception
   * that another thread made gets this thread's stack as a suppressed one only where it is shared.
   */
  static IOException io(Throwable cause) {
    if (cause instanceof IOException e) {
      return e;
    }
    if (cause instanceof RuntimeException e) {
      throw e;
    }
    if (cause instanceof Error e) {
      throw e;
    }
    return new IOException(cause);
  }
}
