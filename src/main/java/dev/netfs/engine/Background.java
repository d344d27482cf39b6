package dev.netfs.engine;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Time, and the threads that work unasked, as the engine knows them. There is one for all mounts,
 * {@link #SYSTEM}; a simulation puts its own in the place, in which hours pass in milliseconds and
 * everything happens in the same order every time. So nothing else in the engine asks the system
 * for the time or has threads of its own.
 */
interface Background {
  /** The system's clock, and daemon threads. */
  Background SYSTEM = new SystemBackground();

  /** Something that is to happen later. */
  @FunctionalInterface
  interface Task {
    /** Keeps it from happening, if it has not begun. */
    void cancel();
  }

  /** Returns a time for measuring how long something takes, in nanoseconds since any moment. */
  long nanoTime();

  /** Returns any number, each as likely as any other. */
  default long random() {
    return ThreadLocalRandom.current().nextLong();
  }

  /** Returns the wall clock's time, in milliseconds since the epoch. */
  long currentTimeMillis();

  /** Runs what may block: connecting, and completions that must not run on a transport's thread. */
  void execute(Runnable work);

  /** Starts what must not block after a delay. */
  Task schedule(Runnable work, long delay, TimeUnit unit);

  /** Starts what must not block again and again, with a pause between two runs. */
  Task repeat(Runnable work, long pause, TimeUnit unit);
}
