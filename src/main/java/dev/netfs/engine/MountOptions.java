package dev.netfs.engine;

import dev.netfs.CacheMode;
import dev.netfs.share.ShareOptions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The engine's own options of a mount, read and checked.
 *
 * @param cache the cache mode
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
 * @param writeThrough whether every write reaches the server before it returns
 * @param timeout how long one request may take
 * @param retries how often a request is made again after a lost connection
 * @param disk the cache on disk
 */
record MountOptions(
    CacheMode cache,
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
    boolean writeThrough,
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

  /** Returns how many requests may be outstanding at once on a session. */
  int depth(ShareSession session) {
    return depth > 0 ? depth : session.capabilities().depth();
  }

  /** The names of the options that the engine understands. */
  static final Set<String> NAMES =
      names(
          "cache",
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
          "write");

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
    return new MountOptions(
        cache,
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
        "through".equals(options.choice("write", "back", "back", "through")),
        options.duration("timeout", Duration.ofSeconds(60)),
        options.integer("retries", 5, 0, 1000),
        DiskOptions.of(options));
  }
}
