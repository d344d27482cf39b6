package dev.netfs.fscache;

import java.io.Closeable;

/**
 * Says to other JVMs, and to other mounts in this one, that a range of an object is being
 * downloaded and will be on disk soon. It is advice: who does not heed it downloads the range too.
 *
 * <p>It ends when it is closed or its JVM ends, however that ends. Where the file system has no
 * locks, everybody gets a claim. Safe for use by several threads.
 */
public final class Claim implements Closeable {
  /** One that keeps nobody off. */
  public static final Claim NONE = new Claim(FileRegionLock.NONE);

  private static final long SPACE = 1L << 61;
  private static final int BLOCK_BITS = 22;

  private final FileRegionLock lock;

  Claim(FileRegionLock lock) {
    this.lock = lock;
  }

  /**
   * Returns where in the file of locks the claims of an object's range begin: behind all other
   * locks. Two objects that come to the same place have to wait for each other in vain.
   *
   * @param object the object's name, as good as random
   */
  static long position(long object, long start) {
    return SPACE | ((object << BLOCK_BITS) + start / Slots.BLOCK) & (SPACE - 1);
  }

  /** Returns how many bytes of the file of locks a claim takes. */
  static long size(long start, long end) {
    return (end + Slots.BLOCK - 1) / Slots.BLOCK - start / Slots.BLOCK;
  }

  /** Ends it. Never throws, and may be called again. */
  @Override
  public void close() {
    lock.close();
  }
}
