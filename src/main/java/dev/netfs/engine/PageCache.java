package dev.netfs.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
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
 * <p><b>Use.</b> A page is of use once in an {@linkplain #epoch epoch}, the time in which a
 * sixteenth of the memory gets new content, and in the first not beyond having been fetched. So a
 * stream that passes over a page in many small reads uses it once, as one that takes it in a single
 * read, and does not evict what others come back to.
 *
 * <p><b>Small pages</b> share frames (see {@link FramePool}). Where room is made at the cost of
 * one, those that share its frame go with it, unless one of them was used of late.
 *
 * <p><b>Passed pages.</b> What a stream reads for the first time from the disk's cache, and has
 * passed, is worth less than memory that has to be got from the kernel first, which takes longer
 * than to read it from the disk again. So beyond a 64th of the budget such pages give their frames
 * to the next ones before there are more frames; in the meantime, and as long as there are free
 * ones, they are found in memory as all others are.
 *
 * <p><b>Lock order.</b> An inode's lock may be held by callers of every method here. Eviction,
 * which Caffeine does under its own lock, therefore never takes an inode's lock: it works by the
 * page's pin count, the index's slots and the inode's zero point alone, which are atomic.
 */
final class PageCache {
  private static final int EPOCHS = 16;

  /** This part of the budget keeps what was passed. */
  private static final int PASSED_PARTS = 64;

  /** As many frames, perhaps, are taken by others between a look at the pool and its taking one. */
  private static final int AT_ONCE = 4;

  private final int pageSize;
  private final int budgetFrames;
  private final int evictionBatch;
  private final FramePool pool;
  private final Cache<Page, Page> evictable;
  private final Policy.Eviction<Page, Page> order;
  private final long epochBytes;
  private final AtomicLong allocated = new AtomicLong();

  /** In the order of passing; not in {@link #evictable}. Some may be evicted already. */
  private final ConcurrentLinkedQueue<Page> passed = new ConcurrentLinkedQueue<>();

  private final AtomicInteger passedCount = new AtomicInteger();
  private final int passedKept;

  /** Counts from 1. Racy: a page may be taken to be of use once too often. */
  private volatile int epoch = 1;

  /**
   * @param background makes memory ready before it is needed
   */
  PageCache(long budget, int pageSize, Background background) {
    this.pageSize = pageSize;
    this.budgetFrames = (int) Math.max(4, Math.min(Integer.MAX_VALUE, budget / pageSize));
    this.evictionBatch = Math.max(1, Math.min(32, budgetFrames / 16));
    this.passedKept = budgetFrames / PASSED_PARTS;
    this.epochBytes = Math.max(pageSize, (long) budgetFrames * pageSize / EPOCHS);
    this.pool = new FramePool(pageSize, budgetFrames, background::execute);
    this.evictable =
        Caffeine.newBuilder()
            .maximumWeight((long) budgetFrames * pageSize / FramePool.SMALLEST)
            .weigher((Page page, Page same) -> page.frame.size() / FramePool.SMALLEST)
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

  /** Returns the size of the frame that {@link #allocate(long)} finds for so many bytes. */
  int frameSize(long bytes) {
    return pool.frameSize(bytes);
  }

  /** Returns a frame for a whole page. */
  FramePool.Frame allocate() {
    return allocate(pageSize);
  }

  /**
   * Returns a frame for at least so many bytes, or for a page if they are more, evicting cold pages
   * if the budget is used up.
   */
  FramePool.Frame allocate(long bytes) {
    int size = pool.frameSize(bytes);
    epoch = 1 + (int) (allocated.addAndGet(size) / epochBytes);
    boolean full = pool.used() >= budgetFrames;
    if ((full || pool.isLow(AT_ONCE)) && !pool.hasPart(size)) {
      if (!recycle(full ? 0 : passedKept) && full) {
        makeRoom();
      }
    }
    return pool.allocate(size);
  }

  /**
   * Evicts the page that was passed first, if more than so many were and nobody has used it since.
   *
   * @return whether a frame has become free
   */
  private boolean recycle(int kept) {
    while (passedCount.get() > kept) {
      Page page = passed.poll();
      if (page == null) {
        return false;
      }
      passedCount.decrementAndGet();
      if (page.usedInEpoch != 0) {
        keep(page);
      } else if (evictNow(page)) {
        return true;
      }
    }
    return false;
  }

  private void makeRoom() {
    int before = pool.used();
    FramePool.Split shared = null;
    for (Page page : order.coldest(evictionBatch).keySet()) {
      FramePool.Split split = page.frame.split;
      if (split != null && isQuiet(split)) {
        evictAll(split);
      } else {
        evictNow(page);
        shared = shared == null ? split : shared;
      }
    }
    if (shared != null && pool.used() >= before) {
      evictAll(shared); // since nothing else has made room
    }
  }

  /** Evicts a page if nobody has a pin on it; returns whether its frame is free now. */
  private boolean evictNow(Page page) {
    boolean evicted = evict(page);
    evictable.invalidate(page);
    return evicted;
  }

  private void evictAll(FramePool.Split split) {
    for (FramePool.Frame part : split.parts) {
      Page page = part.page;
      if (page != null) {
        evictNow(page);
      }
    }
  }

  /** Returns whether no page in a frame was of use in this epoch or the last. */
  private boolean isQuiet(FramePool.Split split) {
    for (FramePool.Frame part : split.parts) {
      Page page = part.page;
      if (page != null && page.usedInEpoch >= epoch - 1) {
        return false;
      }
    }
    return true;
  }

  /** Takes back a frame that belongs to no page. */
  void release(FramePool.Frame frame) {
    pool.release(frame);
  }

  /** Returns the number of this epoch. */
  int epoch() {
    return epoch;
  }

  FramePool frames() {
    return pool;
  }

  /** Notes that a page was of use. */
  void touch(Page page) {
    int now = epoch;
    if (page.usedInEpoch != now) {
      page.usedInEpoch = now;
      Page unused = evictable.getIfPresent(page);
    }
  }

  /**
   * Returns a page that may be changed: the given one, or a copy that has taken its place. Under
   * the inode's lock.
   *
   * @param page the caller's by a pin, which it loses if it is not the one returned
   * @param end the byte after the last one in the page that there has to be memory for
   * @param bytes for how many there will be memory if there is not enough
   * @return with a pin, {@linkplain Page#closeToLoans closed to loans}
   */
  Page writable(Page page, int end, long bytes) {
    int size = page.frame.size();
    if (size < end) {
      return grow(page, Math.max(end, bytes));
    }
    return page.closeToLoans() ? page : grow(page, size);
  }

  /**
   * Replaces a page by one with more memory and the same content, which can hold so many bytes at
   * least. What is beyond the old one's memory is not valid, or zeros where the server has none.
   * Under the inode's lock.
   *
   * @param page the caller's by a pin, which it loses
   * @return the new page, with a pin, {@linkplain Page#closeToLoans closed to loans}
   */
  Page grow(Page page, long bytes) {
    Inode inode = page.inode;
    Page larger = new Page(inode, page.number, allocate(bytes), page.fetchedMillis);
    larger.copy(page);
    larger.closeToLoans();
    int end = page.frame.size();
    if (page.number * pageSize + end >= inode.zeroPoint()) {
      larger.zero(end, larger.frame.size());
    }
    page.detached = true; // whoever has a pin, such as for sending it, keeps it while he has
    if (page.dirtyPin && larger.tryPin()) {
      larger.dirtyPin = true;
      page.dirtyPin = false;
      unpin(page);
    }
    inode.pages.put(larger);
    evictable.invalidate(page);
    unpin(page);
    return larger;
  }

  /** Gives back a pin; without any, a page may be evicted, and goes at once if it is detached. */
  void unpin(Page page) {
    if (isFree(page)) {
      if (page.usedInEpoch == 0) {
        page.usedInEpoch = epoch;
      }
      keep(page);
    }
  }

  /** As {@link #unpin}, of a page that a stream has passed and will hardly come back to. */
  void unpinPassed(Page page) {
    if (!isFree(page)) {
      return;
    }
    if (page.frame.split != null) {
      keep(page);
      return;
    }
    page.usedInEpoch = 0; // whoever uses it from now on says so
    passed.add(page);
    if (page.isEvicted() || page.detached) {
      drop(page);
    }
    if (passedCount.incrementAndGet() > pool.frames()) {
      // There are not so many pages: the first ones were dropped long ago, or else are kept.
      Page first = passed.poll();
      if (first != null) {
        passedCount.decrementAndGet();
        keep(first);
      }
    }
  }

  /** Gives back a pin; returns whether nobody has one now and the page is still its file's. */
  private boolean isFree(Page page) {
    boolean detached = page.detached;
    if (!page.dropPin()) {
      return false;
    }
    if (detached || page.detached) {
      evict(page);
      return false;
    }
    return true;
  }

  /** Has a page stay as long as it is of use. */
  private void keep(Page page) {
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

  /** Evicts a page if nobody has a pin on it; returns whether its frame is free now. */
  private boolean evict(Page page) {
    if (!evict(page, pageSize)) {
      return false;
    }
    boolean free = page.leaveFrame();
    if (free) {
      pool.release(page.frame);
    }
    page.inode.pageEvicted();
    return free;
  }

  /**
   * Lends valid bytes: they are in the page's frame, and do not change, until the loan is
   * {@linkplain #endLoan ended}. By anybody, without a lock.
   *
   * @param offset the first byte's offset in the page
   * @param wanted how many are wanted, at least 1
   * @return how many are lent; 0 where the first is not valid, or bytes are just being changed
   */
  int lend(Page page, int offset, int wanted) {
    if (!page.beginLoan()) {
      return 0;
    }
    // Nobody changes a valid byte from here on: what is seen to be valid now stays as it is.
    int lent = page.lendable(offset, wanted);
    if (lent == 0) {
      endLoan(page);
    }
    return lent;
  }

  /** Ends a loan of a page's bytes, which may have left their file meanwhile. */
  void endLoan(Page page) {
    if (page.dropLoan()) {
      pool.release(page.frame);
    }
  }

  /**
   * Takes a page out of its file, by anybody, under any lock.
   *
   * @return whether it has gone and its frame is the caller's: nobody had a pin on it
   */
  static boolean evict(Page page, int pageSize) {
    // First the zero point, then the page, then the index: whoever finds no page, or one that he
    // cannot pin, finds the point raised. Where the page stays, the server is asked once in vain.
    page.inode.raiseZeroPoint((page.number + 1) * pageSize);
    if (!page.tryEvict()) {
      return false;
    }
    page.inode.pages.remove(page);
    return true;
  }

  /** Returns how many bytes of memory hold file content now, or cannot hold any other page's. */
  long usedBytes() {
    return (long) pool.used() * pageSize;
  }
}
