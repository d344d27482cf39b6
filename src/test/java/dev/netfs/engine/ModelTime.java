package dev.netfs.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The time in which a model check runs, and its programs. */
interface ModelTime extends Background {
  /** What a program does. */
  @FunctionalInterface
  interface Program {
    void run() throws Exception;
  }

  /** Runs a program and all that it starts; throws what any of them fails with. */
  void run(Program program) throws Exception;

  /** Starts a program beside the one that calls; returns a stage that completes when it is over. */
  CompletableFuture<@Nullable Void> start(String name, Program program);

  /** Lets the calling program wait: where time is real, for a tenth of what is said. */
  void sleep(long delay, TimeUnit unit);

  /** Lets whatever is on its way arrive, until a condition holds or it should have long done so. */
  void settle(BooleanSupplier condition);

  /** Returns how long something takes for which a program would {@link #sleep}, as an option. */
  String span(long millis);
}
