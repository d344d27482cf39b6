package dev.netfs.engine;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Memory of the page cache to be filled by a writer: what is read from elsewhere straight into it
 * becomes a page of the file without being copied ({@link OpenFile#write(PageBuffer, long)}).
 *
 * <p>Belongs to one thread. To be {@linkplain #close closed} in any case.
 */
public final class PageBuffer implements AutoCloseable {
  private final PageCache cache;
  private FramePool.@Nullable Frame frame;
  private final ByteBuffer memory;

  PageBuffer(PageCache cache) {
    this.cache = cache;
    FramePool.Frame fresh = cache.allocate();
    this.frame = fresh;
    this.memory = fresh.view(0, cache.pageSize()).slice();
  }

  /** Returns the memory, of one page's size; its content is of no account, and not zeros. */
  public ByteBuffer memory() {
    return memory;
  }

  /** Returns the frame, which is the caller's now; nobody may touch {@link #memory} any more. */
  FramePool.Frame take() {
    FramePool.Frame taken = java.util.Objects.requireNonNull(frame);
    frame = null;
    return taken;
  }

  /** Gives the memory back, unless it has become a page. */
  @Override
  public void close() {
    if (frame != null) {
      cache.release(frame);
      frame = null;
    }
  }
}
