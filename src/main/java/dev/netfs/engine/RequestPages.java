package dev.netfs.engine;

import dev.netfs.share.IoSegments;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where the bytes of a {@link ReadRequest} land: frames that nobody else can see, until a page of
 * them has come, in order, and is <em>published</em> in the inode's index. If there is a page by
 * then (a write made it), the gaps of that one are filled, and ours is thrown away. So a download
 * never clobbers a write, and a writer never waits for a download. Bytes that were written
 * meanwhile are not published: their page may have been evicted, or dropped, and made again since.
 *
 * <p><b>Concurrency.</b> Guarded by the inode's lock, but for {@link #memory}, whose parts belong
 * to whoever reads into them until they have come. What is published has a pin until {@link
 * #unpin}.
 */
final class RequestPages {
  private record Marker(long page, ReadStream stream) {}

  private final Inode inode;
  private final PageCache cache;
  private final long start;
  private final long end;
  private final int pageSize;
  private final long firstPage;
  private final @Nullable Page[] pages;
  private final IoSegments memory;
  private final long held;
  private final List<Marker> markers = new ArrayList<>(1);
  private @Nullable ExtentSet poisoned; // bytes changed meanwhile
  private int next; // the first page not yet published or thrown away

  /**
   * Makes memory for a range.
   *
   * @param fetchedMillis when the bytes are asked for, in milliseconds since the epoch
   */
  RequestPages(Inode inode, PageCache cache, long start, long end, long fetchedMillis) {
    this.inode = inode;
    this.cache = cache;
    this.start = start;
    this.end = end;
    this.pageSize = cache.pageSize();
    this.firstPage = start / pageSize;
    pages = new Page[(int) ((end - 1) / pageSize - firstPage + 1)];
    List<ByteBuffer> frames = new ArrayList<>(pages.length);
    long bytes = 0;
    for (int i = 0; i < pages.length; i++) {
      // The last page of a file needs no memory for what is behind the file's end.
      long size = Math.max(inode.localSize(), inode.remoteSize()) - (firstPage + i) * pageSize;
      FramePool.Frame frame = cache.allocate(Math.max(to(i), size));
      pages[i] = new Page(inode, firstPage + i, frame, fetchedMillis);
      bytes += frame.size();
      frames.add(frame.view(from(i), to(i)));
    }
    held = bytes;
    memory = IoSegments.of(frames);
  }

  /** The first byte of a page, by its place in the request, that the request fills. */
  private int from(int place) {
    return (int) Math.max(0, start - (firstPage + place) * pageSize);
  }

  /** The byte after the last one of a page that the request fills. */
  private int to(int place) {
    return (int) Math.min(pageSize, end - (firstPage + place) * pageSize);
  }

  /** Returns the memory for some bytes of the range, by their offset in the file. */
  IoSegments memory(long from, long length) {
    return memory.slice(from - start, length);
  }

  /** Returns how many bytes of memory there are. */
  long held() {
    return held;
  }

  /** Returns where what is neither published nor thrown away begins. */
  long nextStart() {
    return Math.min(end, Math.max(start, (firstPage + next) * pageSize));
  }

  /** Returns where the page ends that holds a byte. */
  long pageEnd(long position) {
    return Math.min(end, (position / pageSize + 1) * pageSize);
  }

  /**
   * Publishes the pages that have come as a whole.
   *
   * @param collected where what has come ends
   * @param endOfFile where the server's file ends, if that has shown; else far away
   * @param keep whether they are still good; if not, they are thrown away
   */
  void publish(long collected, long endOfFile, boolean keep) {
    while (next < pages.length && pageEnd((firstPage + next) * pageSize) <= collected) {
      publish(next++, endOfFile, keep);
    }
  }

  private void publish(int place, long endOfFile, boolean keep) {
    if (!keep) {
      discard(place);
      return;
    }
    Page mine = Objects.requireNonNull(pages[place]);
    int from = from(place);
    int to = to(place);
    long base = mine.number * pageSize;
    if (base + to > endOfFile) {
      // The server's end lies in this page or before it: what follows is zeros.
      mine.frame.zero(Math.max(from, (int) Math.max(0, endOfFile - base)), to);
    }
    int frame = mine.frame.size();
    if (base + to >= Math.min(endOfFile, inode.remoteSize()) && to < frame) {
      // The page ends behind the file: valid to its end, and zero there (S5).
      mine.frame.zero(to, frame);
      to = frame;
    }
    ExtentSet good = new ExtentSet();
    good.add(base + from, base + to);
    if (poisoned != null) {
      poisoned.forEachIn(base, base + to, good::remove);
    }
    if (good.isEmpty()) {
      discard(place);
      return;
    }
    Page page = mine;
    Page there = inode.pages.get(mine.number);
    if (there != null && there.tryPin()) {
      page = cache.writable(there, to, to);
    }
    Page filled = page;
    good.forEachIn(
        base,
        base + to,
        (start, end) -> {
          if (filled == mine) {
            mine.makeValid((int) (start - base), (int) (end - base));
          } else {
            filled.fillGaps(mine, (int) (start - base), (int) (end - base));
          }
        });
    if (filled == mine) {
      inode.pages.put(mine);
    } else {
      filled.openToLoans();
      cache.release(mine.frame);
      pages[place] = filled;
    }
    for (Marker marker : markers) {
      if (marker.page == filled.number) {
        filled.setMarker(marker.stream);
      }
    }
  }

  /** Throws away what is not published: it will not come any more. */
  void discardRest() {
    for (int i = next; i < pages.length; i++) {
      discard(i);
    }
  }

  private void discard(int place) {
    Page mine = pages[place];
    if (mine != null) {
      cache.release(mine.frame);
      pages[place] = null;
    }
  }

  /** Has a page get a stream's marker when it is published. */
  void mark(long page, ReadStream stream) {
    if (page >= firstPage && page < firstPage + pages.length) {
      markers.add(new Marker(page, stream));
    }
  }

  /** Notes that bytes were changed: ours of them may be older. */
  void poison(long from, long to) {
    if (from < (firstPage + pages.length) * pageSize && to > start) {
      if (poisoned == null) {
        poisoned = new ExtentSet();
      }
      poisoned.add(from, to);
    }
  }

  /** Takes what was changed meanwhile out of a set. */
  void removePoisoned(ExtentSet from) {
    if (poisoned != null) {
      poisoned.forEachIn(start, end, from::remove);
    }
  }

  /**
   * Gives the published pages' pins back.
   *
   * @param passed whether their reader will hardly come back to them
   */
  void unpin(boolean passed) {
    for (int i = 0; i < pages.length; i++) {
      Page page = pages[i];
      if (page != null) {
        pages[i] = null;
        if (passed) {
          cache.unpinPassed(page);
        } else {
          cache.unpin(page);
        }
      }
    }
  }
}
