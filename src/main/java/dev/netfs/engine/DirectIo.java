package dev.netfs.engine;

import dev.netfs.share.IoSegments;
import dev.netfs.share.ReadResult;
import dev.netfs.share.WriteResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

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
      int wanted = Math.min(dst.remaining(), BUFFER);
      int done = readOnce(file, dst, position + total, wanted, drop);
      total += done;
      more = done == wanted;
    }
    return total == 0 ? -1 : total;
  }

  private int readOnce(OpenFile file, ByteBuffer dst, long position, int wanted, boolean drop)
      throws IOException {
    Inode inode = file.inode();
    RemoteFile remote = begin(file, position, position + wanted, drop);
    try {
      ByteBuffer memory = ByteBuffer.allocate(wanted);
      List<CompletableFuture<Integer>> pieces = new ArrayList<>();
      for (int at = 0; at < wanted; at += services.rsize()) {
        int from = at;
        int to = Math.min(wanted, at + services.rsize());
        ByteBuffer piece = memory.slice(from, to - from);
        pieces.add(
            services
                .depth()
                .submit(file, to - from, () -> fill(remote, piece, position + from, 0)));
      }
      int count = 0;
      for (CompletableFuture<Integer> piece : pieces) {
        int done = file.await(piece);
        count += done;
        if (done < Math.min(services.rsize(), wanted - count + done)) {
          break; // only what comes before the first short piece counts (R5)
        }
      }
      dst.put(memory.limit(count));
      if (count < wanted) {
        inode.lock.lock();
        try {
          inode.serverEndsAt(position + count, inode.generation());
        } finally {
          inode.lock.unlock();
        }
      }
      return count;
    } finally {
      remote.endUse();
    }
  }

  /** Sends what is dirty in the range, drops the pages if so wanted, returns the handle in use. */
  private RemoteFile begin(OpenFile file, long start, long end, boolean drop) throws IOException {
    Inode inode = file.inode();
    boolean dirty;
    inode.lock.lock();
    try {
      // What makes the file longer counts too: the server would see its end before it.
      dirty = inode.writeback.intersects(start, end) || inode.localSize() > inode.remoteSize();
    } finally {
      inode.lock.unlock();
    }
    if (dirty) {
      file.flush();
    }
    inode.lock.lock();
    try {
      if (drop) {
        inode.dropRange(start, end);
      }
      file.checkNotClosing();
      return inode.readerInUse();
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
    Inode inode = file.inode();
    long at = position;
    while (src.hasRemaining()) {
      int step = Math.min(src.remaining(), Math.min(BUFFER, services.wsize()));
      boolean dirty;
      inode.lock.lock();
      try {
        dirty = inode.writeback.intersects(at, at + step);
      } finally {
        inode.lock.unlock();
      }
      if (dirty) {
        file.flush();
      }
      ByteBuffer memory = ByteBuffer.allocate(step);
      memory.put(0, src, src.position(), step);
      int done = writeOnce(file, inode, memory, at);
      src.position(src.position() + done);
      at += done;
    }
  }

  private int writeOnce(OpenFile file, Inode inode, ByteBuffer memory, long position)
      throws IOException {
    RemoteFile remote = inode.writerInUse();
    changing(inode, position, memory.limit());
    try {
      WriteResult result =
          file.await(
              services
                  .depth()
                  .submit(
                      file,
                      memory.remaining(),
                      () ->
                          remote.call(
                              "write", open -> open.write(IoSegments.of(memory), position))));
      services.stats().bytesToServer.add(result.bytes());
      if (result.bytes() == 0) {
        throw new FileSystemException(inode.path(), null, "the server took no byte");
      }
      inode.lock.lock();
      try {
        inode.sent(position + result.bytes());
        inode.wrote(position + result.bytes());
      } finally {
        inode.lock.unlock();
      }
      return (int) result.bytes();
    } finally {
      changing(inode, position, memory.limit());
      remote.endUse();
    }
  }

  private void changing(Inode inode, long position, int length) {
    inode.lock.lock();
    try {
      inode.sending();
      inode.serverMayHold(position + length);
      inode.dropRange(position, position + length);
    } finally {
      inode.lock.unlock();
    }
    services.attributes().changed(inode.path());
  }
}
