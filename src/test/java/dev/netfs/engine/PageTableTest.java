package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class PageTableTest {
  private static final int SIZE = 2 * FramePool.SMALLEST;

  private final FramePool pool = new FramePool(SIZE);
  private Mount mount;
  private Inode inode;
  private PageIndex index;
  private PageTable table;

  @BeforeEach
  void inode() throws IOException {
    mount = new SimServer(1).mount(Map.of());
    inode = new Inode(mount.services(), mount.services().inodes(), "/f");
    index = inode.pages;
    table = index.table;
  }

  @AfterEach
  void unmount() throws IOException {
    mount.close();
  }

  /** Makes a page that is in the index, valid as a whole, full of one value, and without a pin. */
  private Page page(long number, long value) {
    FramePool.Frame frame = pool.allocate(SIZE);
    for (int i = 0; i < SIZE; i += Long.BYTES) {
      frame.slab.putLong(frame.offset + i, -1);
    }
    Page page = new Page(inode, number, frame, 0);
    fill(page, value);
    index.put(page);
    page.dropPin();
    return page;
  }

  private static void fill(Page page, long value) {
    ByteBuffer content = ByteBuffer.allocate(SIZE);
    while (content.hasRemaining()) {
      content.putLong(value);
    }
    page.write(0, content.flip(), SIZE);
  }

  private Page mapped(long number, long value) {
    Page page = page(number, value);
    table.map(page, index);
    assertReads(number, value);
    return page;
  }

  private void assertReads(long number, long value) {
    ByteBuffer dst = ByteBuffer.allocate(24).position(3).limit(19);
    assertThat(table.read(pool, 0, number, 8, dst, 16)).isTrue();
    assertThat(dst.position()).isEqualTo(19);
    assertThat(dst.getLong(3)).isEqualTo(value);
    assertThat(dst.getLong(11)).isEqualTo(value);
  }

  private void assertUnmapped(long number) {
    ByteBuffer dst = ByteBuffer.allocate(8);
    assertThat(table.read(pool, 0, number, 0, dst, 8)).isFalse();
    assertThat(dst.position()).isZero();
    assertThat(table.entry(number)).isZero();
  }

  @Test
  void leadsToTheBytesOfEachPage() {
    long[] numbers = {0, 1, 127, 128, 5_000, (1 << 22) - 1, 3, 300};
    for (long number : numbers) {
      assertUnmapped(number);
      mapped(number, 1_000 + number);
    }
    for (long number : numbers) {
      assertReads(number, 1_000 + number);
    }
  }

  @Test
  void aFileOfHolesDoesNotMakeItHuge() {
    for (long number : new long[] {1 << 22, 1L << 40, Long.MAX_VALUE / SIZE}) {
      table.map(page(number, 1), index);
      assertUnmapped(number);
    }
  }

  @Test
  void hasOnlyPagesThatAreValidAsAWholeInAFrameOfTheirOwn() {
    Page gap = new Page(inode, 1, pool.allocate(SIZE), 0);
    gap.zero(1, SIZE);
    Page end = new Page(inode, 2, pool.allocate(SIZE), 0);
    end.zero(0, SIZE - 1);
    Page part = new Page(inode, 3, pool.allocate(SIZE / 2), 0);
    part.zero(0, SIZE / 2);
    for (Page page : List.of(gap, end, part)) {
      index.put(page);
      table.map(page, index);
      assertUnmapped(page.number);
    }
    gap.zero(0, 1);
    table.map(gap, index);
    assertReads(1, 0);
  }

  @Test
  void hasNoPageThatTheIndexHasNot() {
    Page out = page(1, 7);
    index.remove(out);
    table.map(out, index);
    assertUnmapped(1);
  }

  @Test
  void hasNoPageThatIsBeingEvicted() {
    Page evicted = page(1, 7);
    assertThat(evicted.tryEvict()).isTrue();
    table.map(evicted, index); // still in the index
    assertUnmapped(1);
  }

  @Test
  void aChangeUnmaps() {
    Page page = mapped(4, 7);
    assertThat(page.tryPin()).isTrue();
    fill(page, 8);
    assertUnmapped(4);
    table.map(page, index);
    assertReads(4, 8);
    page.retainValid(new ExtentSet());
    assertUnmapped(4);
    table.map(page, index);
    assertUnmapped(4);
  }

  @Test
  void aMarkerUnmapsUntilAReaderHasTakenIt() {
    Page page = mapped(4, 7);
    page.setMarker(new ReadStream(inode, mount.reads(), 0, 0, 0));
    assertUnmapped(4);
    table.map(page, index);
    assertUnmapped(4);
    page.setMarker(null);
    table.map(page, index);
    assertReads(4, 7);
  }

  @Test
  void anEvictionUnmaps() {
    Page page = mapped(4, 7);
    assertThat(page.tryPin()).isTrue();
    assertThat(page.tryEvict()).isFalse();
    assertReads(4, 7);
    page.dropPin();
    assertThat(page.tryEvict()).isTrue();
    assertUnmapped(4);
  }

  @Test
  void aRemovalUnmaps() {
    Page page = mapped(4, 7);
    assertThat(page.tryPin()).isTrue(); // as one that is being sent, and is dropped meanwhile
    index.remove(page);
    assertUnmapped(4);
  }

  @Test
  void aPageInTheOldOnesPlaceUnmapsIt() {
    mapped(4, 7);
    page(4, 8);
    assertUnmapped(4);
  }

  @Test
  void aPageOfBeforeDoesNotUnmapTheOneInItsPlace() {
    Page before = mapped(4, 7);
    mapped(5, 9); // so that the next has another frame
    assertThat(before.tryEvict()).isTrue();
    mapped(4, 8);
    index.remove(before);
    before.setMarker(new ReadStream(inode, mount.reads(), 0, 0, 0));
    assertReads(4, 8);
  }

  @Test
  void noTwoPagesOfAFrameHaveAnEntryInCommon() {
    Page first = mapped(4, 7);
    long entry = table.entry(4);
    assertThat(first.tryEvict()).isTrue();
    index.remove(first);
    pool.release(first.frame);
    Page second = mapped(4, 7);
    assertThat(second.frame).isSameAs(first.frame);
    assertThat(table.entry(4)).isNotEqualTo(entry);
  }

  @Test
  void isReadInTheEpochInWhichThePageWasOfUse() {
    Page page = page(4, 7);
    page.usedInEpoch = 70;
    table.map(page, index);
    ByteBuffer dst = ByteBuffer.allocate(SIZE);
    assertThat(table.read(pool, 70, 4, 0, dst, SIZE)).isTrue();
    assertThat(table.read(pool, 71, 4, 0, dst.clear(), SIZE)).isFalse();
    page.usedInEpoch = 71;
    assertThat(table.use(page)).isTrue();
    assertThat(table.read(pool, 71, 4, 0, dst.clear(), SIZE)).isTrue();
    assertThat(table.read(pool, 70, 4, 0, dst.clear(), SIZE)).isFalse();
  }

  @Test
  void aPageThatIsNotMappedIsOfNoUse() {
    mapped(5, 6);
    Page page = page(4, 7);
    assertThat(table.use(page)).isFalse();
    assertThat(table.use(page(1000, 7))).as("nothing near is mapped either").isFalse();
    assertUnmapped(4);
  }

  @Test
  void goesWhenTheLastPageHasGone() {
    Page page = mapped(4, 7);
    index.remove(page);
    assertThat(table).hasToString("PageTable[1 leaves]");
    index.trim();
    assertThat(table).hasToString("PageTable[0 leaves]");
    assertUnmapped(4);
    mapped(4, 9);
  }

  /**
   * Readers see each page as it was at one moment, and never another's bytes, while one thread
   * writes pages and another one evicts them, whose frames get other pages at once.
   */
  @Test
  @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aReadIsNeverTorn() throws Exception {
    int numbers = 3;
    int reads = 150_000;
    ReentrantLock frames = new ReentrantLock(); // so that a frame is scribbled on by its owner only
    AtomicBoolean over = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      Future<?> writer =
          threads.submit(
              () -> {
                SplittableRandom random = new SplittableRandom(1);
                for (long change = 1; !over.get(); change++) {
                  long number = random.nextInt(numbers);
                  inode.lock.lock();
                  try {
                    Page there = index.get(number);
                    long value = number << 32 | change & 0xffffffffL;
                    if (there != null && there.tryPin()) {
                      fill(there, value);
                      there.dropPin();
                    } else {
                      frames.lock();
                      try {
                        there = page(number, value);
                      } finally {
                        frames.unlock();
                      }
                    }
                    table.map(there, index);
                  } finally {
                    inode.lock.unlock();
                  }
                }
              });
      Future<?> evictor =
          threads.submit(
              () -> {
                SplittableRandom random = new SplittableRandom(2);
                while (!over.get()) {
                  Page page = index.get(random.nextInt(numbers));
                  if (random.nextInt(50) == 0 && page != null && page.tryEvict()) {
                    index.remove(page);
                    frames.lock();
                    try {
                      pool.release(page.frame);
                    } finally {
                      frames.unlock();
                    }
                  }
                  Thread.onSpinWait();
                }
              });
      List<Future<?>> readers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        int reader = i;
        readers.add(
            threads.submit(
                () -> {
                  SplittableRandom random = new SplittableRandom(10 + reader);
                  ByteBuffer dst = ByteBuffer.allocateDirect(SIZE);
                  for (int done = 0; done < reads && !over.get(); ) {
                    long number = random.nextInt(numbers);
                    if (table.read(pool, 0, number, 0, dst.clear(), SIZE)) {
                      done++;
                      check(dst.flip(), number);
                    }
                  }
                }));
      }
      try {
        for (Future<?> reader : readers) {
          reader.get();
        }
      } finally {
        over.set(true);
      }
      writer.get();
      evictor.get();
    } finally {
      over.set(true);
      threads.shutdown();
      assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static void check(ByteBuffer read, long number) {
    long first = read.getLong(0);
    if (first >>> 32 != number) {
      throw new AssertionError("page " + number + " has bytes of another: " + first);
    }
    for (int i = Long.BYTES; i < SIZE; i += Long.BYTES) {
      if (read.getLong(i) != first) {
        throw new AssertionError("torn at " + i + ": " + first + ", then " + read.getLong(i));
      }
    }
  }
}
