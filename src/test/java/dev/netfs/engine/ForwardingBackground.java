package dev.netfs.engine;

import java.util.concurrent.TimeUnit;

/** The system's time and threads, for a test that puts something of its own in their place. */
abstract class ForwardingBackground implements Background {
  @Override
  public long nanoTime() {
    return SYSTEM.nanoTime();
  }

  @Override
  public long currentTimeMillis() {
    return SYSTEM.currentTimeMillis();
  }

  @Override
  public void execute(Runnable work) {
    SYSTEM.execute(work);
  }

  @Override
  public Task schedule(Runnable work, long delay, TimeUnit unit) {
    return SYSTEM.schedule(work, delay, unit);
  }

  @Override
  public Task repeat(Runnable work, long pause, TimeUnit unit) {
    return SYSTEM.repeat(work, pause, unit);
  }
}
