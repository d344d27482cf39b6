package dev.netfs.share.path;

import dev.netfs.share.FileInfo;
import dev.netfs.share.IoSegments;
import dev.netfs.share.ReadResult;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareLock;
import dev.netfs.share.WriteResult;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * An open file: a backing channel, and the name it is known by now.
 *
 * <p>Java cannot ask a channel for more attributes than its size. So {@link #stat} asks by name,
 * which follows the renames made through this share, and takes the answer if it is about the same
 * object; where the name has come to mean another object, or nothing, it tells what was last known,
 * with the channel's size and the time of this file's own last write.
 *
 * <p><b>States.</b> Open until {@link #close} shuts the {@link Gate}; calls that are inside finish,
 * those that still wait for a thread fail; then the locks are released and the channel is closed.
 */
final class PathShareFile implements ShareFile {
  private static final System.Logger LOG = System.getLogger(PathShareFile.class.getName());

  private final PathShare share;
  private final Workers workers;
  private final FileIo io;
  private final FileInfo openInfo;

  /** The file's key where its locks are POSIX locks, else null. */
  private final @Nullable Object posixKey;

  private final Gate gate = new Gate();
  private final @Nullable PathLocks locks;
  private final AtomicReference<Workers.@Nullable Operation<Void>> closing =
      new AtomicReference<>();

  private volatile String path;
  private volatile FileInfo lastInfo;
  private volatile @Nullable FileTime lastChange;

  PathShareFile(
      PathShare share,
      Workers workers,
      String path,
      FileIo io,
      FileInfo openInfo,
      @Nullable Object posixKey) {
    this.share = share;
    this.workers = workers;
    this.path = path;
    this.io = io;
    this.openInfo = openInfo;
    this.lastInfo = openInfo;
    this.posixKey = posixKey;
    FileChannel lockable = share.hasLocks() ? io.lockable() : null;
    this.locks = lockable == null ? null : new PathLocks(lockable, gate, posixKey, workers);
  }

  @Override
  public FileInfo openInfo() {
    return openInfo;
  }

  @Override
  public CompletionStage<ReadResult> read(IoSegments dst, long offset) {
    long wanted = dst.remaining();
    return run(
        operation -> {
          ByteBuffer buffer = Workers.buffer(wanted);
          int asked = buffer.remaining();
          int count = io.read(buffer, offset);
          if (count < 0) {
            return ReadResult.of(0, true);
          }
          buffer.flip();
          operation.touch(() -> dst.put(buffer));
          return ReadResult.of(count, count < asked && offset + count >= io.size());
        });
  }

  @Override
  public CompletionStage<WriteResult> write(IoSegments src, long offset) {
    long wanted = src.remaining();
    return run(
        operation -> {
          ByteBuffer buffer = Workers.buffer(wanted);
          // Through a slice, since not all of it may get written.
          operation.touch(() -> src.slice(0, buffer.remaining()).get(buffer));
          int count = io.write(buffer.flip(), offset);
          changed();
          operation.touch(() -> src.advance(count));
          return WriteResult.of(count);
        });
  }

  @Override
  public CompletionStage<FileInfo> stat() {
    return run(
        operation -> {
          FileInfo named = share.find(path, true);
          if (named != null && PathShare.sameObject(named, openInfo)) {
            lastInfo = named;
            return named.toBuilder().size(io.size()).build();
          }
          FileInfo last = lastInfo;
          FileTime change = lastChange;
          return last.toBuilder()
              .size(io.size())
              .modified(
                  change != null && change.compareTo(last.modified()) > 0
                      ? change
                      : last.modified())
              .build();
        });
  }

  @Override
  public CompletionStage<Void> truncate(long size) {
    return perform(
        () -> {
          io.truncate(size);
          changed();
        });
  }

  @Override
  public CompletionStage<Void> sync(boolean metadata) {
    return perform(() -> io.sync(metadata));
  }

  @Override
  public CompletableFuture<@Nullable ShareLock> lock(
      long position, long size, boolean shared, boolean wait) {
    if (locks == null) {
      return CompletableFuture.failedFuture(
          new UnsupportedOperationException("the backing file system has no byte-range locks"));
    }
    if (gate.isClosed()) {
      return CompletableFuture.failedFuture(closedFailure());
    }
    return locks.lock(position, size, shared, wait, share.failures().of(path));
  }

  @Override
  public CompletionStage<Void> close() {
    if (workers.isClosed()) {
      return CompletableFuture.completedFuture(null); // the share has closed it
    }
    Workers.Operation<Void> operation = workers.begin();
    Workers.Operation<Void> first = closing.compareAndExchange(null, operation);
    if (first != null) {
      operation.forget();
      return first.future;
    }
    shut();
    return operation.future;
  }

  /** Closes the file, without telling anybody when that is done. */
  void shut() {
    gate.close(this::scheduleClose);
    if (locks != null) {
      locks.endWaits();
    }
  }

  /** Follows a rename. */
  void renamed(String source, String target) {
    String current = path;
    if (PathShare.within(current, source)) {
      path = target + current.substring(source.length());
    }
  }

  private void changed() {
    lastChange = FileTime.fromMillis(System.currentTimeMillis());
  }

  private IOException closedFailure() {
    return workers.isClosed() ? workers.disconnected() : new ClosedChannelException();
  }

  private <T extends @Nullable Object> CompletableFuture<T> run(Workers.Body<T> body) {
    if (gate.isClosed()) {
      return CompletableFuture.failedFuture(closedFailure());
    }
    return workers.run(
        operation -> {
          gate.enter();
          try {
            return body.run(operation);
          } finally {
            gate.leave();
          }
        },
        failure -> share.failures().of(path).apply(failure));
  }

  private interface Action {
    void run() throws IOException;
  }

  @SuppressWarnings("NullAway") // an operation of Void completes with null
  private CompletableFuture<Void> perform(Action action) {
    return run(
        operation -> {
          action.run();
          return null;
        });
  }

  private void scheduleClose() {
    try {
      workers.execute(this::closeNow);
    } catch (RejectedExecutionException e) {
      closeNow(); // the threads are ending, and this is the last of their tasks
    }
  }

  private void closeNow() {
    Workers.Operation<Void> operation = closing.get();
    try {
      try {
        if (locks != null) {
          locks.releaseAll();
        }
      } finally {
        PosixLocks.PROCESS.close(posixKey, io.channel());
      }
    } catch (Throwable e) {
      if (operation == null) {
        LOG.log(Level.DEBUG, "closing a file of a share that was closed", e);
      } else {
        operation.fail(share.failures().of(path).apply(e));
      }
      return;
    } finally {
      share.forget(this);
    }
    if (operation != null) {
      operation.completeEmpty();
    }
  }
}
