package dev.netfs.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Buffered writes: into memory, marked dirty to the byte, sent later.
 *
 * <p>A write fetches nothing: the page it makes is valid only where it was written, and a reader of
 * the gap has it downloaded then. A writer waits only while the mount has more dirty bytes than it
 * may ({@link DirtyLimit}), and meanwhile everything dirty is on its way.
 *
 * <p>Nothing is written for an open file that has begun to close: the close has sent what was dirty
 * before, and the mount may have forgotten the inode since, so that nobody would send the rest.
 */
final class Writes {
  /** So much dirty data of one file is sent without waiting for a close: a stream keeps flowing. */
  private static final long STREAM_BYTES = 1 << 20;

  private final Services services;
  private final int pageSize;

  Writes(Services services) {
    this.services = services;
    this.pageSize = services.pages().pageSize();
  }

  /** Writes all remaining bytes of a buffer at an offset. */
  void write(OpenFile file, ByteBuffer src, long position) throws IOException {
    Inode inode = file.inode();
    int limit = src.limit();
    long at = position;
    try {
      while (src.position() < limit) {
        int step = Math.min(limit - src.position(), services.dirty().chunk());
        if (!services.dirty().tryReserve(step)) {
          awaitRoom(file, step);
        }
        copyReserved(file, src, at, step);
        at += step;
      }
    } finally {
      src.limit(limit);
    }
    sendStream(inode);
  }

  /**
   * Copies bytes that room has been reserved for, and gives back what was reserved.
   *
   * @throws AsynchronousCloseException if the file has begun to close
   */
  private void copyReserved(OpenFile file, ByteBuffer src, long position, int step)
      throws AsynchronousCloseException {
    Inode inode = file.inode();
    int limit = src.limit();
    try {
      src.limit(src.position() + step);
      inode.lock.lock();
      try {
        file.closing.checkNotClosing();
        copyIn(inode, src, position);
      } finally {
        inode.lock.unlock();
      }
    } finally {
      src.limit(limit);
      services.dirty().end(step);
    }
  }

  /**
   * A write of a buffer's remaining bytes that never waits: it gets on as far as there is room, and
   * says then what to wait for before it is told to go on. Used by one thread at a time.
   */
  final class Progress {
    private final OpenFile file;
    private final ByteBuffer src;
    private long at;
    private DirtyLimit.@Nullable Waiter waiter;

    Progress(OpenFile file, ByteBuffer src, long position) {
      this.file = file;
      this.src = src;
      this.at = position;
    }

    /** Goes on; returns what completes when it can go on again, null when all is written. */
    @Nullable CompletableFuture<?> advance() throws IOException {
      while (src.hasRemaining()) {
        int step = Math.min(src.remaining(), services.dirty().chunk());
        if (waiter == null ? !services.dirty().tryReserve(step) : !endWaiting()) {
          DirtyLimit.Waiter next = services.dirty().queue(step, file.inode().writeback);
          waiter = next;
          sendAll();
          return next.over;
        }
        copyReserved(file, src, at, step);
        at += step;
      }
      sendStream(file.inode());
      return null;
    }

    private boolean endWaiting() throws IOException {
      Await.result(Objects.requireNonNull(waiter).over);
      file.throwWritebackError();
      boolean granted = Objects.requireNonNull(waiter).finish();
      waiter = null;
      return granted;
    }

    /** Ends it, wherever it stands: what is not written will not be. */
    void abandon() {
      DirtyLimit.Waiter last = waiter;
      waiter = null;
      if (last != null && last.finish()) {
        services.dirty().end(last.bytes());
      }
    }
  }

  /**
   * Writes all remaining bytes of a buffer at the end of the file.
   *
   * @return the offset after the last byte written
   */
  long append(OpenFile file, ByteBuffer src) throws IOException {
    Inode inode = file.inode();
    try (Turns.Turn turn = inode.appending.take(file)) {
      long end = inode.localSize() + src.remaining();
      write(file, src, inode.localSize());
      return end;
    }
  }

