package dev.netfs.engine;

import dev.netfs.engine.locks.Surroundings;
import dev.netfs.share.Share;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A mount's time and session, as its cooperative locks see them. */
record LockSurroundings(Background background, ShareSession session) implements Surroundings {
  @Override
  public long nanoTime() {
    return background.nanoTime();
  }

  @Override
  public long currentTimeMillis() {
    return background.currentTimeMillis();
  }

  @Override
  public long random() {
    return background.random();
  }

  @Override
  public boolean hardLinks() {
    return session.capabilities().hardLinks();
  }

  @Override
  public Task later(Runnable work, long millis) {
    // On a worker: what follows may encode and decode tables.
    Background.Task task =
        background.schedule(() -> background.execute(work), millis, TimeUnit.MILLISECONDS);
    return task::cancel;
  }

  @Override
  public <T> CompletableFuture<T> call(String kind, Function<Share, CompletionStage<T>> operation) {
    return session.call(kind, operation);
  }
}
