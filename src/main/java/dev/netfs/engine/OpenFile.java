package dev.netfs.engine;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileSystemException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * An open file of a mount: one for each channel.
 *
 * <p>Reads and writes block, are safe for use by several threads, and are woken by {@link #close}
 * from another thread with {@link AsynchronousCloseException}. They take no notice of a thread's
 * interrupt status: whoever wants an interrupt to end them closes the file, as {@link
 * java.nio.channels.spi.AbstractInterruptibleChannel} does.
 */
public final class OpenFile implements Closeable {
  /** So often is asked again while others are cutting the file. */
  private static final int MOST_REFRESHES = 4;

  /**
   * The largest size that a write may give a file. Pages and requests, whose sizes are ints, may
   * reach past it, to offsets that are numbers still.
   */
  private static final long MAX_SIZE = Long.MAX_VALUE - Integer.MAX_VALUE;

  private final Mount mount;
  private final Services services;
  private final Inode inode;
  private final OpenMode mode;
  private final Readahead readahead;
  private final AtomicLong heard;
  private final FileLocks locks;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Wakes whoever waits in the file. */
  final Closing closing = new Closing();

  OpenFile(Mount mount, Services services, Inode inode, OpenMode mode) {
    this.mount = mount;
    this.services = services;
    this.inode = inode;
    this.mode = mode;
    this.readahead = new Readahead(inode, mount.reads());
    this.heard = new AtomicLong(inode.errors.now());
    this.locks = new FileLocks(this, services);
  }

  Inode inode() {
    return inode;
  }

  Readahead readahead() {
    return readahead;
  }

  /** Returns the file's size in bytes, as this mount sees it: with what is not yet sent. */
  public long size() throws IOException {
    checkOpen();
    if (caching() != OpenMode.Caching.CACHED || sizeIsStale()) {
      refresh();
    }
    return inode.localSize();
  }

  /**
   * Reads bytes.
   *
   * @param dst takes the bytes, from its position on
   * @param position the first byte's offset in the file, 0 or more
   * @return how many bytes were read; less than {@code dst} takes only at the file's end; -1 if the
   *     position is at or past the file's end
   * @throws AsynchronousCloseException if the file was closed meanwhile
   * @throws IOException if the server could not be asked or refused
   */
  public int read(ByteBuffer dst, long position) throws IOException {
    return read(dst, position, false);
  }

  /**
   * Reads bytes, as {@link #read(ByteBuffer, long)}, for somebody who knows more of the pattern of
   * the reads than this file sees: which is only those that find something missing in memory.
   *
   * @param follows whether this read begins where the reader's last one ended
   * @throws IOException as {@link #read(ByteBuffer, long)}
   */
  public int read(ByteBuffer dst, long position, boolean follows) throws IOException {
    checkUsable();
    if (!dst.hasRemaining()) {
      return 0;
    }
    int count = readOnce(dst, position, follows);
    if (count < 0 && caching() == OpenMode.Caching.CACHED && sizeIsStale()) {
      refresh();
      count = readOnce(dst, position, follows);
    }
    return count;
  }

  /**
   * Reads what is in memory, up to the first byte that is not, and never waits. So a channel can do
   * without the precautions that blocking takes, which cost as much as a small read.
   *
   * @param dst takes the bytes, from its position on
   * @param position the first byte's offset in the file, 0 or more
   * @return how many bytes were read, 0 or more; for the rest, and to learn of the file's end, ask
   *     {@link #read}
   * @throws ClosedChannelException if the file is closed
   * @throws dev.netfs.LockLostException if a lock is lost
   */
  public int readFromMemory(ByteBuffer dst, long position) throws IOException {
    checkUsable();
    return caching() == OpenMode.Caching.CACHED ? mount.reads().readWarm(this, dst, position) : 0;
  }

  /** Returns what lends bytes of this file, as they are in memory. */
  public Loan loan() {
    return new Loan(this, mount.reads(), services.pages());
  }

  private int readOnce(ByteBuffer dst, long position, boolean follows) throws IOException {
    return switch (caching()) {
      case CACHED -> mount.reads().read(this, dst, position, follows);
      case UNBUFFERED -> readUnbuffered(dst, position);
      default -> mount.directIo().read(this, dst, position, true);
    };
  }

  /** Takes what is in memory up to the first byte that is not, and the rest from the server. */
  private int readUnbuffered(ByteBuffer dst, long position) throws IOException {
    int warm = mount.reads().readResident(inode, dst, position);
    if (!dst.hasRemaining()) {
      return warm;
    }
    int cold = mount.directIo().read(this, dst, position + warm, false);
    return warm == 0 ? cold : warm + Math.max(0, cold);
  }

  /**
   * Writes all of a buffer's remaining bytes.
   *
   * @param src the bytes
   * @param position the first byte's offset in the file, 0 or more; past the end, the gap reads as
   *     zeros
   * @return how many were written
   * @throws AsynchronousCloseException if the file was closed meanwhile
   * @throws FileSystemException if it would end past the largest size
   * @throws IOException if an earlier write could not be sent, or this one, where it has to be
   */
  public int write(ByteBuffer src, long position) throws IOException {
    checkUsable();
    throwWritebackError();
    int count = src.remaining();
    checkFits(position, count);
    if (beginWrite()) {
      try {
        mount.writes().write(this, src, position);
      } finally {
        endWrite();
      }
    } else {
      mount.directIo().write(this, src, position);
      wroteDirect();
    }
    written();
    return count;
  }

  /**
   * Returns memory to be filled with bytes that will be written at a position; null where nothing
   * is gained by that: where the file is not cached, or they are not a whole page.
   *
   * @param position the first byte's offset in the file
   * @param count how many bytes there may be
   */
  public @Nullable PageBuffer pageBuffer(long position, long count) {
    int pageSize = services.pages().pageSize();
    return mode.caching() == OpenMode.Caching.CACHED
            && position % pageSize == 0
            && count >= pageSize
        ? new PageBuffer(services.pages())
        : null;
  }

  /**
   * Writes what a page buffer has been filled with, up to its memory's position, as {@link
   * #write(ByteBuffer, long)}.
   *
   * @param filled from {@link #pageBuffer} for the same position; its memory is not the caller's
   *     any more
   */
  public int write(PageBuffer filled, long position) throws IOException {
    ByteBuffer memory = filled.memory();
    if (memory.hasRemaining()) {
      return write(memory.flip(), position);
    }
    checkUsable();
    throwWritebackError();
    checkFits(position, memory.capacity());
    mount.writes().write(this, filled, position);
    written();
    return memory.capacity();
  }

  /**
   * Writes all of a buffer's remaining bytes at the file's end, wherever that is at the moment.
   *
   * @return the offset after the last byte written
   * @throws IOException as {@link #write}
   */
  public long append(ByteBuffer src) throws IOException {
    checkUsable();
    throwWritebackError();
    checkFits(inode.localSize(), src.remaining());
    long end;
    if (beginWrite()) {
      try {
        end = mount.writes().append(this, src);
      } finally {
        endWrite();
      }
    } else {
      try (Turns.Turn turn = inode.appending.take(this)) {
        long size = size();
        checkFits(size, src.remaining());
        end = size + src.remaining();
        mount.directIo().write(this, src, size);
        wroteDirect();
      }
    }
    written();
    return end;
  }

  /**
   * Refuses a write that would end past the largest size, before any of it is done.
   *
   * @param position the first byte's offset
   * @param count how many bytes there are to be written
   * @throws FileSystemException as Linux says it: the file would be too large
   */
  public void checkFits(long position, long count) throws FileSystemException {
    if (count > 0 && position > MAX_SIZE - count) {
      throw new FileSystemException(inode.path(), null, "File too large");
    }
  }

  private void wroteDirect() throws IOException {
    if (inode.deferred != null) {
      inode.deferred.log.changedOtherwise();
    }
  }

  private void written() throws IOException {
    switch (mode.durability()) {
      case BACK -> {}
      case THROUGH -> flushAll();
      case DATA_SYNC -> force(false);
      case SYNC -> force(true);
    }
  }

  /** Cuts the file, if it is longer than the given size; otherwise does nothing. */
  public void truncate(long size) throws IOException {
    checkUsable();
    throwWritebackError();
    if (inode.deferred != null && inode.writeback.isDirty()) {
      flush(); // so that the log need not tell of the cut
      throwWritebackError();
    }
    if (caching() != OpenMode.Caching.CACHED) {
      flush();
      refresh();
    }
    FileCut cut = FileCut.begin(this, size);
    if (cut == null) {
      return;
    }
    boolean done = false;
    try {
      cutServer(size);
      done = true;
    } finally {
      cut.end(done);
      services.attributes().changed(inode.path());
      if (inode.deferred != null) {
        inode.deferred.log.changedOtherwise();
      }
    }
    written();
  }

  private void cutServer(long size) throws IOException {
    RemoteFile remote = inode.handles.writerInUse();
    try {
      Await.result(remote.change("truncate", open -> inode.locks.truncate(open, size)));
    } finally {
      remote.endUse();
    }
  }

  /**
   * Sends what was written to the server, on its stable storage where the share can ask for that;
   * on a mount that defers, has it on the local disk's.
   *
   * @param metadata whether the attributes have to be there too
   * @throws IOException if something could not be sent, now or since the last call
   */
  public void force(boolean metadata) throws IOException {
    checkUsable();
    if (persist()) {
      throwWritebackError();
      return;
    }
    flushAll();
    if (mode.write()) {
      closing.await(syncing(metadata));
    }
  }

  /** Before something is acknowledged that was sent, and not kept on the local disk. */
  private void settle() {
    if (inode.deferred != null) {
      inode.deferred.log.settle();
    }
  }

  /** Has what was written on the local disk, where that is enough; returns whether it is. */
  private boolean persist() {
    DeferredFile deferred = inode.deferred;
    return deferred != null && deferred.log.persist();
  }

  /**
   * Sends everything dirty.
   *
   * @throws IOException if something could not be sent, now or since the last call
   */
  private void flushAll() throws IOException {
    long before = inode.errors.now();
    flush();
    settle();
    throwWritebackError();
    throwErrorSince(before); // if another thread has heard of it, in this same open file
  }

  /** Sends everything dirty and waits for it; failures are noted in the error sequence. */
  void flush() throws IOException {
    inode.uploader.flush(closing::await);
    services.attributes().settle();
  }

  /**
   * Sends everything dirty, since what goes past the memory must come after it.
   *
   * @throws IOException if that has failed, of which this open file still hears as always
   */
  void flushFirst() throws IOException {
    long before = inode.errors.now();
    flush();
    throwErrorSince(before);
  }

  /** Throws the newest write-back error since the error sequence stood somewhere. */
  void throwErrorSince(long before) throws IOException {
    IOException error = inode.errors.since(before, inode.path());
    if (error != null) {
      throw error;
    }
  }

  /** Throws the newest write-back error that this open file has not heard of (errseq). */
  void throwWritebackError() throws IOException {
    long before = heard.get();
    long now = inode.errors.now();
    if (now != before && heard.compareAndSet(before, now)) {
      IOException error = inode.errors.since(before, inode.path());
      if (error != null) {
        throw error;
      }
    }
  }

  private void refresh() throws IOException {
    int tries = 0;
    do {
      CompletableFuture<Void> cut = inode.writeback.whileHeld();
      if (cut != null) {
        closing.await(cut); // an answer could not be told from one before it
      }
      closing.await(refreshing());
    } while (inode.isSizeUnsure() && ++tries < MOST_REFRESHES);
  }

  /**
   * Asks for the attributes anew; completes when they have been taken in.
   *
   * @throws AsynchronousCloseException if the file has begun to close
   */
  CompletableFuture<Void> refreshing() throws AsynchronousCloseException {
    Inode.Asked asked = inode.asking();
    RemoteFile remote;
    inode.lock.lock();
    try {
      closing.checkNotClosing();
      remote = mode.read() ? inode.handles.readerInUse() : inode.handles.writerInUse();
    } finally {
      inode.lock.unlock();
    }
    return remote
        .call("stat", open -> open.stat())
        .thenAccept(info -> inode.refreshed(info, asked))
        .whenComplete((done, failure) -> remote.endUse());
  }

  /** Has what was sent put on the server's stable storage; completes when it is. */
  CompletableFuture<Void> syncing(boolean metadata) {
    RemoteFile remote = inode.handles.writerInUse();
    return remote
        .call("sync", open -> open.sync(metadata))
        .whenComplete((done, failure) -> remote.endUse());
  }

  /**
   * Takes a byte-range lock for this open file. What is in memory of the file is asked for again
   * afterwards: whoever held the lock before may have changed it.
   *
   * @param position the first byte
   * @param size how many bytes, at least 1
   * @param shared whether it is a shared lock
   * @param wait whether to wait until it can be had
   * @return the lock, or null if {@code wait} is false and another client holds a conflicting one
   * @throws java.nio.channels.OverlappingFileLockException if this JVM holds an overlapping lock or
   *     waits for one
   * @throws UnsupportedOperationException if the share has no locks and the mount's option {@code
   *     locks} asks for them
   * @throws AsynchronousCloseException if the file was closed meanwhile
   */
  public @Nullable RangeLock lock(long position, long size, boolean shared, boolean wait)
      throws IOException {
    return Await.result(locking(position, size, shared, wait));
  }

  /** Begins to take a lock, as {@link #lock}. */
  CompletableFuture<@Nullable RangeLock> locking(
      long position, long size, boolean shared, boolean wait) throws ClosedChannelException {
    checkOpen();
    return locks.lock(mount.root().toString(), mount.lockName(inode), position, size, shared, wait);
  }

  /** Returns the server's handle to take a lock through, with a use begun. */
  RemoteFile lockingHandle(boolean exclusive) throws AsynchronousCloseException {
    inode.lock.lock();
    try {
      closing.checkNotClosing();
      return inode.handles.lockingInUse(exclusive);
    } finally {
      inode.lock.unlock();
    }
  }

  /**
   * Returns this file's asynchronous face.
   *
   * @param executor carries operations on when what they have waited for is there; must not reject
   *     anything
   */
  public AsynchronousFile asynchronous(Executor executor) {
    return new AsynchronousFile(this, mount.reads(), mount.writes(), mount.directIo(), executor);
  }

  /** Returns how the file relates to memory at this moment; never that it depends. */
  OpenMode.Caching caching() {
    OpenMode.Caching asked = mode.caching();
    if (asked == OpenMode.Caching.LEASED) {
      return inode.lease().mayRead() ? OpenMode.Caching.CACHED : OpenMode.Caching.DIRECT;
    }
    return asked;
  }

  /** Begins a write; returns whether it goes to memory, to be {@linkplain #endWrite ended} then. */
  boolean beginWrite() {
    return mode.caching() == OpenMode.Caching.LEASED
        ? inode.lease().beginWrite()
        : mode.caching() == OpenMode.Caching.CACHED;
  }

  /** Ends a write to memory. */
  void endWrite() {
    if (mode.caching() == OpenMode.Caching.LEASED) {
      inode.lease().endWrite();
    }
  }

  /** Returns whether the size at hand may be out of date, which it is not under a lease. */
  boolean sizeIsStale() {
    return mode.caching() != OpenMode.Caching.LEASED && inode.sizeIsStale();
  }

  OpenMode.Durability durability() {
    return mode.durability();
  }

  void checkOpen() throws ClosedChannelException {
    if (closed.get()) {
      throw new ClosedChannelException();
    }
  }

  /**
   * Before the content is used: the file must be open, and none of its locks lost.
   *
   * @throws dev.netfs.LockLostException if one is
   */
  void checkUsable() throws IOException {
    checkOpen();
    locks.check();
  }

  /**
   * Sends what was written to the server and closes the file. Gives back its locks, wakes whoever
   * waits in it. A second call does nothing.
   *
   * @throws IOException if something could not be sent; it stays in memory and is sent later
   */
  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    closing.begin();
    long before = inode.errors.now();
    try {
      if (mode.write() && !persist()) {
        inode.uploader.flush(Await::result);
        settle();
        services.attributes().settle();
      }
    } finally {
      try {
        locks.release();
      } finally {
        finishClose();
      }
    }
    throwWritebackError();
    throwErrorSince(before);
  }

  /**
   * Closes the file without waiting: what was written is sent in the background. For a channel that
   * an interrupt closes.
   */
  public void abandon() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    closing.begin();
    DeferredFile deferred = inode.deferred;
    if (deferred != null) {
      services
          .background()
          .execute(
              () -> {
                if (!deferred.log.persist()) {
                  inode.uploader.issue();
                }
              });
    } else {
      inode.uploader.issue();
    }
    locks.abandon();
    finishClose();
  }

  private void finishClose() {
    inode.lock.lock();
    try {
      readahead.close();
    } finally {
      inode.lock.unlock();
    }
    inode.opens.closed();
    mount.closed(this);
  }

  @Override
  public String toString() {
    return "OpenFile[" + inode.path() + ", " + mode.caching() + "]";
  }
}
