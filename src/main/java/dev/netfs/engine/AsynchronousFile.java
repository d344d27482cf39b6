package dev.netfs.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The asynchronous face of an {@link OpenFile}: its reads, writes and locks as operations that hold
 * no thread while they wait for the server, or for room for dirty bytes.
 *
 * <p>An operation gets on as far as it can without waiting, on the caller's thread first unless it
 * may have much to copy; then it waits for one stage, and is continued on the executor. So a
 * thousand outstanding reads are a thousand small objects, and a warm read is over when the call
 * returns. What it waits for ends when the file begins to close: it fails with {@link
 * AsynchronousCloseException} then, and touches its buffer no more.
 *
 * <p>Safe for use by several threads. One operation's steps follow each other, each having seen
 * what the one before has done; its buffer belongs to it until its future completes, on any of the
 * threads named or, where the server's answer is all there was to wait for, on the transport's:
 * what depends on it must be short.
 */
public final class AsynchronousFile {
  /** What is copied on the thread of a caller who does not expect to be held up. */
  private static final int COPIED_BY_CALLER = 1 << 20;

  private final OpenFile file;
  private final Reads reads;
  private final Writes writes;
  private final DirectIo directIo;
  private final Executor executor;

  AsynchronousFile(
      OpenFile file, Reads reads, Writes writes, DirectIo directIo, Executor executor) {
    this.file = file;
    this.reads = reads;
    this.writes = writes;
    this.directIo = directIo;
    this.executor = executor;
  }

  /**
   * Begins to read bytes, as {@link OpenFile#read(ByteBuffer, long)}.
   *
   * @return completes as that returns, or with what it throws; never to be completed by others
   */
  public CompletableFuture<Integer> read(ByteBuffer dst, long position) {
    return begin(new Reading(dst, position), dst.remaining());
  }

  /**
   * Begins to write a buffer's remaining bytes, as {@link OpenFile#write(ByteBuffer, long)}.
   *
   * @return completes as that returns, or with what it throws; never to be completed by others
   */
  public CompletableFuture<Integer> write(ByteBuffer src, long position) {
    return begin(new Writing(src, position), src.remaining());
  }

  /**
   * Begins to take a byte-range lock, as {@link OpenFile#lock}. The range counts as taken when this
   * returns.
   *
   * @return completes with the lock, with null if {@code wait} is false and it cannot be had, or
   *     with what {@link OpenFile#lock} throws
   * @throws java.nio.channels.OverlappingFileLockException if this JVM holds an overlapping lock or
   *     waits for one
   * @throws UnsupportedOperationException as {@link OpenFile#lock}
   * @throws ClosedChannelException if the file is closed
   */
  public CompletableFuture<@Nullable RangeLock> lock(
      long position, long size, boolean shared, boolean wait) throws ClosedChannelException {
    return file.locking(position, size, shared, wait);
  }

  /** Returns what a future has failed with, without the wrappings. */
  public static Throwable cause(Throwable failure) {
    return Await.cause(failure);
  }

  private CompletableFuture<Integer> begin(Operation operation, int bytes) {
    if (bytes <= COPIED_BY_CALLER) {
      operation.run();
    } else {
      executor.execute(operation);
    }
    return operation.result;
  }

  /** An operation that is told to go on whenever what it waits for is over. */
  private abstract class Operation implements Runnable {
    final CompletableFuture<Integer> result = new CompletableFuture<>();
    final ByteBuffer buffer;
    final int begin;
    final long position;
    private @Nullable CompletableFuture<?> awaited;

    Operation(ByteBuffer buffer, long position) {
      this.buffer = buffer;
      this.begin = buffer.position();
      this.position = position;
    }

    /**
     * Goes on as far as it can without waiting.
     *
     * @return what to wait for before the next call, which comes only if that does not fail; null
     *     if the operation is over
     */
    abstract @Nullable CompletableFuture<?> advance() throws IOException;

    /** Lets go of what is held while waiting, after a failure. */
    abstract void abandon();

    /** Returns what comes of it when it is over. */
    abstract int value();

    /** Returns the offset in the file of what comes next. */
    final long at() {
      return position + buffer.position() - begin;
    }

    @Override
    public final void run() {
      try {
        do {
          if (awaited != null) {
            file.closing.checkNotClosing(); // what arrived may have come after the close
            Await.result(awaited);
          }
          awaited = advance();
        } while (awaited != null && awaited.isDone());
      } catch (IOException | RuntimeException | Error e) {
        try {
          abandon();
        } finally {
          result.completeExceptionally(e);
        }
        return;
      }
      if (awaited == null) {
        result.complete(value());
      } else {
        file.closing.whenDoneOrClosing(awaited, () -> executor.execute(this));
      }
    }
  }

  /** A read. */
  private final class Reading extends Operation {
    private Reads.@Nullable Miss miss;
    private DirectIo.@Nullable Download download;
    private boolean begun;
    private boolean refreshed;
    private boolean flushed;
    private long errorsBefore;

    Reading(ByteBuffer dst, long position) {
      super(dst, position);
    }

