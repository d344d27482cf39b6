package dev.netfs.engine;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Memory outside the heap, in frames of one page each, cut from slabs that are allocated as they
 * are needed and kept until the mount is gone: a frame is never unmapped while anybody may still
 * copy from it (see {@link Page}).
 */
final class FramePool {
  private static final int SLAB_BYTES = 4 << 20;

  /** The place of one page: {@code pageSize} bytes of a slab. */
  static final class Frame {
    final ByteBuffer slab;
    final int offset;
    private final int size;

    Frame(ByteBuffer slab, int offset, int size) {
      this.slab = slab;
      this.offset = offset;
      this.size = size;
    }

    /** Returns a view of a part of the frame, by offsets in it. */
    ByteBuffer view(int from, int to) {
      return slab.duplicate().position(offset + from).limit(offset + to);
    }

    /** Sets a part of the frame to zeros. */
    void zero(int from, int to) {
      int at = from;
      while (at < to) {
        int step = Math.min(to - at, ZEROS.capacity());
        slab.put(offset + at, ZEROS, 0, step);
        at += step;
      }
    }

    int size() {
      return size;
    }
  }

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(4096).asReadOnlyBuffer();

  private final int pageSize;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Frame> free = new ArrayDeque<>(); // guarded by lock
  private final AtomicLong used = new AtomicLong();

  FramePool(int pageSize) {
    this.pageSize = pageSize;
  }

  /** Returns a frame, whose content is of no account. */
  Frame allocate() {
    used.incrementAndGet();
    lock.lock();
    try {
      Frame frame = free.pollLast();
      if (frame != null) {
        return frame;
      }
      ByteBuffer slab = ByteBuffer.allocateDirect(Math.max(SLAB_BYTES, pageSize));
      for (int at = slab.capacity() - pageSize; at > 0; at -= pageSize) {
        free.addLast(new Frame(slab, at, pageSize));
      }
      return new Frame(slab, 0, pageSize);
    } catch (OutOfMemoryError e) {
      used.decrementAndGet();
      throw e;
    } finally {
      lock.unlock();
    }
  }

  /** Takes a frame back. */
  void release(Frame frame) {
    used.decrementAndGet();
    lock.lock();
    try {
      free.addLast(frame);
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many frames are in use. */
  long used() {
    return used.get();
  }
}
