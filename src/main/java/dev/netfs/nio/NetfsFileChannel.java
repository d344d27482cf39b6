package dev.netfs.nio;

import dev.netfs.engine.OpenFile;
import dev.netfs.engine.PageBuffer;
import dev.netfs.engine.RangeLock;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A file channel over an engine's {@link OpenFile}, which does the reading, writing and locking;
 * this adds the position and the JDK's rules about arguments, closing and interrupts, in the very
 * order in which the JDK's own channel checks them.
 *
 * <h2>Concurrency</h2>
 *
 * {@link #positionLock} guards {@link #position} and is held by every operation that uses it, for
 * as long as it takes; operations at positions of their own take no lock. It comes before the
 * engine's locks, and {@link #implCloseChannel} never takes it.
 *
 * <p>A read that finds all its bytes in memory does nothing but copy them. Whatever else may block
 * runs between {@link #enter} and {@link #leave}, the channel's {@code begin} and {@code end}. A
 * close on another thread closes the engine's file, which makes what is blocked in it fail with
 * {@link AsynchronousCloseException}. An interrupt does the same through {@link #implCloseChannel},
 * on the interrupting thread, which must not be made to wait for what is still to be sent: the file
 * is abandoned then, which sends it in the background.
 */
final class NetfsFileChannel extends MappableChannel {
  private static final System.Logger LOG = System.getLogger(NetfsFileChannel.class.getName());

  private final OpenHandle handle;
  private final OpenFile file;
  private final MappedImages images;
  private final boolean readable;
  private final boolean writable;
  private final boolean append;
  private final ThreadsInside inside = new ThreadsInside();
  private final ReentrantLock positionLock = new ReentrantLock();
  private boolean interruptible = true; // written before anybody else has the channel
  private long position; // guarded by positionLock; of no meaning with append
  private long lastReadEnd = -1; // guarded by positionLock: where reading with the position stopped

  private NetfsFileChannel(OpenHandle handle, OpenRequest request) {
    this.handle = handle;
    this.file = handle.file;
    this.images = new MappedImages(file);
    this.readable = request.mode().read();
    this.writable = request.mode().write();
    this.append = request.append();
  }

  /**
   * Opens a channel.
   *
   * @throws dev.netfs.share.IsDirectoryException if the path is a directory
   */
  static NetfsFileChannel open(NetfsPath path, OpenRequest request) throws IOException {
    return path.getFileSystem()
        .opened(new NetfsFileChannel(OpenHandle.open(path, request), request));
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    checkReadable();
    checkReadInto(dst);
    positionLock.lock();
    try {
      return readOn(dst);
    } finally {
      positionLock.unlock();
    }
  }

  /** Reads at the position and moves it on. Under the position's lock. */
  private int readOn(ByteBuffer dst) throws IOException {
    long at = current();
    int count = readAt(dst, at, at == lastReadEnd);
    position += Math.max(0, count);
    lastReadEnd = at + Math.max(0, count);
    return count;
  }

  @Override
  public int read(ByteBuffer dst, long position) throws IOException {
    Objects.requireNonNull(dst, "dst");
    checkNotNegative(position, "position");
    checkReadable();
    checkReadInto(dst);
    return readAt(dst, position, false);
  }

  /**
   * Reads at an offset.
   *
   * @param follows whether the same reader's last read ended there
   */
  int readAt(ByteBuffer dst, long at, boolean follows) throws IOException {
    int warm = 0;
    // An interrupted thread closes the channel even where it would not have to wait.
    if (!Thread.currentThread().isInterrupted()) {
      warm = file.readFromMemory(dst, at);
      if (!dst.hasRemaining()) {
        return warm;
      }
    }
    return readWaiting(dst, at, warm, follows);
  }

  /** Reads what comes after bytes that have been read already. */
  private int readWaiting(ByteBuffer dst, long at, int before, boolean follows) throws IOException {
    int start = dst.position() - before;
    int count = 0;
    boolean done = false;
    try {
      int entered = enter();
      try {
        if (isOpen()) {
          count = file.read(dst, at + before, follows);
        }
      } finally {
        leave(entered, count > 0);
      }
      done = true;
    } finally {
      if (!done) {
        dst.position(start);
      }
    }
    return before > 0 ? before + Math.max(0, count) : count;
  }

  @Override
  public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, dsts.length);
    checkReadable();
    for (int i = offset; i < offset + length; i++) {
      checkReadInto(dsts[i]);
    }
    positionLock.lock();
    try {
      long total = 0;
      for (int i = offset; i < offset + length; i++) {
        ByteBuffer dst = dsts[i];
        int wanted = dst.remaining();
        if (wanted == 0) {
          continue;
        }
        int count = readOn(dst);
        if (count < 0 && total == 0) {
          return -1;
        }
        total += Math.max(0, count);
        if (count < wanted) {
          break;
        }
      }
      return total;
    } finally {
      positionLock.unlock();
    }
  }

  @Override
  public int write(ByteBuffer src) throws IOException {
    checkWritable();
    Objects.requireNonNull(src, "src");
    positionLock.lock();
    try {
      int count = writeAt(src, position);
      position += count;
      return count;
    } finally {
      positionLock.unlock();
    }
  }

  @Override
  public int write(ByteBuffer src, long position) throws IOException {
    Objects.requireNonNull(src, "src");
    checkNotNegative(position, "position");
    checkWritable();
    return writeAt(src, position);
  }

  /** Writes all of a buffer; with append at the end, whatever the position, as Linux does. */
  int writeAt(ByteBuffer src, long at) throws IOException {
    int count = 0;
    int entered = enter();
    try {
      if (isOpen()) {
        int remaining = src.remaining();
        if (append) {
          if (remaining > 0) {
            file.append(src);
          }
          count = remaining;
        } else {
          count = file.write(src, at);
        }
      }
      return count;
    } finally {
      leave(entered, count > 0);
    }
  }

  /** Writes a page that was filled for a position. */
  int writeAt(PageBuffer page, long at) throws IOException {
    int count = 0;
    int entered = enter();
    try {
      if (isOpen()) {
        count = file.write(page, at);
      }
      return count;
    } finally {
      leave(entered, count > 0);
    }
  }

  /** Returns whether every write goes to the end. */
  boolean appends() {
    return append;
  }

  @Override
  public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, srcs.length);
    checkWritable();
    long total = 0;
    for (int i = offset; i < offset + length; i++) {
      total += srcs[i].remaining();
    }
    if (append && length > 1 && total <= TransferBuffers.SIZE) {
      return appendTogether(srcs, offset, length);
    }
    positionLock.lock();
    try {
      if (!append) {
        file.checkFits(position, total); // all of it or nothing
      }
      long written = 0;
      for (int i = offset; i < offset + length; i++) {
        int count = writeAt(srcs[i], position);
        position += count;
        written += count;
      }
      return written;
    } finally {
      positionLock.unlock();
    }
  }

  /** Appends several buffers in one piece, so that no other writer's bytes come between them. */
  private long appendTogether(ByteBuffer[] srcs, int offset, int length) throws IOException {
    ByteBuffer together = TransferBuffers.take();
    try {
      for (int i = offset; i < offset + length; i++) {
        together.put(srcs[i].duplicate());
      }
      int count = write(together.flip());
      for (int i = offset; i < offset + length; i++) {
        srcs[i].position(srcs[i].limit());
      }
      return count;
    } finally {
      TransferBuffers.giveBack(together);
    }
  }

  @Override
  public long position() throws IOException {
    checkOpen();
    positionLock.lock();
    try {
      return current();
    } finally {
      positionLock.unlock();
    }
  }

  /** Returns the position; an appending channel's is always the end. */
  private long current() throws IOException {
    return append ? size() : position;
  }

  @Override
  public FileChannel position(long newPosition) throws IOException {
    checkOpen();
    checkNotNegative(newPosition, "position");
    positionLock.lock();
    try {
      position = newPosition;
      return this;
    } finally {
      positionLock.unlock();
    }
  }

  @Override
  public long size() throws IOException {
    checkOpen();
    long size = -1;
    int entered = enter();
    try {
      if (isOpen()) {
        size = file.size();
      }
      return size;
    } finally {
      leave(entered, size >= 0);
    }
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    checkOpen();
    checkNotNegative(size, "size");
    checkWritable();
    positionLock.lock();
    try {
      boolean done = false;
      int entered = enter();
      try {
        if (isOpen()) {
          file.truncate(size);
          done = true;
        }
      } finally {
        leave(entered, done);
      }
      position = Math.min(position, size);
      return this;
    } finally {
      positionLock.unlock();
    }
  }

  @Override
  public void force(boolean metaData) throws IOException {
    checkOpen();
    boolean done = false;
    int entered = enter();
    try {
      if (isOpen()) {
        images.write();
        file.force(metaData);
        done = true;
      }
    } finally {
      leave(entered, done);
    }
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
    checkOpen();
    if (!target.isOpen()) {
      throw new ClosedChannelException();
    }
    checkReadable();
    checkNotNegative(position, "position");
    checkNotNegative(count, "count");
    return new Transfers(this, file).to(target, position, count);
  }

  @Override
  public long transferFrom(ReadableByteChannel src, long position, long count) throws IOException {
    checkOpen();
    if (!src.isOpen()) {
      throw new ClosedChannelException();
    }
    checkWritable();
    checkNotNegative(position, "position");
    checkNotNegative(count, "count");
    return new Transfers(this, file).from(src, position, count);
  }

  /**
   * Maps a local image of a range, downloaded now: {@code READ_ONLY} and {@code PRIVATE} show the
   * range as it is at this moment, and what is changed in a {@code READ_WRITE} one reaches the
   * server at {@link #force} and at the channel's close ({@link MappedImages}).
   */
  @Override
  public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
    checkOpen();
    Objects.requireNonNull(mode, "mode");
    if (size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("the size is larger than a buffer can be: " + size);
    }
    return mapImage(mode, position, size, image -> image.map(mode, 0, size));
  }

  @Override
  <T> T mapImage(MapMode mode, long position, long size, ImageMapper<T> mapper) throws IOException {
    checkOpen();
    checkNotNegative(position, "position");
    checkNotNegative(size, "size");
    if (position + size < 0) {
      throw new IllegalArgumentException("position and size together are too large");
    }
    if (mode != MapMode.READ_ONLY && mode != MapMode.READ_WRITE && mode != MapMode.PRIVATE) {
      throw new UnsupportedOperationException("the map mode " + mode);
    }
    if (mode != MapMode.READ_ONLY && !writable) {
      throw new NonWritableChannelException();
    }
    if (!readable) {
      throw new NonReadableChannelException();
    }
    @Nullable T mapped = null;
    int entered = enter();
    try {
      if (isOpen()) {
        if (file.size() < position + size) {
          if (!writable) {
            throw new IOException(
                "the range to map ends behind the file, which this channel cannot make longer");
          }
          file.write(ByteBuffer.allocate(1), position + size - 1);
        }
        mapped = images.map(mode, position, size, mapper);
      }
    } finally {
      leave(entered, mapped != null);
    }
    if (mapped == null) {
      throw new AsynchronousCloseException();
    }
    return mapped;
  }

  @Override
  public FileLock lock(long position, long size, boolean shared) throws IOException {
    checkOpen();
    checkLockable(shared);
    long extent = NetfsFileLock.extent(position, size);
    @Nullable RangeLock lock = null;
    int entered = enter();
    try {
      if (isOpen()) {
        lock = file.lock(position, extent, shared, true);
      }
    } finally {
      try {
        leave(entered, lock != null);
      } catch (ClosedByInterruptException e) {
        throw new FileLockInterruptionException();
      }
    }
    if (lock == null) {
      throw new AsynchronousCloseException();
    }
    return new NetfsFileLock(this, position, extent, shared, lock);
  }

  @Override
  public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
    checkOpen();
    checkLockable(shared);
    long extent = NetfsFileLock.extent(position, size);
    RangeLock lock = file.lock(position, extent, shared, false);
    return lock == null ? null : new NetfsFileLock(this, position, extent, shared, lock);
  }

  @Override
  protected void implCloseChannel() throws IOException {
    handle.path().getFileSystem().closed(this);
    if (!inside.closesByInterrupt()) {
      try {
        images.write();
      } finally {
        handle.close();
      }
    } else if (images.isEmpty()) {
      handle.abandon();
    } else {
      // What was changed in them is written to the engine's memory first, which may have to wait.
      CompletableFuture<Void> written =
          CompletableFuture.runAsync(this::abandonImages, Workers.POOL);
      handle.path().getFileSystem().awaitAtClose(written);
    }
  }

  /** From now on interrupts mean nothing to it, as to a stream. Before anybody else has it. */
  void ignoreInterrupts() {
    interruptible = false;
  }

  /** Closes this channel as an interrupt of a thread inside would, waiting for nothing. */
  void closeByInterrupt() {
    int entered = inside.enter();
    try {
      close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "{0}: closed by an interrupt: {1}", handle, e.toString());
    } finally {
      inside.leave(entered);
    }
  }

  /** Writes what was changed in mapped ranges, as {@link #force} does first of all. */
  void writeImages() throws IOException {
    if (isOpen()) {
      images.write();
    }
  }

  private void abandonImages() {
    try {
      images.write();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "{0}: changes of mapped ranges are lost: {1}", handle, e.toString());
    } finally {
      handle.abandon();
    }
  }

  @Override
  public String toString() {
    return getClass().getSimpleName() + "[" + handle + "]";
  }

  /** Begins what may block; to be followed by {@link #leave} with what this returns. */
  private int enter() {
    int entered = inside.enter();
    if (interruptible) {
      begin();
    }
    return entered;
  }

  private void leave(int entered, boolean completed) throws AsynchronousCloseException {
    try {
      if (interruptible) {
        end(completed);
      } else if (!completed && !isOpen()) {
        throw new AsynchronousCloseException();
      }
    } finally {
      inside.leave(entered);
    }
  }

  private void checkOpen() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  private void checkReadable() throws ClosedChannelException {
    checkOpen();
    if (!readable) {
      throw new NonReadableChannelException();
    }
  }

  private void checkWritable() throws ClosedChannelException {
    checkOpen();
    if (!writable) {
      throw new NonWritableChannelException();
    }
  }

  private void checkLockable(boolean shared) {
    if (shared && !readable) {
      throw new NonReadableChannelException();
    }
    if (!shared && !writable) {
      throw new NonWritableChannelException();
    }
  }

  private static void checkReadInto(ByteBuffer dst) {
    if (dst.isReadOnly()) {
      throw new IllegalArgumentException("Read-only buffer");
    }
  }

  private static void checkNotNegative(long value, String name) {
    if (value < 0) {
      throw new IllegalArgumentException("negative " + name + " " + value);
    }
  }
}
