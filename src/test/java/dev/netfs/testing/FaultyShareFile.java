package dev.netfs.testing;

import dev.netfs.share.FileInfo;
import dev.netfs.share.IoSegments;
import dev.netfs.share.ReadResult;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareLock;
import dev.netfs.share.WriteResult;
import dev.netfs.testing.Faults.Kind;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** An open file of a {@link FaultyShare}. */
final class FaultyShareFile implements ShareFile {
  private final FaultyShare share;
  private final Faults faults;
  private final FaultyShare.Witness witness;
  private final ShareFile file;
  private final String path;

  FaultyShareFile(
      FaultyShare share, Faults faults, FaultyShare.Witness witness, ShareFile file, String path) {
    this.share = share;
    this.faults = faults;
    this.witness = witness;
    this.file = file;
    this.path = path;
  }

  @Override
  public FileInfo openInfo() {
    return file.openInfo();
  }

  @Override
  public CompletionStage<ReadResult> read(IoSegments dst, long offset) {
    check(Kind.READ, dst, offset);
    return share.call(
        Kind.READ,
        path,
        plan -> {
          IoSegments part = dst.slice(0, plan.shorten(dst.remaining()));
          return file.read(part, offset)
              .thenApply(
                  result -> {
                    dst.advance(result.bytes());
                    faults.moved(Kind.READ, result.bytes());
                    return result;
                  });
        });
  }

  @Override
  public CompletionStage<WriteResult> write(IoSegments src, long offset) {
    check(Kind.WRITE, src, offset);
    return share.call(
        Kind.WRITE,
        path,
        plan -> {
          IoSegments part = src.slice(0, plan.shorten(src.remaining()));
          byte[] bytes = new byte[(int) part.remaining()];
          part.slice(0, bytes.length).get(bytes, 0, bytes.length);
          return witness
              .writing(path, offset, bytes, () -> file.write(part, offset))
              .thenApply(
                  result -> {
                    src.advance(result.bytes());
                    faults.moved(Kind.WRITE, result.bytes());
                    return result;
                  });
        });
  }

  private void check(Kind kind, IoSegments segments, long offset) {
    faults.check(segments.hasRemaining(), kind + " of nothing");
    faults.check(offset >= 0, kind + " at " + offset);
  }

  @Override
  public CompletionStage<FileInfo> stat() {
    return share.call(Kind.FILE_STAT, path, plan -> file.stat());
  }

  @Override
  public CompletionStage<Void> truncate(long size) {
    faults.check(size >= 0, "truncate to " + size);
    return share.call(
        Kind.TRUNCATE, path, plan -> witness.cutting(path, size, () -> file.truncate(size)));
  }

  @Override
  public CompletionStage<Void> sync(boolean metadata) {
    return share.call(Kind.SYNC, path, plan -> file.sync(metadata));
  }

  @Override
  public CompletableFuture<ShareLock> lock(long position, long size, boolean shared, boolean wait) {
    faults.check(position >= 0 && size >= 1, "lock of " + size + " bytes at " + position);
    CompletableFuture<ShareLock> result = new CompletableFuture<>();
    CompletableFuture<ShareLock> call =
        share.call(Kind.LOCK, path, plan -> file.lock(position, size, shared, wait));
    call.whenComplete(
        (lock, failure) -> {
          boolean taken =
              failure != null
                  ? result.completeExceptionally(failure)
                  : result.complete(lock == null ? null : new FaultyLock(lock));
          if (!taken && lock != null) {
            lock.release(); // cancelled meanwhile
          }
        });
    result.whenComplete(
        (lock, failure) -> {
          if (result.isCancelled()) {
            call.cancel(false);
          }
        });
    return result;
  }

  private final class FaultyLock implements ShareLock {
    private final ShareLock lock;

    FaultyLock(ShareLock lock) {
      this.lock = lock;
    }

    @Override
    public CompletionStage<Void> release() {
      return share.call(Kind.RELEASE, path, plan -> lock.release());
    }
  }

  @Override
  public CompletionStage<Void> close() {
    return share.isConnected()
        ? share.call(Kind.CLOSE, path, plan -> file.close())
        : CompletableFuture.completedFuture(null);
  }
}
