package dev.netfs.engine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The system's time and threads, with clocks that a test sets on, or back. */
final class ShiftedTime extends ForwardingBackground {
  private final AtomicLong shiftMillis = new AtomicLong();
  private final AtomicLong wallMillis = new AtomicLong();
  private volatile boolean held;

  /** Lets time pass, by all clocks. What is to happen later happens no sooner for it. */
  void pass(long millis) {
    shiftMillis.addAndGet(millis);
  }

  /** Sets the wall clock, and no other, by so much. */
  void set(long millis) {
    wallMillis.addAndGet(millis);
  }

  /** Has nothing happen later that is asked for from now on. */
  void hold() {
    held = true;
  }

  @Override
  public long nanoTime() {
    return SYSTEM.nanoTime() + TimeUnit.MILLISECONDS.toNanos(shiftMillis.get());
  }

  @Override
  public long currentTimeMillis() {
    return SYSTEM.currentTimeMillis() + shiftMillis.get() + wallMillis.get();
  }

  @Override
  public Task schedule(Runnable work, long delay, TimeUnit unit) {
    return held ? () -> {} : SYSTEM.schedule(work, delay, unit);
  }
}
