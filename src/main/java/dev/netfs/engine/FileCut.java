package dev.netfs.engine;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A file that is being cut. What is on its way has to arrive before the server cuts its file, or it
 * would extend it again; and from then on, until the server has answered, nothing is sent. One cuts
 * at a time, or the server might do it in another order.
 */
final class FileCut {
  private final Inode inode;
  private final long size;
  private final long sizeBefore;

  private FileCut(Inode inode, long size, long sizeBefore) {
    this.inode = inode;
    this.size = size;
    this.sizeBefore = sizeBefore;
  }

  /**
   * Cuts what is here, at once, and waits until the server can be told. Not under the inode's lock.
   *
   * @return to be {@linkplain #end ended}; null if what is here is not longer, and nothing is to be
   *     done
   * @throws java.nio.channels.AsynchronousCloseException if the file has begun to close: the mount
   *     may have forgotten the inode by then
   */
  static @Nullable FileCut begin(OpenFile file, long size) throws IOException {
    return begin(file.inode(), size, file);
  }

  /**
   * Waits until a file can be opened that the server cuts off at the open. What is here stays until
   * the inode hears of that. Not under the inode's lock.
   *
   * @return to be {@linkplain #end ended}
   */
  static FileCut beginOpen(Inode inode) throws IOException {
    return Objects.requireNonNull(begin(inode, 0, null));
  }

  private static @Nullable FileCut begin(Inode inode, long size, @Nullable OpenFile here)
      throws IOException {
    while (true) {
      CompletableFuture<Void> other;
      CompletableFuture<Void> settled;
      long sizeBefore;
      boolean held = false;
      boolean begun = false;
      inode.lock.lock();
      try {
        if (here != null) {
          here.closing.checkNotClosing();
          if (size >= inode.localSize()) {
            return null;
          }
        }
        sizeBefore = Math.max(inode.remoteSize(), inode.writeback.end());
        other = inode.writeback.hold(here != null ? size : Long.MAX_VALUE);
        held = other == null;
        if (held && here != null) {
          inode.cut(size);
        }
        settled = inode.writeback.settled();
        begun = true;
      } finally {
        inode.lock.unlock();
        if (held && !begun) {
          inode.writeback.release(); // there may have been no memory
        }
      }
      if (other == null) {
        Await.result(settled);
        return new FileCut(inode, size, sizeBefore);
      }
      Await.result(other);
    }
  }

  /**
   * Ends it.
   *
   * @param done whether the server has cut its file; otherwise it may have done so or not
   */
  void end(boolean done) {
    inode.lock.lock();
    try {
      if (done) {
        inode.serverCut(size);
      } else {
        inode.serverNotCut(sizeBefore);
      }
    } finally {
      inode.lock.unlock();
    }
    inode.writeback.release();
  }

  /** Ends it where the inode has taken in already that the server's file is empty. */
  void endOpened() {
    inode.writeback.release();
  }
}
