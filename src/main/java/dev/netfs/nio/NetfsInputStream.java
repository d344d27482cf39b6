package dev.netfs.nio;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Reads a file from its beginning on. An interrupt neither ends a read nor closes the stream, as
 * with the JDK's own file streams.
 *
 * <p>{@link #lock} guards the position and is held while something is read. Closing does not take
 * it: the engine's file wakes whoever is blocked in it.
 */
final class NetfsInputStream extends InputStream {
  /** The largest array that all Java machines make. */
  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private static final int COPY_CHUNK = 128 * 1024;

  private final OpenHandle handle;
  private final ReentrantLock lock = new ReentrantLock();
  private long position; // guarded by lock
  private boolean skipped; // guarded by lock: whether the position is not where reading stopped
  private volatile boolean closed;

  private NetfsInputStream(OpenHandle handle) {
    this.handle = handle;
  }

  /**
   * Opens a stream.
   *
   * @throws dev.netfs.share.IsDirectoryException if the path is a directory
   */
  static NetfsInputStream open(NetfsPath path, OpenRequest request) throws IOException {
    return path.getFileSystem().opened(new NetfsInputStream(OpenHandle.open(path, request)));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      return 0;
    }
    return readInto(ByteBuffer.wrap(bytes, offset, length));
  }

  private int readInto(ByteBuffer dst) throws IOException {
    lock.lock();
    try {
      checkOpen();
      int count = handle.file.read(dst, position, !skipped);
      position += Math.max(0, count);
      skipped = false;
      return count;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public byte[] readAllBytes() throws IOException {
    lock.lock();
    try {
      checkOpen();
      long rest = Math.max(0, handle.file.size() - position);
      if (rest > MAX_ARRAY) {
        throw new OutOfMemoryError(handle + " is too large for an array: " + rest + " bytes left");
      }
      return readNBytes(Integer.MAX_VALUE);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public byte[] readNBytes(int wanted) throws IOException {
    if (wanted < 0) {
      throw new IllegalArgumentException("negative count " + wanted);
    }
    lock.lock();
    try {
      checkOpen();
      // One more than there should be: so that the end is found without another array.
      long rest = Math.max(0, handle.file.size() - position) + 1;
      byte[] bytes = new byte[(int) Math.min(Math.min(wanted, rest), MAX_ARRAY)];
      int filled = 0;
      while (filled < wanted) {
        if (filled == bytes.length) {
          // The file grows while it is read.
          bytes = Arrays.copyOf(bytes, grown(bytes.length, wanted));
        }
        int count = readInto(ByteBuffer.wrap(bytes, filled, bytes.length - filled));
        if (count < 0) {
          break;
        }
        filled += count;
      }
      return filled == bytes.length ? bytes : Arrays.copyOf(bytes, filled);
    } finally {
      lock.unlock();
    }
  }

  private int grown(int length, int wanted) {
    if (length == MAX_ARRAY) {
      throw new OutOfMemoryError(handle + " is too large for an array");
    }
    return (int) Math.min(Math.min(2L * length + COPY_CHUNK, wanted), MAX_ARRAY);
  }

  /** Skips bytes, or with a negative count goes back, as the JDK's own file streams do. */
  @Override
  public long skip(long count) throws IOException {
    lock.lock();
    try {
      checkOpen();
      long passed =
          count < 0
              ? Math.max(count, -position)
              : Math.min(count, Math.max(0, handle.file.size() - position));
      position += passed;
      skipped |= passed != 0;
      return passed;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int available() throws IOException {
    lock.lock();
    try {
      checkOpen();
      long rest = handle.file.size() - position;
      return (int) Math.max(0, Math.min(rest, Integer.MAX_VALUE));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long transferTo(OutputStream out) throws IOException {
    Objects.requireNonNull(out, "out");
    return out instanceof NetfsOutputStream ours ? transferDirect(ours) : transferArray(out);
  }

  private long transferArray(OutputStream out) throws IOException {
    byte[] chunk = new byte[COPY_CHUNK];
    long total = 0;
    for (int count = read(chunk); count >= 0; count = read(chunk)) {
      out.write(chunk, 0, count);
      total += count;
    }
    return total;
  }

  /** Spares the two copies through an array on the heap. */
  private long transferDirect(NetfsOutputStream out) throws IOException {
    ByteBuffer buffer = TransferBuffers.take();
    try {
      long total = 0;
      while (readInto(buffer.clear()) >= 0) {
        total += buffer.flip().remaining();
        out.writeFrom(buffer);
      }
      return total;
    } finally {
      TransferBuffers.giveBack(buffer);
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    handle.path().getFileSystem().closed(this);
    handle.close();
  }

  private void checkOpen() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }
}
