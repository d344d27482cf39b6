package dev.netfs.engine;

import dev.netfs.FileLockedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Buffered reads: out of memory where the bytes are there, as zeros where the server has none, and
 * downloaded otherwise.
 *
 * <p>The warm path ({@link #copyWarm}) takes no lock, makes no system call and allocates nothing. A
 * miss is planned under the inode's lock: what is valid, zero or already on its way is left out,
 * the rest becomes {@link ReadRequest}s, and the reader waits for the one that brings its next
 * byte; so any number of readers of one range cause one download (R6).
 */
final class Reads {
  /** The smallest thing that is fetched: a random read is rounded out to it. */
  static final int BLOCK = 4096;

  /** So much is fetched in any case for the sake of a whole granule. */
  private static final int WIDENED = 256 << 10;

  private final Services services;
  private final PageCache pages;
  private final FramePool frames;
  private final ReadaheadLimits limits;
  private final int pageSize;
  private final int pageShift;
  private final long requestLimit;
  private final int granule;

  Reads(Services services) {
    this.services = services;
    this.pages = services.pages();
    this.frames = pages.frames();
    this.pageSize = pages.pageSize();
    this.pageShift = Integer.numberOfTrailingZeros(pageSize);
    long fair =
        Math.max(
            256 << 10,
            Math.min(
                services.session().capabilities().window(),
                (long) services.rsize() * services.options().depth(services.session())));
    this.limits =
        new ReadaheadLimits(services.background(), services.options(), services.link(), fair);
    long most = Math.min(fair, Math.min(4L << 20, services.options().memory() / 4));
    DiskCache disk = services.disk();
    this.granule = disk == null ? pageSize : disk.granule();
    int unit = Math.max(pageSize, granule);
    this.requestLimit =
        most < unit ? Math.max(pageSize, most / pageSize * pageSize) : most / unit * unit;
  }

  /** Returns where a request that begins at an offset ends at the latest: with a granule. */
  private long requestEnd(long at) {
    return granule > requestLimit ? at + requestLimit : at / granule * granule + requestLimit;
  }

  /**
   * Returns what the end of something that is fetched ahead is rounded to: a page; or, where the
   * disk has larger granules, one of those, unless it is much more than was granted.
   */
  int unit(long granted) {
    return granule <= Math.max(granted, WIDENED) ? Math.max(pageSize, granule) : pageSize;
  }

  ReadaheadLimits limits() {
    return limits;
  }

  int pageSize() {
    return pageSize;
  }

  static long roundUp(long value, int unit) {
    return value > Long.MAX_VALUE - unit ? value : (value + unit - 1) / unit * unit;
  }

  /**
   * Reads bytes for an open file.
   *
   * @param follows whether the reader has just read what comes before the position
   * @return how many were read, less than {@code dst} takes only at the end of the file; -1 if the
   *     position is there or behind it
   */
  int read(OpenFile file, ByteBuffer dst, long position, boolean follows) throws IOException {
    int start = dst.position();
    Miss miss = readUntilMiss(file, dst, position, follows);
    while (miss != null) {
      try {
        file.closing.await(miss.arrival);
        copyArrived(file, miss, dst);
      } finally {
        miss.end();
      }
      miss = readUntilMiss(file, dst, position + dst.position() - start, follows);
    }
    return dst.position() == start ? -1 : dst.position() - start;
  }

  /**
   * What a reader has to wait for: who waits copies then what has {@linkplain #copyArrived
   * arrived}, ends the miss in any case, and goes on reading.
   *
   * @param position the byte that is missing
   * @param wantedEnd the byte after the last one that is wanted
   * @param arrival completes, never exceptionally, when it is there or will not come
   */
  record Miss(
      long position,
      long wantedEnd,
      ReadRequest awaited,
      List<ReadRequest> begun,
      CompletableFuture<Void> arrival) {
    void end() {
      awaited.endUse();
      begun.forEach(ReadRequest::endUse);
    }
  }

  /**
   * Reads bytes as {@link #read} does, up to the first that has to be waited for, and never waits.
   *
   * @return what that byte waits for; null if there is none: the buffer is full or the file ends
   */
  @Nullable Miss readUntilMiss(OpenFile file, ByteBuffer dst, long position, boolean follows)
      throws AsynchronousCloseException {
    Inode inode = file.inode();
    long at = position;
    while (dst.hasRemaining()) {
      long size = inode.localSize();
      if (at >= size) {
        break;
      }
      int wanted = (int) Math.min(dst.remaining(), size - at);
      int before = dst.position();
      if (copyWarm(inode, file, dst, at, wanted) > 0) {
        services.stats().bytesFromMemory.add(dst.position() - before);
      } else {
        Miss miss = readMissing(file, dst, at, wanted, follows);
        if (miss != null) {
          return miss;
        }
      }
      at += dst.position() - before;
    }
    return null;
  }

  /**
   * Reads what is in memory, without waiting: as {@link #read}, up to the first byte that is not.
   *
   * @return how many were read, 0 or more
   */
  int readWarm(OpenFile file, ByteBuffer dst, long position) {
    Inode inode = file.inode();
    long size = inode.localSize();
    if (position >= size) {
      return 0;
    }
    int copied =
        copyWarm(inode, file, dst, position, (int) Math.min(dst.remaining(), size - position));
    services.stats().bytesFromMemory.add(copied);
    return copied;
  }

  /**
   * Reads what is in memory, up to the first byte that is not, whatever it is in: without a plan
   * for what the reader may want next, and without a request.
   *
   * @return how many were read, 0 or more
   */
  int readResident(Inode inode, ByteBuffer dst, long position) {
    int total = 0;
    int copied;
    do {
      long at = position + total;
      int wanted = (int) Math.min(dst.remaining(), Math.max(0, inode.localSize() - at));
      copied = wanted == 0 ? 0 : copyWarm(inode, null, dst, at, wanted);
      if (copied == 0 && wanted > 0) {
        inode.lock.lock();
        try {
          copied = copyLocked(inode, dst, at, wanted);
        } finally {
          inode.lock.unlock();
        }
      }
      total += copied;
    } while (copied > 0);
    services.stats().bytesFromMemory.add(total);
    return total;
  }

  /**
   * Copies what can be copied without a lock.
   *
   * @param reader who goes on with the stream whose marker is met; null for nobody
   */
  private int copyWarm(
      Inode inode, @Nullable OpenFile reader, ByteBuffer dst, long position, int wanted) {
    long at = position;
    long end = position + wanted;
    while (at < end) {
      long number = at >>> pageShift;
      int offset = (int) at & (pageSize - 1);
      int step = (int) Math.min(end - at, pageSize - offset);
      if (inode.pages.table.read(frames, pages.epoch(), number, offset, dst, step)) {
        at += step;
        continue;
      }
      Page page = inode.pages.get(number);
      if (page == null) {
        break;
      }
      int copied = page.read(offset, dst, step);
      if (copied == 0) {
        break;
      }
      used(reader, page);
      at += copied;
      if (copied < step) {
        break;
      }
    }
    return (int) (at - position);
  }

  /**
   * Takes in that bytes of a page were of use to a reader.
   *
   * @param reader who goes on with the stream whose marker is met; null for nobody
   */
  void used(@Nullable OpenFile reader, Page page) {
    pages.touch(page);
    if (page.marker() != null && reader != null) {
      advance(reader, page);
    }
    keepMapped(page.inode, page);
  }

  /** Takes in that bytes in memory were lent to a reader, who does not copy them. */
  void lent(int bytes) {
    services.stats().bytesFromMemory.add(bytes);
  }

  /** Sees to it that the next reader of a page that is valid as a whole needs only the table. */
  static void keepMapped(Inode inode, Page page) {
    PageTable table = inode.pages.table;
    if (!page.isPlain() || table.use(page)) {
      return;
    }
    if (inode.lock.tryLock()) { // if not now, then another time
      try {
        table.map(page, inode.pages);
      } finally {
        inode.lock.unlock();
      }
    }
  }

  /** Copies bytes that are not to be had without a lock, or has them downloaded. */
  private @Nullable Miss readMissing(
      OpenFile file, ByteBuffer dst, long position, int wanted, boolean follows)
      throws AsynchronousCloseException {
    Inode inode = file.inode();
    Miss miss = null;
    inode.lock.lock();
    try {
      int copied = copyLocked(inode, dst, position, wanted);
      services.stats().bytesFromMemory.add(copied);
      if (copied == 0 && position < inode.localSize()) {
        if (position >= inode.zeroPoint()) {
          readZeros(inode, dst, position, wanted);
          return null;
        }
        file.closing.checkNotClosing();
        List<ReadRequest> begun = List.of();
        ReadRequest awaited = onItsWay(inode, position);
        if (awaited == null) {
          int most = (int) Math.min(wanted, requestLimit);
          begun =
              inode.isExact()
                  ? plan(inode, position, position + most)
                  : file.readahead().miss(position, most, follows);
          awaited = Objects.requireNonNull(onItsWay(inode, position));
        }
        awaited.use();
        miss = new Miss(position, position + wanted, awaited, begun, awaited.arrival(position));
      }
    } finally {
      inode.lock.unlock();
    }
    if (miss == null) {
      passMarker(file, position);
      return null;
    }
    for (ReadRequest request : miss.begun) {
      request.issue();
    }
    return miss;
  }

  /**
   * Copies what has arrived of what was missing; nothing, if it has been dropped again.
   *
   * @throws IOException why it has not arrived
   */
  void copyArrived(OpenFile file, Miss miss, ByteBuffer dst) throws IOException {
    Inode inode = file.inode();
    long position = miss.position;
    int wanted = (int) Math.min(dst.remaining(), Math.max(0, inode.localSize() - position));
    if (copyWarm(inode, file, dst, position, wanted) > 0) {
      return;
    }
    Throwable failure;
    inode.lock.lock();
    try {
      failure = miss.awaited.failureAt(position);
      if (failure == null) {
        copyLocked(inode, dst, position, wanted);
      }
    } finally {
      inode.lock.unlock();
    }
    if (failure instanceof FileLockedException) {
      if (askAgain(inode, miss)) {
        return;
      }
      FileLockedException named =
          new FileLockedException(inode.path(), miss.position, miss.wantedEnd - miss.position);
      named.initCause(failure);
      throw named;
    }
    if (failure != null && file.closing.isClosing()) {
      throw new AsynchronousCloseException();
    }
    if (failure != null) {
      throw Errors.copy(failure, inode.path());
    }
    passMarker(file, position);
  }

  /**
   * After a lock was in the way of a request: returns whether less, or another handle's turn, might
   * be granted. That is so if the request was for more than is wanted now, or was made before there
   * were locks.
   */
  private static boolean askAgain(Inode inode, Miss miss) {
    boolean exact = inode.isExact() && miss.awaited.isWithin(miss.position, miss.wantedEnd);
    inode.lockMet();
    return !exact;
  }

  private void passMarker(OpenFile file, long position) {
    Page page = file.inode().pages.get(position / pageSize);
    if (page != null && page.marker() != null) {
      advance(file, page);
    }
  }

  /** Copies what is valid on the page that holds the position. Under the inode's lock. */
  private int copyLocked(Inode inode, ByteBuffer dst, long position, int wanted) {
    Page page = inode.pages.get(position / pageSize);
    if (page == null || !page.tryPin()) {
      return 0;
    }
    int offset = (int) (position % pageSize);
    int copied = page.readLocked(offset, dst, Math.min(wanted, pageSize - offset));
    services.pages().unpin(page);
    return copied;
  }

  /** Reads zeros of which the server has nothing (S1). Under the inode's lock. */
  private void readZeros(Inode inode, ByteBuffer dst, long position, int wanted) {
    long number = position / pageSize;
    int offset = (int) (position % pageSize);
    int count = Math.min(wanted, pageSize - offset);
    Page page = inode.pages.get(number);
    if (page != null && page.tryPin()) {
      // Up to the next valid byte: what somebody wrote there is not zeros.
      int[] gapEnd = {offset};
      page.validSet()
          .forEachGapIn(
              offset,
              offset + count,
              (from, to) -> {
                if (from == offset) {
                  gapEnd[0] = (int) to;
                }
              });
      services.pages().unpin(page);
      count = gapEnd[0] - offset;
    } else if (position < inode.zeroPoint()) {
      return; // it has been evicted since, and its bytes are the server's: look again
    }
    for (int i = 0; i < count; i++) {
      dst.put((byte) 0);
    }
    services.stats().bytesFromZero.add(count);
  }

  private static @Nullable ReadRequest onItsWay(Inode inode, long position) {
    for (ReadRequest request : inode.inflight) {
      if (request.covers(position)) {
        return request;
      }
    }
    return null;
  }

  /**
   * Begins the download of what is missing in a range: not valid, not zeros, not on its way. Under
   * the inode's lock; the caller issues the requests after letting it go, and ends their uses.
   */
  List<ReadRequest> plan(Inode inode, long start, long end) {
    long stop = Math.min(end, Math.min(inode.zeroPoint(), inode.localSize()));
    ExtentSet missing = new ExtentSet();
    missing.add(start, stop);
    for (long number = start / pageSize; number * pageSize < stop; number++) {
      Page page = inode.pages.get(number);
      if (page != null && page.tryPin()) {
        long base = number * pageSize;
        page.validSet()
            .forEachIn(0, pageSize, (from, to) -> missing.remove(base + from, base + to));
        services.pages().unpin(page);
      }
    }
    for (ReadRequest request : inode.inflight) {
      missing.remove(request.onItsWayFrom(), request.end);
    }
    List<ReadRequest> begun = new ArrayList<>();
    missing.forEachIn(
        start,
        Math.max(start, stop),
        (from, to) -> {
          for (long at = from; at < to; ) {
            long next = Math.min(to, requestEnd(at));
            ReadRequest request =
                new ReadRequest(services, inode, inode.handles.readerInUse(), at, next);
            inode.begin(request);
            begun.add(request);
            at = next;
          }
        });
    return begun;
  }

  /** Goes on with the stream whose marker is on a page. */
  private static void advance(OpenFile file, Page page) {
    List<ReadRequest> begun;
    file.inode().lock.lock();
    try {
      begun = file.readahead().advance(page);
    } finally {
      file.inode().lock.unlock();
    }
    for (ReadRequest request : begun) {
      request.issue();
      request.endUse(); // the stream has one
    }
  }
}
