package dev.netfs.share.smb;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Goes from one answer to the next with failures as they are: {@link CompletableFuture}'s own
 * chains wrap them in {@link java.util.concurrent.CompletionException}s.
 */
final class Steps {
  /** What to make of a value. */
  interface Step<T, R> {
    @Nullable R apply(T value) throws IOException;
  }

  /** What to do next with a value. */
  interface Next<T, R> {
    CompletableFuture<R> apply(T value) throws IOException;
  }

  private Steps() {}

  /** Returns what reading an answer failed with: an exception, if it leads out of the answer. */
  static Throwable unlessMalformed(Throwable failure) {
    return failure instanceof IndexOutOfBoundsException
            || failure instanceof BufferUnderflowException
            || failure instanceof IllegalArgumentException
        ? new IOException("the server's answer is malformed: " + failure, failure)
        : failure;
  }

  /** What a step makes of a stage's value. */
  static <T, R> CompletableFuture<R> map(
      CompletableFuture<T> stage, Step<? super T, ? extends R> step) {
    CompletableFuture<R> result = new CompletableFuture<>();
    stage.whenComplete(
        (value, failure) -> {
          if (failure != null) {
            result.completeExceptionally(failure);
            return;
          }
          try {
            result.complete(step.apply(value));
          } catch (IOException | RuntimeException | Error e) {
            result.completeExceptionally(unlessMalformed(e));
          }
        });
    return result;
  }

  /** What the stage that a step makes of a stage's value ends with. */
  static <T, R> CompletableFuture<R> compose(CompletableFuture<T> stage, Next<? super T, R> step) {
    CompletableFuture<R> result = new CompletableFuture<>();
    stage.whenComplete(
        (value, failure) -> {
          if (failure != null) {
            result.completeExceptionally(failure);
          } else {
            forward(step, value, result);
          }
        });
    return result;
  }

  /** The stage itself, or, if it fails, what a step makes of the failure. */
  static <R> CompletableFuture<R> recover(CompletableFuture<R> stage, Next<Throwable, R> step) {
    CompletableFuture<R> result = new CompletableFuture<>();
    stage.whenComplete(
        (value, failure) -> {
          if (failure == null) {
            result.complete(value);
          } else {
            forward(step, failure, result);
          }
        });
    return result;
  }

  private static <T, R> void forward(
      Next<? super T, R> step, T value, CompletableFuture<R> result) {
    CompletableFuture<R> next;
    try {
      next = step.apply(value);
    } catch (IOException | RuntimeException | Error e) {
      result.completeExceptionally(unlessMalformed(e));
      return;
    }
    next.whenComplete(
        (done, failure) -> {
          if (failure != null) {
            result.completeExceptionally(failure);
          } else {
            result.complete(done);
          }
        });
  }
}
