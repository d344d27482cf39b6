package dev.netfs.engine;

import dev.netfs.fscache.CoherencyData;
import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/**
 * What {@code write=deferred} adds to one file's {@link Writeback}: its dirty bytes are durable in
 * a {@link FileLog}, and they are sent later, if the server's file is still in the state that they
 * were {@linkplain WrittenOver written over} (W4). This is the gate that keeps them back until
 * then.
 *
 * <p><b>States.</b> The gate is closed, opening or open. It is opened when it is time to send what
 * is dirty, by way of a question to the server: whether the file is in the state that it had when
 * the first of it was written, or in one that our own sending has made of that. If not, somebody
 * else has changed it: what is dirty goes {@linkplain ConflictCopy beside} it, and the gate stays
 * closed, as it does if the server does not answer. It closes when all is sent, which asks the
 * server for the state that the file has got by that, or when some of it could not be sent.
 *
 * <p><b>Concurrency.</b> What is decided from an answer of the server is decided in a turn of the
 * log, which comes before the inode's lock, so that the log is true when something is sent. The
 * fields are guarded by the inode's lock. The server is asked under neither; what goes beside the
 * file is written in a turn, so that nothing gets into the log meanwhile.
 */
final class DeferredFile {
  private static final System.Logger LOG = System.getLogger("dev.netfs.engine");

  private final Services services;
  private final Inode inode;
  private final Deferred deferred;
  private final WrittenOver over;
  final FileLog log;
  private boolean opening; // guarded by inode.lock: the server is being asked
  private boolean failed; // guarded by inode.lock: some of what was sent since it was opened
  private boolean late; // guarded by inode.lock: the deadline is over, and that was logged

  DeferredFile(Services services, Inode inode, Deferred deferred) {
    this.services = services;
    this.inode = inode;
    this.deferred = deferred;
    this.over = new WrittenOver(inode);
    this.log = new FileLog(services, inode, deferred, over);
  }

  // ---- told by the inode and its write-back, under the inode's lock

  /** Returns whether what is dirty may be sent. */
  boolean isOpen() {
    return over.isOpen();
  }

  /**
   * Takes in that bytes of a range have become dirty, or will not be sent, or are on the server
   * without ever having been dirty here: what the log has of them is out of date.
   */
  void outdated(long start, long end) {
    log.outdated(start, end);
  }

  /**
   * Takes in what the server said at an open.
   *
   * @param info null if it may have said so before or after a change of ours
   */
  void seen(@Nullable FileInfo info) {
    if (!inode.writeback.isDirty()) {
      over.know(info == null ? null : CoherencyData.of(info));
      over.notSent();
    }
  }

  /**
   * Takes in that we change the server's file; if not by sending what is dirty, nobody knows how.
   */
  void changed() {
    if (!over.isOpen()) {
      over.know(null);
    }
  }

  /** Takes in that the server's file was cut, or may have been, while something is being sent. */
  void cut() {
    over.know(null);
  }

  /** Takes in that something is sent. */
  void sending() {
    over.sending(services.background().currentTimeMillis());
  }

  /**
   * Takes in how a sending ended.
   *
   * @param all whether nothing is dirty any more
   * @param settled whether nothing is on its way any more
   */
  void sent(boolean all, boolean settled, boolean hasFailed) {
    failed |= hasFailed;
    if (!settled || !over.isOpen()) {
      return;
    }
    if (failed) {
      over.shut();
      services.background().execute(inode.handles::dropWriter);
    } else if (all) {
      services.background().execute(this::finish);
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

  // ---- sending

  /** Opens the gate, some time, and has sent what is dirty then. Not under a lock. */
  void open() {
    inode.lock.lock();
    try {
      if (over.isOpen() || opening) {
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
          info = over.ask();
        } catch (NoSuchFileException e) {
          info = null;
        }
        try (Turns.Turn turn = log.turn()) {
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
      may = info != null && over.may(CoherencyData.of(info));
    } finally {
      inode.lock.unlock();
    }
    if (!may || info == null) {
      if (log.isAdopting()) {
        throw new FileSystemException(
            inode.path(), null, "somebody else changes it while what was left of it is taken over");
      }
      keepBeside(info);
      return true;
    }
    log.sendingBegins();
    inode.lock.lock();
    try {
      opening = false;
      over.open(CoherencyData.of(info));
    } finally {
      inode.lock.unlock();
    }
    return true;
  }

  /** Has what is dirty go beside a file that somebody else has changed, or deleted. */
  private void keepBeside(@Nullable FileInfo theirs) throws IOException {
    ConflictCopy copy = new ConflictCopy(services, inode.path());
    ExtentSet taken = new ExtentSet(); // from what is not in the log
    boolean done = false;
    try {
      boolean whole = inode.writeback.unsentAll().contains(0, inode.localSize());
      copy.begin(whole ? null : theirs);
      for (boolean first = true; !done; first = false) {
        ExtentSet unsaved = new ExtentSet();
        inode.lock.lock();
        try {
          if (first) {
            unsaved = inode.writeback.unsent(0, Long.MAX_VALUE);
          } else {
            unsaved = log.unsentOutside(); // written since the last round
          }
          log.takeUnpersisted(taken);
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
        log.isUnpersisted(taken);
        copy.abandon();
      }
    }
    copy.end();
    log.delete();
  }

  /** Forgets what is dirty, since it is beside what is there now. Under the inode's lock. */
  private void forgetOurs(@Nullable FileInfo theirs) {
    opening = false;
    over.notSent();
    inode.writeback.forget(0);
    inode.invalidate();
    over.know(null);
    if (theirs != null) {
      inode.refreshed(theirs, inode.asking());
      over.know(CoherencyData.of(theirs));
    }
  }

  /** Takes in that all has been sent: asks which state the file has got by that. */
  private void finish() {
    long changes = inode.asking().changes();
    CoherencyData state = null;
    try {
      state = CoherencyData.of(over.ask());
    } catch (IOException | RuntimeException | Error e) {
      // It may have gone since. What comes next is written over something unknown.
    }
    inode.handles.dropWriter();
    try (Turns.Turn turn = log.turn()) {
      boolean again;
      inode.lock.lock();
      try {
        if (!over.isOpen() || inode.writeback.isChanging()) {
          return; // when that is over, this is done again
        }
        late = false;
        state = changes == inode.asking().changes() ? state : null;
        over.shut();
        over.notSent();
        over.know(state);
        again = inode.writeback.isDirty();
        if (!again) {
          log.nothingDirty();
        }
      } finally {
        inode.lock.unlock();
      }
      if (!again && !log.isAdopting()) {
        log.delete();
      } else if (state != null) {
        log.state(state);
      }
    } catch (IOException | RuntimeException e) {
      deferred.failed(e);
    }
  }

  /** Is called now and then, by a thread that may block. */
  void tick() {
    boolean isSending;
    boolean complain = false;
    inode.lock.lock();
    try {
      isSending = over.isOpen();
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
      log.renewMark();
    }
  }
}
