package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.Threads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageTest {
  private static final int SIZE = FramePool.SMALLEST;

  private final FramePool pool = new FramePool(4 * SIZE);
  private Mount mount;
  private Inode inode;

  @BeforeEach
  void inode() throws IOException {
    mount = new SimServer(1).mount(Map.of());
    inode = new Inode(mount.services(), mount.services().inodes(), "/f");
  }

  @AfterEach
  void unmount() throws IOException {
    mount.close();
  }

  private Page page(int size) {
    // Frames that have been used before: what is not valid must not matter.
    FramePool.Frame frame = pool.allocate(size);
    for (int i = 0; i < size; i++) {
      frame.slab.put(frame.offset + i, (byte) 0x5a);
    }
    return new Page(inode, 3, frame, 0);
  }

  private static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** A page, and what should be in it. */
  private final class Model {
    final Page page;
    final byte[] content;
    final BitSet valid = new BitSet();

    Model(int size) {
      page = page(size);
      content = new byte[size];
    }

    void write(int offset, byte[] bytes) {
      int margin = 3;
      ByteBuffer src = ByteBuffer.allocate(bytes.length + 2 * margin).position(margin);
      src.duplicate().put(bytes);
      page.write(offset, src, bytes.length);
      assertThat(src.position()).isEqualTo(margin + bytes.length);
      set(offset, bytes);
    }

    void set(int offset, byte[] bytes) {
      System.arraycopy(bytes, 0, content, offset, bytes.length);
      valid.set(offset, offset + bytes.length);
    }

    void zero(int from, int to) {
      page.zero(from, to);
      if (from < to) {
        set(from, new byte[to - from]);
      }
    }

    void load(int offset, byte[] bytes) {
      page.frame.view(offset, offset + bytes.length).put(bytes);
      page.makeValid(offset, offset + bytes.length);
      set(offset, bytes);
    }

    void retain(int from, int to) {
      ExtentSet wanted = new ExtentSet();
      // Only what was valid may be retained.
      page.validSet().forEachIn(from, to, wanted::add);
      page.retainValid(wanted);
      valid.clear(0, from);
      valid.clear(to, content.length);
    }

    void fillGaps(Model source, int from, int to) {
      page.fillGaps(source.page, from, to);
      for (int i = valid.nextClearBit(from); i < to; i = valid.nextClearBit(i)) {
        content[i] = source.content[i];
        valid.set(i);
      }
    }

    void check() {
      BitSet said = new BitSet();
      page.validSet().forEachIn(0, content.length, (from, to) -> said.set((int) from, (int) to));
      assertThat(said).isEqualTo(valid);
      int seen = 0;
      for (int offset = 0; offset < content.length; offset += 37) {
        int end = valid.nextClearBit(offset);
        checkRead(offset, page.readLocked(offset, dst(5000), 5000), end);
        checkRead(offset, page.readLocked(offset, dst(10), 10), Math.min(end, offset + 10));
        int warm = page.read(offset, dst(5000), 5000);
        if (warm > 0) {
          checkRead(offset, warm, end);
          seen++;
          checkRead(offset, page.read(offset, dst(10), 10), Math.min(end, offset + 10));
        }
      }
      int widest = widestPiece();
      if (widest < 0) {
        assertThat(seen).isZero();
      } else {
        int end = valid.nextClearBit(widest);
        checkRead(widest, page.read(widest, dst(5000), 5000), end);
        checkRead(end - 1, page.read(end - 1, dst(5000), 5000), end);
      }
    }

    /** Returns where the widest piece of what is valid begins, -1 if there is none or several. */
    private int widestPiece() {
      int widest = -1;
      int width = 0;
      for (int from = valid.nextSetBit(0); from >= 0; ) {
        int to = valid.nextClearBit(from);
        if (to - from >= width) {
          widest = to - from > width ? from : -1;
          width = to - from;
        }
        from = valid.nextSetBit(to);
      }
      return widest;
    }

    private ByteBuffer dst;

    private ByteBuffer dst(int length) {
      dst = ByteBuffer.allocate(length + 2).position(2);
      return dst;
    }

    private void checkRead(int offset, int count, int end) {
      assertThat(count).isEqualTo(Math.max(0, end - offset));
      assertThat(dst.position()).isEqualTo(2 + count);
      for (int i = 0; i < count; i++) {
        if (dst.get(2 + i) != content[offset + i]) {
          throw new AssertionError("byte " + (offset + i) + " of " + page.validSet());
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void isValidWhereItWasFilledAndNowhereElse(long seed) {
    Random random = new Random(seed);
    Model model = new Model(SIZE);
    for (int i = 0; i < 60; i++) {
      int from = random.nextInt(SIZE);
      int to = Math.min(SIZE, from + 1 + random.nextInt(1 + random.nextInt(1000)));
      switch (random.nextInt(6)) {
        case 0, 1 -> model.write(from, bytes(random, to - from));
        case 2 -> model.zero(from, to);
        case 3 -> model.load(from, bytes(random, to - from));
        case 4 -> model.retain(random.nextInt(SIZE / 2), SIZE - random.nextInt(SIZE / 2));
        default -> {
          Model source = new Model(SIZE);
          source.load(0, bytes(random, SIZE));
          model.fillGaps(source, from, to);
        }
      }
      model.check();
    }
  }

  @Test
  void theWidestOfSeveralPiecesIsReadWithoutALock() {
    Model model = new Model(SIZE);
    Random random = new Random(1);
    model.write(0, bytes(random, 10));
    model.write(100, bytes(random, 300));
    model.write(1000, bytes(random, 20));
    assertThat(model.page.read(100, ByteBuffer.allocate(SIZE), SIZE)).isEqualTo(300);
    assertThat(model.page.read(399, ByteBuffer.allocate(SIZE), SIZE)).isEqualTo(1);
    for (int outside : new int[] {0, 99, 400, 1000}) {
      assertThat(model.page.read(outside, ByteBuffer.allocate(SIZE), SIZE)).isZero();
    }
    model.write(1020, bytes(random, 400));
    assertThat(model.page.read(1000, ByteBuffer.allocate(SIZE), SIZE)).isEqualTo(420);
    model.check();
  }

  @Test
  void nothingIsZeroedBetweenAnEndAndItsBeginning() {
    Model model = new Model(SIZE);
    model.zero(9, 9);
    model.zero(10, 5);
    model.check();
  }

  @Test
  void aLargerPageTakesOverWhatIsValid() {
    Random random = new Random(1);
    Model small = new Model(SIZE);
    small.write(5, bytes(random, 10));
    small.write(500, bytes(random, SIZE - 500));
    ReadStream stream = new ReadStream(inode, mount.reads(), 0, 0, 0);
    small.page.setMarker(stream);
    Model large = new Model(2 * SIZE);
    large.page.copy(small.page);
    assertThat(large.page.marker()).isSameAs(stream);
    for (int i = SIZE; i < 2 * SIZE; i++) {
      assertThat(large.page.frame.slab.get(large.page.frame.offset + i)).isEqualTo((byte) 0x5a);
    }
    for (int i = 0; i < SIZE; i++) {
      if (small.valid.get(i)) {
        large.set(i, new byte[] {small.content[i]});
      }
    }
    large.check();
  }

  @Test
  void isEvictedOnlyWithoutPinsAndForGood() {
    Model model = new Model(SIZE);
    Page page = model.page;
    model.write(0, new byte[SIZE]);
    assertThat(page.tryPin()).isTrue();
    assertThat(page.tryEvict()).as("two pins").isFalse();
    assertThat(page.dropPin()).isFalse();
    assertThat(page.tryEvict()).as("one pin").isFalse();
    assertThat(page.dropPin()).isTrue();
    assertThat(page.isEvicted()).isFalse();
    model.check();
    assertThat(page.tryEvict()).isTrue();
    assertThat(page.isEvicted()).isTrue();
    assertThat(page.tryEvict()).as("again").isFalse();
    assertThat(page.tryPin()).isFalse();
    assertThat(page.read(0, ByteBuffer.allocate(1), 1)).isZero();
  }

  @Test
  void isNotLentWhileItIsChangedNorChangedWhileItIsLent() {
    Page page = page(SIZE);
    assertThat(page.closeToLoans()).isTrue();
    assertThat(page.beginLoan()).as("being changed").isFalse();
    page.openToLoans();
    assertThat(page.beginLoan()).isTrue();
    assertThat(page.beginLoan()).isTrue();
    assertThat(page.closeToLoans()).as("lent twice").isFalse();
    assertThat(page.dropLoan()).isFalse();
    assertThat(page.closeToLoans()).as("lent once").isFalse();
    assertThat(page.dropLoan()).isFalse();
    assertThat(page.closeToLoans()).isTrue();
  }

  @Test
  void theLastToNeedAFrameReleasesIt() {
    Page unlent = page(SIZE);
    assertThat(unlent.leaveFrame()).isTrue();
    assertThat(unlent.beginLoan()).as("it has gone").isFalse();
    Page lent = page(SIZE);
    assertThat(lent.beginLoan()).isTrue();
    assertThat(lent.beginLoan()).isTrue();
    assertThat(lent.leaveFrame()).isFalse();
    assertThat(lent.beginLoan()).as("it has gone").isFalse();
    assertThat(lent.dropLoan()).isFalse();
    assertThat(lent.dropLoan()).isTrue();
  }

  @Test
  void onlyValidBytesAreLent() {
    Model model = new Model(SIZE);
    model.write(10, new byte[10]);
    assertThat(model.page.lendable(9, 5)).isZero();
    assertThat(model.page.lendable(10, 5)).isEqualTo(5);
    assertThat(model.page.lendable(10, 50)).isEqualTo(10);
    assertThat(model.page.lendable(19, 5)).isEqualTo(1);
    assertThat(model.page.lendable(20, 5)).isZero();
    assertThat(model.page.lendable(21, 5)).isZero();
  }

  @Test
  void belongsToItsFrame() {
    Page page = page(SIZE);
    assertThat(page.frame.page).isSameAs(page);
    assertThat(page.hashCode()).isEqualTo(page(SIZE).hashCode());
    Set<Integer> hashes = new HashSet<>();
    for (String path : List.of("/f", "/g", "/h")) {
      Inode file = new Inode(mount.services(), mount.services().inodes(), path);
      for (int number = 0; number < 100; number++) {
        hashes.add(new Page(file, number, pool.allocate(SIZE), 0).hashCode());
      }
    }
    assertThat(hashes).as("pages of files that lie beside each other").hasSize(300);
    assertThat(page).isNotEqualTo(page(SIZE));
  }

  /**
   * A reader sees the page as it was at one moment, or nothing, while it is written, and evicted,
   * and its frame gets another page.
   */
  @Test
  @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aReadIsNeverTornNorAnotherPages() {
    FramePool.Frame frame = pool.allocate(4 * SIZE);
    AtomicReference<Page> now = new AtomicReference<>(new Page(inode, 0, frame, 0));
    CompletableFuture<Integer> reader =
        CompletableFuture.supplyAsync(
            () -> {
              ByteBuffer dst = ByteBuffer.allocateDirect(4 * SIZE);
              int wrong = 0;
              long last = -1;
              for (int changes = 0; changes < 1_000; ) {
                Page page = now.get();
                if (page.read(0, dst.clear(), 4 * SIZE) == 4 * SIZE) {
                  wrong += isOneOf(page.number, dst) ? 0 : 1;
                  if (dst.getLong(0) == last) {
                    Thread.yield(); // so that there is something to be seen on one processor too
                  } else {
                    last = dst.getLong(0);
                    changes++;
                  }
                }
              }
              return wrong;
            },
            Threads.EACH);
    ByteBuffer content = ByteBuffer.allocateDirect(4 * SIZE);
    for (int change = 0; !reader.isDone(); change++) {
      Page page = now.get();
      if (change % 10 == 9) {
        page.dropPin();
        assertThat(page.tryEvict()).isTrue();
        page = new Page(inode, page.number + 1, frame, 0);
      }
      long value = page.number << 32 | change;
      for (int i = 0; i < 4 * SIZE; i += Long.BYTES) {
        content.putLong(i, value);
      }
      page.write(0, content.clear(), 4 * SIZE);
      now.set(page);
    }
    assertThat(reader.join()).isZero();
  }

  private static boolean isOneOf(long number, ByteBuffer read) {
    long first = read.getLong(0);
    for (int i = 0; i < read.position(); i += Long.BYTES) {
      if (read.getLong(i) != first) {
        return false;
      }
    }
    return first >>> 32 == number;
  }
}
