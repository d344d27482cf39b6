package dev.netfs.cli.bench;

import java.util.concurrent.locks.LockSupport;

/** The time that a {@link LinkProxy} goes by; a test has one of its own. */
interface LinkClock {
  /** The machine's. */
  LinkClock SYSTEM =
      new LinkClock() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public void awaitUntil(long time) throws InterruptedException {
          for (long wait = time - System.nanoTime(); wait > 0; wait = time - System.nanoTime()) {
            if (Thread.interrupted()) {
              throw new InterruptedException();
            }
            LockSupport.parkNanos(wait);
          }
        }
      };

  /** Returns the time in nanoseconds since some fixed moment. */
  long nanoTime();

  /**
   * Waits until it is so late; returns at once if it is already.
   *
   * @throws InterruptedException if the thread is interrupted
   */
  void awaitUntil(long time) throws InterruptedException;
}
