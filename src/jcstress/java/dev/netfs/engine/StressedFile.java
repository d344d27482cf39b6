package dev.netfs.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A file with its pages, of which each instance is raced over once. The frames are one page's
 * smallest size, and many: when one is used again, the instance that had it is over.
 */
abstract class StressedFile {
  static final int SIZE = FramePool.SMALLEST;
  static final long A = 0x0101010101010101L;
  static final long B = 0x0202020202020202L;

  /** What a read says: that it was refused, whose bytes it has seen, or those of both. */
  static final int REFUSED = 0;

  static final int SAW_A = 1;
  static final int SAW_B = 2;
  static final int TORN = 3;
  static final FramePool POOL = new FramePool(SIZE);

  private static final int FRAMES = 1 << 14;
  private static final FramePool.Frame[] RING = new FramePool.Frame[FRAMES];
  private static final AtomicInteger NEXT = new AtomicInteger();
  private static final Services SERVICES;
  private static final ThreadLocal<ByteBuffer> COPY =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(SIZE));
  private static final ByteBuffer ALL_A = filled(A);
  private static final ByteBuffer ALL_B = filled(B);

  static {
    for (int i = 0; i < FRAMES; i++) {
      RING[i] = POOL.allocate(SIZE);
    }
    try {
      SERVICES = new SimServer(1).mount(Map.of("pageSize", SIZE)).services();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  final Inode inode = new Inode(SERVICES, SERVICES.inodes(), "/f");
  final PageIndex index = inode.pages;
  final PageTable table = index.table;

  private static ByteBuffer filled(long value) {
    ByteBuffer content = ByteBuffer.allocateDirect(SIZE);
    while (content.hasRemaining()) {
      content.putLong(value);
    }
    return content.flip();
  }

  static FramePool.Frame frame() {
    return RING[NEXT.getAndIncrement() & (FRAMES - 1)];
  }

  /** Makes a page, full of one value, with its maker's pin. */
  Page page(long number, FramePool.Frame frame, long value) {
    Page page = new Page(inode, number, frame, 0);
    fill(page, value);
    return page;
  }

  /** Makes a page that is in the index and in the table, and has no pin. */
  Page mapped(long number, long value) {
    Page page = page(number, frame(), value);
    index.put(page);
    table.map(page, index);
    page.dropPin();
    return page;
  }

  static void fill(Page page, long value) {
    page.write(0, (value == A ? ALL_A : ALL_B).duplicate(), SIZE);
  }

  int readByTable(long number) {
    ByteBuffer copy = COPY.get().clear();
    return table.read(POOL, 0, number, 0, copy, SIZE) ? seen(copy) : REFUSED;
  }

  static int readByPage(Page page) {
    ByteBuffer copy = COPY.get().clear();
    int count = page.read(0, copy, SIZE);
    return count == SIZE ? seen(copy) : count == 0 ? REFUSED : TORN;
  }

  private static int seen(ByteBuffer copy) {
    long first = copy.getLong(0);
    for (int i = Long.BYTES; i < SIZE; i += Long.BYTES) {
      if (copy.getLong(i) != first) {
        return TORN;
      }
    }
    return first == A ? SAW_A : first == B ? SAW_B : TORN;
  }
}
