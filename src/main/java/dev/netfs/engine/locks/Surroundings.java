package dev.netfs.engine.locks;

import dev.netfs.share.Share;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** What the cooperative locks need of the engine. Safe for use by several threads. */
public interface Surroundings {
  /** Something that is to happen later. */
  @FunctionalInterface
  interface Task {
    /** Keeps it from happening, if it has not begun. */
    void cancel();
  }

  /** Returns a time for measuring how long something takes, in nanoseconds since any moment. */
  long nanoTime();

  /** Returns the wall clock's time, in milliseconds since the epoch. */
  long currentTimeMillis();

  /** Returns any number, each as likely as any other. */
  long random();

  /** Returns whether the share has hard links. */
  boolean hardLinks();

  /** Starts what does not block after a delay. */
  Task later(Runnable work, long millis);

  /**
   * Carries out an operation on the share, over as many connections as it takes.
   *
   * @param kind what the statistics call it
   * @param operation starts it, and does no harm when it is started twice
   */
  <T> CompletableFuture<T> call(String kind, Function<Share, CompletionStage<T>> operation);
}
