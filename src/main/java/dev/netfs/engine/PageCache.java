package dev.netfs.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import com.github.benmanes.caffeine.cache.RemovalCause;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a mount: frames under one budget, and the order in which clean pages are evicted.
 *
 * <p>Caffeine holds the pages that may go and knows which has been of least use; a page with a pin
 * (dirty, on its way to the server, just filled for a reader) is not counted on. Before a frame is
 * handed out that the budget does not cover, the coldest pages are evicted. If nothing can be, the
 * budget is exceeded rather than anybody made to wait: what can be pinned is bounded elsewhere, by
 * the dirty limit and the readahead windows.
 *
 * <p><b>Lock order.</b> An inode's lock may be held by callers of every method here. Eviction,
 * which Caffeine does under its own lock, therefore never takes an inode's lock: it works by the
 * page's pin count, the index's slots and the inode's zero point alone, which are atomic.
 */
final class PageCache {
  private final int pageSize;
  private final long budgetFrames;
  private final int evictionBatch;
  private final FramePool pool;
  private final Cache<Page, Page> evictable;
  private final Policy.Eviction<Page, Page> order;

  PageCache(long budget, int pageSize) {
    this.pageSize = pageSize;
    this.budgetFrames = Math.max(4, budget / pageSize);
    this.evictionBatch = (int) Math.max(1, Math.min(32, budgetFrames / 16));
    this.pool = new FramePool(pageSize);
    this.evictable =
        Caffeine.newBuilder()
            .maximumSize(budgetFrames)
            .executor(Runnable::run)
            .evictionListener(
                (@Nullable Page page, @Nullable Page same, RemovalCause cause) -> {
                  if (page != null) {
                    evict(page);
                  }
                })
            .build();
    this.order = evictable.policy().eviction().orElseThrow();
  }

  int pageSize() {
    return pageSize;
  }

  /** Returns a frame, evicting cold pages if the budget is used up. */
  FramePool.Frame allocate() {
    if (pool.used() >= budgetFrames) {
      for (Page page : order.coldest(evictionBatch).keySet()) {
        evict(page);
        evictable.invalidate(page);
      }
    }
    return pool.allocate();
  }

  /** Takes back a frame that belongs to no page. */
  void release(FramePool.Frame frame) {
    pool.release(frame);
  }

  /** Notes that a page was of use. */
  void touch(Page page) {
    Page unused = evictable.getIfPresent(page);
  }

  /** Gives back a pin; without any, a page may be evicted, and goes at once if it is detached. */
  void unpin(Page page) {
    boolean detached = page.detached;
    if (!page.dropPin()) {
      return;
    }
    if (detached || page.detached) {
      evict(page);
      return;
    }
    evictable.put(page, page);
    if (page.isEvicted() || page.detached) {
      drop(page);
    }
  }

  /** Evicts a page at once if nobody has a pin on it, else as soon as nobody has. */
  void drop(Page page) {
    page.inode.raiseZeroPoint((page.number + 1) * pageSize); // first, as in evict
    page.detached = true;
    page.inode.pages.remove(page);
    evict(page);
    evictable.invalidate(page);
  }

  private void evict(Page page) {
    if (page.tryEvict()) {
      // First the zero point, then the index: whoever misses the page finds the point raised.
      page.inode.raiseZeroPoint((page.number + 1) * pageSize);
      page.inode.pages.remove(page);
      pool.release(page.frame);
      page.inode.pageEvicted();
    }
  }

  /** Returns how many bytes of memory hold file content now. */
  long usedBytes() {
    return pool.used() * pageSize;
  }
}
