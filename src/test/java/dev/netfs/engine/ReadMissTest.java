package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.FileLockedException;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.ShareCapabilities.LockKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reads that miss: what is asked for, what becomes of it, and how they fail. */
@Timeout(60)
class ReadMissTest {
  private static final int PAGE = 64 << 10;
  private static final int BLOCK = 4096;
  private static final int SIZE = 40 * PAGE - 100;
  private static final int MIB = 1 << 20;

  private final SimServer server = new SimServer(1);
  private final byte[] data = new byte[SIZE];
  @TempDir private Path temp;
  private Mount mount;
  private OpenFile file;
  private Inode inode;
  private Reads reads;

  @BeforeEach
  void putFile() {
    new Random(1).nextBytes(data);
    server.put("/f", data);
  }

  private void mount(Object... more) throws IOException {
    Map<String, Object> options = new HashMap<>(Map.of("pageSize", PAGE, "readahead", 0));
    for (int i = 0; i < more.length; i += 2) {
      options.put((String) more[i], more[i + 1]);
    }
    mount = server.mount(options);
    reads = mount.reads();
    file = open("/f", Disposition.OPEN_EXISTING);
    inode = file.inode();
  }

  private OpenFile open(String path, Disposition disposition) throws IOException {
    return mount.open(
        path,
        new OpenMode(
            true, true, disposition, false, -1, OpenMode.Durability.BACK, OpenMode.Caching.CACHED));
  }

  @AfterEach
  void close() throws IOException {
    Released.check(inode.lock);
    server.behave();
    file.close();
    mount.close();
  }

