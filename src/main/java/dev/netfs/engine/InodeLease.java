package dev.netfs.engine;

import dev.netfs.share.LeaseHolder;
import dev.netfs.share.LeaseRequest;
import dev.netfs.share.LeaseState;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The lease on one file. With {@code cache=strict} it is what says that memory may be read from,
 * and written to, instead of the server; whatever the mode, it is what {@link DelayedClose} goes
 * by.
 *
 * <p>When the server asks a right back (L3), writes that have begun in memory end, no more begin,
 * what they have written is sent, what is in memory is dropped if it must not be read any more,
 * handles that nobody has open are closed, and then the server is told. Reads and writes that begin
 * meanwhile go to the server. Where the mode is not strict, writes go to memory whatever the lease
 * says, and nobody is kept waiting for them.
 *
 * <p>Safe for use by several threads. {@link #lock} is a leaf; nothing is called while it is held.
 */
final class InodeLease implements LeaseHolder {
  private final Inode inode;
  private final LeaseRequest request;
  private final boolean strict;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile boolean read; // written under lock
  private boolean write; // guarded by lock
  private boolean handle; // guarded by lock
  private long losses; // guarded by lock: how often rights were lost
  private LeaseState limit =
      LeaseState.ALL; // guarded by lock: what is being asked back is out of it
  private int writers; // guarded by lock: writes that go to memory
  private CompletableFuture<Void> drained = new CompletableFuture<>(); // guarded by lock

  InodeLease(Inode inode, Background background, boolean strict) {
    this.inode = inode;
    this.strict = strict;
    this.request =
        new LeaseRequest(new UUID(background.random(), background.random()), LeaseState.ALL, this);
  }

  /** Returns the wish for this lease, for every open of the file. */
  LeaseRequest request() {
    return request;
  }

  /** Returns whether what is in memory may be read. */
  boolean mayRead() {
    return read;
  }

  /** Returns a number that moves on whenever a right is lost or asked back. */
  long losses() {
    lock.lock();
    try {
      return losses;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns whether nobody else has the file open, and nobody has had it open since {@link #losses}
   * had some value: the server would have asked the right to write back, and waited for an answer.
   */
  boolean isSoleSince(long before) {
    lock.lock();
    try {
      return read && write && handle && losses == before;
    } finally {
      lock.unlock();
    }
  }

  /** Begins a write to memory, if one may be made; to be {@linkplain #endWrite ended} then. */
  boolean beginWrite() {
    lock.lock();
    try {
      if (write) {
        writers++;
      }
      return write;
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("NullAway") // a future of Void completes with null
  void endWrite() {
    CompletableFuture<Void> waiting = null;
    lock.lock();
    try {
      if (--writers == 0 && !write) {
        waiting = drained;
        drained = new CompletableFuture<>(); // writes that begin from now on are another's to await
      }
    } finally {
      lock.unlock();
    }
    if (waiting != null) {
      waiting.complete(null);
    }
  }

  @Override
  public void granted(LeaseState state) {
    if (!strict) {
      set(state);
      return;
    }
    boolean changes;
    lock.lock();
    try {
      changes = state.and(limit).read() != read;
    } finally {
      lock.unlock();
    }
    if (changes) {
      inode.invalidate(); // what came to memory while nobody vouched for it
    }
    set(state);
    if (changes && !read) {
      inode.invalidate();
    }
    if (!state.write()) {
      inode.uploader.issueIfDue(); // what was kept back under one that was better
    }
  }

  private void set(LeaseState state) {
    lock.lock();
    try {
      LeaseState now = state.and(limit);
      if (read && !now.read() || write && !now.write() || handle && !now.handle()) {
        losses++;
      }
      read = now.read();
      write = now.write();
      handle = now.handle();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void breaking(LeaseState to, Runnable acknowledgement) {
    boolean dropped = read && !to.read();
    downgraded(to)
        .thenCompose(done -> strict ? inode.uploader.flushed() : nothing())
        .whenComplete(
            (done, failure) -> {
              try {
                if (dropped) {
                  inode.invalidate();
                }
                inode.opens.endDelay();
              } finally {
                acknowledged();
                acknowledgement.run();
              }
            });
  }

  @SuppressWarnings("NullAway") // a future of Void completes with null
  private static CompletableFuture<Void> nothing() {
    return CompletableFuture.completedFuture(null);
  }

  /** Takes rights away; completes when no write to memory is under way that they allowed. */
  private CompletableFuture<Void> downgraded(LeaseState to) {
    lock.lock();
    try {
      limit = to;
      losses++;
      read &= to.read();
      write &= to.write();
      handle &= to.handle();
      if (write || writers == 0) {
        return nothing();
      }
      return drained;
    } finally {
      lock.unlock();
    }
  }

  private void acknowledged() {
    lock.lock();
    try {
      limit = LeaseState.ALL;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void lost() {
    set(LeaseState.NONE);
    if (strict) {
      inode.invalidate();
      inode.uploader.issue();
    }
  }

  /** Takes in that the last handle is about to be closed, and the lease goes with it. */
  void ended() {
    boolean drop = strict && read;
    set(LeaseState.NONE);
    if (drop) {
      inode.invalidate();
    }
  }
}
