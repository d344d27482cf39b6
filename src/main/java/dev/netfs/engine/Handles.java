package dev.netfs.engine;

import dev.netfs.share.OpenIntent;
import dev.netfs.share.ShareCapabilities.LockKind;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The server's handles of one file, and how many have it open here: at most one handle to read with
 * and one to write with, which may be the same, shared by all open files. That of a later open
 * takes the place of the one before, whose operations end on it.
 *
 * <p>Guarded by the inode's lock, which is held by the caller unless a method says that it takes
 * it. What is returned to be {@linkplain RemoteFile#retire retired} is so after letting it go.
 */
final class Handles {
  private static final CompletableFuture<Void> ENDED = CompletableFuture.completedFuture(null);

  private static final OpenIntent WRITE =
      new OpenIntent(false, true, OpenIntent.Disposition.OPEN_EXISTING, false, -1);

  private static final OpenIntent BOTH =
      new OpenIntent(true, true, OpenIntent.Disposition.OPEN_EXISTING, false, -1);

  private final Services services;
  private final Inode inode;
  private @Nullable RemoteFile reader;
  private @Nullable RemoteFile writer;

  /** What is written with while no channel is open for writing, from one request to the next. */
  private @Nullable RemoteFile kept;

  private int opens;

  /** Completes when the last handles have ended that were written with. Written under the lock. */
  private volatile CompletableFuture<Void> ending = ENDED;

  /** The handle that locks are held through: while there is one, everything goes through it. */
  private @Nullable RemoteFile locking;

  private boolean unreadable; // a handle to read and write with was refused
  private boolean locked; // whether locks were asked for through one of the handles
  private int locks; // how many are held through it, or asked for

  Handles(Services services, Inode inode) {
    this.services = services;
    this.inode = inode;
  }

  /** Returns whether anybody has the file open. */
  boolean anyOpen() {
    return opens > 0;
  }

  /**
   * Takes in an open file and the handle that was opened for it.
   *
   * @return the handles whose place it has taken, to be retired
   */
  Set<RemoteFile> opened(RemoteFile handle) {
    opens++;
    return replaceBy(handle);
  }

  private Set<RemoteFile> replaceBy(RemoteFile handle) {
    Set<RemoteFile> replaced = all();
    if (handle.reads()) {
      reader = handle;
    }
    if (handle.writes()) {
      writer = handle;
    }
    replaced.removeAll(all());
    replaced.forEach(this::ends);
    return replaced;
  }

  /**
   * Returns whether the server gives the file another time when a handle ends that it was changed
   * through by now: what it says of the file until then proves nothing afterwards.
   */
  boolean isUnsettled() {
    return services.session().capabilities().closeTouches()
        && (!ending.isDone() || isChanged(writer) || isChanged(kept) || isChanged(locking));
  }

  private static boolean isChanged(@Nullable RemoteFile handle) {
    return handle != null && handle.hasChanged();
  }

  /**
   * Ends the handles that the file was changed through, if it is {@linkplain #isUnsettled
   * unsettled}; others take their places. One that locks are held through stays. By a thread that
   * may block; takes the inode's lock.
   */
  void settle() {
    RemoteFile old;
    boolean wasKept;
    inode.lock.lock();
    try {
      if (!isUnsettled() || inode.isUnlinked()) {
        return;
      }
      wasKept = isChanged(kept);
      old = isChanged(writer) && writer != locking ? writer : null;
    } finally {
      inode.lock.unlock();
    }
    if (wasKept) {
      dropWriter();
      keepWriter();
    }
    if (old != null) {
      replace(old);
    }
    Await.untilDone(ending);
  }

  /** Has another handle take the place of one, unless the server does not open the file again. */
  private void replace(RemoteFile old) {
    RemoteFile made = old.another();
    CompletableFuture<?> opening = made.openNow();
    Await.untilDone(opening);
    Set<RemoteFile> unused = Set.of(made);
    if (!opening.isCompletedExceptionally()) {
      inode.lock.lock();
      try {
        if (writer == old && old != locking) {
          unused = replaceBy(made);
        }
      } finally {
        inode.lock.unlock();
      }
    }
    unused.forEach(RemoteFile::retire);
  }

  /**
   * Takes in an open file that only reads and for which the server was not asked. Where nobody has
   * a handle to read with, one is set up that the first operation opens that needs the server.
   */
  void openedUnasked() {
    opens++;
    if (reader == null) {
      reader = make(OpenIntent.READ);
    }
  }

  /** Takes in that an open file is closed. */
  void closed() {
    opens--;
  }

  /**
   * Takes the handles out, which nobody has open any more.
   *
   * @return the handles, to be retired
   */
  Set<RemoteFile> letGo() {
    Set<RemoteFile> unused = all();
    ends(writer);
    ends(locking); // what was locked through it is given back by now
    reader = null;
    writer = null;
    locked = false;
    return unused;
  }

  /** Returns whether the handles that are open will do for another open. */
  boolean cover(OpenIntent intent) {
    return (!intent.read() || reader != null && reader.isOpen())
        && (!intent.write() || writer != null && writer.isOpen());
  }

  /** Returns whether locks were asked for since there have been handles. */
  boolean wereLocked() {
    return locked;
  }

  private void ends(@Nullable RemoteFile handle) {
    if (handle != null && handle.writes()) {
      ending = ending.isDone() ? handle.ended() : CompletableFuture.allOf(ending, handle.ended());
      ending.thenRun(() -> services.inodes().forgetIfIdle(inode)); // which waits for it
    }
  }

  /**
   * Returns what completes when all handles have ended that were written with and that nobody has
   * open any more. A close may return before: whoever was the last to use one may not have come to
   * let go of it. Needs no lock.
   */
  CompletableFuture<Void> ending() {
    return ending;
  }

  private Set<RemoteFile> all() {
    Set<RemoteFile> all = new LinkedHashSet<>();
    if (reader != null) {
      all.add(reader);
    }
    if (writer != null) {
      all.add(writer);
    }
    return all;
  }

  private RemoteFile make(OpenIntent intent) {
    return new RemoteFile(services.session(), services.stats(), inode, intent);
  }

  /** Returns the handle to read with, with a use begun. */
  RemoteFile readerInUse() {
    if (locking != null && locking.reads()) {
      return inUse(locking);
    }
    return inUse(Objects.requireNonNull(reader, "no channel is open for reading"));
  }

  /**
   * Returns the handle to take a lock through, with a use begun, to be {@linkplain #endLocking
   * ended}. All locks of the file are taken through one: a mandatory lock keeps out even this
   * mount's other handles.
   *
   * @param exclusive whether it is an exclusive lock
   */
  RemoteFile lockingInUse(boolean exclusive) {
    locked = true;
    RemoteFile known = locking;
    if (known == null || !(exclusive ? known.writes() : known.reads())) {
      // Locks that are held through another one stay there.
      locks = 1;
      known = Objects.requireNonNull(exclusive ? writer : reader, "no channel is open that way");
      boolean mandatory = services.session().capabilities().locks() == LockKind.MANDATORY;
      if (exclusive && mandatory && !known.reads() && !unreadable) {
        // Whoever reads here the range that is locked there would be kept out.
        locking = inUse(make(BOTH));
        locking.retire(); // it ends with its last use
        return locking;
      }
      locking = known;
      return inUse(known);
    }
    locks++;
    return inUse(known);
  }

  /**
   * Takes in that a handle to lock through could not be opened.
   *
   * @return whether that was since it was to read as well, and another will do
   */
  boolean lockingRefused(RemoteFile handle) {
    inode.lock.lock();
    try {
      boolean wasToRead = !unreadable && handle.reads() && handle != reader && handle != writer;
      unreadable |= wasToRead;
      return wasToRead;
    } finally {
      inode.lock.unlock();
    }
  }

  /**
   * Returns the handle that locks are held through, with a use begun, if it can do all that another
   * one can, which the server has refused something; or null. Takes the inode's lock.
   */
  @Nullable RemoteFile lockingInsteadOf(RemoteFile refused) {
    inode.lock.lock();
    try {
      RemoteFile other = locking;
      return other == null
              || other == refused
              || refused.reads() && !other.reads()
              || refused.writes() && !other.writes()
          ? null
          : inUse(other);
    } finally {
      inode.lock.unlock();
    }
  }

  /** Ends the use of a handle for a lock. Takes the inode's lock. */
  void endLocking(RemoteFile handle) {
    inode.lock.lock();
    try {
      if (handle == locking && --locks == 0) {
        locking = null;
      }
    } finally {
      inode.lock.unlock();
    }
    handle.endUse();
  }

  private static RemoteFile inUse(RemoteFile handle) {
    handle.use();
    return handle;
  }

  /**
   * Returns the handle to write with, with a use begun: that of a channel, or, where all of them
   * are closed and dirty data was left because it could not be sent, a new one. Takes the inode's
   * lock.
   */
  RemoteFile writerInUse() {
    inode.lock.lock();
    try {
      if (locking != null && locking.writes()) {
        return inUse(locking);
      }
      if (writer != null) {
        return inUse(writer);
      }
      if (kept != null) {
        return inUse(kept);
      }
      RemoteFile temporary = inUse(make(WRITE));
      temporary.retire();
      ends(temporary);
      return temporary;
    } finally {
      inode.lock.unlock();
    }
  }

  /**
   * Has one handle used for all that is written from now on, where no channel has one, until {@link
   * #dropWriter}. Takes the inode's lock.
   */
  void keepWriter() {
    inode.lock.lock();
    try {
      if (writer == null && kept == null) {
        kept = make(WRITE);
      }
    } finally {
      inode.lock.unlock();
    }
  }

  /** Ends what {@link #keepWriter} began, if it did. Takes the inode's lock. */
  void dropWriter() {
    RemoteFile unused;
    inode.lock.lock();
    try {
      unused = kept;
      kept = null;
      ends(unused);
    } finally {
      inode.lock.unlock();
    }
    if (unused != null) {
      unused.retire();
    }
  }

  /**
   * Returns the handle of an open file that is only set up, not open yet, or null. Takes the
   * inode's lock.
   */
  @Nullable RemoteFile readerToBe() {
    inode.lock.lock();
    try {
      return reader == null || reader.isOpen() ? null : reader;
    } finally {
      inode.lock.unlock();
    }
  }
}
