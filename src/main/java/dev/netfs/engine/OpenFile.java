package dev.netfs.engine;

import dev.netfs.share.IoSegments;
import dev.netfs.share.ReadResult;
import dev.netfs.share.ShareFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An open file of a mount: one for each channel.
 *
 * <p>Reads and writes block, are safe for use by several threads, and are woken by {@link #close}
 * from another thread with {@link java.nio.channels.AsynchronousCloseException}. They take no
 * notice of a thread's interrupt status: whoever wants an interrupt to end them closes the file, as
 * {@link java.nio.channels.spi.AbstractInterruptibleChannel} does.
 */
public final class OpenFile implements Closeable {
  private final ShareFile file;

  OpenFile(ShareFile file, OpenMode mode) {
    this.file = file;
  }

  /** Returns the file's size in bytes, as this mount sees it: with what is not yet sent. */
  public long size() throws IOException {
    return Await.result(file.stat()).size();
  }

  /**
   * Reads bytes.
   *
   * @param dst takes the bytes, from its position on
   * @param position the first byte's offset in the file, 0 or more
   * @return how many bytes were read; less than {@code dst} takes only at the file's end; -1 if the
   *     position is at or past the file's end
   */
  public int read(ByteBuffer dst, long position) throws IOException {
    if (!dst.hasRemaining()) {
      return 0;
    }
    ReadResult result = Await.result(file.read(IoSegments.of(dst), position));
    dst.position(dst.position() + (int) result.bytes());
    return result.bytes() == 0 ? -1 : (int) result.bytes();
  }

  /**
   * Writes all of a buffer's remaining bytes.
   *
   * @param src the bytes
   * @param position the first byte's offset in the file, 0 or more; past the end, the gap reads as
   *     zeros
   * @return how many were written
   */
  public int write(ByteBuffer src, long position) throws IOException {
    int count = src.remaining();
    while (src.hasRemaining()) {
      long done = Await.result(file.write(IoSegments.of(src), position)).bytes();
      src.position(src.position() + (int) done);
      position += done;
    }
    return count;
  }

  /**
   * Writes all of a buffer's remaining bytes at the file's end, wherever that is at the moment.
   *
   * @return the offset after the last byte written
   */
  public long append(ByteBuffer src) throws IOException {
    long end = size();
    return end + write(src, end);
  }

  /** Cuts the file, if it is longer than the given size; otherwise does nothing. */
  @SuppressWarnings("NullAway")
  public void truncate(long size) throws IOException {
    if (size < size()) {
      Await.result(file.truncate(size));
    }
  }

  /**
   * Sends what was written to the server, on its stable storage where the share can ask for that.
   *
   * @param metadata whether the attributes have to be there too
   */
  @SuppressWarnings("NullAway")
  public void force(boolean metadata) throws IOException {
    Await.result(file.sync(metadata));
  }

  /**
   * Takes a byte-range lock for this open file.
   *
   * @param position the first byte
   * @param size how many bytes, at least 1
   * @param shared whether it is a shared lock
   * @param wait whether to wait until it can be had
   * @return the lock, or null if {@code wait} is false and another client holds a conflicting one
   * @throws java.nio.channels.OverlappingFileLockException if this JVM holds an overlapping lock or
   *     waits for one
   * @throws UnsupportedOperationException if the share has no locks and the mount's option {@code
   *     locks} asks for them
   */
  public @Nullable RangeLock lock(long position, long size, boolean shared, boolean wait)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Sends what was written to the server and closes the file. Gives back its locks, wakes whoever
   * waits in it. A second call does nothing.
   *
   * @throws IOException if something could not be sent; it stays in memory and is sent later
   */
  @Override
  @SuppressWarnings("NullAway")
  public void close() throws IOException {
    Await.result(file.close());
  }

  /**
   * Closes the file without waiting: what was written is sent in the background. For a channel that
   * an interrupt closes.
   */
  public void abandon() {
    file.close();
  }
}
