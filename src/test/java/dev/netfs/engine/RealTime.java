package dev.netfs.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The system's time, for model checks of real servers: each program has a thread of its own. */
final class RealTime extends ForwardingBackground implements ModelTime {
  private static final int FASTER = 10;

  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  @Override
  public void run(Program program) throws Exception {
    program.run();
    Throwable failed = failure.get();
    if (failed instanceof Exception e) {
      throw e;
    }
    if (failed instanceof Error e) {
      throw e;
    }
  }

  @Override
  public CompletableFuture<@Nullable Void> start(String name, Program program) {
    CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                if (failure.get() == null) {
                  program.run();
                }
              } catch (Throwable e) {
                if (!failure.compareAndSet(null, e)) {
                  e.addSuppressed(failure.get());
                }
              } finally {
                over.complete(null);
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    return over;
  }

  @Override
  public void sleep(long delay, TimeUnit unit) {
    try {
      TimeUnit.NANOSECONDS.sleep(unit.toNanos(delay) / FASTER);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void settle(BooleanSupplier condition) {
    SimServer.eventually("all is over", condition::getAsBoolean);
  }

  @Override
  public String span(long millis) {
    return millis / FASTER + "ms";
  }
}
