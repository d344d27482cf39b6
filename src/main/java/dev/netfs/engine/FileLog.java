package dev.netfs.engine;

import dev.netfs.fscache.CoherencyData;
import dev.netfs.fscache.DirtyLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What is durable on the local disk of one file's dirty bytes, with {@code write=deferred}: a
 * {@link DirtyLog}, which has all of them when a {@code close} or {@code force} has returned (W3).
 *
 * <p><b>States.</b> There is no log until something is persisted. From then on it has, of each
 * byte, what was dirty when it was last persisted; what was written, sent or cut off since is
 * {@link #unpersisted}, and the log is out of date there. It says over which state of the server's
 * file the bytes were written, and when and up to where they are being sent, so that whoever finds
 * it after a crash can tell our own, unfinished sending from a change by somebody else. It goes
 * when all is sent or lies beside the file, or what the file held has ended; it stays on the disk,
 * for the next mount, if this one ends first. While what another JVM left is taken over, it is that
 * one's log, which stays until all of it is in memory.
 *
 * <p>It is told what may be sent, and over what ({@link WrittenOver}), and decides nothing of that:
 * {@link DeferredFile} does.
 *
 * <p><b>Concurrency.</b> Who writes the log, or is about to end what the file holds, has a turn of
 * {@link #persisting}, which comes before the inode's lock. {@link #unpersisted} alone is guarded
 * by that one. Local I/O, and questions to the server, are done in a turn and never under the lock.
 */
final class FileLog {
  /** So often the log is told that something is still being sent. */
  private static final long RENEW_MILLIS = 10_000;

  private final Services services;
  private final Inode inode;
  private final Deferred deferred;
  private final WrittenOver over;
  private final Turns persisting = new Turns();
  private @Nullable DirtyLog log; // guarded by persisting
  private volatile boolean exists; // written under persisting

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

  FileLog(Services services, Inode inode, Deferred deferred, WrittenOver over) {
    this.services = services;
    this.inode = inode;
    this.deferred = deferred;
    this.over = over;
  }

  /** Returns whether there is something on the local disk that may not be sent. By anybody. */
  boolean exists() {
    return exists;
  }

  // ---- what is not in it, under the inode's lock

  /** Takes in that what the log has of a range, if anything, is out of date. */
  void outdated(long start, long end) {
    unpersisted.add(start, end);
  }

  /** Takes in that nothing is dirty any more, and the log is not going to be read. */
  void nothingDirty() {
    unpersisted.clear();
  }

  /** Returns what the server does not have and the log neither. */
  ExtentSet unsentOutside() {
    ExtentSet unsent = new ExtentSet();
    unpersisted.forEachIn(
        0, Long.MAX_VALUE, (start, end) -> unsent.addAll(inode.writeback.unsent(start, end)));
    return unsent;
  }

  /**
   * Moves to a set what is not in the log, since it goes elsewhere; {@link #isUnpersisted} takes it
   * back.
   */
  void takeUnpersisted(ExtentSet taken) {
    taken.addAll(unpersisted);
    unpersisted.clear();
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

  /** Takes in that bytes are not in the log after all. Takes the inode's lock. */
  void isUnpersisted(ExtentSet ranges) {
    inode.lock.lock();
    try {
      unpersisted.addAll(ranges);
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
    CoherencyData state = over.baseOrAsk();
    DirtyLog made = deferred.newLog(this, inode.path(), state);
    log = made;
    exists = true;
    if (over.logged(state)) {
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
      longer = over.isOpen() && inode.localSize() > markedEnd;
    } finally {
      inode.lock.unlock();
    }
    if (longer) {
      mark(in);
    }
  }

  // ---- for the gate

  /**
   * Waits until nobody writes the log, and keeps others from it until the turn is closed. Not under
   * the inode's lock.
   */
  Turns.Turn turn() {
    return persisting.take();
  }

  /** Returns whether what another JVM left is not in memory as a whole yet. In a turn. */
  boolean isAdopting() {
    return adopting;
  }

  /** Notes in the log, if there is one, that what is dirty is about to be sent. In a turn. */
  void sendingBegins() throws IOException {
    DirtyLog known = log;
    if (known != null) {
      mark(known);
    }
  }

  /** Notes in the log, if there is one, what state the server's file is in by now. In a turn. */
  void state(CoherencyData state) throws IOException {
    DirtyLog known = log;
    if (known != null) {
      known.state(state);
    }
  }

  /** Deletes it, if there is one: the server has all, or it is beside. In a turn. */
  void delete() {
    DirtyLog known = log;
    log = null;
    logged.clear();
    if (known != null) {
      deferred.delete(this, known);
      exists = false;
      inode.pageEvicted(); // it may have been what kept the inode
    }
  }

  /** Tells the log now and then that something is still being sent. By a thread that may block. */
  void renewMark() {
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
      exists = false;
      logged.clear();
      inode.lock.lock();
      try {
        unpersisted.clear();
        unpersisted.addAll(inode.writeback.unsentAll());
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
      CoherencyData state = CoherencyData.of(over.ask());
      known.state(state);
      if (over.logged(state)) {
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
    if (!exists) {
      return;
    }
    try (Turns.Turn turn = persisting.take()) {
      if (!inode.writeback.isDirty() && !adopting) {
        delete();
      } else if (!inode.isUnlinked()) {
        persistLocked();
      }
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
      exists = true;
      left.forEachRange(logged::add);
      inode.lock.lock();
      try {
        over.know(now);
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
        delete();
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
      exists = false;
      logged.clear();
      inode.lock.lock();
      try {
        unpersisted.clear();
        inode.writeback.forget(0);
        inode.invalidate();
        over.know(null);
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
        return unsent.isEmpty() || (log != null && unsentOutside().isEmpty());
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