  /**
   * Writes a page that is full, and takes its memory over where the file has nothing of that page
   * in memory yet.
   *
   * @param position a page's first byte
   */
  void write(OpenFile file, PageBuffer full, long position) throws IOException {
    Inode inode = file.inode();
    if (pageSize > services.dirty().chunk()) {
      write(file, full.memory().flip(), position); // which does it in smaller steps
      return;
    }
    if (!services.dirty().tryReserve(pageSize)) {
      awaitRoom(file, pageSize);
    }
    try {
      inode.lock.lock();
      try {
        file.closing.checkNotClosing();
        Page there = inode.pages.get(position / pageSize);
        if (there != null && there.tryPin()) {
          services.pages().unpin(there);
          copyIn(inode, full.memory().flip(), position);
        } else {
          adopt(inode, full, position);
        }
      } finally {
        inode.lock.unlock();
      }
    } finally {
      services.dirty().end(pageSize);
    }
    sendStream(inode);
  }

  private void adopt(Inode inode, PageBuffer full, long position) {
    long number = position / pageSize;
    Page page = new Page(inode, number, full.take(), 0);
    page.makeValid(0, pageSize);
    inode.pages.put(page);
    inode.poison(position, position + pageSize);
    inode.wrote(position + pageSize);
    inode.writeback.markDirty(page, position, position + pageSize);
    services.pages().unpin(page);
  }

  private void copyIn(Inode inode, ByteBuffer src, long position) {
    long at = position;
    int limit = src.limit();
    while (src.position() < limit) {
      long number = at / pageSize;
      int offset = (int) (at % pageSize);
      int step = Math.min(limit - src.position(), pageSize - offset);
      Page page = pinned(inode, number, offset + step);
      page.write(offset, src, step);
      page.openToLoans();
      inode.poison(at, at + step);
      inode.wrote(at + step);
      inode.writeback.markDirty(page, at, at + step);
      services.pages().unpin(page);
      at += step;
    }
  }

  /**
   * Returns the page with a number, made if there is none, with a pin and {@linkplain
   * Page#closeToLoans closed to loans}. Under the inode's lock.
   *
   * @param end the byte after the last one in the page that there has to be memory for
   */
  private Page pinned(Inode inode, long number, int end) {
    Page page = inode.pages.get(number);
    if (page != null && page.tryPin()) {
      // By four, so that who writes a page in small pieces has it copied twice at most.
      return services.pages().writable(page, end, 4L * page.frame.size());
    }
    // A file of one page may stay small. Further pages fill up, or most of them do.
    long size = Math.max(inode.localSize(), inode.remoteSize());
    long bytes = number == 0 ? Math.max(end, size) : pageSize;
    page = new Page(inode, number, services.pages().allocate(bytes), 0);
    page.closeToLoans();
    if (number * pageSize >= inode.zeroPoint()) {
      page.zero(0, page.frame.size()); // the server has nothing of it
    }
    inode.pages.put(page);
    return page;
  }

  /** Lets a writer wait until it has reserved room, which it has when this returns. */
  private void awaitRoom(OpenFile file, int bytes) throws IOException {
    Inode own = file.inode();
    boolean granted = false;
    while (!granted) {
      own.uploader.beginAsking();
      DirtyLimit.Waiter waiter = services.dirty().queue(bytes, own.writeback);
      boolean done = false;
      try {
        sendAll();
        file.closing.await(waiter.over);
        file.throwWritebackError();
        done = true;
      } finally {
        own.uploader.endAsking();
        granted = waiter.finish();
        if (granted && !done) {
          services.dirty().end(bytes);
        }
      }
    }
  }

  private void sendAll() {
    for (Inode inode : services.inodes().all()) {
      inode.uploader.issueIfDue();
    }
  }

  private void sendStream(Inode inode) {
    boolean enough;
    inode.lock.lock();
    try {
      enough = inode.writeback.dirtyBytes() >= STREAM_BYTES;
    } finally {
      inode.lock.unlock();
    }
    // Who waits for room has had everything sent that was dirty then; what is dirty since must not
    // lie about while they wait.
    if (services.dirty().isPressed()) {
      inode.uploader.issueIfDue();
    } else if (enough) {
      inode.uploader.issueStream();
    }
  }
}
