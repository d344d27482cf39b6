package dev.netfs.engine;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The engine's threads, shared by all mounts: daemons, so that a forgotten mount keeps no program
 * alive.
 */
final class Background {
  /** Starts what is due; never blocks. */
  static final ScheduledExecutorService TIMER = timer();

  /** Runs what may block: connecting, and completions that must not run on a transport's thread. */
  static final ExecutorService WORKERS = Executors.newCachedThreadPool(threads("netfs-worker-"));

  private Background() {}

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
      thread.setContextClassLoader(Background.class.getClassLoader());
      return thread;
    };
  }
}
