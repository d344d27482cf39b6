package dev.netfs.engine;

import dev.netfs.fscache.CoherencyData;
import dev.netfs.fscache.DirtyLog;
import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What {@code write=deferred} adds to one file's {@link Writeback}: its dirty bytes are on the
 * local disk, in a {@link DirtyLog}, when a {@code close} or {@code force} has returned (W3), and
 * they are sent later, if the server's file is still in the state that they were written over (W4).
 *
 * <p><b>The gate.</b> Dirty bytes are kept back until it is open. It opens when it is time to send
 * them, by way of a question to the server: whether the file is in the state ({@link #base}) that
 * it had when the first of them was written. If not, somebody else has changed it, and what is
 * dirty goes {@linkplain ConflictCopy beside} it. The gate closes when all is sent, or some of it
 * could not be: then the file may be in a state of our own making, which {@link #isOurs} tells.
 *
 * <p><b>Concurrency.</b> {@link #persisting} is held while the log is written, and by who is about
 * to end what the file holds; it comes before the inode's lock. The rest is guarded by that one.
 */
final class DeferredFile {
  private static final System.Logger LOG = System.getLogger("dev.netfs.engine");

  /** How far a server's clock may be off, and how late a request may arrive. */
  private static final long SLACK_MILLIS = 60_000;

  /** So often the log is told that something is still being sent. */
  private static final long RENEW_MILLIS = 10_000;

  private final Services services;
  private final Inode inode;
  private final Deferred deferred;
  private final Turns persisting = new Turns();
  private @Nullable DirtyLog log; // guarded by persisting
  private volatile boolean hasLog; // written under persisting

  private boolean adopting; // guarded by persisting: the log is not in memory as a whole yet
  private Turns.@Nullable Turn ending; // guarded by persisting: held from one call to another
  private long markedMillis; // guarded by persisting: when the log was told that we are sending
  private long markedEnd; // guarded by persisting: and up to where

  /**
   * What was written, or is wanted no more, and is not in the log; some of it may have been sent
   * since. What the log has of that, from before, is out of date.
   */
  private final ExtentSet unpersisted = new ExtentSet(); // guarded by inode.lock

  /** What the log has something of. */
  private final ExtentSet logged = new ExtentSet(); // guarded by persisting

  private @Nullable CoherencyData base; // guarded by inode.lock; null if nobody knows
  private boolean open; // guarded by inode.lock
  private boolean opening; // guarded by inode.lock
  private boolean failed; // guarded by inode.lock: some of what was sent since it was opened
  private long sendingMillis; // guarded by inode.lock: when something was last sent over base, or 0
  private boolean late; // guarded by inode.lock: the deadline is over, and that was logged

  DeferredFile(Services services, Inode inode, Deferred deferred) {
    this.services = services;
    this.inode = inode;
    this.deferred = deferred;
  }

  // ---- told by the inode and its write-back, under the inode's lock

  /** Returns whether there is something on the local disk that may not be sent. By anybody. */
  boolean hasLog() {
    return hasLog;
  }

  /** Returns whether what is dirty may be sent. */
  boolean isOpen() {
    return open;
  }

  void wrote(long start, long end) {
    unpersisted.add(start, end);
  }

  /** Takes in that dirty bytes of a range will not be sent. */
  void forgot(long from, long to) {
    unpersisted.add(from, to);
  }

  /** Takes in that bytes of a range are on the server that were never dirty here. */
  void wroteDirect(long from, long to) {
    unpersisted.add(from, to);
  }

  /**
   * Takes in what the server said at an open.
   *
   * @param info null if it may have said so before or after a change of ours
   */
  void seen(@Nullable FileInfo info) {
    if (!inode.writeback.isDirty()) {
      base = info == null ? null : CoherencyData.of(info);
      sendingMillis = 0;
    }
  }

  /**
   * Takes in that we change the server's file; if not by sending what is dirty, nobody knows how.
   */
  void changed() {
    if (!open) {
      base = null;
    }
  }

  /** Takes in that the server's file was cut, or may have been, while something is being sent. */
  void cut() {
    base = null;
  }

  /** Takes in that something is sent. */
  void sending() {
    sendingMillis = services.background().currentTimeMillis();
  }

  /**
   * Takes in how a sending ended.
   *
   * @param all whether nothing is dirty any more
   * @param settled whether nothing is on its way any more
   */
  void sent(boolean all, boolean settled, boolean hasFailed) {
    failed |= hasFailed;
    if (!settled || !open) {
      return;
    }
    if (failed) {
      open = false;
      services.background().execute(inode.handles::dropWriter);
    } else if (all) {
      services.background().execute(this::finish);
    }
  }

  // ---- making it durable

  /**
   * Has all that is dirty on stable storage here.
   *
   * @return false if it cannot be: then it has to be sent (C4)
   */
  boolean persist() {
    try (Turns.Turn turn = persisting.take()) {
      return inode.isUnlinked() || persistLocked();
    }
  }

  private boolean persistLocked() {
    DirtyLog known = log;
    if (known != null && known.size() > deferred.logLimit()) {
      return false;
    }
    ExtentSet taken = new ExtentSet();
    boolean kept = false;
    try {
      boolean more = false;
      ByteBuffer piece = ByteBuffer.allocate(DirtyLog.MAX_PIECE);
      for (Taken next = take(piece); next != null; next = take(piece)) {
        taken.add(next.from, next.end);
        more |= append(next, piece);
      }
      DirtyLog written = log;
      if (written != null && more) {
        written.force();
        markIfLonger(written);
      }
      kept = true;
    } catch (IOException | RuntimeException e) {
      deferred.failed(e);
    } finally {
      if (!kept) {
        isUnpersisted(taken);
      }
    }
    return kept;
  }

  /** Returns whether there was anything to append. */
  private boolean append(Taken next, ByteBuffer piece) throws IOException {
    boolean outOfDate = logged.intersects(next.from, next.start);
    DirtyLog known = log;
    if (outOfDate && known != null) {
      known.sent(next.from, next.start);
    }
    if (next.end > next.start) {
      openLog().write(next.start, piece);
      logged.add(next.start, next.end);
    }
    return outOfDate || next.end > next.start;
  }

  /** Takes in that bytes are not in the log after all. */
  private void isUnpersisted(ExtentSet ranges) {
    inode.lock.lock();
    try {
      ranges.forEachIn(0, Long.MAX_VALUE, unpersisted::add);
    } finally {
      inode.lock.unlock();
    }
  }

  /**
   * What is taken into the log next.
   *
   * @param from where it begins
   * @param start up to where the server has it, or nobody wants it
   * @param end up to where it is copied from there, which may be nothing
   */
  private record Taken(long from, long start, long end) {}

  /** Copies the next bytes that are not in the log; returns which, or null if there are none. */
  private @Nullable Taken take(ByteBuffer piece) {
    inode.lock.lock();
    try {
      if (unpersisted.isEmpty()) {
        return null;
      }
      long from = unpersisted.start(0);
      ExtentSet unsent = inode.writeback.unsent(from, unpersisted.end(0));
      Taken next =
          unsent.isEmpty()
              ? new Taken(from, unpersisted.end(0), unpersisted.end(0))
              : new Taken(
                  from,
                  unsent.start(0),
                  Math.min(unsent.end(0), unsent.start(0) + piece.capacity()));
      inode.writeback.copy(next.start, next.end, piece.clear());
      piece.flip();
      unpersisted.remove(from, next.end);
      return next;
    } finally {
      inode.lock.unlock();
    }
  }

  private DirtyLog openLog() throws IOException {
    DirtyLog known = log;
    if (known != null) {
      return known;
    }
    CoherencyData over;
    inode.lock.lock();
    try {
      over = base;
    } finally {
      inode.lock.unlock();
    }
    CoherencyData state = over != null ? over : CoherencyData.of(stat());
    DirtyLog made = deferred.newLog(this, inode.path(), state);
    log = made;
    hasLog = true;
    boolean isSending;
    inode.lock.lock();
    try {
      base = state;
      isSending = open || sendingMillis != 0;
    } finally {
      inode.lock.unlock();
    }
    if (isSending) {
      mark(made);
    }
    return made;
  }

  private void mark(DirtyLog in) throws IOException {
    long now = services.background().currentTimeMillis();
    long end = inode.localSize();
    in.sending(now, end);
    markedMillis = now;
    markedEnd = end;
  }

  /** Tells the log if more may be sent now than it knows of. */
  private void markIfLonger(DirtyLog in) throws IOException {
    boolean longer;
    inode.lock.lock();
    try {
      longer = open && inode.localSize() > markedEnd;
    } finally {
      inode.lock.unlock();
    }
    if (longer) {
      mark(in);
    }
  }

  private FileInfo stat() throws IOException {
    RemoteFile handle = inode.handles.writerInUse();
    try {
      return Await.result(handle.call("stat", file -> file.stat()));
    } finally {
      handle.endUse();
    }
  }

  // ---- sending

  /** Opens the gate, some time, and has sent what is dirty then. Not under a lock. */
  void open() {
    inode.lock.lock();
    try {
      if (open || opening) {
        return;
      }
      opening = true;
      failed = false;
    } finally {
      inode.lock.unlock();
    }
    try {
      services.background().execute(this::ask);
    } catch (RuntimeException | Error e) {
      cannotOpen(e);
    }
  }

  private void ask() {
    try {
      inode.handles.keepWriter();
      boolean done = false;
      while (!done) {
        long changes = inode.asking().changes();
        FileInfo info;
        try {
          info = stat();
        } catch (NoSuchFileException e) {
          info = null;
        }
        try (Turns.Turn turn = persisting.take()) {
          done = answered(info, changes);
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      cannotOpen(e); // whatever it is: others wait for the gate
      return;
    }
    inode.writeback.letGo();
    inode.uploader.issue();
    if (!inode.writeback.isDirty()) {
      inode.handles.dropWriter(); // it is beside, or cut off
    }
  }

  private void cannotOpen(Throwable problem) {
    inode.lock.lock();
    try {
      opening = false;
    } finally {
      inode.lock.unlock();
    }
    inode.handles.dropWriter();
    inode.uploader.cannotBegin(problem);
  }

  /** Returns false if the answer is of no use, since we have changed the file meanwhile. */
  private boolean answered(@Nullable FileInfo info, long changesBefore) throws IOException {
    boolean may;
    inode.lock.lock();
    try {
      if (changesBefore != inode.asking().changes()) {
        return false;
      }
      if (!inode.writeback.isDirty()) {
        opening = false; // somebody has cut it off
        return true;
      }
      may = info != null && mayOverwrite(CoherencyData.of(info));
    } finally {
      inode.lock.unlock();
    }
    if (!may || info == null) {
      if (adopting) {
        throw new FileSystemException(
            inode.path(), null, "somebody else changes it while what was left of it is taken over");
      }
      keepBeside(info);
      return true;
    }
    DirtyLog known = log;
    if (known != null) {
      mark(known);
    }
    inode.lock.lock();
    try {
      opening = false;
      open = true;
      if (base == null) {
        base = CoherencyData.of(info);
      }
    } finally {
      inode.lock.unlock();
    }
    return true;
  }

  /** Returns whether what is dirty may be written over a state. Under the inode's lock. */
  private boolean mayOverwrite(CoherencyData state) {
    return base == null
        || base.matches(state)
        || isOurs(base, state, sendingMillis, inode.localSize());
  }

  /**
   * Returns whether a state that is not the one that we wrote over is what our own, unfinished
   * sending has made of it. No server says who has changed a file. What we send changes the size
   * only up to the end of what we write, and the time to one when we were sending.
   *
   * @param sendingMillis when we last were, 0 if never
   * @param end the byte after the last one that is ours, sent already or still to send
   */
  static boolean isOurs(CoherencyData base, CoherencyData now, long sendingMillis, long end) {
    return sendingMillis != 0
        && base.type() == now.type()
        && Objects.equals(base.fileKey(), now.fileKey())
        && now.size() >= base.size()
        && now.size() <= Math.max(base.size(), end)
        && now.modified().toMillis() <= sendingMillis + SLACK_MILLIS;
  }

  /** Has what is dirty go beside a file that somebody else has changed, or deleted. */
  private void keepBeside(@Nullable FileInfo theirs) throws IOException {
    ConflictCopy copy = new ConflictCopy(services, inode.path());
    ExtentSet taken = new ExtentSet(); // from what is not in the log
    boolean done = false;
    try {
      copy.begin(covers(inode.writeback.unsentAll()) ? null : theirs);
      for (boolean first = true; !done; first = false) {
        ExtentSet unsaved = new ExtentSet();
        inode.lock.lock();
        try {
          if (first) {
            unsaved = inode.writeback.unsent(0, Long.MAX_VALUE);
          } else {
            unsaved = unsentOf(unpersisted); // written since the last round
          }
          unpersisted.forEachIn(0, Long.MAX_VALUE, taken::add);
          unpersisted.clear();
          done = unsaved.isEmpty();
          if (done) {
            forgetOurs(theirs);
          }
        } finally {
          inode.lock.unlock();
        }
        copy.write(inode, unsaved);
      }
    } finally {
      if (!done) {
        isUnpersisted(taken);
        copy.abandon();
      }
    }
    copy.end();
    deleteLog();
  }

  private ExtentSet unsentOf(ExtentSet ranges) {
    ExtentSet unsent = new ExtentSet();
    ranges.forEachIn(
        0,
        Long.MAX_VALUE,
        (start, end) ->
            inode.writeback.unsent(start, end).forEachIn(0, Long.MAX_VALUE, unsent::add));
    return unsent;
  }

  /** Forgets what is dirty, since it is beside what is there now. Under the inode's lock. */
  private void forgetOurs(@Nullable FileInfo theirs) {
    opening = false;
    sendingMillis = 0;
    inode.writeback.forget(0);
    inode.invalidate();
    base = null;
    if (theirs != null) {
      inode.refreshed(theirs, inode.asking());
      base = CoherencyData.of(theirs);
    }
  }

  private boolean covers(ExtentSet ours) {
    return ours.contains(0, inode.localSize());
  }

  /** Takes in that all has been sent: asks which state the file has got by that. */
  private void finish() {
    long changes = inode.asking().changes();
    CoherencyData state = null;
    try {
      state = CoherencyData.of(stat());
    } catch (IOException | RuntimeException | Error e) {
      // It may have gone since. What comes next is written over something unknown.
    }
    inode.handles.dropWriter();
    try (Turns.Turn turn = persisting.take()) {
      boolean again;
      inode.lock.lock();
      try {
        if (!open || inode.writeback.isChanging()) {
          return; // when that is over, this is done again
        }
        open = false;
        sendingMillis = 0;
        late = false;
        base = changes == inode.asking().changes() ? state : null;
        state = base;
        again = inode.writeback.isDirty();
        if (!again) {
          unpersisted.clear();
        }
      } finally {
        inode.lock.unlock();
      }
      DirtyLog known = log;
      if (!again && !adopting) {
        deleteLog();
      } else if (known != null && state != null) {
        known.state(state);
      }
    } catch (IOException | RuntimeException e) {
      deferred.failed(e);
    }
  }

  private void deleteLog() {
    DirtyLog known = log;
    log = null;
    logged.clear();
    if (known != null) {
      deferred.delete(this, known);
      hasLog = false;
      inode.pageEvicted(); // it may have been what kept the inode
    }
  }

  /** Is called now and then, by a thread that may block. */
  void tick() {
    boolean isSending;
    boolean complain = false;
    inode.lock.lock();
    try {
      isSending = open;
      if (inode.writeback.isDirty()
          && !late
          && services.background().nanoTime() - inode.writeback.dirtySinceNanos()
              > services.options().uploadDeadline().toNanos()) {
        late = true;
        complain = true;
      }
    } finally {
      inode.lock.unlock();
    }
    if (complain) {
      LOG.log(
          System.Logger.Level.WARNING,
          inode.path()
              + " could not be sent within 'uploadDeadline'; it is on the local disk, and is tried"
              + " further");
    }
    if (isSending) {
      renewMark();
    }
  }

  private void renewMark() {
    try (Turns.Turn turn = persisting.tryTake()) {
      DirtyLog known = turn == null ? null : log;
      if (known != null
          && services.background().currentTimeMillis() - markedMillis > RENEW_MILLIS) {
        mark(known);
      }
    } catch (IOException | RuntimeException e) {
      deferred.failed(e);
    }
  }

  // ---- changes of the name, and of the file by other ways

  /**
   * Notes in the log, if there is one, that what the server's file holds is about to end: by its
   * deletion, or since another takes its name or it is emptied. Nothing gets into the log until
   * {@link #ended}, which has to follow.
   */
  void beginEnding() {
    ending = persisting.take();
    note(true);
  }

  /**
   * As {@link #beginEnding}, where the name goes, and another file may have it next: waits until
   * nothing is on its way, and nothing is sent until {@link FileCut#endOpened}.
   */
  FileCut beginLosingName() throws IOException {
    FileCut cut = FileCut.beginOpen(inode);
    beginEnding(); // which throws nothing
    return cut;
  }

  private void note(boolean so) {
    DirtyLog known = log;
    if (known != null) {
      try {
        known.ending(so);
      } catch (IOException | RuntimeException e) {
        deferred.failed(e);
      }
    }
  }

  /**
   * Ends what {@link #beginEnding} began.
   *
   * @param so whether what the file held has ended
   */
  void ended(boolean so) {
    try (Turns.Turn turn = ending) {
      ending = null;
      if (!so) {
        note(false);
        return;
      }
      DirtyLog old = log;
      log = null;
      hasLog = false;
      logged.clear();
      inode.lock.lock();
      try {
        unpersisted.clear();
        ExtentSet unsent = inode.writeback.unsentAll();
        unsent.forEachIn(0, Long.MAX_VALUE, unpersisted::add);
      } finally {
        inode.lock.unlock();
      }
      boolean kept = old == null || inode.isUnlinked() || persistLocked();
      if (old != null && kept) {
        deferred.delete(this, old);
      } else if (old != null) {
        old.close(); // better twice than never
      }
    }
  }

  /**
   * Takes in that we have changed the server's file, or may have, otherwise than by sending what is
   * dirty: it was cut, or written past the memory. By a thread that may block.
   *
   * @throws IOException if it is not known in which state the file is now
   */
  void changedOtherwise() throws IOException {
    try (Turns.Turn turn = persisting.take()) {
      DirtyLog known = log;
      if (known == null || !persistLocked()) { // what is out of date now
        return;
      }
      CoherencyData state = CoherencyData.of(stat());
      known.state(state);
      boolean isSending;
      inode.lock.lock();
      try {
        base = state;
        isSending = open || sendingMillis != 0;
      } finally {
        inode.lock.unlock();
      }
      if (isSending) {
        mark(known);
      } else {
        known.force();
      }
    }
  }

  /**
   * Takes in that what was dirty has been sent, and is about to be acknowledged for that: what the
   * log has from before must not come back. By a thread that may block.
   */
  void settle() {
    if (!hasLog) {
      return;
    }
    try (Turns.Turn turn = persisting.take()) {
      if (!inode.writeback.isDirty() && !adopting) {
        deleteLog();
      } else if (!inode.isUnlinked()) {
        persistLocked();
      }
    }
  }

  /** Takes in that a change of ours, other than of its content, gives the file another state. */
  void touched() {
    inode.lock.lock();
    try {
      changed();
    } finally {
      inode.lock.unlock();
    }
  }

  // ---- the mount's beginning and end

  /**
   * Begins to take over what another JVM has left, which gets into memory as dirty bytes: to be
   * ended by {@link #adoptedAll} or {@link #abandonAdoption}. Until then the log stays, though all
   * that is dirty so far may have been sent.
   *
   * @param now the state in which the server's file is, and that it may be written over
   */
  void beginAdoption(DirtyLog left, CoherencyData now) {
    try (Turns.Turn turn = persisting.take()) {
      adopting = true;
      log = left;
      hasLog = true;
      left.forEachRange(logged::add);
      inode.lock.lock();
      try {
        base = now;
      } finally {
        inode.lock.unlock();
      }
    }
  }

  /** Takes in that what was written just now is in the log already. */
  void adopted(long start, long end) {
    inode.lock.lock();
    try {
      unpersisted.remove(start, end);
    } finally {
      inode.lock.unlock();
    }
  }

  /** Ends an adoption: all that is in the log is dirty in memory, or sent. */
  void adoptedAll() {
    try (Turns.Turn turn = persisting.take()) {
      adopting = false;
      if (!inode.writeback.isDirty()) {
        deleteLog();
      }
    }
  }

  /**
   * Ends an adoption that came to nothing: all of it stays in the log, for the next mount. Waits
   * until nothing is on its way.
   */
  void abandonAdoption() throws IOException {
    FileCut cut = FileCut.beginOpen(inode);
    try (Turns.Turn turn = persisting.take()) {
      adopting = false;
      DirtyLog left = log;
      log = null;
      hasLog = false;
      logged.clear();
      inode.lock.lock();
      try {
        unpersisted.clear();
        inode.writeback.forget(0);
        inode.invalidate();
        base = null;
      } finally {
        inode.lock.unlock();
      }
      if (left != null) {
        deferred.leave(this, left);
      }
    } finally {
      cut.endOpened();
    }
  }

  /** Returns whether nothing would be lost if the JVM ended now. */
  boolean isSafe() {
    try (Turns.Turn turn = persisting.take()) {
      inode.lock.lock();
      try {
        ExtentSet unsent = inode.writeback.unsentAll();
        boolean[] safe = {true};
        unsent.forEachIn(
            0, Long.MAX_VALUE, (start, end) -> safe[0] &= !unpersisted.intersects(start, end));
        return safe[0] && (unsent.isEmpty() || log != null);
      } finally {
        inode.lock.unlock();
      }
    }
  }

  /** Lets go of the log, which stays for the next mount if something of it was not sent. */
  void leave() {
    try (Turns.Turn turn = persisting.take()) {
      DirtyLog known = log;
      log = null;
      if (known != null && inode.writeback.isDirty()) {
        deferred.leave(this, known);
      } else if (known != null) {
        deferred.delete(this, known);
      }
    }
  }
}
