package dev.netfs.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A clock that is set by hand; what is to be done is noted, and not done. */
final class HandClock implements Background {
  long nanos;
  final List<Runnable> executed = new ArrayList<>();

  HandClock(long nanos) {
    this.nanos = nanos;
  }

  @Override
  public long nanoTime() {
    return nanos;
  }

  @Override
  public long currentTimeMillis() {
    return 0;
  }

  @Override
  public void execute(Runnable work) {
    executed.add(work);
  }

  @Override
  public Task schedule(Runnable work, long delay, TimeUnit unit) {
    throw new AssertionError("nothing is put off");
  }

  @Override
  public Task repeat(Runnable work, long pause, TimeUnit unit) {
    throw new AssertionError("nothing is put off");
  }
}
