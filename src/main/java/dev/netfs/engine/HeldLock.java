package dev.netfs.engine;

import dev.netfs.LockLostException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A byte-range lock that an open file holds. Safe for use by several threads. */
final class HeldLock implements RangeLock {
  private enum State {
    HELD,
    RELEASING,
    RELEASED
  }

  final long start;
  final long end;
  final boolean shared;
  private final FileLocks owner;
  private final LockTable.Range range;
  private final Hold hold;
  private final @Nullable RemoteFile remote;
  private final AtomicReference<State> state = new AtomicReference<>(State.HELD);
  private volatile boolean told;

  HeldLock(
      FileLocks owner,
      LockTable.Range range,
      long position,
      long size,
      boolean shared,
      Hold hold,
      @Nullable RemoteFile remote) {
    this.owner = owner;
    this.range = range;
    this.start = position;
    this.end = position + size;
    this.shared = shared;
    this.hold = hold;
    this.remote = remote;
  }

  boolean overlaps(long from, long to) {
    return from < end && start < to;
  }

  /** Returns what to throw if the lock is lost; null if it is held. */
  @Nullable LockLostException loss() {
    String why = hold.lost();
    return why == null
        ? null
        : new LockLostException(owner.inode().path(), start, end - start, why);
  }

  /** Throws, if the lock is lost. */
  void check() throws LockLostException {
    LockLostException loss = loss();
    if (loss != null) {
      told = true;
      owner.inode().dropLost();
      throw loss;
    }
  }

  @Override
  public boolean isHeld() {
    return state.get() != State.RELEASED && hold.lost() == null;
  }

  @Override
  public void release() throws IOException {
    release(true);
  }

  /**
   * Gives the lock back, after what was written under it has been sent.
   *
   * @param keep whether it is kept if that could not be sent
   * @throws LockLostException if it is lost and nobody has been told so before; it counts as given
   *     back then
   */
  void release(boolean keep) throws IOException {
    if (!state.compareAndSet(State.HELD, State.RELEASING)) {
      return;
    }
    boolean over = !keep;
    LockLostException loss = null;
    try {
      if (hold != Hold.LOCAL) {
        Await.result(owner.sent(start, end));
        loss = loss();
        if (loss == null && keep) {
          owner.checkSent(this);
        }
      }
      over = true;
    } finally {
      if (over) {
        finish(true);
      } else {
        state.set(State.HELD);
        if (owner.isClosing()) {
          release(false); // the close may have come meanwhile, and left it to us
        }
      }
    }
    if (loss != null && !told) {
      throw loss;
    }
  }

  /** Gives it back without waiting, what was written under it being on its way. */
  void releaseAfter(CompletableFuture<?> sent) {
    if (state.compareAndSet(State.HELD, State.RELEASING)) {
      sent.whenComplete(
          (done, failure) -> {
            try {
              finish(false);
            } catch (IOException e) {
              throw new IllegalStateException("nobody waits", e);
            }
          });
    }
  }

  private void finish(boolean wait) throws IOException {
    try {
      if (loss() != null) {
        owner.inode().dropLost();
      }
      if (wait) {
        Await.result(hold.release());
      } else {
        hold.release();
      }
    } finally {
      state.set(State.RELEASED);
      owner.released(this);
      LockTable.giveBack(range);
      if (remote != null) {
        owner.inode().handles.endLocking(remote);
      }
    }
  }
}
