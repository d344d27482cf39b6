package dev.netfs.engine;

import dev.netfs.LockLostException;
import dev.netfs.share.IoSegments;
import dev.netfs.share.ShareFile;
import dev.netfs.share.WriteResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The locks that all open files of one mount hold on one file of the server's. Safe for use by
 * several threads, without a lock.
 */
final class InodeLocks {
  private static final AtomicLong LAST = new AtomicLong();

  /** What a file is called after its name has gone: that name, and this, which no name has. */
  final String withoutName = "\0" + LAST.incrementAndGet();

  private final AtomicReference<List<HeldLock>> held = new AtomicReference<>(List.of());

  boolean isEmpty() {
    return all().isEmpty();
  }

  /** Returns the locks at this moment. */
  List<HeldLock> all() {
    return Objects.requireNonNull(held.get());
  }

  void add(HeldLock lock) {
    held.updateAndGet(
        now -> {
          List<HeldLock> more = new ArrayList<>(now);
          more.add(lock);
          return List.copyOf(more);
        });
  }

  void remove(HeldLock lock) {
    held.updateAndGet(now -> now.stream().filter(other -> other != lock).toList());
  }

  /**
   * Writes to the server what may still be written: nothing that was written here under a lock that
   * is lost, since it would overwrite what the lock's next holder has written.
   *
   * @return as {@link ShareFile#write}; or fails with {@link LockLostException}
   */
  CompletionStage<WriteResult> write(ShareFile to, IoSegments src, long offset) {
    LockLostException loss = lossIn(offset, offset + src.remaining());
    return loss == null ? to.write(src, offset) : CompletableFuture.failedFuture(loss);
  }

  /** Cuts the server's file, if nothing of what goes is under a lock that is lost: as a write. */
  CompletionStage<Void> truncate(ShareFile file, long size) {
    LockLostException loss = lossIn(size, Long.MAX_VALUE);
    return loss == null ? file.truncate(size) : CompletableFuture.failedFuture(loss);
  }

  private @Nullable LockLostException lossIn(long start, long end) {
    for (HeldLock lock : all()) {
      LockLostException loss = lock.overlaps(start, end) && !lock.shared ? lock.loss() : null;
      if (loss != null) {
        return loss;
      }
    }
    return null;
  }
}
