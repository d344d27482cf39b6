package dev.netfs.testing;

import java.util.concurrent.Executor;

/** Threads for work of a test that waits: for the test, for a server, for each other. */
public final class Threads {
  private Threads() {}

  /**
   * A thread for each task. The JVM's common pool is no place for tasks that wait: it has one
   * thread less than there are processors, so that on two processors the second task would wait for
   * the first to end.
   */
  public static final Executor EACH =
      task -> {
        Thread thread = new Thread(task, "test task");
        thread.setDaemon(true);
        thread.start();
      };

  /** Returns when a thread that was started waits for something. */
  public static void awaitWaiting(Thread thread) {
    while (thread.getState() != Thread.State.WAITING
        && thread.getState() != Thread.State.TIMED_WAITING) {
      if (thread.getState() == Thread.State.TERMINATED) {
        throw new AssertionError(thread + " has ended");
      }
      Thread.onSpinWait();
    }
  }
}
