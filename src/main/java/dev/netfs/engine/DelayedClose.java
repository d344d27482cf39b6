package dev.netfs.engine;

import dev.netfs.share.OpenIntent;
import dev.netfs.share.OpenIntent.Disposition;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What lets an open of one file go without a question, and keeps the server's handles for it when
 * the last user has closed the file (Linux: {@code closetimeo}).
 *
 * <p>An open is not asked for while nobody else can have had the file open since one that was: the
 * server would have asked the lease's right to write back, and would have waited for the answer. A
 * lease without that right, which several clients have at a time, is not enough: the server says
 * that somebody writes and does not wait, so that the notice may come after an open that began when
 * the writer had closed the file.
 *
 * <p>Nor is it asked for longer than {@code closeDelay} after the last time that it was, by however
 * many opens in between: that the name has become another file's (a rename over it, or of a
 * directory above it) a server may tell nobody.
 *
 * <p>Guarded by the inode's lock, which the caller holds; {@link #begun} may be read without.
 */
final class DelayedClose {
  private final Services services;
  private final Inode inode;
  private final InodeLease lease;
  private volatile boolean begun;
  private long losses = -1; // of rights, before the last open that was asked for
  private long askedNanos; // when that was
  private boolean changed; // whether the file was, since its handles were opened
  private Background.@Nullable Task timeout;

  DelayedClose(Services services, Inode inode, InodeLease lease) {
    this.services = services;
    this.inode = inode;
    this.lease = lease;
  }

  Inode inode() {
    return inode;
  }

  /** Takes in that the server has answered an open, and what is in memory is what it had then. */
  void asked(Inode.Asked asked) {
    losses = asked.losses();
    askedNanos = asked.nanos();
  }

  /** Takes in that we change the server's file. */
  void changed() {
    changed = true;
  }

  /** Takes in that all handles are about to be closed. */
  void letGo() {
    changed = false;
  }

  /** Returns for how long opens need no question, in nanoseconds; 0 or less if they do. */
  private long remaining() {
    return lease.isSoleSince(losses)
        ? services.options().closeDelay().toNanos()
            - (services.background().nanoTime() - askedNanos)
        : 0;
  }

  /** Returns whether an open needs no question. */
  boolean answers(OpenIntent intent) {
    return !intent.truncate()
        && intent.disposition() != Disposition.CREATE_NEW
        && inode.handles.cover(intent)
        && remaining() > 0;
  }

  /**
   * Begins, as the last user closes the file, if it is worth it: and not where there were locks,
   * which a close has to give back, or the file was written, as servers show others its size and
   * times when it is closed.
   *
   * @return whether the handles stay
   */
  boolean begin() {
    long nanos = remaining();
    if (nanos <= 0 || changed || inode.handles.wereLocked() || inode.writeback.isBusy()) {
      return false;
    }
    begun = true;
    timeout =
        services
            .background()
            .schedule(
                () -> services.background().execute(inode.opens::endDelay),
                nanos,
                TimeUnit.NANOSECONDS);
    services.delayedCloses().add(this);
    return true;
  }

  /**
   * Ends, for a new user, or to close the handles.
   *
   * @return whether it had begun
   */
  boolean end() {
    if (!begun) {
      return false;
    }
    begun = false;
    if (timeout != null) {
      timeout.cancel();
      timeout = null;
    }
    services.delayedCloses().remove(this);
    return true;
  }

  /** Returns whether the handles are kept though nobody has the file open. */
  boolean isBegun() {
    return begun;
  }
}
