package dev.netfs.nio;

import dev.netfs.engine.RangeLock;
import java.io.IOException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.Channel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;

/** A lock that the engine holds for a channel, which gives it back when it is closed. */
final class NetfsFileLock extends FileLock {
  private final RangeLock lock;

  NetfsFileLock(FileChannel channel, long position, long size, boolean shared, RangeLock lock) {
    super(channel, position, size, shared);
    this.lock = lock;
  }

  NetfsFileLock(
      AsynchronousFileChannel channel, long position, long size, boolean shared, RangeLock lock) {
    super(channel, position, size, shared);
    this.lock = lock;
  }

  /**
   * Returns how many bytes a lock of the given size covers: 0 stands for all from the position on.
   *
   * @throws IllegalArgumentException if the range is none
   */
  static long extent(long position, long size) {
    if (position < 0 || size < 0 || position + size < 0) {
      throw new IllegalArgumentException(
          "no range of a file begins at " + position + " and is " + size + " bytes long");
    }
    return size == 0 ? Long.MAX_VALUE - position : size;
  }

  @Override
  public boolean isValid() {
    return acquiredBy().isOpen() && lock.isHeld();
  }

  @Override
  public void release() throws IOException {
    Channel channel = acquiredBy();
    if (!channel.isOpen()) {
      throw new ClosedChannelException();
    }
    lock.release(); // does nothing the second time
  }
}
