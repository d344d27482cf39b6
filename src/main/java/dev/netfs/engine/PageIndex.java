package dev.netfs.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one file by number: a radix tree of 64-way nodes, as the kernel's xarray.
 *
 * <p><b>Concurrency.</b> {@link #get} takes no lock and allocates nothing. {@link #put} and {@link
 * #clear} are called under the inode's lock; {@link #remove} may be called by anybody at any time
 * (an eviction), since it only clears a leaf's slot that still holds the page. Nodes are added but
 * not taken away until the file is cleared: a reader on its way down never loses its ground.
 */
final class PageIndex {
  private static final int BITS = 6;
  private static final int FAN_OUT = 1 << BITS;
  private static final int MASK = FAN_OUT - 1;
  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);

  /**
   * A tree of nodes, which are arrays: of nodes, or of pages where the shift is 0. So a reader who
   * finds its page has jumped through memory as often as the tree is high, and no more.
   */
  private record Root(@Nullable Object[] slots, int shift) {
    boolean covers(long number) {
      return PageIndex.covers(shift, number);
    }
  }

  /** The same for pages that are valid as a whole: where readers look first. */
  final PageTable table = new PageTable();

  private volatile @Nullable Root root;
  private final AtomicInteger count = new AtomicInteger();

  private static boolean covers(int shift, long number) {
    return shift + BITS >= Long.SIZE || number >>> (shift + BITS) == 0;
  }

  private static @Nullable Object slot(@Nullable Object[] node, int shift, long number) {
    return SLOT.getAcquire(node, (int) (number >>> shift) & MASK);
  }

  /** Returns the page with a number, or null. */
  @Nullable Page get(long number) {
    @Nullable Object[] leaf = leaf(number);
    return leaf == null ? null : (Page) slot(leaf, 0, number);
  }

  private @Nullable Object @Nullable [] leaf(long number) {
    Root top = root;
    if (top == null || !top.covers(number)) {
      return null;
    }
    @Nullable Object[] node = top.slots;
    for (int shift = top.shift; shift > 0; shift -= BITS) {
      node = (Object[]) slot(node, shift, number);
      if (node == null) {
        return null;
      }
    }
    return node;
  }

  /** Puts a page in, in the place of an evicted one perhaps. Under the inode's lock. */
  void put(Page page) {
    long number = page.number;
    Root top = root;
    if (top == null) {
      int shift = 0;
      while (!covers(shift, number)) {
        shift += BITS;
      }
      top = new Root(new Object[FAN_OUT], shift);
      root = top;
    }
    while (!top.covers(number)) {
      @Nullable Object[] taller = new Object[FAN_OUT];
      taller[0] = top.slots;
      top = new Root(taller, top.shift + BITS);
      root = top;
    }
    @Nullable Object[] node = top.slots;
    for (int shift = top.shift; shift > 0; shift -= BITS) {
      Object child = slot(node, shift, number);
      if (child == null) {
        child = new Object[FAN_OUT];
        SLOT.setRelease(node, (int) (number >>> shift) & MASK, child);
      }
      node = (Object[]) child;
    }
    Page before = (Page) SLOT.getAndSet(node, (int) number & MASK, page);
    if (before == null) {
      count.incrementAndGet();
    } else {
      table.unmap(before);
    }
  }

  /** Takes a page out if it is in. */
  void remove(Page page) {
    @Nullable Object[] leaf = leaf(page.number);
    if (leaf != null && SLOT.compareAndSet(leaf, (int) page.number & MASK, page, null)) {
      table.unmap(page);
      count.decrementAndGet();
    }
  }

  /** Returns how many pages there are. */
  int size() {
    return count.get();
  }

  /** Hands over the pages with numbers from {@code first} on, in order. */
  void forEachFrom(long first, Consumer<Page> consumer) {
    Root top = root;
    if (top != null) {
      visit(top.slots, top.shift, 0, first, consumer);
    }
  }

  private static void visit(
      @Nullable Object[] node, int shift, long base, long first, Consumer<Page> consumer) {
    for (int slot = 0; slot < FAN_OUT; slot++) {
      long lowest = base + ((long) slot << shift);
      long highest = lowest + ((1L << shift) - 1);
      if (highest < first) {
        continue;
      }
      Object child = SLOT.getAcquire(node, slot);
      if (child instanceof Object[] below) {
        visit(below, shift - BITS, lowest, first, consumer);
      } else if (child instanceof Page page) {
        consumer.accept(page);
      }
    }
  }

  /** Lets go of the nodes if no page is left. Under the inode's lock. */
  void trim() {
    if (count.get() == 0) {
      root = null;
      table.clear();
    }
  }

  @Override
  public String toString() {
    Root top = root;
    String height = top == null ? "no node" : "height " + (top.shift / BITS + 1);
    return "PageIndex[" + count + " pages, " + height + "]";
  }
}
