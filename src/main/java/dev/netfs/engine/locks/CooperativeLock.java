package dev.netfs.engine.locks;

import dev.netfs.share.ShareLock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A lock that a mount holds, or wants, in the table of a file. Safe for use by several threads;
 * {@link #state} and {@link #released} are guarded by the agent's lock.
 */
public final class CooperativeLock implements ShareLock {
  /** What has become of it. */
  enum State {
    /** Not in the table, as far as is known. */
    WANTED,
    /** In the table, for as long as its lease runs. */
    HELD,
    /** To be taken out of the table. */
    RELEASING,
    /** Not in the table, or of no concern there. */
    OVER
  }

  final long number;
  final long position;
  final long size;
  final boolean shared;
  final boolean wait;

  /** Completes with the lock once it is held, or with null. Whoever cancels it ends the wait. */
  final CompletableFuture<@Nullable CooperativeLock> granted = new CompletableFuture<>();

  final CompletableFuture<Void> released = new CompletableFuture<>();
  State state = State.WANTED;

  /** The fencing token, once it is held. Written under the agent's lock. */
  volatile long token;

  private final Agent agent;
  private volatile @Nullable String lost; // once set it stays

  CooperativeLock(
      Agent agent, long number, long position, long size, boolean shared, boolean wait) {
    this.agent = agent;
    this.number = number;
    this.position = position;
    this.size = size;
    this.shared = shared;
    this.wait = wait;
  }

  /**
   * Returns why the lock is not held any more although nobody has released it, or null. Once this
   * has said that a lock is lost it is.
   */
  public @Nullable String lost() {
    if (lost == null && agent.leaseIsOver()) {
      lose("its lease could not be renewed within " + Agent.LEASE_MILLIS / 1000 + " seconds");
    }
    return lost;
  }

  void lose(String why) {
    lost = why;
  }

  /** Returns the token, larger than those of all grants before, with which this was granted. */
  public long token() {
    return token;
  }

  LockTable.Range range() {
    return new LockTable.Range(number, token, position, size, shared);
  }

  @Override
  public CompletionStage<Void> release() {
    agent.release(this);
    return released;
  }
}
