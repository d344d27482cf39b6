package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What a read takes from where: out of memory, as zeros, or from the server; and what it leaves.
 */
@Timeout(60)
class ReadsTest {
  private static final int PAGE = 4096;
  private static final int SIZE = 10 * PAGE - 100;

  private final SimServer server = new SimServer(1);
  private final byte[] data = new byte[SIZE];
  private Mount mount;
  private OpenFile file;
  private Inode inode;
  private Reads reads;
  private final List<ReadRequest> planned = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    new Random(1).nextBytes(data);
    server.put("/f", data);
    mount = server.mount(Map.of("pageSize", PAGE, "memory", 16 << 20, "readahead", 0));
    file = mount.open("/f", OpenModes.UPDATE);
    inode = file.inode();
    reads = mount.reads();
  }

  @AfterEach
  void close() throws IOException {
    file.close();
    mount.close();
  }

  private long fromMemory() {
    return mount.stats().bytesFromMemory();
  }

  /** Reads, and checks what was read and that the buffer's other bytes were left alone. */
  private void read(long position, int length) throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(length + 20).position(10).limit(10 + length);
    assertThat(reads.read(file, dst, position, false)).isEqualTo(length);
    check(dst, position, length);
  }

  private void check(ByteBuffer dst, long position, int length) {
    assertThat(dst.position()).isEqualTo(10 + length);
    byte[] expected = new byte[dst.capacity()];
    System.arraycopy(data, (int) position, expected, 10, length);
    assertThat(dst.array()).isEqualTo(expected);
  }

  private void resident(long position, int length, int there) {
    ByteBuffer dst = ByteBuffer.allocate(length + 20).position(10).limit(10 + length);
    long before = fromMemory();
    assertThat(reads.readResident(inode, dst, position)).isEqualTo(there);
    check(dst, position, there);
    assertThat(fromMemory()).isEqualTo(before + there);
  }

  private void warm(long position, int length, int there) {
    ByteBuffer dst = ByteBuffer.allocate(length + 20).position(10).limit(10 + length);
    long before = fromMemory();
    assertThat(reads.readWarm(file, dst, position)).isEqualTo(there);
    check(dst, position, there);
    assertThat(fromMemory()).isEqualTo(before + there);
  }

  private void write(int position, int length) throws IOException {
    byte[] bytes = new byte[length];
    new Random(position).nextBytes(bytes);
    System.arraycopy(bytes, 0, data, position, length);
    file.write(ByteBuffer.wrap(bytes), position);
  }

  private Page page(long number) {
    return Objects.requireNonNull(inode.pages.get(number));
  }

  /** Evicts a page, which nobody may have a pin on. */
  private void evict(long number) {
    Page page = page(number);
    assertThat(PageCache.evict(page, PAGE)).as("page %d has no pin", number).isTrue();
    mount.services().pages().release(page.frame);
  }

  @Test
  void whatIsInMemoryIsNotAskedForAgainAndCounted() throws IOException {
    read(3 * PAGE + 10, 2 * PAGE);
    int asked = server.count("read");
    assertThat(fromMemory()).isZero();
    read(3 * PAGE + 500, 2 * PAGE - 500);
    assertThat(fromMemory()).isEqualTo(2 * PAGE - 500);
    assertThat(server.count("read")).isEqualTo(asked);
    read(2 * PAGE + 100, 2 * PAGE);
    assertThat(server.count("read")).isEqualTo(asked + 1);
    assertThat(mount.stats().bytesFromServer()).as("of whole blocks").isEqualTo(4 * PAGE);
  }

  @Test
  void readsEndWithTheFile() throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(2 * PAGE);
    assertThat(reads.read(file, dst, SIZE - 50, false)).isEqualTo(50);
    assertThat(reads.read(file, dst.clear(), SIZE, false)).isEqualTo(-1);
    assertThat(reads.read(file, dst, SIZE + 5000L, false)).isEqualTo(-1);
    warm(SIZE - 50, 200, 50);
    resident(SIZE - 50, 200, 50);
    assertThat(reads.readWarm(file, dst, SIZE)).isZero();
    assertThat(reads.readResident(inode, dst, SIZE + 5000L)).isZero();
  }

  @Test
  void whatIsInMemoryIsReadUpToTheFirstByteThatIsNot() throws IOException {
    read(2 * PAGE, 2 * PAGE);
    warm(2 * PAGE + 7, 5 * PAGE, 2 * PAGE - 7);
    resident(2 * PAGE + 7, 5 * PAGE, 2 * PAGE - 7);
    warm(PAGE, PAGE, 0);
    resident(PAGE, PAGE, 0);
    evict(3);
    warm(2 * PAGE + 7, 5 * PAGE, PAGE - 7);
  }

  @Test
  void whatIsThereInPiecesIsFoundPieceByPiece() throws IOException {
    write(5 * PAGE + 10, 20);
    write(5 * PAGE + 100, 500);
    write(6 * PAGE - 40, 40);
    write(6 * PAGE, 30);
    resident(5 * PAGE + 15, 1000, 15);
    resident(5 * PAGE + 300, 1000, 300);
    resident(6 * PAGE - 40, 1000, 70);
    resident(5 * PAGE, 10, 0);
    read(5 * PAGE, PAGE);
    Released.check(inode.lock);
    assertThat(mount.stats().bytesFromServer()).isPositive();
    mount.sync();
    evict(5);
  }

  @Test
  @Tag("S1")
  void whatTheServerNeverHadIsZerosBetweenWhatWasWritten() throws IOException {
    server.put("/hole", new byte[0]);
    try (OpenFile hole = mount.open("/hole", OpenModes.UPDATE)) {
      byte[] expected = new byte[4 * PAGE];
      for (int at : new int[] {PAGE + 50, PAGE + 400, 4 * PAGE - 30}) {
        Arrays.fill(expected, at, at + 30, (byte) at);
        hole.write(ByteBuffer.wrap(expected, at, 30).slice(), at);
      }
      ByteBuffer dst = ByteBuffer.allocate(5 * PAGE);
      assertThat(reads.read(hole, dst, 0, false)).isEqualTo(4 * PAGE);
      assertThat(Arrays.copyOf(dst.array(), 4 * PAGE)).isEqualTo(expected);
      assertThat(dst.position()).isEqualTo(4 * PAGE);
      assertThat(server.count("read")).isZero();
      assertThat(mount.stats().bytesFromZero()).as("pages without a byte").isEqualTo(2 * PAGE);
      assertThat(fromMemory())
          .as("pages that are zeros but for what was written")
          .isEqualTo(2 * PAGE);
      mount.sync();
      assertThat(PageCache.evict(Objects.requireNonNull(hole.inode().pages.get(1)), PAGE))
          .as("nobody has a pin on it")
          .isTrue();
    }
  }

  private List<String> plan(long start, long end) {
    List<ReadRequest> begun = SimServer.planned(mount, inode, start, end);
    List<String> ranges = begun.stream().map(each -> each.start + "-" + each.end).toList();
    planned.addAll(begun);
    return ranges;
  }

  private void issueAll() {
    planned.forEach(ReadRequest::issue);
    planned.forEach(ReadRequest::endUse);
    SimServer.eventuallyArrived(inode);
  }

  @Test
  @Tag("R6")
  void onlyWhatIsNeitherThereNorOnItsWayIsAskedFor() throws IOException {
    read(2 * PAGE, PAGE);
    write(4 * PAGE + 100, 50);
    assertThat(plan(PAGE, 5 * PAGE))
        .containsExactly(
            PAGE + "-" + 2 * PAGE,
            3 * PAGE + "-" + (4 * PAGE + 100),
            4 * PAGE + 150 + "-" + 5 * PAGE);
    assertThat(plan(PAGE, 5 * PAGE)).as("all on its way").isEmpty();
    assertThat(plan(0, 6 * PAGE)).containsExactly("0-" + PAGE, 5 * PAGE + "-" + 6 * PAGE);
    assertThat(plan(9 * PAGE, 20 * PAGE)).as("the end").containsExactly(9 * PAGE + "-" + SIZE);
    assertThat(plan(SIZE, 20 * PAGE)).isEmpty();
    evict(2);
    issueAll();
    read(0, SIZE);
    mount.sync();
    for (long number = 0; number < 10; number++) {
      evict(number);
    }
  }

  @Test
  void aPageThatIsReadIsInTheTableAndOfUseNow() throws IOException {
    read(2 * PAGE, PAGE);
    evict(2);
    read(2 * PAGE, PAGE);
    Page page = page(2);
    warm(2 * PAGE, 10, 10);
    long entry = inode.pages.table.entry(2);
    assertThat(entry).isNotZero();
    warm(2 * PAGE, 10, 10);
    assertThat(inode.pages.table.entry(2)).isEqualTo(entry);
    int epoch = mount.services().pages().epoch();
    while (mount.services().pages().epoch() == epoch) {
      PageCache pages = mount.services().pages();
      pages.release(pages.allocate());
    }
    warm(2 * PAGE, 10, 10);
    assertThat(page.usedInEpoch).isEqualTo(epoch + 1);
    assertThat(inode.pages.table.entry(2)).as("it says so too").isNotEqualTo(entry);
  }

  @Test
  void offsetsAreRoundedUpAndDoNotOverflow() {
    assertThat(Reads.roundUp(0, 4096)).isZero();
    assertThat(Reads.roundUp(1, 4096)).isEqualTo(4096);
    assertThat(Reads.roundUp(4096, 4096)).isEqualTo(4096);
    assertThat(Reads.roundUp(Long.MAX_VALUE - 5, 4096)).isEqualTo(Long.MAX_VALUE - 5);
  }
}
