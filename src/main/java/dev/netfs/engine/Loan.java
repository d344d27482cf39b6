package dev.netfs.engine;

import dev.netfs.engine.FramePool.Frame;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of a file lent to whoever hands them on, as they are in memory: without being copied first.
 * What is lent does not change, whatever happens to the file meanwhile; each page of it is what a
 * read at the moment of {@link #take} would have found.
 *
 * <p>Lends one piece at a time, again and again. Belongs to one thread. To be {@linkplain #close
 * closed} in any case; until then the memory is nobody else's, which counts against the mount's.
 */
public final class Loan implements AutoCloseable {
  /** The largest piece: large enough that the calls per byte do not count. */
  private static final int MOST = 256 << 10;

  private final OpenFile file;
  private final Reads reads;
  private final PageCache cache;
  private final @Nullable Page[] pages;
  private int count;

  Loan(OpenFile file, Reads reads, PageCache cache) {
    this.file = file;
    this.reads = reads;
    this.cache = cache;
    this.pages = new Page[Math.max(1, MOST / cache.pageSize())];
  }

  /**
   * Lends what is in memory from an offset on, in place of what was lent before. Never waits.
   *
   * @param position the first byte's offset in the file, 0 or more
   * @param wanted how many bytes there are a use for, at least 1
   * @return the bytes, read-only, at least one: as many as lie side by side in memory, which says
   *     nothing of what follows; null if the first is not in memory, or not valid, or past the end.
   *     Not to be touched after the next call here
   * @throws IOException as {@link OpenFile#readFromMemory}
   */
  public @Nullable ByteBuffer take(long position, long wanted) throws IOException {
    end();
    file.checkUsable();
    if (file.caching() != OpenMode.Caching.CACHED) {
      return null;
    }
    Inode inode = file.inode();
    long most = Math.min(Math.min(wanted, MOST), inode.localSize() - position);
    int pageSize = cache.pageSize();
    long number = position / pageSize;
    int first = (int) (position % pageSize);
    int offset = first;
    int total = 0;
    Page before = null;
    while (total < most && count < pages.length) {
      Page page = inode.pages.get(number + count);
      if (page == null || (before != null && !isBehind(before.frame, page.frame))) {
        break;
      }
      int step = (int) Math.min(most - total, pageSize - offset);
      int lent = cache.lend(page, offset, step);
      if (lent == 0) {
        break;
      }
      pages[count++] = page;
      total += lent;
      reads.used(file, page);
      if (lent < step) {
        break;
      }
      before = page;
      offset = 0;
    }
    if (total == 0) {
      return null;
    }
    Frame frame = java.util.Objects.requireNonNull(pages[0]).frame;
    reads.lent(total);
    return frame.slab.slice(frame.offset + first, total).asReadOnlyBuffer();
  }

  @SuppressWarnings("ReferenceEquality") // equal buffers are not the same memory
  private static boolean isBehind(Frame before, Frame frame) {
    return frame.slab == before.slab && frame.offset == before.offset + before.size();
  }

  /** Ends what is lent, if anything is. */
  public void end() {
    while (count > 0) {
      Page page = pages[--count];
      pages[count] = null;
      if (page != null) {
        cache.endLoan(page);
      }
    }
  }

  @Override
  public void close() {
    end();
  }
}
