package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** That a lock was let go of by who is tested, though others may hold it for a moment. */
final class Released {
  private Released() {}

  /** Fails if this thread holds a lock, or if another one does not let go of it. */
  static void check(ReentrantLock lock) {
    assertThat(lock.isHeldByCurrentThread()).as("held by this thread").isFalse();
    boolean free;
    try {
      free = lock.tryLock(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    assertThat(free).as("free").isTrue();
    lock.unlock();
  }
}
