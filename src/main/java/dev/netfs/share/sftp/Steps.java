package dev.netfs.share.sftp;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Goes from one asynchronous request to the next with what they failed with as it is: {@link
 * CompletableFuture}'s own chains wrap it in {@link java.util.concurrent.CompletionException}s.
 */
final class Steps {
  /** What to do with a result. */
  interface Step<T> {
    void run(T value) throws IOException;
  }

  private Steps() {}

  /** Goes on when a stage succeeds; where it or the step fails, so does the result. */
  static <T> void then(
      CompletableFuture<T> stage, CompletableFuture<?> result, Step<? super T> next) {
    then(stage, result, next, result::completeExceptionally);
  }

  /** Goes on when a stage succeeds, in another way when it fails. */
  static <T> void then(
      CompletableFuture<T> stage,
      CompletableFuture<?> result,
      Step<? super T> next,
      Consumer<? super Throwable> failed) {
    stage.whenComplete(
        (value, failure) -> {
          try {
            if (failure == null) {
              next.run(value);
            } else {
              failed.accept(failure);
            }
          } catch (IOException | RuntimeException | Error e) {
            result.completeExceptionally(e);
          }
        });
  }

  /** Goes on when a stage has ended, either way. */
  static void atEnd(CompletableFuture<?> stage, CompletableFuture<?> result, Runnable next) {
    then(stage, result, value -> next.run(), failure -> next.run());
  }
}
