package dev.netfs.share.smb;

import dev.netfs.share.FileInfo;
import dev.netfs.share.IoSegments;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.RangeLockedException;
import dev.netfs.share.ReadResult;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareLock;
import dev.netfs.share.WriteResult;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An open file: a handle of the server's. Requests on it go out at once, however many are under
 * way.
 *
 * <p>Between its end and what is written far behind it a file gets a hole, if the server is told
 * that it may have one, and zeros otherwise, which Windows has to write.
 *
 * <p>{@link #state} counts the operations under way, and its sign bit says that the file is closed;
 * so an operation either begins before the close and is waited for, or fails.
 */
final class SmbFile implements ShareFile {
  private static final long CLOSED = Long.MIN_VALUE;

  /** More than is on its way at once: what is written in no order is no hole. */
  private static final long FAR = 64 << 20;

  private final SmbClient client;
  private final String path;
  private final byte[] handle;
  private final OpenIntent intent;
  private final FileInfo openInfo;
  private final SmbLocks locks;
  private final Runnable whenClosed;
  private final AtomicLong state = new AtomicLong();
  private final AtomicLong end; // of the file, with what was sent
  private final AtomicBoolean mayHaveHoles;
  private final CompletableFuture<@Nullable Void> idle = new CompletableFuture<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  /**
   * @param path the share's path, for messages
   * @param whenClosed is run when the handle is about to be closed
   */
  SmbFile(
      SmbClient client,
      String path,
      byte[] handle,
      OpenIntent intent,
      FileInfo openInfo,
      Runnable whenClosed) {
    this.client = client;
    this.path = path;
    this.handle = handle;
    this.intent = intent;
    this.openInfo = openInfo;
    this.whenClosed = whenClosed;
    this.end = new AtomicLong(openInfo.size());
    this.mayHaveHoles = new AtomicBoolean(intent.sparse());
    this.locks = new SmbLocks(client, path, handle);
  }

  @Override
  public FileInfo openInfo() {
    return openInfo;
  }

  @Override
  public CompletionStage<ReadResult> read(IoSegments dst, long offset) {
    checkRange(dst, offset);
    int length = (int) Math.min(dst.remaining(), client.maxRead());
    int most = client.readNow(length);
    if (length <= most) {
      return read(dst, offset, length);
    }
    List<CompletableFuture<ReadResult>> parts = new ArrayList<>();
    for (int at = 0; at < length; at += most) {
      int size = Math.min(most, length - at);
      parts.add(read(dst.slice(at, size), offset + at, size));
    }
    return joined(parts, most, dst);
  }

  /**
   * Returns what reads of adjacent parts have brought together, when all are over: as many bytes as
   * there are without a gap. Who asks for the rest is told why there is one.
   *
   * @param size of all parts but the last
   */
  static CompletableFuture<ReadResult> joined(
      List<CompletableFuture<ReadResult>> parts, int size, IoSegments dst) {
    CompletableFuture<ReadResult> result = new CompletableFuture<>();
    CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
        .whenComplete(
            (nothing, anyFailure) -> {
              long bytes = 0;
              for (CompletableFuture<ReadResult> part : parts) {
                if (part.isCompletedExceptionally()) {
                  if (bytes == 0) {
                    part.whenComplete((none, failure) -> result.completeExceptionally(failure));
                    return;
                  }
                  break;
                }
                ReadResult read = part.join();
                bytes += read.bytes();
                if (read.bytes() < size) {
                  dst.advance(bytes);
                  result.complete(ReadResult.of(bytes, read.endOfFile()));
                  return;
                }
              }
              dst.advance(bytes);
              result.complete(ReadResult.of(bytes, false));
            });
    return result;
  }

  private CompletableFuture<ReadResult> read(IoSegments dst, long offset, int length) {
    CompletableFuture<ReadResult> result = new CompletableFuture<>();
    run(
        intent.read(),
        result,
        () -> client.send(Packets.read(handle, offset, length, dst)),
        (answer, failure) -> {
          if (failure == null) {
            // Fewer bytes than asked for do not prove the end: only the server's word does.
            result.complete(ReadResult.of(answer.filled(), false));
          } else if (SmbStatus.of(failure) == NtStatus.END_OF_FILE) {
            result.complete(ReadResult.of(0, true));
          } else {
            fail(result, failure, offset, length);
          }
        });
    return result;
  }

  @Override
  public CompletionStage<WriteResult> write(IoSegments src, long offset) {
    CompletableFuture<WriteResult> result = new CompletableFuture<>();
    checkRange(src, offset);
    int length = client.writeNow(src.remaining());
    run(
        intent.write(),
        result,
        () ->
            afterHole(
                offset,
                offset + length,
                () -> client.send(Packets.write(handle, offset, length, src))),
        (answer, failure) -> {
          if (failure == null) {
            result.complete(WriteResult.of(Math.min(length, Math.max(0, answer.i32(4)))));
          } else {
            fail(result, failure, offset, length);
          }
        });
    return result;
  }

  @Override
  public CompletionStage<FileInfo> stat() {
    CompletableFuture<FileInfo> result = new CompletableFuture<>();
    run(
        true,
        result,
        () -> client.send(Packets.queryAll(handle)),
        (answer, failure) -> {
          if (failure == null) {
            result.complete(client.shown(FileFacts.of(answer)));
          } else {
            fail(result, failure, 0, 0);
          }
        });
    return result;
  }

  @Override
  public CompletionStage<Void> truncate(long size) {
    if (size < 0) {
      throw new IllegalArgumentException("negative size " + size);
    }
    return done(
        intent.write(),
        size,
        Long.MAX_VALUE - size,
        () ->
            afterHole(
                size,
                size,
                () ->
                    client.send(
                        Packets.set(
                            Smb2.FILE_END_OF_FILE_INFORMATION,
                            handle,
                            new PacketWriter().u64(size).toBytes()))));
  }

  /**
   * Makes a request that leaves everything untouched up to an offset; if that is far behind the
   * file's end, the server is told first that the file may have holes.
   *
   * @param newEnd how far the file goes at least when it is done
   */
  private CompletableFuture<Response> afterHole(
      long offset, long newEnd, Supplier<CompletableFuture<Response>> request) {
    long before = end.getAndAccumulate(newEnd, Math::max);
    if (offset - before <= FAR || !mayHaveHoles.compareAndSet(false, true)) {
      return request.get();
    }
    // Where it may not, it gets zeros: that is slow, and no failure.
    CompletableFuture<@Nullable Response> told = new CompletableFuture<>();
    client.send(Packets.setSparse(handle)).whenComplete((answer, failure) -> told.complete(null));
    return Steps.compose(told, done -> request.get());
  }

  @Override
  public CompletionStage<Void> sync(boolean metadata) {
    // A handle that cannot write has nothing to flush, and servers refuse to.
    return done(
        true,
        0,
        Long.MAX_VALUE,
        () -> client.send(intent.write() ? Packets.flush(handle) : Packets.queryAll(handle)));
  }

  @Override
  public CompletableFuture<@Nullable ShareLock> lock(
      long position, long size, boolean shared, boolean wait) {
    if (!begin()) {
      return CompletableFuture.failedFuture(new ClosedChannelException());
    }
    try {
      return locks.lock(position, size, shared, wait);
    } finally {
      end();
    }
  }

  @Override
  public CompletionStage<Void> close() {
    long before = state.getAndUpdate(value -> value | CLOSED);
    if (before < 0) {
      return closed;
    }
    if (before == 0) {
      idle.complete(null);
    }
    whenClosed.run();
    locks.close();
    client
        .send(Packets.close(handle))
        .whenComplete(
            (answer, failure) ->
                idle.whenComplete(
                    (nothing, never) -> {
                      if (failure == null) {
                        closed.complete(null);
                      } else {
                        fail(closed, failure, 0, Long.MAX_VALUE);
                      }
                    }));
    return closed;
  }

  private CompletionStage<Void> done(
      boolean openForThis,
      long position,
      long size,
      Supplier<CompletableFuture<Response>> request) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    run(
        openForThis,
        result,
        request,
        (answer, failure) -> {
          if (failure == null) {
            result.complete(null);
          } else {
            fail(result, failure, position, size);
          }
        });
    return result;
  }

  /**
   * Makes a request on the handle, unless the file is closed.
   *
   * @param openForThis whether the file was opened for such requests
   */
  private void run(
      boolean openForThis,
      CompletableFuture<?> result,
      Supplier<CompletableFuture<Response>> request,
      BiConsumer<Response, @Nullable Throwable> next) {
    if (!begin()) {
      result.completeExceptionally(new ClosedChannelException());
      return;
    }
    if (!openForThis) {
      end();
      result.completeExceptionally(
          new FileSystemException(
              path, null, intent.read() ? "Not open for writing" : "Not open for reading"));
      return;
    }
    request
        .get()
        .whenComplete(
            (answer, failure) -> {
              end(); // the memory is free before anybody hears of the result
              try {
                next.accept(answer, failure);
              } catch (RuntimeException | Error e) {
                result.completeExceptionally(
                    new FileSystemException(path, null, "the server's answer is malformed: " + e));
              }
            });
  }

  /** Fails as the server says, of a request that was about a range of the file's bytes. */
  private void fail(CompletableFuture<?> result, Throwable failure, long position, long size) {
    if (SmbStatus.of(failure) == NtStatus.FILE_LOCK_CONFLICT) {
      result.completeExceptionally(
          SmbFailures.withCause(new RangeLockedException(path, position, size), failure));
    } else if (SmbStatus.of(failure) != NtStatus.FILE_CLOSED) {
      result.completeExceptionally(SmbFailures.of(failure, path, null));
    } else if (state.get() < 0) {
      result.completeExceptionally(new ClosedChannelException());
    } else {
      // It takes a new connection to have it opened again.
      client.connection().lose("the server has closed " + path, failure);
      result.completeExceptionally(client.connection().disconnected());
    }
  }

  private boolean begin() {
    long now = state.get();
    while (now >= 0) {
      if (state.compareAndSet(now, now + 1)) {
        return true;
      }
      now = state.get();
    }
    return false;
  }

  private void end() {
    if (state.decrementAndGet() == CLOSED) {
      idle.complete(null);
    }
  }

  private static void checkRange(IoSegments segments, long offset) {
    if (offset < 0 || !segments.hasRemaining()) {
      throw new IllegalArgumentException(
          "cannot move " + segments.remaining() + " bytes at offset " + offset);
    }
  }
}
