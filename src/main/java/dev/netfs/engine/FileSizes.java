package dev.netfs.engine;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * The three sizes of a cached file, as the kernel's netfs inode has them.
 *
 * <ul>
 *   <li>{@link #local} is what readers and writers here see, with what is not sent yet.
 *   <li>{@link #remote} is what the server's file has, as far as we know.
 *   <li>At and after the {@link #zeroPoint} the server has nothing that we lack: what is not in
 *       memory there is zeros, and the server is not asked (S1).
 * </ul>
 *
 * <p><b>Concurrency.</b> All three are read by anybody. The inode's lock guards every change, but
 * for one: an eviction, which may happen under any lock, raises the zero point (S2). So whoever
 * lowers it under the lock must not undo a raise of the same moment: bytes that have just left the
 * memory would read as zeros.
 */
final class FileSizes {
  private static final AtomicLongFieldUpdater<FileSizes> ZERO_POINT =
      AtomicLongFieldUpdater.newUpdater(FileSizes.class, "zeroPoint");

  private volatile long local; // written under the inode's lock
  private volatile long remote; // written under the inode's lock

  private volatile long zeroPoint; // raised by anybody, lowered under the inode's lock

  long local() {
    return local;
  }

  long remote() {
    return remote;
  }

  long zeroPoint() {
    return zeroPoint;
  }

  /** Raises the zero point, up to what the server has (S2); by anybody, under any lock. */
  void raiseZeroPoint(long to) {
    serverMayHold(Math.min(to, remote));
  }

  /** Notes that the server may have bytes up to an offset that are not in memory here. */
  void serverMayHold(long end) {
    ZERO_POINT.accumulateAndGet(this, end, Math::max);
  }

  private void lowerZeroPoint(long to) {
    ZERO_POINT.accumulateAndGet(this, to, Math::min);
  }

  /**
   * Takes in that the server's file has so many bytes, any of which may not be in memory.
   *
   * @param unsent the byte after the last one that was written here and not sent (S3)
   */
  void serverHas(long size, long unsent) {
    remote = size;
    serverMayHold(size);
    lowerZeroPoint(size);
    local = Math.max(size, unsent);
  }

  /** Takes in that bytes were written here, up to an offset. */
  void wrote(long end) {
    local = Math.max(local, end);
  }

  /** Takes in that the server has our bytes, up to an offset. */
  void sent(long end) {
    remote = Math.max(remote, end);
  }

  /** Takes in that the file is cut here; the server is told afterwards. */
  void cut(long size) {
    local = size;
    remote = Math.min(remote, size);
    lowerZeroPoint(size);
  }

  /** Takes in that the server has cut, or extended, its file. */
  void serverCut(long size) {
    remote = size;
    lowerZeroPoint(size);
  }

  @Override
  public String toString() {
    return "local size " + local + ", remote size " + remote + ", zero point " + zeroPoint;
  }
}
