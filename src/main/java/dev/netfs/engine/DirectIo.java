package dev.netfs.engine;

import dev.netfs.share.IoSegments;
import dev.netfs.share.ReadResult;
import dev.netfs.share.WriteResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes that go to the server: exactly the bytes asked for, past the memory cache.
 *
 * <p>What is dirty in the range is sent first (R5). The bytes pass through a buffer of our own,
 * never through the caller's, which is the caller's again as soon as a channel is closed under the
 * operation, while the transport may still be at work. Writes are made one after another, so that
 * one that fails leaves a prefix without gaps (W2).
 */
final class DirectIo {
  private static final int BUFFER = 1 << 20;

  private final Services services;

  DirectIo(Services services) {
    this.services = services;
  }

  /** As {@link Reads#read}. */
  int read(OpenFile file, ByteBuffer dst, long position, boolean drop) throws IOException {
    int total = 0;
    boolean more = true;
    while (more && dst.hasRemaining()) {
      int wanted = step(dst);
      int done = readOnce(file, dst, position + total, wanted, drop);
      total += done;
      more = done == wanted;
    }
    return total == 0 ? -1 : total;
  }

  private int readOnce(OpenFile file, ByteBuffer dst, long position, int wanted, boolean drop)
      throws IOException {
    if (mustFlush(file, position)) {
      file.flushFirst();
    }
    CompletableFuture<Void> cut = file.inode().writeback.whileHeld();
    if (cut != null) {
      file.closing.await(cut); // the server still has what is cut off here
    }
    Download download = new Download(file, position, wanted, drop);
    try {
      file.closing.await(download.arrival);
      return download.copyTo(dst);
    } finally {
      download.end();
    }
  }

  /** Returns whether what is dirty has to be sent before bytes are read from the server. */
  boolean mustFlush(OpenFile file, long start) {
    Inode inode = file.inode();
    inode.lock.lock();
    try {
      // What is behind counts too: it makes the file longer, if another client has cut it.
      return inode.writeback.end() > start;
    } finally {
      inode.lock.unlock();
    }
  }

  /** Returns how much of a read is asked for at once. */
  static int step(ByteBuffer dst) {
    return Math.min(dst.remaining(), BUFFER);
  }

  /** Bytes on their way from the server, in pieces of at most {@code rsize}. To be ended. */
  final class Download {
    /** Completes, never exceptionally, when all pieces have come or failed. */
    final CompletableFuture<?> arrival;

    final int wanted;
    private final OpenFile file;
    private final long position;
    private final RemoteFile remote;
    private final long generation;
    private final Inode.Asked asked;
    private final ByteBuffer memory;
    private final List<CompletableFuture<Integer>> pieces = new ArrayList<>();

    /**
     * Asks for bytes.
     *
     * @param drop whether what is in memory of them is to be forgotten
     */
    Download(OpenFile file, long position, int wanted, boolean drop)
        throws AsynchronousCloseException {
      this.file = file;
      this.position = position;
      this.wanted = wanted;
      this.remote = handle(file, position, position + wanted, drop);
      this.generation = file.inode().generation();
      this.asked = file.inode().asking();
      this.memory = ByteBuffer.allocate(wanted);
      for (int at = 0; at < wanted; at += services.rsize()) {
        int from = at;
        int to = Math.min(wanted, at + services.rsize());
        ByteBuffer piece = memory.slice(from, to - from);
        pieces.add(
            services
                .depth()
                .submit(file, to - from, () -> fill(remote, piece, position + from, 0)));
      }
      arrival =
          CompletableFuture.allOf(pieces.toArray(CompletableFuture[]::new))
              .handle((done, failure) -> failure == null);
    }

    /** Copies what has arrived; returns how many bytes, less than wanted at the file's end. */
    int copyTo(ByteBuffer dst) throws IOException {
      int count = 0;
      for (CompletableFuture<Integer> piece : pieces) {
        if (piece.isCompletedExceptionally() && file.closing.isClosing()) {
          throw new AsynchronousCloseException();
        }
        int done = Await.result(piece);
        count += done;
        if (done < Math.min(services.rsize(), wanted - count + done)) {
          break; // only what comes before the first short piece counts (R5)
        }
      }
      dst.put(memory.limit(count));
      if (count < wanted) {
        Inode inode = file.inode();
        inode.lock.lock();
        try {
          inode.serverEndsAt(position + count, generation, asked);
        } finally {
          inode.lock.unlock();
        }
      }
      return count;
    }

    /** Lets go of the server's handle. */
    void end() {
      remote.endUse();
    }
  }

  /** Drops the pages of a range if so wanted, and returns the handle in use. */
  private static RemoteFile handle(OpenFile file, long start, long end, boolean drop)
      throws AsynchronousCloseException {
    Inode inode = file.inode();
    inode.lock.lock();
    try {
      if (drop) {
        inode.dropRange(start, end);
      }
      file.closing.checkNotClosing();
      return inode.handles.readerInUse();
    } finally {
      inode.lock.unlock();
    }
  }

