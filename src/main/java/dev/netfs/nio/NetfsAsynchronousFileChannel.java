package dev.netfs.nio;

import dev.netfs.engine.OpenFile;
import dev.netfs.engine.RangeLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An asynchronous channel: the engine's blocking operations on threads of the channel's executor,
 * where completion handlers run too. Operations that are under way when the channel is closed fail
 * with {@link AsynchronousCloseException}; an interrupt means nothing to it.
 */
final class NetfsAsynchronousFileChannel extends AsynchronousFileChannel {
  private final OpenHandle handle;
  private final OpenFile file;
  private final boolean readable;
  private final boolean writable;
  private final ExecutorService executor;
  private final AtomicBoolean closed = new AtomicBoolean();

  private NetfsAsynchronousFileChannel(
      OpenHandle handle, OpenRequest request, ExecutorService executor) {
    this.handle = handle;
    this.file = handle.file;
    this.readable = request.mode().read();
    this.writable = request.mode().write();
    this.executor = executor;
  }

  /**
   * Opens a channel.
   *
   * @throws dev.netfs.share.IsDirectoryException if the path is a directory
   */
  static NetfsAsynchronousFileChannel open(
      NetfsPath path, OpenRequest request, ExecutorService executor) throws IOException {
    return path.getFileSystem()
        .opened(
            new NetfsAsynchronousFileChannel(OpenHandle.open(path, request), request, executor));
  }

  /** Takes the outcome of an operation: a value, or else what it failed with. */
  private interface Outcome<V> {
    void settled(@Nullable V value, @Nullable Throwable failure);
  }

  /** An operation of the engine's, which may block. */
  private interface Operation<V> {
    @Nullable V run() throws IOException;
  }

  @Override
  public <A extends @Nullable Object> void read(
      ByteBuffer dst, long position, A attachment, CompletionHandler<Integer, ? super A> handler) {
    read(dst, position, outcome(attachment, handler));
  }

  @Override
  public Future<Integer> read(ByteBuffer dst, long position) {
    CompletableFuture<Integer> future = new CompletableFuture<>();
    read(dst, position, outcome(future));
    return future;
  }

  private void read(ByteBuffer dst, long position, Outcome<Integer> outcome) {
    checkPosition(position);
    if (!readable) {
      throw new NonReadableChannelException();
    }
    if (dst.isReadOnly()) {
      throw new IllegalArgumentException("Read-only buffer");
    }
    start(() -> file.read(dst, position), outcome);
  }

  @Override
  public <A extends @Nullable Object> void write(
      ByteBuffer src, long position, A attachment, CompletionHandler<Integer, ? super A> handler) {
    write(src, position, outcome(attachment, handler));
  }

  @Override
  public Future<Integer> write(ByteBuffer src, long position) {
    CompletableFuture<Integer> future = new CompletableFuture<>();
    write(src, position, outcome(future));
    return future;
  }

  private void write(ByteBuffer src, long position, Outcome<Integer> outcome) {
    checkPosition(position);
    if (!writable) {
      throw new NonWritableChannelException();
    }
    Objects.requireNonNull(src, "src");
    start(() -> file.write(src, position), outcome);
  }

  @Override
  public <A extends @Nullable Object> void lock(
      long position,
      long size,
      boolean shared,
      A attachment,
      CompletionHandler<FileLock, ? super A> handler) {
    lock(position, size, shared, outcome(attachment, handler));
  }

  @Override
  public Future<FileLock> lock(long position, long size, boolean shared) {
    CompletableFuture<FileLock> future = new CompletableFuture<>();
    lock(position, size, shared, outcome(future));
    return future;
  }

  /**
   * Asks for the lock without waiting first: that shows an overlap with this JVM's own locks, which
   * has to be thrown here, and only a lock that another client holds is waited for in the
   * background.
   */
  private void lock(long position, long size, boolean shared, Outcome<FileLock> outcome) {
    checkLockable(shared);
    long extent = NetfsFileLock.extent(position, size);
    if (!isOpen()) {
      settle(outcome, null, new ClosedChannelException());
      return;
    }
    RangeLock lock;
    try {
      lock = file.lock(position, extent, shared, false);
    } catch (IOException e) {
      settle(outcome, null, shown(e));
      return;
    }
    if (lock != null) {
      settle(outcome, new NetfsFileLock(this, position, extent, shared, lock), null);
      return;
    }
    start(
        () -> {
          RangeLock waited = file.lock(position, extent, shared, true);
          return waited == null ? null : new NetfsFileLock(this, position, extent, shared, waited);
        },
        outcome);
  }

  @Override
  public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
    checkLockable(shared);
    long extent = NetfsFileLock.extent(position, size);
    checkOpen();
    RangeLock lock = file.lock(position, extent, shared, false);
    return lock == null ? null : new NetfsFileLock(this, position, extent, shared, lock);
  }

  @Override
  public long size() throws IOException {
    checkOpen();
    return file.size();
  }

  @Override
  public AsynchronousFileChannel truncate(long size) throws IOException {
    if (size < 0) {
      throw new IllegalArgumentException("negative size " + size);
    }
    if (!writable) {
      throw new NonWritableChannelException();
    }
    checkOpen();
    file.truncate(size);
    return this;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    checkOpen();
    file.force(metaData);
  }

  @Override
  public boolean isOpen() {
    return !closed.get();
  }

  @Override
  public void close() throws IOException {
    if (!closed.getAndSet(true)) {
      handle.path().getFileSystem().closed(this);
      handle.close();
    }
  }

  @Override
  public String toString() {
    return getClass().getSimpleName() + "[" + handle + "]";
  }

  private <V> void start(Operation<V> operation, Outcome<V> outcome) {
    if (!isOpen()) {
      settle(outcome, null, new ClosedChannelException());
      return;
    }
    executor.execute(
        () -> {
          @Nullable V value = null;
          Throwable failure = null;
          try {
            value = operation.run();
            if (value == null) {
              failure = new AsynchronousCloseException();
            }
          } catch (IOException | RuntimeException | Error e) {
            failure = shown(e);
          }
          outcome.settled(value, failure);
        });
  }

  /** Settles what needs no work, on the executor all the same: never on the caller's thread. */
  private <V> void settle(Outcome<V> outcome, @Nullable V value, @Nullable Throwable failure) {
    executor.execute(() -> outcome.settled(value, failure));
  }

  private static Throwable shown(Throwable failure) {
    return failure instanceof ClosedChannelException
            && !(failure instanceof AsynchronousCloseException)
        ? new AsynchronousCloseException()
        : failure;
  }

  private static <V, A extends @Nullable Object> Outcome<V> outcome(
      A attachment, CompletionHandler<V, ? super A> handler) {
    Objects.requireNonNull(handler, "handler");
    return (value, failure) -> {
      if (failure != null) {
        handler.failed(failure, attachment);
      } else {
        handler.completed(Objects.requireNonNull(value), attachment);
      }
    };
  }

  private static <V> Outcome<V> outcome(CompletableFuture<V> future) {
    return (value, failure) -> {
      if (failure != null) {
        future.completeExceptionally(failure);
      } else {
        future.complete(Objects.requireNonNull(value));
      }
    };
  }

  private void checkOpen() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
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

  private static void checkPosition(long position) {
    if (position < 0) {
      throw new IllegalArgumentException("negative position " + position);
    }
  }
}
