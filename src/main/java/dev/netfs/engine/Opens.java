package dev.netfs.engine;

import dev.netfs.CacheMode;
import dev.netfs.share.FileInfo;
import dev.netfs.share.OpenIntent;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How one inode is opened and closed: with an answer of the server, under a lease that says what
 * the answer would be, on trust in what was checked a while ago, or ahead of whoever may open it.
 *
 * <p><b>Concurrency.</b> The inode's lock guards everything; all methods take it but those that say
 * that they are called under it.
 */
final class Opens {
  private final Services services;
  private final Inode inode;
  private final Handles handles;
  private final @Nullable InodeLease lease;

  /** What keeps the server's handles after the last close, where that is done. Under the lock. */
  private final @Nullable DelayedClose delay;

  Opens(Services services, Inode inode, @Nullable InodeLease lease) {
    this.services = services;
    this.inode = inode;
    this.handles = inode.handles;
    this.lease = lease;
    this.delay =
        lease == null || !services.options().delaysCloses()
            ? null
            : new DelayedClose(services, inode, lease);
  }

  /**
   * Takes in a new open file.
   *
   * @param handle the server's handle, which becomes the one that is used
   * @param info what the server said at the open
   * @param intent how it was opened
   * @param asked {@link Inode#asking} before the server was asked
   */
  void opened(RemoteFile handle, FileInfo info, OpenIntent intent, Inode.Asked asked) {
    Set<RemoteFile> replaced;
    inode.lock.lock();
    try {
      boolean ours = asked.changes() != inode.coherency.changes() || inode.writeback.isChanging();
      if (intent.truncate() || intent.disposition() == OpenIntent.Disposition.CREATE_NEW) {
        ours = false; // nothing is on its way while that is done
        inode.serverIsEmpty(info, asked);
      } else {
        if (services.options().cache() != CacheMode.LOOSE
            || inode.coherency.isKnown()
            || !inode.isChecked()) {
          inode.revalidate(
              info, asked); // else what we wrote since the check is trusted, for a while
        }
      }
      if (inode.deferred != null) {
        inode.deferred.seen(ours || handles.isUnsettled() ? null : info);
      }
      if (delay != null) {
        delay.end();
        delay.asked(asked);
      }
      replaced = handles.opened(handle);
      inode.onDisk.reopened();
    } finally {
      inode.lock.unlock();
    }
    replaced.forEach(RemoteFile::retire);
  }

  /**
   * Takes in a new open file without a question to the server, where its lease says what the answer
   * would be and the handles that there are will do.
   *
   * @return whether that was possible; if not, nothing has happened
   */
  boolean openedUnderLease(OpenIntent intent) {
    if (delay == null) {
      return false;
    }
    inode.lock.lock();
    try {
      if (inode.isUnlinked() || !delay.answers(intent)) {
        return false;
      }
      delay.end();
      handles.openedUnasked();
      inode.onDisk.reopened();
      return true;
    } finally {
      inode.lock.unlock();
    }
  }

  /** Returns whether an open may go without a question because of one that came before it. */
  boolean delaysCloses() {
    return delay != null;
  }

  /**
   * Takes in a new open file that only reads, without a question to the server, where the mode lets
   * what was checked a while ago be trusted.
   *
   * @return whether that was possible; if not, nothing has happened
   */
  boolean openedOnTrust() {
    CacheMode mode = services.options().cache();
    if (mode != CacheMode.LOOSE && mode != CacheMode.IMMUTABLE) {
      return false;
    }
    inode.lock.lock();
    try {
      if (!inode.coherency.isKnown() || inode.isUnlinked()) {
        return false;
      }
      if (!inode.isChecked()) {
        long age = services.attributes().ageNanos(inode.path()); // before what it is the age of
        FileInfo known = services.attributes().get(inode.path());
        if (known == null || !known.isRegularFile()) {
          return false;
        }
        inode.revalidate(known, inode.askedAt(services.background().nanoTime() - age));
        if (!inode.coherency.isKnown()) {
          return false;
        }
      }
      handles.openedUnasked();
      inode.onDisk.reopened();
      return true;
    } finally {
      inode.lock.unlock();
    }
  }

  /**
   * Takes in a new open file that only reads, of which nothing is known here but what the server
   * said of it once, where nothing ever changes.
   *
   * @return whether that was possible; if not, nothing has happened
   */
  boolean openedOnDisk(FileInfo info) {
    inode.lock.lock();
    try {
      if (inode.isUnlinked()
          || handles.anyOpen()
          || inode.coherency.isProvable()
          || !inode.isIdle()) {
        return false;
      }
      inode.revalidate(info, inode.askedAt(services.background().nanoTime()));
      handles.openedUnasked();
      inode.onDisk.reopened();
      return true;
    } finally {
      inode.lock.unlock();
    }
  }

  /**
   * Takes in that a file of which nothing is known here was opened ahead of whoever may open it.
   *
   * @param asked {@link Inode#asking} before the server was asked
   * @return false if something has come to be known of it meanwhile, which may be newer than the
   *     answer; nothing has happened then
   */
  boolean openedAhead(RemoteFile handle, FileInfo info, Inode.Asked asked) {
    inode.lock.lock();
    try {
      boolean untouched =
          !handles.anyOpen()
              && !inode.coherency.isProvable()
              && inode.isIdle()
              && inode.coherency.changes() == asked.changes();
      if (!untouched || inode.isUnlinked() || !info.isRegularFile()) {
        return false;
      }
      handles.opened(handle);
      inode.revalidate(info, asked);
      if (delay != null) {
        delay.asked(asked);
      }
      return true;
    } finally {
      inode.lock.unlock();
    }
  }

  /** Lets go of an open file. */
  void closed() {
    Set<RemoteFile> unused = Set.of();
    boolean delayed = false;
    inode.lock.lock();
    try {
      handles.closed();
      if (handles.anyOpen()) {
        return;
      }
      inode.forgetLockMet();
      delayed = delay != null && !inode.isUnlinked() && delay.begin();
      if (!delayed) {
        unused = letGo();
      }
    } finally {
      inode.lock.unlock();
    }
    if (delayed) {
      services.delayedCloses().trim();
    } else {
      gone(unused);
    }
  }

  /** Closes what is only kept after the last close, if it is. Takes the lock. */
  void endDelay() {
    Set<RemoteFile> unused;
    inode.lock.lock();
    try {
      if (delay == null || !delay.end()) {
        return;
      }
      unused = letGo();
    } finally {
      inode.lock.unlock();
    }
    gone(unused);
    inode.pageEvicted(); // it may have nothing that it would be kept for
  }

  /** Lets go of the handles, and of what the next open could not trust. Under the lock. */
  private Set<RemoteFile> letGo() {
    if (!inode.coherency.isProvable() && services.options().cache() != CacheMode.LOOSE) {
      inode.dropClean(); // since it was written by us (C3)
    }
    if (delay != null) {
      delay.letGo();
    }
    return handles.letGo();
  }

  private void gone(Set<RemoteFile> unused) {
    inode.onDisk.released();
    if (lease != null) {
      lease.ended();
    }
    unused.forEach(RemoteFile::retire);
    if (inode.isUnlinked()) {
      inode.discard();
    }
  }

  /** Returns whether the handles are only kept after the last close. By anybody, under any lock. */
  boolean isDelayed() {
    return delay != null && delay.isBegun();
  }

  /** Takes in that we change the server's file. Under the lock. */
  void changed() {
    if (delay != null) {
      delay.changed();
    }
  }
}