    @Override
    @Nullable CompletableFuture<?> advance() throws IOException {
      if (!begun) {
        begun = true;
        file.checkUsable();
        if (file.caching() == OpenMode.Caching.UNBUFFERED) {
          reads.readResident(file.inode(), buffer, position);
        }
      }
      if (!buffer.hasRemaining()) {
        endWaiting();
        return null;
      }
      // What was begun one way is ended that way, whatever the lease says meanwhile.
      boolean warm = miss != null || download == null && file.caching() == OpenMode.Caching.CACHED;
      return warm ? cached() : direct();
    }

    private @Nullable CompletableFuture<?> cached() throws IOException {
      if (miss != null) {
        reads.copyArrived(file, miss, buffer);
        endWaiting();
      }
      miss = reads.readUntilMiss(file, buffer, at(), false);
      if (miss != null) {
        return miss.arrival();
      }
      if (buffer.position() == begin && !refreshed && file.sizeIsStale()) {
        refreshed = true;
        return file.refreshing();
      }
      return null;
    }

    private @Nullable CompletableFuture<?> direct() throws IOException {
      if (download != null) {
        boolean ends = download.copyTo(buffer) < download.wanted;
        endWaiting();
        if (ends || !buffer.hasRemaining()) {
          return null;
        }
      }
      int step = DirectIo.step(buffer);
      if (flushed) {
        file.throwErrorSince(errorsBefore);
      } else if (directIo.mustFlush(file, at())) {
        flushed = true;
        errorsBefore = file.inode().errors.now();
        return file.inode().uploader.flushed();
      }
      CompletableFuture<?> cut = file.inode().writeback.whileHeld();
      if (cut != null) {
        return cut; // the server still has what is cut off here
      }
      flushed = false;
      DirectIo.Download next =
          directIo.new Download(file, at(), step, file.caching() == OpenMode.Caching.DIRECT);
      download = next;
      return next.arrival;
    }

    private void endWaiting() {
      if (miss != null) {
        miss.end();
        miss = null;
      }
      if (download != null) {
        download.end();
        download = null;
      }
    }

    @Override
    void abandon() {
      endWaiting();
      buffer.position(begin);
    }

    @Override
    int value() {
      int count = buffer.position() - begin;
      return count > 0 || !buffer.hasRemaining() ? count : -1;
    }
  }

  /** A write. */
  private final class Writing extends Operation {
    /** What is still to be done. */
    private enum Phase {
      BEGIN,
      COPY,
      FLUSH,
      SYNC,
      OVER
    }

    private Phase phase = Phase.BEGIN;
    private Writes.@Nullable Progress progress;
    private DirectIo.@Nullable Upload upload;
    private boolean flushed;
    private boolean cached; // begun in memory, and to be ended there
    private long errorsBefore;

    Writing(ByteBuffer src, long position) {
      super(src, position);
    }

    @Override
    @Nullable CompletableFuture<?> advance() throws IOException {
      if (phase == Phase.BEGIN) {
        file.checkUsable();
        file.throwWritebackError();
        file.checkFits(position, buffer.remaining());
        cached = file.beginWrite();
        phase = Phase.COPY;
      }
      if (phase == Phase.COPY) {
        CompletableFuture<?> stage = cached ? cached() : direct();
        if (stage != null) {
          return stage;
        }
        end();
        phase = Phase.FLUSH;
        if (file.durability() != OpenMode.Durability.BACK) {
          errorsBefore = file.inode().errors.now();
          return file.inode().uploader.flushed();
        }
      }
      if (phase == Phase.FLUSH && file.durability() != OpenMode.Durability.BACK) {
        file.throwWritebackError();
        file.throwErrorSince(errorsBefore);
        phase = Phase.SYNC;
        if (file.durability() != OpenMode.Durability.THROUGH) {
          return file.syncing(file.durability() == OpenMode.Durability.SYNC);
        }
      }
      phase = Phase.OVER;
      return null;
    }

    private @Nullable CompletableFuture<?> cached() throws IOException {
      if (progress == null) {
        progress = writes.new Progress(file, buffer, position);
      }
      return progress.advance();
    }

    private @Nullable CompletableFuture<?> direct() throws IOException {
      if (upload != null) {
        upload.takeIn(buffer);
        upload = null;
        flushed = false;
      }
      if (!buffer.hasRemaining()) {
        return null;
      }
      if (flushed) {
        file.throwErrorSince(errorsBefore);
      } else if (directIo.intersectsDirty(file, buffer, at())) {
        flushed = true;
        errorsBefore = file.inode().errors.now();
        return file.inode().uploader.flushed();
      }
      upload = directIo.begin(file, buffer, at());
      return upload == null ? directIo.whenFree(file, buffer, at()) : upload.result;
    }

    private void end() {
      if (cached) {
        cached = false;
        file.endWrite();
      }
    }

    @Override
    void abandon() {
      if (progress != null) {
        progress.abandon();
      }
      end();
    }

    @Override
    int value() {
      return buffer.position() - begin;
    }
  }
}
