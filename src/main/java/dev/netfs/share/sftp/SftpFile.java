package dev.netfs.share.sftp;

import dev.netfs.share.FileInfo;
import dev.netfs.share.IoSegments;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.ReadResult;
import dev.netfs.share.ShareFile;
import dev.netfs.share.WriteResult;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileSystemException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An open file: a handle of the server's. Requests on it go out at once, however many are under
 * way.
 *
 * <p>{@link #state} counts the operations under way, and its sign bit says that the file is closed;
 * so an operation either begins before the close and is waited for, or fails.
 */
final class SftpFile implements ShareFile {
  private static final long CLOSED = Long.MIN_VALUE;

  private final SftpClient client;
  private final OwnerNames owners;
  private final String path;
  private final byte[] handle;
  private final OpenIntent intent;
  private final FileInfo openInfo;
  private final int maxRead;
  private final int maxWrite;
  private final AtomicLong state = new AtomicLong();
  private final CompletableFuture<@Nullable Void> idle = new CompletableFuture<>();
  private final CompletableFuture<@Nullable Void> closed = new CompletableFuture<>();

  /**
   * @param path the share's path, for messages
   * @param maxRead the most that one READ may ask for
   * @param maxWrite the most that one WRITE may carry
   */
  SftpFile(
      SftpClient client,
      OwnerNames owners,
      String path,
      byte[] handle,
      OpenIntent intent,
      FileInfo openInfo,
      int maxRead,
      int maxWrite) {
    this.client = client;
    this.owners = owners;
    this.path = path;
    this.handle = handle;
    this.intent = intent;
    this.openInfo = openInfo;
    this.maxRead = maxRead;
    this.maxWrite = maxWrite;
  }

  @Override
  public FileInfo openInfo() {
    return openInfo;
  }

  @Override
  public CompletionStage<ReadResult> read(IoSegments dst, long offset) {
    CompletableFuture<ReadResult> result = new CompletableFuture<>();
    checkRange(dst, offset);
    int length = (int) Math.min(dst.remaining(), maxRead);
    run(
        intent.read(),
        result,
        () -> client.read(handle, offset, length, dst),
        // Fewer bytes than asked for do not prove the end: only the server's word does.
        count -> result.complete(ReadResult.of(count, false)),
        failure -> {
          if (SftpFailures.code(failure) == SftpProtocol.EOF) {
            result.complete(ReadResult.of(0, true));
          } else {
            result.completeExceptionally(SftpFailures.ofOpenFile(failure, path));
          }
        });
    return result;
  }

  @Override
  public CompletionStage<WriteResult> write(IoSegments src, long offset) {
    CompletableFuture<WriteResult> result = new CompletableFuture<>();
    checkRange(src, offset);
    int length = (int) Math.min(src.remaining(), maxWrite);
    run(
        intent.write(),
        result,
        () -> client.write(handle, offset, src, length),
        done -> result.complete(WriteResult.of(length)),
        failure -> result.completeExceptionally(SftpFailures.ofOpenFile(failure, path)));
    return result;
  }

  @Override
  public CompletionStage<FileInfo> stat() {
    CompletableFuture<FileInfo> result = new CompletableFuture<>();
    run(
        true,
        result,
        () -> client.stat(handle),
        attributes -> owners.complete(attributes, result),
        failure -> result.completeExceptionally(SftpFailures.ofOpenFile(failure, path)));
    return result;
  }

  @Override
  public CompletionStage<Void> truncate(long size) {
    if (size < 0) {
      throw new IllegalArgumentException("negative size " + size);
    }
    CompletableFuture<Void> result = new CompletableFuture<>();
    Consumer<Throwable> failed =
        failure -> result.completeExceptionally(SftpFailures.ofOpenFile(failure, path));
    run(
        intent.write(),
        result,
        () -> {
          CompletableFuture<@Nullable Void> set =
              client.setStat(handle, SftpAttributes.ofSize(size), false);
          CompletableFuture<SftpAttributes> after = client.stat(handle);
          CompletableFuture<SftpAttributes> both = new CompletableFuture<>();
          Steps.then(set, both, done -> Steps.then(after, both, both::complete));
          return both;
        },
        attributes -> {
          if (attributes.size() < size) {
            extend(size, result, failed);
          } else {
            result.complete(null);
          }
        },
        failed);
    return result;
  }

  /** Some servers only cut: makes the file so long by writing its last byte, a zero. */
  private void extend(long size, CompletableFuture<Void> result, Consumer<Throwable> failed) {
    IoSegments zero = IoSegments.of(ByteBuffer.allocate(1));
    Steps.then(
        client.write(handle, size - 1, zero, 1), result, done -> result.complete(null), failed);
  }

  @Override
  public CompletionStage<Void> sync(boolean metadata) {
    if (client.has(SftpProtocol.FSYNC)) {
      CompletableFuture<Void> result = new CompletableFuture<>();
      run(
          true,
          result,
          () -> client.fsync(handle),
          done -> result.complete(null),
          failure -> result.completeExceptionally(SftpFailures.ofOpenFile(failure, path)));
      return result;
    }
    // Answered after the writes before it, which the server has by then.
    CompletableFuture<Void> result = new CompletableFuture<>();
    Steps.then(stat().toCompletableFuture(), result, info -> result.complete(null));
    return result;
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
    Steps.then(
        client.close(handle),
        closed,
        done -> Steps.atEnd(idle, closed, () -> closed.complete(null)),
        failure ->
            Steps.atEnd(
                idle,
                closed,
                () -> closed.completeExceptionally(SftpFailures.ofOpenFile(failure, path))));
    return closed;
  }

  /**
   * Makes a request on the handle, unless the file is closed.
   *
   * @param openForThis whether the file was opened for such requests; not every server asks
   */
  private <T> void run(
      boolean openForThis,
      CompletableFuture<?> result,
      Supplier<CompletableFuture<T>> request,
      Steps.Step<? super T> next,
      Consumer<? super Throwable> failed) {
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
    CompletableFuture<T> stage = request.get();
    Steps.then(stage, result, next, failed);
    // Registered last, so it runs first: the memory is free before anybody hears of the result.
    stage.whenComplete((value, failure) -> end());
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
