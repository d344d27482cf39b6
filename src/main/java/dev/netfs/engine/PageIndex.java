package dev.netfs.engine;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
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

  /** A node; its slots hold nodes, or pages where {@code shift} is 0. */
  private static final class Node {
    final int shift;
    final AtomicReferenceArray<@Nullable Object> slots = new AtomicReferenceArray<>(FAN_OUT);

    Node(int shift) {
      this.shift = shift;
    }

    boolean covers(long number) {
      return shift + BITS >= Long.SIZE || number >>> (shift + BITS) == 0;
    }
  }

  private volatile @Nullable Node root;
  private final AtomicInteger count = new AtomicInteger();

  /** Returns the page with a number, or null. */
  @Nullable Page get(long number) {
    Node node = root;
    if (node == null || !node.covers(number)) {
      return null;
    }
    while (node.shift > 0) {
      node = (Node) node.slots.getAcquire((int) (number >>> node.shift) & MASK);
      if (node == null) {
        return null;
      }
    }
    return (Page) node.slots.getAcquire((int) number & MASK);
  }

  /** Puts a page in, in the place of an evicted one perhaps. Under the inode's lock. */
  void put(Page page) {
    long number = page.number;
    Node node = root;
    if (node == null) {
      node = new Node(0);
      while (!node.covers(number)) {
        node = new Node(node.shift + BITS);
      }
      root = node;
    }
    while (!node.covers(number)) {
      Node taller = new Node(node.shift + BITS);
      taller.slots.setRelease(0, node);
      node = taller;
      root = node;
    }
    while (node.shift > 0) {
      int slot = (int) (number >>> node.shift) & MASK;
      Node child = (Node) node.slots.getAcquire(slot);
      if (child == null) {
        child = new Node(node.shift - BITS);
        node.slots.setRelease(slot, child);
      }
      node = child;
    }
    if (node.slots.getAndSet((int) number & MASK, page) == null) {
      count.incrementAndGet();
    }
  }

  /** Takes a page out if it is in. */
  void remove(Page page) {
    Node node = root;
    if (node == null || !node.covers(page.number)) {
      return;
    }
    while (node.shift > 0) {
      node = (Node) node.slots.getAcquire((int) (page.number >>> node.shift) & MASK);
      if (node == null) {
        return;
      }
    }
    if (node.slots.compareAndSet((int) page.number & MASK, page, null)) {
      count.decrementAndGet();
    }
  }

  /** Returns how many pages there are. */
  int size() {
    return count.get();
  }

  /** Hands over the pages with numbers from {@code first} on, in order. */
  void forEachFrom(long first, Consumer<Page> consumer) {
    Node node = root;
    if (node != null) {
      visit(node, 0, first, consumer);
    }
  }

  private static void visit(Node node, long base, long first, Consumer<Page> consumer) {
    for (int slot = 0; slot < FAN_OUT; slot++) {
      long lowest = base + ((long) slot << node.shift);
      long highest = lowest + ((1L << node.shift) - 1);
      if (highest < first) {
        continue;
      }
      Object child = node.slots.getAcquire(slot);
      if (child instanceof Node below) {
        visit(below, lowest, first, consumer);
      } else if (child instanceof Page page) {
        consumer.accept(page);
      }
    }
  }

  /** Lets go of the nodes if no page is left. Under the inode's lock. */
  void trim() {
    if (count.get() == 0) {
      root = null;
    }
  }
}
