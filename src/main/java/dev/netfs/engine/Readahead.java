package dev.netfs.engine;

import java.util.ArrayDeque;
import java.util.List;

/**
 * One open file's reading pattern, and how far ahead of it to download.
 *
 * <p>A read that misses where the last one ended is sequential: the window opens, and doubles every
 * time the reader has come halfway through what was asked for, up to its limit. Any other miss is
 * random: exactly what it needs is fetched, rounded to blocks. Requests made ahead of the reader
 * stay in use, and their pages in memory, until the reader has passed them or the file is closed.
 *
 * <p><b>Concurrency.</b> Guarded by the inode's lock, but for {@link #trigger}, which readers of
 * warm bytes look at without it: a stale value makes them plan a little late or once too often.
 */
final class Readahead {
  /** The smallest thing that is fetched: a random read is rounded out to it. */
  private static final int BLOCK = 4096;

  private static final long AUTOMATIC_LIMIT = 8L << 20;

  private final Reads reads;
  private final long limit;
  private final long first;
  private final ArrayDeque<ReadRequest> ahead = new ArrayDeque<>();
  private long window;
  private long lastEnd;
  private long aheadEnd;

  /** A read that comes to or beyond this offset has to {@link #advance}. */
  private volatile long trigger = Long.MAX_VALUE;

  Readahead(Reads reads, MountOptions options) {
    this.reads = reads;
    int pageSize = options.pageSize();
    this.limit =
        options.readahead() >= 0
            ? options.readahead()
            : Math.max(pageSize, Math.min(AUTOMATIC_LIMIT, options.memory() / 8));
    this.first = Math.min(limit, 2L * pageSize);
  }

  /** Returns whether a read up to an offset has to advance the window. */
  boolean isDue(long end) {
    return end >= trigger;
  }

  /**
   * Says how far to download for a miss.
   *
   * @return the offset after the last byte to ask for
   */
  long miss(long position, long wanted, int pageSize) {
    boolean sequential = Math.abs(position - lastEnd) <= pageSize;
    lastEnd = position + wanted;
    if (!sequential || limit == 0) {
      window = 0;
      trigger = Long.MAX_VALUE;
      return roundUp(position + wanted, BLOCK);
    }
    window = Math.min(limit, Math.max(first, 2 * window));
    aheadEnd = roundUp(position + wanted + window, pageSize);
    trigger = aheadEnd - window / 2;
    return aheadEnd;
  }

  /** Returns where a download for a miss begins. */
  long missStart(long position, int pageSize) {
    return window == 0 ? position / BLOCK * BLOCK : position / pageSize * pageSize;
  }

  /**
   * Asks for more ahead of a reader who has come to an offset. Under the inode's lock.
   *
   * @return the requests begun, to be issued after the lock has been let go
   */
  List<ReadRequest> advance(Inode inode, long end, int pageSize) {
    while (!ahead.isEmpty() && ahead.peekFirst().end <= end) {
      ahead.removeFirst().endUse();
    }
    if (end < trigger || end > aheadEnd + pageSize) {
      return List.of(); // another thread has advanced it, or this is another stream by now
    }
    lastEnd = end;
    window = Math.min(limit, 2 * window);
    long from = aheadEnd;
    aheadEnd = roundUp(end + window, pageSize);
    if (from >= inode.localSize() || aheadEnd <= from) {
      trigger = from >= inode.localSize() ? Long.MAX_VALUE : trigger + pageSize;
      aheadEnd = Math.max(from, aheadEnd);
      return List.of();
    }
    trigger = aheadEnd - window / 2;
    List<ReadRequest> begun = reads.plan(inode, from, aheadEnd);
    ahead.addAll(begun);
    return begun;
  }

  /** Lets go of what was downloaded ahead. Under the inode's lock. */
  void close() {
    trigger = Long.MAX_VALUE;
    ahead.forEach(ReadRequest::endUse);
    ahead.clear();
  }

  private static long roundUp(long value, int unit) {
    return value > Long.MAX_VALUE - unit ? value : (value + unit - 1) / unit * unit;
  }
}
