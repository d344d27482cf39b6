package dev.netfs.nio;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads for what no thread of the caller's is there for: asynchronous channels without an
 * executor of their own, and what an interrupt leaves to be done. Daemons, gone when idle.
 */
final class Workers {
  static final ExecutorService POOL = Executors.newCachedThreadPool(threads("netfs-nio-"));

  private Workers() {}

  static ThreadFactory threads(String prefix) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, prefix + number.incrementAndGet());
      thread.setDaemon(true);
      // A thread of ours must not pin the class loader of whoever came first.
      thread.setContextClassLoader(Workers.class.getClassLoader());
      return thread;
    };
  }
}