  /** Fills a buffer, asking again for what is short, up to the end of the file. */
  private CompletableFuture<Integer> fill(
      RemoteFile remote, ByteBuffer memory, long offset, int done) {
    return remote
        .call(
            "read",
            open ->
                open.read(
                    IoSegments.of(memory.slice(done, memory.capacity() - done)), offset + done))
        .thenCompose(
            (ReadResult result) -> {
              services.stats().bytesFromServer.add(result.bytes());
              int now = done + (int) result.bytes();
              if (now == memory.capacity() || result.endOfFile()) {
                return CompletableFuture.completedFuture(now);
              }
              if (result.bytes() == 0) {
                return CompletableFuture.failedFuture(
                    new IOException(
                        "the server sent nothing at offset "
                            + (offset + done)
                            + " although the file does not end there"));
              }
              return fill(remote, memory, offset, now);
            });
  }

  /** Writes all remaining bytes of a buffer; what was written before a failure has moved on. */
  void write(OpenFile file, ByteBuffer src, long position) throws IOException {
    long at = position;
    while (src.hasRemaining()) {
      if (intersectsDirty(file, src, at)) {
        file.flushFirst(); // or what could not be sent would overwrite this, later
      }
      Upload upload = begin(file, src, at);
      while (upload == null) {
        file.closing.await(whenFree(file, src, at));
        upload = begin(file, src, at);
      }
      file.closing.await(upload.result);
      at += upload.takeIn(src);
    }
  }

  /** Returns whether what is dirty has to be sent before the next bytes of a write are. */
  boolean intersectsDirty(OpenFile file, ByteBuffer src, long position) {
    Inode inode = file.inode();
    inode.lock.lock();
    try {
      return inode.writeback.intersects(position, position + uploadStep(src));
    } finally {
      inode.lock.unlock();
    }
  }

  /** Returns what completes when it is worth another try to {@link #begin}. */
  CompletableFuture<?> whenFree(OpenFile file, ByteBuffer src, long position) {
    return file.inode().writeback.whenFree(position, position + uploadStep(src));
  }

  private int uploadStep(ByteBuffer src) {
    return Math.min(src.remaining(), Math.min(BUFFER, services.wsize()));
  }

  /**
   * Sends bytes that a buffer holds next; its position stays.
   *
   * @return null if something else of the range is on its way
   */
  @Nullable Upload begin(OpenFile file, ByteBuffer src, long position)
      throws AsynchronousCloseException {
    Inode inode = file.inode();
    long end = position + uploadStep(src);
    DirectRanges.Range range;
    RemoteFile remote;
    inode.lock.lock();
    try {
      file.closing.checkNotClosing();
      range = inode.writeback.beginDirect(position, end);
      if (range == null) {
        return null;
      }
      remote = inode.handles.writerInUse();
      inode.sending();
      inode.serverMayHold(end);
      inode.dropRange(position, end);
    } finally {
      inode.lock.unlock();
    }
    services.attributes().changed(inode.path());
    ByteBuffer memory = ByteBuffer.allocate((int) (end - position));
    memory.put(0, src, src.position(), memory.limit());
    return new Upload(file, range, remote, memory);
  }

  /** The next bytes of a write, on their way to the server. */
  final class Upload {
    /** Completes when the server has answered and the inode knows. */
    final CompletableFuture<WriteResult> result;

    private final Inode inode;
    private final DirectRanges.Range range;
    private final RemoteFile remote;

    private Upload(OpenFile file, DirectRanges.Range range, RemoteFile remote, ByteBuffer memory) {
      this.inode = file.inode();
      this.range = range;
      this.remote = remote;
      this.result =
          services
              .depth()
              .submit(
                  file,
                  memory.capacity(),
                  () ->
                      remote.change(
                          "write",
                          open -> inode.locks.write(open, IoSegments.of(memory), range.start())))
              .whenComplete((answer, failure) -> over(answer));
    }

    /** Takes in what the server has taken, whether or not anybody waits for it any more. */
    private void over(@Nullable WriteResult answer) {
      List<CompletableFuture<Void>> woken;
      inode.lock.lock();
      try {
        if (answer != null && answer.bytes() > 0) {
          inode.sent(range.start() + answer.bytes());
          // What arrives while the file is being cut is about to be cut off as well.
          long end = range.start() + answer.bytes();
          inode.wrote(Math.min(end, inode.writeback.heldSize()));
        } else {
          inode.sending(); // it may have taken some
        }
        inode.serverMayHold(range.end()); // an open may have seen a shorter file meanwhile
        inode.dropRange(range.start(), range.end());
        woken = inode.writeback.endDirect(range);
      } finally {
        inode.lock.unlock();
      }
      services.attributes().changedSoon(inode.path());
      remote.endUse();
      inode.pageEvicted(); // or not, but it may have waited for this to be forgotten
      Writeback.wake(woken);
    }

    /** Returns how much the server has taken; moves the buffer's position on as far. */
    int takeIn(ByteBuffer src) throws IOException {
      int done = (int) Await.result(result).bytes();
      services.stats().bytesToServer.add(done);
      if (done == 0) {
        throw new FileSystemException(inode.path(), null, "the server took no byte");
      }
      src.position(src.position() + done);
      return done;
    }
  }
}
