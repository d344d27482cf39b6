package dev.netfs.engine;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much a mount's readers may have downloaded ahead of them.
 *
 * <p>What a stream asks for ahead is its <em>chunk</em>; one chunk is being read while the next is
 * on its way. A chunk is one and a half times what keeps the way to the server full, so that the
 * way never runs dry between two, and the rate can be seen to grow.
 *
 * <p>What was downloaded ahead stays in memory until its reader has passed it. All streams together
 * may keep a quarter of the mount's memory that way: each new chunk gets at most half of what is
 * left of that; where little is left, streams that were not read from lately lose their hold.
 *
 * <p>Safe for several threads; takes no lock.
 */
final class ReadaheadLimits {
  private static final long AUTOMATIC_LIMIT = 32L << 20;

  /** The first chunk of a stream that has only just begun, unless the way is known to be long. */
  private static final int FIRST_PAGES = 2;

  /** The first chunk is not larger because of the way: the stream may end after one read. */
  private static final long MAX_FIRST = 4 << 20;

  /** On top of what the way holds: for the unevenness of both ends. */
  private static final long SLACK = 1 << 20;

  /** So many times the chunk before it is a chunk at most. */
  private static final int GROWTH = 8;

  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Background background;
  private final LinkEstimate link;
  private final int pageSize;
  private final long limit;
  private final long budget;
  private final AtomicLong held = new AtomicLong();

  /**
   * How much of what the way holds is asked for at a file's beginning, in sixteenths: more where
   * files turn out to be read on, less where they do not. Racy: an update lost does no harm.
   */
  private volatile int confidence = 4;

  private final Set<ReadStream> holders = ConcurrentHashMap.newKeySet();

  /**
   * Makes the limits of one mount.
   *
   * @param fit how many bytes the share lets be under way at once, more or less
   */
  ReadaheadLimits(Background background, MountOptions options, LinkEstimate link, long fit) {
    this.background = background;
    this.link = link;
    this.pageSize = options.pageSize();
    this.budget = options.memory() / 4;
    long wanted =
        options.readahead() >= 0
            ? options.readahead()
            : Math.max(pageSize, Math.min(AUTOMATIC_LIMIT, options.memory() / 8));
    // Where requests are tiny, a chunk that is not under way is nothing but a long queue of them.
    this.limit = Math.min(wanted, Math.max(2L * pageSize, 4 * fit));
  }

  /** Returns whether anything is to be downloaded ahead at all. */
  boolean isOn() {
    return limit > 0;
  }

  /**
   * Returns the first chunk of a stream whose first read is so long.
   *
   * @param whole whether the stream begins where the file does: then it probably goes on to the end
   */
  long firstChunk(long read, boolean whole) {
    long first = Math.max((long) FIRST_PAGES * pageSize, read);
    if (whole) {
      first = Math.max(first, Math.min(MAX_FIRST, link.bytesUnderWay() * confidence / 16));
    }
    return Math.min(first, Math.max(pageSize, limit / 2));
  }

  /** Notes whether a stream from a file's beginning was read as far as its first chunk. */
  void firstChunkWas(boolean read) {
    confidence = read ? Math.min(16, 2 * confidence) : Math.max(1, confidence / 2);
  }

  /** Returns the chunk that follows on one that was read to its beginning. */
  long nextChunk(long before, long read) {
    long wanted = Math.max(link.bytesUnderWay() * 3 / 2 + SLACK, 2 * read);
    return Math.max(pageSize, Math.min(Math.min(GROWTH * before, wanted), limit / 2));
  }

  /**
   * Returns how much of a chunk may be asked for now: whole pages, perhaps none.
   *
   * @param read how many bytes are asked for beside it, since a reader misses them
   */
  long granted(long chunk, long read) {
    long left = budget - held.get() - read;
    if (chunk > left / 2) {
      letIdleOnesGo();
    }
    return Math.max(0, Math.min(chunk, left / 2)) / pageSize * pageSize;
  }

  private void letIdleOnesGo() {
    long now = background.nanoTime();
    for (ReadStream stream : holders) {
      if (now - stream.usedNanos() > IDLE_NANOS) {
        background.execute(stream::letGo); // it takes an inode's lock, and we may hold another's
      }
    }
  }

  /** Returns the time, for {@link ReadStream#usedNanos}. */
  long now() {
    return background.nanoTime();
  }

  /** Returns how many bytes all streams hold. */
  long held() {
    return held.get();
  }

  /** Notes that a stream holds so many bytes more, or (negative) fewer. */
  void hold(ReadStream stream, long bytes, boolean any) {
    held.addAndGet(bytes);
    if (any) {
      holders.add(stream);
    } else {
      holders.remove(stream);
    }
  }
}
