package dev.netfs.nio;

import dev.netfs.engine.AsynchronousFile;
import dev.netfs.engine.OpenFile;
import dev.netfs.engine.RangeLock;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An asynchronous channel over the engine's own asynchrony ({@link AsynchronousFile}): what waits
 * for the server holds no thread. It keeps to what the JDK's own channel on Linux does, down to the
 * order in which arguments are checked.
 *
 * <p>Completion handlers run on the executor given to {@link #open}, never on the thread that began
 * the operation, unless that is one of the executor's. Operations that are under way when the
 * channel is closed fail with {@link AsynchronousCloseException}; an interrupt means nothing to it.
 *
 * <p>Safe for use by several threads, without locks of its own.
 */
final class NetfsAsynchronousFileChannel extends AsynchronousFileChannel {
  private static final System.Logger LOG =
      System.getLogger(NetfsAsynchronousFileChannel.class.getName());

  private final OpenHandle handle;
  private final OpenFile file;
  private final AsynchronousFile operations;
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
    this.operations = file.asynchronous(this::execute);
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

  /** What a caller of the second form is given: cancelling it by force closes the channel. */
  private final class Pending<V> extends CompletableFuture<V> {
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      if (!completeExceptionally(new CancellationException())) {
        return false;
      }
      if (mayInterruptIfRunning) {
        try {
          close();
        } catch (IOException e) {
          // As the JDK's: the one who cancels asked for an end, not for how it came. What could not
          // be sent is kept and sent later.
          LOG.log(Level.DEBUG, "{0}: {1}", handle, e.toString());
        }
      }
      return true;
    }

    /** Makes dependent stages ordinary ones: only the operation's own cancels the operation. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new CompletableFuture<>();
    }
  }

  /** Where an operation's end is told. */
  private interface Outcome<V> {
    /** Tells it; returns whether anybody has taken it. Exactly one of the two is not null. */
    boolean settle(@Nullable V value, @Nullable Throwable failure);
  }

  private <V, A extends @Nullable Object> Outcome<V> outcome(
      A attachment, CompletionHandler<V, ? super A> handler) {
    Objects.requireNonNull(handler, "handler");
    return (value, failure) -> {
      execute(
          () -> {
            if (failure != null) {
              handler.failed(failure, attachment);
            } else {
              handler.completed(Objects.requireNonNull(value), attachment);
            }
          });
      return true;
    };
  }

  private static <V> Outcome<V> outcome(CompletableFuture<V> future) {
    return (value, failure) ->
        failure != null
            ? future.completeExceptionally(failure)
            : future.complete(Objects.requireNonNull(value));
  }

  @Override
  public <A extends @Nullable Object> void read(
      ByteBuffer dst, long position, A attachment, CompletionHandler<Integer, ? super A> handler) {
    read(dst, position, outcome(attachment, handler));
  }

  @Override
  public Future<Integer> read(ByteBuffer dst, long position) {
    Pending<Integer> future = new Pending<>();
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
    if (!isOpen()) {
      outcome.settle(null, new ClosedChannelException());
    } else if (dst.hasRemaining()) {
      checkExecutor();
      follow(operations.read(dst, position), outcome);
    } else {
      outcome.settle(0, null);
    }
  }

  @Override
  public <A extends @Nullable Object> void write(
      ByteBuffer src, long position, A attachment, CompletionHandler<Integer, ? super A> handler) {
    write(src, position, outcome(attachment, handler));
  }

  @Override
  public Future<Integer> write(ByteBuffer src, long position) {
    Pending<Integer> future = new Pending<>();
    write(src, position, outcome(future));
    return future;
  }

  private void write(ByteBuffer src, long position, Outcome<Integer> outcome) {
    checkPosition(position);
    if (!writable) {
      throw new NonWritableChannelException();
    }
    if (!isOpen()) {
      outcome.settle(null, new ClosedChannelException());
    } else if (src.hasRemaining()) {
      checkExecutor();
      follow(operations.write(src, position), outcome);
    } else {
      outcome.settle(0, null);
    }
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
    Pending<FileLock> future = new Pending<>();
    lock(position, size, shared, outcome(future));
    return future;
  }

  private void lock(long position, long size, boolean shared, Outcome<FileLock> outcome) {
    checkLockable(shared);
    if (!isOpen()) {
      outcome.settle(null, new ClosedChannelException());
      return;
    }
    long extent = NetfsFileLock.extent(position, size);
    checkExecutor();
    CompletableFuture<@Nullable RangeLock> taken;
    try {
      taken = operations.lock(position, extent, shared, true);
    } catch (ClosedChannelException e) {
      outcome.settle(null, e);
      return;
    }
    taken.whenComplete(
        (lock, failure) -> {
          if (lock == null) {
            outcome.settle(
                null, failure == null ? new AsynchronousCloseException() : shown(failure));
          } else if (!outcome.settle(
              new NetfsFileLock(this, position, extent, shared, lock), null)) {
            execute(() -> giveBack(lock)); // cancelled meanwhile: nobody will ever release it
          }
        });
  }

  private void giveBack(RangeLock lock) {
    try {
      lock.release();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "{0}: a lock that was cancelled: {1}", handle, e.toString());
    }
  }

  @Override
  public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
    checkLockable(shared);
    checkOpen();
    long extent = NetfsFileLock.extent(position, size);
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

  private <V> void follow(CompletableFuture<V> operation, Outcome<V> outcome) {
    operation.whenComplete(
        (value, failure) -> outcome.settle(value, failure == null ? null : shown(failure)));
  }

  /**
   * Runs something on the executor, or, where that takes nothing any more, on a thread of ours:
   * what was begun is not left without an end because somebody shuts an executor down.
   */
  private void execute(Runnable work) {
    try {
      executor.execute(work);
    } catch (RejectedExecutionException e) {
      Workers.POOL.execute(work);
    }
  }

  private void checkExecutor() {
    if (executor.isShutdown()) {
      throw new RejectedExecutionException("the channel's executor has been shut down");
    }
  }

  private static Throwable shown(Throwable failure) {
    Throwable cause = AsynchronousFile.cause(failure);
    return cause instanceof ClosedChannelException && !(cause instanceof AsynchronousCloseException)
        ? new AsynchronousCloseException()
        : cause;
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
