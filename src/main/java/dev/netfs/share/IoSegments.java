package dev.netfs.share;

import java.nio.BufferOverflowException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;

/**
 * A scatter/gather list of byte buffers with one position over all of them: the memory of one I/O
 * operation, what the Linux kernel calls an {@code iov_iter}.
 *
 * <p>The engine makes one for each subrequest. A transport <em>fills</em> it ({@link
 * #put(ByteBuffer)}, {@link #put(byte[], int, int)}, or by writing into {@link #next()} and calling
 * {@link #advance(int)}) when reading, and <em>drains</em> it ({@link #get(ByteBuffer)}, {@link
 * #get(byte[], int, int)}, {@link #next()}) when writing. It may stop short.
 *
 * <p>The memory is owned by the engine and stays alive and untouched until the operation's stage
 * has completed. A transport must not touch it afterwards; one whose operation may be abandoned (a
 * timeout, a lost connection) must first make sure that no thread of its own can still write here.
 *
 * <p>An instance is confined to one operation and is not safe for use by several threads at once,
 * but may be handed from thread to thread.
 */
public final class IoSegments {
  private final ByteBuffer[] segments;
  private int current;
  private long remaining;

  private IoSegments(ByteBuffer[] segments) {
    this.segments = segments;
    for (ByteBuffer segment : segments) {
      remaining += segment.remaining();
    }
  }

  /**
   * Returns a list over the remaining bytes of one buffer. The buffer's own position and limit are
   * left alone.
   *
   * @param buffer the memory, not null
   * @return the list, positioned at its beginning
   */
  public static IoSegments of(ByteBuffer buffer) {
    return new IoSegments(new ByteBuffer[] {buffer.duplicate()});
  }

  /**
   * Returns a list over the remaining bytes of several buffers, in order. The buffers' own
   * positions and limits are left alone.
   *
   * @param buffers the memory; neither it nor an element is null
   * @return the list, positioned at its beginning
   */
  public static IoSegments of(List<ByteBuffer> buffers) {
    ByteBuffer[] segments = new ByteBuffer[buffers.size()];
    for (int i = 0; i < segments.length; i++) {
      segments[i] = buffers.get(i).duplicate();
    }
    return new IoSegments(segments);
  }

  /** Returns how many bytes can still be filled or drained. */
  public long remaining() {
    return remaining;
  }

  /** Returns whether any byte can still be filled or drained. */
  public boolean hasRemaining() {
    return remaining > 0;
  }

  /**
   * Returns the next run of contiguous memory, from the list's position on. A transport that moves
   * bytes itself uses its remaining bytes, then calls {@link #advance(int)}: the position of the
   * returned view is of no account.
   *
   * @return a view with at least one remaining byte, or an empty one if nothing remains
   */
  public ByteBuffer next() {
    skipExhausted();
    return segments.length == 0 ? ByteBuffer.allocate(0) : segments[current].duplicate();
  }

  /**
   * Moves the position on.
   *
   * @param bytes how far, 0 to {@link #remaining()}
   * @throws IllegalArgumentException if that is negative or more than remains
   */
  public void advance(long bytes) {
    if (bytes < 0 || bytes > remaining) {
      throw new IllegalArgumentException("cannot advance by " + bytes + " of " + remaining);
    }
    remaining -= bytes;
    long left = bytes;
    while (left > 0) {
      skipExhausted();
      ByteBuffer segment = segments[current];
      int step = (int) Math.min(left, segment.remaining());
      segment.position(segment.position() + step);
      left -= step;
    }
  }

  /**
   * Fills from a buffer: moves all its remaining bytes here.
   *
   * @param src the bytes
   * @throws BufferOverflowException if they are more than remain here; nothing has moved then
   */
  public void put(ByteBuffer src) {
    if (src.remaining() > remaining) {
      throw new BufferOverflowException();
    }
    while (src.hasRemaining()) {
      skipExhausted();
      ByteBuffer segment = segments[current];
      int step = Math.min(src.remaining(), segment.remaining());
      segment.put(segment.position(), src, src.position(), step);
      segment.position(segment.position() + step);
      src.position(src.position() + step);
      remaining -= step;
    }
  }

  /**
   * Fills from an array.
   *
   * @param src the array
   * @param offset where the bytes begin in it
   * @param length how many
   * @throws IndexOutOfBoundsException if the range does not lie within the array
   * @throws BufferOverflowException if they are more than remain here; nothing has moved then
   */
  public void put(byte[] src, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, src.length);
    put(ByteBuffer.wrap(src, offset, length));
  }

  /**
   * Drains into a buffer: moves as many bytes as remain in the buffer.
   *
   * @param dst the buffer
   * @throws BufferUnderflowException if fewer remain here; nothing has moved then
   */
  public void get(ByteBuffer dst) {
    if (dst.remaining() > remaining) {
      throw new BufferUnderflowException();
    }
    while (dst.hasRemaining()) {
      skipExhausted();
      ByteBuffer segment = segments[current];
      int step = Math.min(dst.remaining(), segment.remaining());
      dst.put(dst.position(), segment, segment.position(), step);
      segment.position(segment.position() + step);
      dst.position(dst.position() + step);
      remaining -= step;
    }
  }

  /**
   * Drains into an array.
   *
   * @param dst the array
   * @param offset where the bytes shall begin in it
   * @param length how many
   * @throws IndexOutOfBoundsException if the range does not lie within the array
   * @throws BufferUnderflowException if fewer remain here; nothing has moved then
   */
  public void get(byte[] dst, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, dst.length);
    get(ByteBuffer.wrap(dst, offset, length));
  }

  /**
   * Fills with zeros.
   *
   * @param bytes how many, 0 to {@link #remaining()}
   * @throws BufferOverflowException if that is more than remain here
   */
  public void putZeros(long bytes) {
    if (bytes > remaining) {
      throw new BufferOverflowException();
    }
    long left = bytes;
    while (left > 0) {
      skipExhausted();
      ByteBuffer segment = segments[current];
      int step = (int) Math.min(left, segment.remaining());
      for (int i = 0; i < step; i++) {
        segment.put((byte) 0);
      }
      remaining -= step;
      left -= step;
    }
  }

  /**
   * Returns a list over a part of what remains here, with a position of its own over the same
   * memory. This list's position stays where it is.
   *
   * @param offset where the part begins, from this list's position on
   * @param length how long it is
   * @return the part
   * @throws IndexOutOfBoundsException if the part does not lie within what remains
   */
  public IoSegments slice(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, remaining);
    ByteBuffer[] parts = new ByteBuffer[segments.length - Math.min(current, segments.length)];
    int count = 0;
    long skip = offset;
    long left = length;
    for (int i = current; i < segments.length && left > 0; i++) {
      ByteBuffer segment = segments[i];
      int here = segment.remaining();
      if (skip >= here) {
        skip -= here;
        continue;
      }
      int from = (int) skip;
      int size = (int) Math.min(left, here - from);
      parts[count++] =
          segment
              .duplicate()
              .position(segment.position() + from)
              .limit(segment.position() + from + size);
      skip = 0;
      left -= size;
    }
    return new IoSegments(java.util.Arrays.copyOf(parts, count));
  }

  private void skipExhausted() {
    while (current < segments.length - 1 && !segments[current].hasRemaining()) {
      current++;
    }
  }

  @Override
  public String toString() {
    return "IoSegments[" + segments.length + " segments, " + remaining + " bytes remaining]";
  }
}
