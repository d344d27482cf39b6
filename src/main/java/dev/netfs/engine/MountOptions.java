package dev.netfs.engine;

import dev.netfs.CacheMode;
import dev.netfs.share.ShareOptions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The engine's own options of a mount, read and checked.
 *
 * @param cache the cache mode
 * @param closeDelay how long an open may go without a question because of one before it, and the
 *     server's handle is kept for it, while a lease allows that; zero for never
 * @param attrTtl how long attributes count as fresh: {@link #FOREVER} where nothing ever changes
 * @param memory the budget for file content, in bytes
 * @param pageSize the size of a page of the memory cache, a power of two
 * @param readahead the largest readahead window in bytes, 0 for none, -1 for what the engine finds
 *     best
 * @param dirtyLimit how many dirty bytes make writers wait
 * @param writebackAge how old dirty bytes get before they are sent unasked
 * @param rsize the most bytes of one read, 0 for what the share proposes
 * @param wsize the most bytes of one write, 0 for what the share proposes
 * @param depth how many requests at once, 0 for what the share proposes
 * @param locks who honours byte-range locks
 * @param write what a write, and a close, waits for
 * @param uploadDeadline how long what is deferred may be kept from the server
 * @param timeout how long one request may take
 * @param retries how often a request is made again after a lost connection
 * @param disk the cache on disk
 */
record MountOptions(
    CacheMode cache,
    Duration closeDelay,
    Duration attrTtl,
    long memory,
    int pageSize,
    long readahead,
    long dirtyLimit,
    Duration writebackAge,
    int rsize,
    int wsize,
    int depth,
    Locks locks,
    Write write,
    Duration uploadDeadline,
    Duration timeout,
    int retries,
    DiskOptions disk) {

  /** Who honours byte-range locks: the option {@code locks}. */
  enum Locks {
    /** The server. */
    SERVER,
    /** All clients that say so too, by a table on the share. */
    COOPERATIVE,
    /** This JVM. */
    LOCAL
  }

  /** What a write, and a close, waits for: the option {@code write}. */
  enum Write {
    BACK,
    THROUGH,
    DEFERRED
  }

  /** Returns whether every write reaches the server before it returns. */
  boolean writeThrough() {
    return write == Write.THROUGH;
  }

  /** Returns whether a close waits for the local disk only. */
  boolean isDeferred() {
    return write == Write.DEFERRED;
  }

  /** Returns whether the server's handles are kept after the last close. */
  boolean delaysCloses() {
    return !closeDelay.isZero();
  }

  /** Returns how old dirty bytes get before they are sent unasked. */
  Duration sendingAge() {
    return isDeferred() && uploadDeadline.compareTo(writebackAge) < 0
        ? uploadDeadline
        : writebackAge;
  }

  /** Returns how many requests may be outstanding at once on a session. */
  int depth(ShareSession session) {
    return depth > 0 ? depth : session.capabilities().depth();
  }

  /** The names of the options that the engine understands. */
  static final Set<String> NAMES =
      names(
          "cache",
          "closeDelay",
          "attrTtl",
          "memory",
          "pageSize",
          "readahead",
          "dirtyLimit",
          "writebackAge",
          "rsize",
          "wsize",
          "depth",
          "locks",
          "timeout",
          "retries",
          "write",
          "uploadDeadline");

  private static Set<String> names(String... own) {
    Set<String> all = new HashSet<>(DiskOptions.NAMES);
    all.addAll(List.of(own));
    return Set.copyOf(all);
  }

  /** Longer than any mount lives; a sum with a moment's nanoseconds does not overflow. */
  static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE / 2);

  private static final long KIB = 1024;
  private static final long MIB = 1024 * KIB;

  /**
   * Reads the options.
   *
   * @throws IllegalArgumentException if one is malformed; names it
   */
  static MountOptions of(ShareOptions options) {
    int pageSize = (int) options.size("pageSize", 64 * KIB, 4 * KIB, 16 * MIB);
    if (Integer.bitCount(pageSize) != 1) {
      throw ShareOptions.malformed("pageSize", pageSize, "a power of two");
    }
    long memory =
        options.size(
            "memory",
            Math.max(4L * pageSize, Math.min(256 * MIB, DirectMemory.limit() / 2)),
            4L * pageSize,
            Long.MAX_VALUE);
    String locks = options.choice("locks", "server", "server", "cooperative", "local");
    CacheMode cache =
        CacheMode.of(
            options.choice(
                "cache", "close-to-open", "close-to-open", "strict", "loose", "immutable", "none"));
    Duration attrTtl = options.duration("attrTtl", Duration.ofSeconds(3));
    Write write = write(options, cache);
    return new MountOptions(
        cache,
        closeDelay(options, cache, write),
        cache == CacheMode.IMMUTABLE ? FOREVER : attrTtl,
        memory,
        pageSize,
        "auto".equals(options.string("readahead"))
            ? -1
            : options.size("readahead", -1, 0, Integer.MAX_VALUE),
        options.size("dirtyLimit", memory / 4, 1, Long.MAX_VALUE),
        options.duration("writebackAge", Duration.ofSeconds(30)),
        (int) options.size("rsize", 0, 1, 64 * MIB),
        (int) options.size("wsize", 0, 1, 64 * MIB),
        options.integer("depth", 0, 1, 4096),
        switch (locks) {
          case "cooperative" -> Locks.COOPERATIVE;
          case "local" -> Locks.LOCAL;
          default -> Locks.SERVER;
        },
        write,
        options.duration("uploadDeadline", Duration.ofMinutes(10)),
        options.duration("timeout", Duration.ofSeconds(60)),
        options.integer("retries", 5, 0, 1000),
        DiskOptions.of(options));
  }

  private static Duration closeDelay(ShareOptions options, CacheMode cache, Write write) {
    Duration delay = options.duration("closeDelay", Duration.ZERO);
    if (!delay.isZero() && cache != CacheMode.CLOSE_TO_OPEN && cache != CacheMode.STRICT) {
      throw new IllegalArgumentException(
          "option 'closeDelay' is of no use with 'cache="
              + options.string("cache")
              + "': it is for 'close-to-open' and 'strict'");
    }
    if (!delay.isZero() && write == Write.DEFERRED) {
      throw new IllegalArgumentException(
          "options 'closeDelay' and 'write=deferred' exclude each other");
    }
    return delay;
  }

  private static Write write(ShareOptions options, CacheMode cache) {
    String write = options.choice("write", "back", "back", "through", "deferred");
    boolean deferred = write.equals("deferred");
    if (deferred && options.path("disk") == null) {
      throw new IllegalArgumentException(
          "option 'write=deferred' needs option 'disk', the directory to keep in what is not sent");
    }
    if (deferred && (cache == CacheMode.NONE || cache == CacheMode.STRICT)) {
      throw new IllegalArgumentException(
          "options 'write=deferred' and 'cache="
              + options.string("cache")
              + "' exclude each other");
    }
    if (!deferred && options.isSet("uploadDeadline")) {
      throw new IllegalArgumentException(
          "option 'uploadDeadline' is of no use without 'write=deferred'");
    }
    return Write.valueOf(write.toUpperCase(Locale.ROOT));
  }
}
