package dev.netfs.share.sftp;

import dev.netfs.share.FileInfo;
import dev.netfs.share.IoSegments;
import dev.netfs.share.ReadResult;
import dev.netfs.share.ShareFile;
import dev.netfs.share.WriteResult;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
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
      FileInfo openInfo,
      int maxRead,
      int maxWrite) {
    this.client = client;
    this.owners = owners;
    this.path = path;
    this.handle = handle;
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
    return change(() -> client.setStat(handle, SftpAttributes.ofSize(size)));
  }

  @Override
  public CompletionStage<Void> sync(boolean metadata) {
    if (client.has(SftpProtocol.FSYNC)) {
      return change(() -> client.fsync(handle));
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

  private CompletionStage<Void> change(Supplier<CompletableFuture<@Nullable Void>> request) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    run(
        result,
        request,
        done -> result.complete(null),
        failure -> result.completeExceptionally(SftpFailures.ofOpenFile(failure, path)));
    return result;
  }

  /** Makes a request on the handle, unless the file is closed. */
  private <T> void run(
      CompletableFuture<?> result,
      Supplier<CompletableFuture<T>> request,
      Steps.Step<? super T> next,
      java.util.function.Consumer<? super Throwable> failed) {
    if (!begin()) {
      result.completeExceptionally(new ClosedChannelException());
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
