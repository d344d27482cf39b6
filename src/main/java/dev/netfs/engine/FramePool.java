package dev.netfs.engine;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Memory outside the heap, in frames for one page each, cut from slabs that are allocated as they
 * are needed and kept until the mount is gone: a frame is never unmapped while anybody may still
 * copy from it (see {@link Page}).
 *
 * <p>A page that holds all of a small file, or the end of a file, needs no whole frame. So a whole
 * frame can be <em>split</em> into equal parts of a power of two, of {@value #SMALLEST} bytes at
 * least; it is whole again when all its parts are back. What is counted is whole frames, split or
 * not: that is the memory which nobody else can have.
 *
 * <p>New memory is slow: the kernel clears it, and Java clears it again, which takes longer than to
 * fill it with what a server sent. So before the last frames are taken, the next slabs are made
 * ready elsewhere ({@link #prepare}); who takes frames makes them himself only where he is faster
 * than that.
 */
final class FramePool {
  static final int SMALLEST = 4096;
  private static final int SLAB_BYTES = 4 << 20;

  /** So many slabs of the usual size are allocated at once at most. */
  private static final int MOST_SLABS = 8;

  /** The place of one page: {@code size} bytes of a slab. */
  static final class Frame {
    final ByteBuffer slab;
    final int offset;
    private final int size;

    /** A whole frame's number in the pool, from 0 on; -1 for a part. */
    final int number;

    /** What the frame is a part of, or null if it is whole. */
    final @Nullable Split split;

    /**
     * The page that was last made of the frame, perhaps evicted by now. Racy: for whoever looks
     * what to evict, which fails with a page that is not in the frame any more.
     */
    volatile @Nullable Page page;

    /**
     * Where the stamps of the frame's next page begin, so that no two of its pages have one in
     * common. Handed on by the pool's lock, from who evicts a page to who makes the next.
     */
    long firstStamp;

    Frame(ByteBuffer slab, int offset, int size, int number, @Nullable Split split) {
      this.slab = slab;
      this.offset = offset;
      this.size = size;
      this.number = number;
      this.split = split;
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

  /** A whole frame in parts. */
  static final class Split {
    final Frame whole;
    final List<Frame> parts;
    private final ArrayDeque<Frame> free; // guarded by the pool's lock

    Split(Frame whole, int size) {
      this.whole = whole;
      int count = whole.size / size;
      parts = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        parts.add(new Frame(whole.slab, whole.offset + i * size, size, -1, this));
      }
      free = new ArrayDeque<>(parts);
    }
  }

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(4096).asReadOnlyBuffer();

  private final int pageSize;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Frame> free = new ArrayDeque<>(); // guarded by lock: whole ones

  /** The splits with parts free, by the size of their parts. Guarded by lock. */
  private final List<LinkedHashSet<Split>> splits = new ArrayList<>();

  /** Of so many whole frames each, in the order of their numbers. Replaced under lock. */
  private volatile ByteBuffer[] slabs = {};

  private final int expectedFrames;
  private final @Nullable Executor elsewhere;
  private boolean preparing; // guarded by lock
  private boolean memoryIsOut; // guarded by lock: nothing is prepared any more
  private final int slabShift;
  private final int pageShift;

  private volatile int used; // written under lock: whole frames

  FramePool(int pageSize) {
    this(pageSize, Integer.MAX_VALUE, null);
  }

  /**
   * Makes a pool.
   *
   * @param pageSize the bytes of a whole frame, a power of two
   * @param expectedFrames how many whole frames will be asked for, which may be exceeded
   * @param elsewhere runs what makes slabs ready before they are needed; null for nobody
   */
  FramePool(int pageSize, int expectedFrames, @Nullable Executor elsewhere) {
    this.pageSize = pageSize;
    this.expectedFrames = expectedFrames;
    this.elsewhere = elsewhere;
    this.pageShift = Integer.numberOfTrailingZeros(pageSize);
    this.slabShift = Math.max(0, Integer.numberOfTrailingZeros(SLAB_BYTES) - pageShift);
    for (int size = SMALLEST; size < pageSize; size *= 2) {
      splits.add(new LinkedHashSet<>());
    }
  }

  /** Returns the size of the smallest frame that takes so many bytes, of a page's at most. */
  int frameSize(long bytes) {
    int size = SMALLEST;
    while (size < bytes && size < pageSize) {
      size *= 2;
    }
    return size;
  }

  private LinkedHashSet<Split> splitsOf(int size) {
    return splits.get(Integer.numberOfTrailingZeros(size / SMALLEST));
  }

  /** Returns whether a frame of a size can be had without taking another whole one. */
  boolean hasPart(int size) {
    if (size == pageSize) {
      return false;
    }
    lock.lock();
    try {
      return !splitsOf(size).isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns a frame, whose content is of no account.
   *
   * @param size as {@link #frameSize} says
   */
  Frame allocate(int size) {
    lock.lock();
    try {
      if (size == pageSize) {
        return whole();
      }
      LinkedHashSet<Split> some = splitsOf(size);
      Split split = some.isEmpty() ? new Split(whole(), size) : some.iterator().next();
      Frame part = split.free.removeFirst();
      if (split.free.isEmpty()) {
        some.remove(split);
      } else {
        some.add(split);
      }
      return part;
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
  private Frame whole() {
    Frame frame = free.pollLast();
    if (frame == null) {
      addSlabs();
      frame = free.removeLast();
    }
    used++;
    int count = elsewhere == null || preparing || memoryIsOut || !isLow(0) ? 0 : next();
    if (elsewhere != null && count > 0) {
      preparing = true;
      elsewhere.execute(() -> prepare(count));
    }
    return frame;
  }

  /**
   * Returns whether so few frames are free that more are made ready, unless none may be: half of
   * what was added last.
   *
   * @param more how many of them are about to be taken
   */
  boolean isLow(int more) {
    int all = slabs.length;
    return (all << slabShift) - used - more <= (Math.min(all, MOST_SLABS) << slabShift) / 2;
  }

  /**
   * Returns how many slabs to add, if any may be: as many as there are, but at most {@value
   * #MOST_SLABS}, and not more than are expected.
   */
  private int next() {
    return Math.min(slabs.length, Math.min(left(), MOST_SLABS * SLAB_BYTES / slabBytes()));
  }

  /** Returns how many slabs are expected beside those that there are. Under the lock. */
  private int left() {
    return expectedFrames - frames() >> slabShift;
  }

  private int slabBytes() {
    return 1 << slabShift + pageShift;
  }

  /** Makes slabs ready, while nobody waits for them. */
  private void prepare(int count) {
    ByteBuffer memory = null;
    try {
      memory = allocateSlabs(count);
    } catch (OutOfMemoryError e) {
      // Who needs a frame asks again, and hears of it.
    } finally {
      lock.lock();
      try {
        preparing = false;
        if (memory == null) {
          memoryIsOut = true;
        } else if (count <= left()) {
          add(memory, count);
        } // else others were faster, and there are enough
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Doubles the memory, by {@value #MOST_SLABS} slabs at most, and not beyond what is expected.
   * They are allocated in one piece: if the kernel gives huge pages to memory of this kind, it can
   * for all of it but the ends. Where others are on their way, one has to do until they are there.
   */
  private void addSlabs() {
    int count = preparing ? 1 : Math.max(1, next());
    ByteBuffer memory;
    try {
      memory = allocateSlabs(count);
    } catch (OutOfMemoryError e) {
      if (count == 1) {
        throw e;
      }
      count = 1;
      memory = allocateSlabs(count);
    }
    add(memory, count);
  }

  private void add(ByteBuffer memory, int count) {
    int bytes = slabBytes();
    ByteBuffer[] all = Arrays.copyOf(slabs, slabs.length + count);
    for (int i = all.length - 1; i >= slabs.length; i--) {
      ByteBuffer slab = memory.slice((i - slabs.length) * bytes, bytes);
      all[i] = slab;
      for (int frame = (1 << slabShift) - 1; frame >= 0; frame--) {
        int number = (i << slabShift) + frame;
        free.addLast(new Frame(slab, frame << pageShift, pageSize, number, null));
      }
    }
    slabs = all;
  }

  /**
   * Returns memory that begins where the processor's pages do: so a block of that size is in one of
   * them, and not in the halves of two, which both have to be looked up.
   */
  private ByteBuffer allocateSlabs(int count) {
    int bytes = count << slabShift + pageShift;
    return ByteBuffer.allocateDirect(bytes + SMALLEST).alignedSlice(SMALLEST);
  }

  /** Returns what the whole frame with a number, which the caller has from this pool, is in. */
  ByteBuffer slab(int number) {
    return slabs[number >>> slabShift];
  }

  /** Returns where in its slab a whole frame begins. */
  int offset(int number) {
    return (number & ((1 << slabShift) - 1)) << pageShift;
  }

  /** Takes a frame back. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
  void release(Frame frame) {
    frame.page = null;
    lock.lock();
    try {
      Frame back = frame;
      Split split = frame.split;
      if (split != null) {
        LinkedHashSet<Split> some = splitsOf(frame.size);
        split.free.addLast(frame);
        if (split.free.size() < split.parts.size()) {
          some.add(split);
          return;
        }
        some.remove(split);
        back = split.whole;
      }
      used--;
      free.addLast(back);
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many whole frames there is memory for, in use or not. */
  int frames() {
    return slabs.length << slabShift;
  }

  /** Returns how many whole frames are in use, as such or in part. */
  int used() {
    return used;
  }
}
