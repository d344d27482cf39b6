package dev.netfs.nio;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Writes a file from its beginning on, or with {@code APPEND} at its end. An interrupt neither ends
 * a write nor closes the stream, as with the JDK's own file streams. {@link #flush} does nothing,
 * since nothing is kept here; what was written is sent by the engine in its own time, and when the
 * stream is closed.
 *
 * <p>{@link #lock} guards the position and is held while something is written. Closing does not
 * take it: the engine's file wakes whoever is blocked in it.
 */
final class NetfsOutputStream extends OutputStream {
  private final OpenHandle handle;
  private final boolean append;
  private final ReentrantLock lock = new ReentrantLock();
  private long position; // guarded by lock
  private volatile boolean closed;

  private NetfsOutputStream(OpenHandle handle, boolean append) {
    this.handle = handle;
    this.append = append;
  }

  /** Opens a stream. */
  static NetfsOutputStream open(NetfsPath path, OpenRequest request) throws IOException {
    return path.getFileSystem()
        .opened(new NetfsOutputStream(OpenHandle.open(path, request), request.append()));
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    writeFrom(ByteBuffer.wrap(bytes, offset, length));
  }

  /** Writes all of a buffer. */
  void writeFrom(ByteBuffer src) throws IOException {
    lock.lock();
    try {
      if (closed) {
        throw new ClosedChannelException();
      }
      if (!src.hasRemaining()) {
        return;
      }
      if (append) {
        handle.file.append(src);
      } else {
        position += handle.file.write(src, position);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    handle.path().getFileSystem().closed(this);
    handle.close();
  }
}
