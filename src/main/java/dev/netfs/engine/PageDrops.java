package dev.netfs.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * What goes of a file's pages: what is clean of them, or what lies behind a cut. A page with
 * something to send stays, valid only where that is.
 *
 * <p>All of it under the inode's lock.
 */
final class PageDrops {
  private final Inode inode;
  private final PageCache cache;
  private final int pageSize;

  PageDrops(Inode inode, PageCache cache) {
    this.inode = inode;
    this.cache = cache;
    this.pageSize = cache.pageSize();
  }

  /** Drops every clean byte. */
  void clean() {
    List<Page> all = new ArrayList<>();
    inode.pages.forEachFrom(0, all::add);
    all.forEach(this::clean);
    inode.pages.trim();
  }

  /** Drops the clean bytes of a page. */
  void clean(Page page) {
    if (page.dirtyPin) {
      inode.raiseZeroPoint((page.number + 1) * pageSize);
      page.retainValid(inode.writeback.unsentIn(page));
    } else {
      cache.drop(page);
    }
  }

  /** Drops the clean bytes of all pages that a range touches. */
  void clean(long start, long end) {
    List<Page> within = new ArrayList<>();
    if ((end - start) / pageSize > inode.pages.size()) {
      inode.pages.forEachFrom(start / pageSize, within::add);
    } else {
      for (long number = start / pageSize; number * pageSize < end; number++) {
        Page page = inode.pages.get(number);
        if (page != null) {
          within.add(page);
        }
      }
    }
    for (Page page : within) {
      if (page.number * pageSize < end) {
        clean(page);
      }
    }
  }

  /** Returns the pages whose bytes were asked for before a moment. */
  List<Page> fetchedBefore(long millis) {
    List<Page> before = new ArrayList<>();
    inode.pages.forEachFrom(
        0,
        page -> {
          if (page.fetchedMillis < millis) {
            before.add(page);
          }
        });
    return before;
  }

  /**
   * Drops all that lies behind a size; what is on its way to the server is let go when it is there.
   */
  void behind(long size) {
    List<Page> behind = new ArrayList<>();
    inode.pages.forEachFrom((size + pageSize - 1) / pageSize, behind::add);
    for (Page page : behind) {
      if (page.dirtyPin) {
        page.retainValid(new ExtentSet()); // on its way to the server: it goes when it has arrived
      } else {
        cache.drop(page);
      }
    }
    int tail = (int) (size % pageSize);
    Page boundary = tail == 0 ? null : inode.pages.get(size / pageSize);
    if (boundary != null && boundary.tryPin()) {
      boundary =
          inode.writeback.intersects(size, size / pageSize * pageSize + pageSize)
              // What is on its way is sent as it was written, not as zeros (W1).
              ? cache.grow(boundary, boundary.frame.size())
              : cache.writable(boundary, 0, 0);
      boundary.zero(tail, boundary.frame.size());
      boundary.openToLoans();
      cache.unpin(boundary);
    }
  }
}
