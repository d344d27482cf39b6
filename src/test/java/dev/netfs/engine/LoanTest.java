package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is lent of a file's memory: which bytes, and that they do not change. */
@Timeout(60)
class LoanTest {
  private static final int PAGE = 4096;
  private static final int SIZE = 12 * PAGE - 100;
  private static final int FRAMES = 32;

  private final SimServer server = new SimServer(1);
  private final byte[] data = new byte[SIZE];
  private Mount mount;
  private OpenFile file;
  private Inode inode;
  private Loan loan;

  @BeforeEach
  void open() throws IOException {
    new Random(1).nextBytes(data);
    server.put("/f", data);
    mount = server.mount(Map.of("pageSize", PAGE, "memory", FRAMES * PAGE, "readahead", 0));
    file = open("/f");
    inode = file.inode();
    loan = file.loan();
  }

  @AfterEach
  void close() throws IOException {
    loan.close();
    file.close();
    mount.close();
  }

  private OpenFile open(String path) throws IOException {
    return mount.open(path, OpenModes.UPDATE);
  }

  private byte[] read(OpenFile from, int position, int length) throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(length);
    from.read(dst, position);
    return Arrays.copyOf(dst.array(), dst.position());
  }

  private byte[] range(int position, int length) {
    return Arrays.copyOfRange(data, position, position + length);
  }

  private static byte[] bytes(ByteBuffer lent) {
    byte[] copy = new byte[lent.remaining()];
    lent.duplicate().get(copy);
    return copy;
  }

  private ByteBuffer take(int position, long wanted) throws IOException {
    return Objects.requireNonNull(loan.take(position, wanted));
  }

  /** Lends all of page 1, as it is in the beginning. */
  private ByteBuffer takeSecondPage() throws IOException {
    read(file, 0, SIZE);
    ByteBuffer lent = take(PAGE, PAGE);
    assertThat(bytes(lent)).isEqualTo(range(PAGE, PAGE));
    return lent;
  }

  private void assertNothingIsLent(OpenFile of) throws IOException {
    of.close();
    mount.dropCaches();
    assertThat(mount.services().pages().usedBytes()).isZero();
  }

  @Test
  void whatIsInMemoryIsLentAsItIsThere() throws IOException {
    read(file, 0, SIZE);
    long before = mount.stats().bytesFromMemory();
    int asked = server.count("read");
    long done = 10;
    int pieces = 0;
    while (done < SIZE) {
      ByteBuffer lent = take((int) done, Long.MAX_VALUE);
      assertThat(lent.isReadOnly()).isTrue();
      assertThat(lent.isDirect()).isTrue();
      assertThat(lent.position()).isZero();
      assertThat(lent.capacity()).isEqualTo(lent.remaining());
      assertThat(bytes(lent)).isEqualTo(range((int) done, lent.remaining()));
      done += lent.remaining();
      pieces++;
    }
    assertThat(done).isEqualTo(SIZE);
    assertThat(pieces).as("frames that lie side by side are lent together").isLessThan(12);
    assertThat(mount.stats().bytesFromMemory()).isEqualTo(before + SIZE - 10);
    assertThat(server.count("read")).isEqualTo(asked);
    assertThat(bytes(take(5 * PAGE + 7, 20))).isEqualTo(range(5 * PAGE + 7, 20));
    loan.close();
    assertNothingIsLent(file);
  }

  @Test
  void whatIsNotInMemoryIsNotLent() throws IOException {
    assertThat(loan.take(0, 10)).isNull();
    read(file, 2 * PAGE, PAGE);
    file.write(ByteBuffer.allocate(30), 5 * PAGE + 100);
    assertThat(loan.take(PAGE, 10)).isNull();
    assertThat(take(2 * PAGE + 10, 5 * PAGE).remaining()).isEqualTo(PAGE - 10);
    assertThat(loan.take(5 * PAGE + 99, 10)).isNull();
    assertThat(take(5 * PAGE + 100, 500).remaining()).isEqualTo(30);
    assertThat(loan.take(5 * PAGE + 130, 10)).isNull();
    read(file, 11 * PAGE, PAGE);
    assertThat(take(SIZE - 3, 10).remaining()).as("up to the end").isEqualTo(3);
    assertThat(loan.take(SIZE, 10)).isNull();
    assertThat(loan.take(SIZE + PAGE, 10)).isNull();
    assertNothingIsLent(file);
    assertThatThrownBy(() -> loan.take(2 * PAGE, 1)).isInstanceOf(ClosedChannelException.class);
  }

  @Test
  void aFileThatIsNotCachedLendsNothing() throws IOException {
    read(file, 0, SIZE);
    OpenMode mode = OpenModes.DIRECT;
    try (OpenFile direct = mount.open("/f", mode);
        Loan none = direct.loan()) {
      assertThat(none.take(0, 10)).isNull();
    }
  }

  @Test
  void aWriteDoesNotChangeWhatIsLent() throws IOException {
    ByteBuffer lent = takeSecondPage();
    byte[] before = bytes(lent);
    file.write(ByteBuffer.wrap(new byte[500]), PAGE + 10);
    assertThat(bytes(lent)).isEqualTo(before);
    Arrays.fill(data, PAGE + 10, PAGE + 510, (byte) 0);
    assertThat(read(file, 0, SIZE)).as("who reads now finds what was written").isEqualTo(data);
    file.write(ByteBuffer.wrap(new byte[] {1}), PAGE);
    data[PAGE] = 1;
    assertThat(bytes(lent)).isEqualTo(before);
    assertThat(bytes(take(PAGE, PAGE))).isEqualTo(range(PAGE, PAGE));
    loan.close();
    mount.sync();
    assertThat(server.get("/f")).isEqualTo(data);
    assertNothingIsLent(file);
  }

  @Test
  void aPageIsCopiedForAWriteOnlyWhileItIsLent() throws IOException {
    takeSecondPage();
    Page page = inode.pages.get(1);
    loan.close();
    file.write(ByteBuffer.wrap(new byte[500]), PAGE + 10);
    file.write(ByteBuffer.wrap(new byte[500]), PAGE + 1000);
    assertThat(inode.pages.get(1)).isSameAs(page);
    assertThat(take(PAGE + 10, 1490).remaining()).isEqualTo(1490);
    file.write(ByteBuffer.wrap(new byte[500]), PAGE + 10);
    assertThat(inode.pages.get(1)).isNotSameAs(page);
  }

  @Test
  void aCutDoesNotChangeWhatIsLent() throws IOException {
    ByteBuffer lent = takeSecondPage();
    byte[] before = bytes(lent);
    file.truncate(PAGE + 50);
    assertThat(bytes(lent)).isEqualTo(before);
    assertThat(take(PAGE, PAGE).remaining()).isEqualTo(50);
    file.write(ByteBuffer.allocate(1), 2 * PAGE - 1);
    Arrays.fill(data, PAGE + 50, 2 * PAGE, (byte) 0);
    assertThat(bytes(take(PAGE, PAGE))).as("and lends again").isEqualTo(range(PAGE, PAGE));
    file.truncate(PAGE);
    loan.close();
    assertNothingIsLent(file);
  }

  @Test
  void whatIsLentIsNobodyElsesWhenItsPageIsEvicted() throws IOException {
    ByteBuffer lent = takeSecondPage();
    byte[] before = bytes(lent);
    byte[] other = new byte[4 * FRAMES * PAGE];
    new Random(2).nextBytes(other);
    server.put("/other", other);
    try (OpenFile large = open("/other")) {
      for (int round = 0; round < 3; round++) {
        assertThat(read(large, 0, other.length)).isEqualTo(other);
        assertThat(bytes(lent)).isEqualTo(before);
      }
    }
    assertThat(inode.pages.get(1)).as("the page has gone").isNull();
    long used = mount.services().pages().usedBytes();
    loan.close();
    assertThat(mount.services().pages().usedBytes()).isEqualTo(used - PAGE);
    assertNothingIsLent(file);
  }

  @Test
  void whatIsLentIsNobodyElsesWhenItIsFetchedAgain() throws IOException {
    ByteBuffer lent = takeSecondPage();
    byte[] before = bytes(lent);
    new Random(3).nextBytes(data);
    server.put("/f", data);
    mount.dropCaches();
    assertThat(read(file, 0, SIZE)).isEqualTo(data);
    assertThat(bytes(lent)).isEqualTo(before);
    loan.close();
    assertNothingIsLent(file);
  }

  /** A page that has something to send stays when all that is clean is dropped. */
  @Test
  void whatIsLentDoesNotChangeWhenItsPagesGapsAreFilledAgain() throws IOException {
    read(file, 0, SIZE);
    file.write(ByteBuffer.wrap(new byte[100]), PAGE + 10);
    Arrays.fill(data, PAGE + 10, PAGE + 110, (byte) 0);
    ByteBuffer lent = take(PAGE, PAGE);
    byte[] before = bytes(lent);
    new Random(3).nextBytes(data);
    Arrays.fill(data, PAGE + 10, PAGE + 110, (byte) 0);
    server.put("/f", data);
    mount.dropCaches();
    assertThat(inode.pages.get(1)).as("the page is dirty").isNotNull();
    assertThat(read(file, 0, SIZE)).isEqualTo(data);
    assertThat(bytes(lent)).isEqualTo(before);
    assertThat(bytes(take(PAGE, PAGE))).as("and lends again").isEqualTo(range(PAGE, PAGE));
    loan.close();
    assertNothingIsLent(file);
  }

  @Test
  void severalMayBorrowTheSame() throws IOException {
    ByteBuffer lent = takeSecondPage();
    byte[] before = bytes(lent);
    try (Loan second = file.loan()) {
      ByteBuffer again = Objects.requireNonNull(second.take(PAGE, PAGE));
      loan.close();
      file.write(ByteBuffer.wrap(new byte[500]), PAGE + 10);
      assertThat(bytes(again)).isEqualTo(before);
    }
    assertNothingIsLent(file);
  }

  /** Whoever writes meets whoever borrows, and both meet who evicts. */
  @Test
  void whatIsLentIsOfOneMoment() throws Exception {
    int pages = 4;
    byte[] same = new byte[pages * PAGE];
    server.put("/same", same);
    server.put("/other", new byte[2 * FRAMES * PAGE]);
    AtomicBoolean over = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (OpenFile shared = open("/same");
        OpenFile large = open("/other")) {
      Future<?> writer =
          threads.submit(
              () -> {
                SplittableRandom random = new SplittableRandom(1);
                byte[] page = new byte[PAGE];
                for (int change = 1; !over.get(); change++) {
                  Arrays.fill(page, (byte) change);
                  shared.write(ByteBuffer.wrap(page), (long) random.nextInt(pages) * PAGE);
                }
                return null;
              });
      Future<?> evictor =
          threads.submit(
              () -> {
                while (!over.get()) {
                  mount.sync();
                  read(large, 0, 2 * FRAMES * PAGE);
                }
                return null;
              });
      try (Loan borrowed = shared.loan()) {
        SplittableRandom random = new SplittableRandom(2);
        for (int done = 0; done < 400 && !writer.isDone() && !evictor.isDone(); done++) {
          int number = random.nextInt(pages);
          ByteBuffer lent = borrowed.take((long) number * PAGE, PAGE);
          if (lent == null) {
            read(shared, number * PAGE, 1);
            continue;
          }
          byte[] before = bytes(lent);
          byte[] one = new byte[before.length];
          Arrays.fill(one, before[0]);
          assertThat(before).as("page %d", number).isEqualTo(one);
          Thread.yield();
          assertThat(bytes(lent)).as("page %d, a little later", number).isEqualTo(one);
        }
      } finally {
        over.set(true);
      }
      writer.get();
      evictor.get();
      mount.sync();
    } finally {
      over.set(true);
      threads.shutdownNow();
    }
    assertNothingIsLent(file);
  }
}
