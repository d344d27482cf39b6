package dev.netfs.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the whole pages of one file are in memory: a word for each, as in a processor's page table,
 * so that a warm read goes from an offset to the bytes by that word alone. {@link PageIndex} knows
 * the same and more, but by way of the {@link Page}, which in a random read is in no processor's
 * cache: that miss costs as much as a fifth of the copy.
 *
 * <h2>An entry</h2>
 *
 * It holds the number of a whole {@linkplain FramePool.Frame frame}, the page's stamp (34 bits of
 * it), when the page was last of use (six bits of {@link PageCache#epoch}), and whether it is
 * {@link #MAPPED}. While it is, the page with that number is in the index and in that frame, is
 * valid as a whole, has that stamp and no marker. Everything else is read by the page.
 *
 * <p>The entry is the sequence lock's word itself: the reader takes it, copies from the frame, and
 * looks whether it is still the same. (The page that a frame gets next goes on with the stamps of
 * the one before, so an entry does not come back. A stamp has come round after 2<sup>34</sup>
 * changes, which take a quarter of an hour without a break, in the middle of one reader's copy.)
 *
 * <h2>Who changes it</h2>
 *
 * <ul>
 *   <li>{@link #map}: under the inode's lock.
 *   <li>{@link #unmap}: whoever makes one of the conditions untrue. A change of the page and a new
 *       marker come under the inode's lock; an eviction and a removal from the index on any thread,
 *       and both are final for the page. They make the condition untrue first and look at the entry
 *       then; {@code map} writes the entry first, as one that no reader takes yet, and looks at the
 *       conditions then. So one of the two sees the other.
 *   <li>{@link #use}: any reader, by compare-and-swap of a mapped entry.
 * </ul>
 */
final class PageTable {
  private static final int LEAF_BITS = 7;
  private static final int LEAF = 1 << LEAF_BITS;

  /** Pages from this number on have no entry: a file may be all holes, and the root is not. */
  private static final long LIMIT = 1L << 22;

  private static final long MAPPED = 1;
  private static final long BEING_MAPPED = 2;
  private static final int EPOCH_SHIFT = 2;
  private static final int EPOCH_BITS = 6;
  private static final int FRAME_SHIFT = EPOCH_SHIFT + EPOCH_BITS;
  private static final int FRAME_BITS = 22;
  private static final int STAMP_SHIFT = FRAME_SHIFT + FRAME_BITS;
  private static final long EPOCH_MASK = ((1L << EPOCH_BITS) - 1) << EPOCH_SHIFT;
  private static final int FRAME_MASK = (1 << FRAME_BITS) - 1;
  private static final long READABLE_MASK = EPOCH_MASK | BEING_MAPPED | MAPPED;

  private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle NODE = MethodHandles.arrayElementVarHandle(long[][].class);
  private static final long[][] EMPTY = {};

  /** The leaves by number. Written under the inode's lock. */
  private volatile long[] @Nullable [] leaves = EMPTY;

  private long @Nullable [] leaf(long number) {
    long[] @Nullable [] all = leaves;
    long at = number >>> LEAF_BITS;
    return at < all.length ? (long[]) NODE.getAcquire(all, (int) at) : null;
  }

  private static int frame(long entry) {
    return (int) (entry >>> FRAME_SHIFT) & FRAME_MASK;
  }

  private static long epochBits(int epoch) {
    return ((long) epoch << EPOCH_SHIFT) & EPOCH_MASK;
  }

  /**
   * Copies bytes of a page out without a lock, if it is mapped and was of use in this epoch.
   *
   * @param number the page's
   * @param offset the first byte's offset in the page
   * @param dst takes them at its position, which moves on
   * @param length how many, at least 1 and all in the page
   * @return whether they were copied; if not, the page itself has to be looked at
   */
  boolean read(FramePool frames, int epoch, long number, int offset, ByteBuffer dst, int length) {
    long[] leaf = leaf(number);
    if (leaf == null) {
      return false;
    }
    int slot = (int) number & (LEAF - 1);
    long entry = (long) ENTRY.getAcquire(leaf, slot);
    if ((entry & READABLE_MASK) != (epochBits(epoch) | MAPPED)) {
      return false;
    }
    int frame = frame(entry);
    int at = dst.position();
    dst.put(at, frames.slab(frame), frames.offset(frame) + offset, length);
    VarHandle.acquireFence();
    if ((long) ENTRY.getOpaque(leaf, slot) != entry) {
      return false;
    }
    dst.position(at + length);
    return true;
  }

  /**
   * Has a page's entry say when the page was of use, as the page itself does.
   *
   * @return whether there is one
   */
  boolean use(Page page) {
    long[] leaf = leaf(page.number);
    if (leaf == null) {
      return false;
    }
    int slot = (int) page.number & (LEAF - 1);
    long entry = (long) ENTRY.getAcquire(leaf, slot);
    if ((entry & MAPPED) == 0 || frame(entry) != page.frame.number) {
      return false;
    }
    long used = (entry & ~EPOCH_MASK) | epochBits(page.usedInEpoch);
    if (entry != used) {
      ENTRY.compareAndSet(leaf, slot, entry, used); // or somebody else was faster, or it is over
    }
    return true;
  }

  /**
   * Makes a page's entry, if it is one that has one. Under the inode's lock.
   *
   * @param index which holds the page
   */
  void map(Page page, PageIndex index) {
    int frame = page.frame.number;
    if (frame < 0 || frame > FRAME_MASK || page.number >= LIMIT || !page.isPlain()) {
      return;
    }
    long[] leaf = leaf(page.number);
    leaf = leaf == null ? addLeaf(page.number) : leaf;
    int slot = (int) page.number & (LEAF - 1);
    long stamp = page.stamp();
    long entry =
        BEING_MAPPED
            | epochBits(page.usedInEpoch)
            | ((long) frame << FRAME_SHIFT)
            | (stamp >>> 1 << STAMP_SHIFT);
    if (!ENTRY.compareAndSet(leaf, slot, 0L, entry)) {
      return; // mapped, or what was here before has not been unmapped yet
    }
    // Evicted or removed meanwhile? If it is from now on, whoever does it unmaps it.
    if (page.isEvicted() || index.get(page.number) != page) {
      ENTRY.compareAndSet(leaf, slot, entry, 0L);
    } else {
      ENTRY.compareAndSet(leaf, slot, entry, (entry & ~BEING_MAPPED) | MAPPED);
    }
  }

  private long[] addLeaf(long number) {
    int at = (int) (number >>> LEAF_BITS);
    long[] @Nullable [] all = leaves;
    if (at >= all.length) {
      int length = Math.max(at + 1, Math.min(2 * all.length, (int) (LIMIT >>> LEAF_BITS)));
      all = Arrays.copyOf(all, length);
    }
    long[] leaf = new long[LEAF];
    NODE.setRelease(all, at, leaf);
    leaves = all;
    return leaf;
  }

  /**
   * Takes a page's entry away, if it has one. Whoever is just copying will throw the copy away.
   *
   * @see PageTable who calls it, and when
   */
  void unmap(Page page) {
    long[] leaf = leaf(page.number);
    if (leaf == null) {
      return;
    }
    int slot = (int) page.number & (LEAF - 1);
    long entry = (long) ENTRY.getVolatile(leaf, slot);
    while ((entry & (MAPPED | BEING_MAPPED)) != 0
        && frame(entry) == page.frame.number
        && !ENTRY.compareAndSet(leaf, slot, entry, 0L)) {
      entry = (long) ENTRY.getVolatile(leaf, slot);
    }
  }

  /** Returns a page's entry, or 0. */
  long entry(long number) {
    long[] leaf = leaf(number);
    return leaf == null ? 0 : (long) ENTRY.getAcquire(leaf, (int) number & (LEAF - 1));
  }

  /** Lets go of the leaves, of which no entry is mapped any more. Under the inode's lock. */
  void clear() {
    leaves = EMPTY;
  }

  @Override
  public String toString() {
    return "PageTable[" + leaves.length + " leaves]";
  }
}
