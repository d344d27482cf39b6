package dev.netfs.fscache;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Memory to seal and open one slot in: direct where it meets the file, and on the heap where it
 * meets the cipher.
 */
final class Scratch {
  final ByteBuffer sealed;
  final ByteBuffer plain;
  private byte @Nullable [] packed; // made when something is compressed
  private byte @Nullable [] unpacked;

  private Scratch(Slots slots) {
    sealed = ByteBuffer.allocateDirect(slots.slotSize());
    plain = ByteBuffer.allocate(slots.granule);
  }

  /** Returns room for what a granule is compressed to. */
  byte[] packed() {
    byte[] array = packed;
    if (array == null) {
      array = new byte[plain.capacity()];
      packed = array;
    }
    return array;
  }

  /** Returns room for a granule that is, or will be, compressed. */
  byte[] unpacked() {
    byte[] array = unpacked;
    if (array == null) {
      array = new byte[plain.capacity()];
      unpacked = array;
    }
    return array;
  }

  private boolean fits(Slots slots) {
    return plain.capacity() == slots.granule;
  }

  /** Keeps a few, since direct memory is dear to get. */
  static final class Pool {
    private static final int KEPT = 4;

    private final ConcurrentLinkedQueue<Scratch> free = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();

    Scratch take(Slots slots) {
      Scratch scratch = free.poll();
      if (scratch != null) {
        count.decrementAndGet();
        if (scratch.fits(slots)) {
          return scratch;
        }
      }
      return new Scratch(slots);
    }

    void give(Scratch scratch) {
      if (count.get() < KEPT) {
        count.incrementAndGet();
        free.offer(scratch);
      }
    }
  }
}
