package dev.netfs.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A sum to which a thread adds without an atomic instruction.
 *
 * <p>A {@link LongAdder} adds by compare-and-swap, before which a processor has to finish all that
 * it has begun: in a warm read that is the copy of the bytes, which otherwise goes on while the
 * next read is looked up already. Here most threads have a cell of their own, which nobody else
 * writes; the others share an adder.
 *
 * <p><b>Concurrency.</b> Any thread may call everything at any time. {@link #sum} has in it what
 * was added before by threads that the caller has synchronized with, and misses nothing for good.
 */
final class HotCounter {
  private static final int CELLS = 64; // a power of two
  private static final int LINE =
      8; // longs in a line of a processor's cache, of which two go together
  private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);

  /** What one thread has added: the count is in the middle, with nobody else's in its lines. */
  private record Cell(WeakReference<Thread> owner, long[] count) {
    long get() {
      return (long) COUNT.getOpaque(count, 2 * LINE);
    }

    void add(long n) {
      COUNT.setOpaque(count, 2 * LINE, (long) COUNT.getOpaque(count, 2 * LINE) + n);
    }

    boolean isAbandoned() {
      Thread thread = owner.get();
      return thread == null || !thread.isAlive();
    }
  }

  private final AtomicReferenceArray<@Nullable Cell> cells = new AtomicReferenceArray<>(CELLS);
  private final LongAdder rest = new LongAdder();

  void add(long n) {
    Thread thread = Thread.currentThread();
    int place = (int) thread.getId() & (CELLS - 1);
    Cell cell = cells.getAcquire(place);
    if (cell != null && cell.owner.refersTo(thread)) {
      cell.add(n);
    } else {
      addAsNewcomer(thread, place, cell, n);
    }
  }

  private void addAsNewcomer(Thread thread, int place, @Nullable Cell there, long n) {
    rest.add(n);
    if (there == null || there.isAbandoned()) {
      Cell mine = new Cell(new WeakReference<>(thread), new long[4 * LINE + 1]);
      if (cells.compareAndSet(place, there, mine) && there != null) {
        rest.add(there.get()); // its thread has ended, so this is its last value
      }
    }
  }

  /** Returns what was added so far. */
  long sum() {
    long sum = 0;
    for (int i = 0; i < CELLS; i++) {
      Cell cell = cells.get(i);
      sum += cell == null ? 0 : cell.get();
    }
    return sum + rest.sum();
  }
}
