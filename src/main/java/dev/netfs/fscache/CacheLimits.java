package dev.netfs.fscache;

/**
 * How much room a cache may take, as cachefilesd's limits have it: percentages of the file system
 * that are free.
 *
 * @param size the most bytes of content, over all volumes of the directory
 * @param run culling goes on until so much is free again
 * @param cull culling begins when less is free
 * @param stop nothing is allocated while less is free
 */
public record CacheLimits(long size, int run, int cull, int stop) {
  public CacheLimits {
    if (size < 0 || stop < 0 || stop >= cull || cull >= run || run > 100) {
      throw new IllegalArgumentException(
          "limits must be 0 <= stop < cull < run <= 100: " + stop + ", " + cull + ", " + run);
    }
  }

  /** Returns limits with cachefilesd's own percentages. */
  public static CacheLimits of(long size) {
    return new CacheLimits(size, 10, 7, 3);
  }
}
