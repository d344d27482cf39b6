package dev.netfs.engine;

import dev.netfs.fscache.CoherencyData;
import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The state of the server's file that one file's dirty bytes were written over, which it has to be
 * in still when they are sent (W4), with {@code write=deferred}.
 *
 * <p><b>States.</b> It is known or not: not if we have changed the file otherwise than by sending
 * what is dirty, or could not ask for the state that this has made of it. From the first request
 * that sends dirty bytes until all are sent, the file may also be in a state of our own making,
 * which {@link #isOurs} tells. While it is open, dirty bytes may be sent over it.
 *
 * <p><b>Concurrency.</b> Guarded by the inode's lock, which the methods that say so take
 * themselves; the others are called under it. It decides nothing by itself: {@link DeferredFile}
 * does, and {@link FileLog} notes it on the local disk.
 */
final class WrittenOver {
  /** How far a server's clock may be off, and how late a request may arrive. */
  private static final long SLACK_MILLIS = 60_000;

  private final Inode inode;
  private @Nullable CoherencyData base; // guarded by inode.lock; null if nobody knows
  private boolean open; // guarded by inode.lock
  private long sendingMillis; // guarded by inode.lock: when something was last sent over base, or 0

  WrittenOver(Inode inode) {
    this.inode = inode;
  }

  // ---- under the inode's lock

  /** Takes in which state it is; null if nobody knows. */
  void know(@Nullable CoherencyData state) {
    base = state;
  }

  /** Returns whether dirty bytes may be sent. */
  boolean isOpen() {
    return open;
  }

  /**
   * Has dirty bytes sent from now on.
   *
   * @param found the state that the file is in, in case that none was known
   */
  void open(CoherencyData found) {
    open = true;
    if (base == null) {
      base = found;
    }
  }

  /** Has no more dirty bytes sent. */
  void shut() {
    open = false;
  }

  /** Takes in that dirty bytes are sent now. */
  void sending(long nowMillis) {
    sendingMillis = nowMillis;
  }

  /** Takes in that nothing has been sent over the state that it is now. */
  void notSent() {
    sendingMillis = 0;
  }

  /** Returns whether what is dirty may be written over a state that the server's file is in. */
  boolean may(CoherencyData state) {
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

  // ---- not under the inode's lock

  /**
   * Takes in which state it is, as the log says by now. Takes the inode's lock.
   *
   * @return whether something of ours is sent over it, or may have been
   */
  boolean logged(CoherencyData state) {
    inode.lock.lock();
    try {
      base = state;
      return open || sendingMillis != 0;
    } finally {
      inode.lock.unlock();
    }
  }

  /** Returns which state it is, or if nobody knows, the one that the server says. */
  CoherencyData baseOrAsk() throws IOException {
    CoherencyData known;
    inode.lock.lock();
    try {
      known = base;
    } finally {
      inode.lock.unlock();
    }
    return known != null ? known : CoherencyData.of(ask());
  }

  /**
   * Asks the server what state its file is in, by the handle that is written with, and which stays
   * that when our handles end.
   */
  FileInfo ask() throws IOException {
    inode.handles.settle();
    RemoteFile handle = inode.handles.writerInUse();
    try {
      return Await.result(handle.call("stat", file -> file.stat()));
    } finally {
      handle.endUse();
    }
  }
}
