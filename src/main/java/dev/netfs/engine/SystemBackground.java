package dev.netfs.engine;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The engine's threads, shared by all mounts: daemons, so that a forgotten mount keeps no program
 * alive.
 */
final class SystemBackground implements Background {
  private static final System.Logger LOG = System.getLogger("dev.netfs.engine");

  private final ScheduledExecutorService timer = timer();
  private final ExecutorService workers = Executors.newCachedThreadPool(threads("netfs-worker-"));

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long currentTimeMillis() {
    return System.currentTimeMillis();
  }

  @Override
  public void execute(Runnable work) {
    workers.execute(work);
  }

  @Override
  public Task schedule(Runnable work, long delay, TimeUnit unit) {
    Future<?> future = timer.schedule(work, delay, unit);
    return () -> future.cancel(false);
  }

  @Override
  public Task repeat(Runnable work, long pause, TimeUnit unit) {
    Future<?> future =
        timer.scheduleWithFixedDelay(
            () -> {
              try {
                work.run();
              } catch (RuntimeException | Error e) {
                // The timer would never run it again, and nothing would be sent any more.
                LOG.log(System.Logger.Level.WARNING, "something regular failed; it goes on", e);
              }
            },
            pause,
            pause,
            unit);
    return () -> future.cancel(false);
  }

  private static ScheduledExecutorService timer() {
    ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, threads("netfs-timer-"));
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  private static ThreadFactory threads(String prefix) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, prefix + number.incrementAndGet());
      thread.setDaemon(true);
      // A thread of ours must not pin the class loader of whoever mounted first.
      thread.setContextClassLoader(SystemBackground.class.getClassLoader());
      return thread;
    };
  }
}