  private void read(int position, int length) throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(length + 20).position(10).limit(10 + length);
    assertThat(reads.read(file, dst, position, false)).isEqualTo(length);
    byte[] expected = new byte[length + 20];
    System.arraycopy(data, position, expected, 10, length);
    assertThat(dst.array()).isEqualTo(expected);
    Released.check(inode.lock);
  }

  private Page page(long number) {
    return Objects.requireNonNull(inode.pages.get(number));
  }

  /** Has a page in memory in two pieces, of which only the wider can be read without the lock. */
  private void readPieces(int page) throws IOException {
    read(page * PAGE, 3 * BLOCK);
    read(page * PAGE + 5 * BLOCK, BLOCK);
  }

  @Test
  void whatArrivesInAPageThatIsInPiecesIsRead() throws IOException {
    mount();
    readPieces(1);
    assertThat(mount.stats().bytesFromMemory()).isZero();
    assertThat(server.count("read")).isEqualTo(2);
    read(PAGE + 5 * BLOCK + 100, 500);
    assertThat(mount.stats().bytesFromMemory()).isEqualTo(500);
    assertThat(server.count("read")).isEqualTo(2);
  }

  @Test
  void aMarkerOnAPageThatIsInPiecesIsMet() throws IOException {
    mount();
    readPieces(1);
    Page page = page(1);
    page.setMarker(new ReadStream(inode, reads, 0, 0, 0));
    read(PAGE + 5 * BLOCK, 10);
    assertThat(page.marker()).as("by who reads what is there").isNull();
    page.setMarker(new ReadStream(inode, reads, 0, 0, 0));
    read(PAGE + 9 * BLOCK, 10);
    assertThat(page.marker()).as("by who waits for what is not").isNull();
  }

  @Test
  void aReadOfMoreThanOneRequestIsOfOneRange() throws IOException {
    mount("memory", MIB);
    read(5000, 10 * PAGE);
    read(SIZE - 9 * PAGE, 9 * PAGE);
    ByteBuffer dst = ByteBuffer.allocate(200);
    assertThat(reads.read(file, dst, SIZE - 50, false)).as("warm, at the end").isEqualTo(50);
  }

  @Test
  @Tag("R3")
  void aFailureIsTheReaders() throws IOException {
    mount();
    server.errorsIn = kind -> kind.equals("read");
    server.errorRate = 1;
    assertThatThrownBy(() -> read(PAGE, 10))
        .isInstanceOfSatisfying(
            FileSystemException.class, e -> assertThat(e.getFile()).isEqualTo("/f"));
    assertThat(inode.pages.size()).isZero();
    server.behave();
    read(PAGE, 10);
  }

  private Reads.Miss miss(ByteBuffer dst, int position) throws IOException {
    Reads.Miss miss = Objects.requireNonNull(reads.readUntilMiss(file, dst, position, false));
    assertThat(miss.position()).isEqualTo(position);
    assertThat(miss.wantedEnd()).isEqualTo(position + dst.remaining());
    SimServer.eventually("it is over", miss.arrival()::isDone);
    return miss;
  }

  @Test
  @Tag("J9")
  void aFailureThatACloseCausedIsTheCloses() throws IOException {
    mount();
    server.errorsIn = kind -> kind.equals("read");
    server.errorRate = 1;
    ByteBuffer dst = ByteBuffer.allocate(10);
    Reads.Miss failed = miss(dst, PAGE);
    server.errorRate = 0;
    Reads.Miss arrived = miss(dst, 3 * PAGE);
    file.close();
    assertThatThrownBy(() -> reads.copyArrived(file, failed, dst))
        .isInstanceOf(AsynchronousCloseException.class);
    assertThat(dst.position()).isZero();
    reads.copyArrived(file, arrived, dst);
    assertThat(dst.array()).isEqualTo(Arrays.copyOfRange(data, 3 * PAGE, 3 * PAGE + 10));
    failed.end();
    arrived.end();
    int asked = server.count("read");
    assertThatThrownBy(() -> reads.readUntilMiss(file, dst.clear(), 5 * PAGE, false))
        .isInstanceOf(AsynchronousCloseException.class);
    assertThat(server.count("read")).isEqualTo(asked);
  }

  @Test
  @Tag("L1")
  void aReadThatMeetsALockIsMadeAgainForLess() throws IOException {
    server.lockKind = LockKind.MANDATORY;
    server.locks.mandatory = true;
    mount();
    SimLocks.Lock lock = server.lock("/f", PAGE, PAGE + 100, false);
    read(PAGE + 100, 100);
    assertThat(server.count("read")).as("the block, then the bytes").isEqualTo(2);
    server.onRead =
        (path, offset, count) -> {
          assertThat(offset).isIn(PAGE + 90L, PAGE + 1000L);
          assertThat(count).isEqualTo(offset == PAGE + 90L ? 10 : 20); // the rest is there
        };
    for (int round = 1; round <= 2; round++) {
      assertThatThrownBy(() -> read(PAGE + 90, 20))
          .isInstanceOfSatisfying(
              FileLockedException.class,
              locked -> {
                assertThat(locked.position()).isEqualTo(PAGE + 90);
                assertThat(locked.size()).isEqualTo(20);
                assertThat(locked).hasCauseInstanceOf(FileLockedException.class);
              });
      assertThat(server.count("read")).as("nothing less could be asked").isEqualTo(2 + round);
    }
    read(PAGE + 1000, 20);
    server.unlock(lock);
    read(PAGE + 90, 20);
  }

  @Test
  @Tag("S1")
  void whatTheServerNeverHadIsZerosUpToWhatWasWritten() throws IOException {
    mount();
    byte[] expected = new byte[4 * PAGE + 10];
    try (OpenFile sparse = open("/new", Disposition.CREATE_NEW)) {
      for (int at : new int[] {0, PAGE + 30, 4 * PAGE}) {
        Arrays.fill(expected, at, at + 10, (byte) 7);
        sparse.write(ByteBuffer.wrap(expected, at, 10).slice(), at);
      }
      Page first = Objects.requireNonNull(sparse.inode().pages.get(0));
      assertThat(first.frame.size()).as("a small one").isEqualTo(BLOCK);
      ByteBuffer dst = ByteBuffer.allocate(PAGE);
      for (int at : new int[] {5000, 5000 + PAGE, 5000 + 3 * PAGE}) {
        assertThat(reads.read(sparse, dst.clear(), at, false))
            .isEqualTo(Math.min(PAGE, expected.length - at));
        assertThat(Arrays.copyOf(dst.array(), dst.position()))
            .isEqualTo(Arrays.copyOfRange(expected, at, at + dst.position()));
      }
      Released.check(sparse.inode().lock);
      assertThat(server.count("read")).isZero();
      mount.sync();
      assertThat(PageCache.evict(first, PAGE)).as("nobody has a pin on it").isTrue();
    }
  }

  private List<String> plan(long start, long end) {
    List<ReadRequest> begun;
    inode.lock.lock();
    try {
      begun = reads.plan(inode, start, end);
    } finally {
      inode.lock.unlock();
    }
    List<String> ranges = begun.stream().map(each -> each.start + "-" + each.end).toList();
    begun.forEach(ReadRequest::issue);
    begun.forEach(ReadRequest::endUse);
    return ranges;
  }

  private void mountWithGranules(String granule, int memory) throws IOException {
    mount("disk", temp, "encrypt", "off", "granule", granule, "memory", memory);
  }

  @Test
  void requestsEndWhereGranulesDo() throws IOException {
    server.rsize = 256 << 10;
    mountWithGranules("1MiB", 4 * MIB);
    assertThat(plan(5, 2 * MIB + 10))
        .containsExactly("5-" + MIB, MIB + "-" + 2 * MIB, 2 * MIB + "-" + (2 * MIB + 10));
    assertThat(reads.unit(0)).isEqualTo(PAGE);
    assertThat(reads.unit(MIB - 1)).isEqualTo(PAGE);
    assertThat(reads.unit(MIB)).isEqualTo(MIB);
  }

  @Test
  void requestsAreOfPagesWhereThereIsNoMemoryForAGranule() throws IOException {
    mountWithGranules("1MiB", MIB + 4000);
    assertThat(plan(5, 9 * PAGE))
        .containsExactly(
            "5-" + (4 * PAGE + 5),
            4 * PAGE + 5 + "-" + (8 * PAGE + 5),
            8 * PAGE + 5 + "-" + 9 * PAGE);
  }

  @Test
  void whatIsFetchedAheadIsOfWholeSmallGranules() throws IOException {
    mountWithGranules("256KiB", 16 * MIB);
    assertThat(reads.unit(0)).isEqualTo(256 << 10);
    assertThat(Reads.roundUp(Long.MAX_VALUE - 4096, 4096)).isEqualTo(Long.MAX_VALUE - 4095);
  }
}
