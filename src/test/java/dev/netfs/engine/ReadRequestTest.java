package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.FileLockedException;
import dev.netfs.share.ShareCapabilities.LockKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A download: what it asks for, what of its bytes become pages, and who hears of it. */
@Timeout(60)
class ReadRequestTest {
  private static final int PAGE = 4096;
  private static final int SIZE = 10 * PAGE - 100;
  private static final long FAR = Long.MAX_VALUE;

  private final SimServer server = new SimServer(1);
  private final byte[] data = new byte[SIZE];
  private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
  private Mount mount;
  private OpenFile file;
  private Inode inode;
  private PageCache cache;

  @BeforeEach
  void open() throws IOException {
    new Random(1).nextBytes(data);
    server.put("/f", data);
    server.rsize = 2 * PAGE;
    server.lockKind = LockKind.MANDATORY;
    server.locks.mandatory = true;
    mount = server.mount(Map.of("pageSize", PAGE, "memory", 1 << 20, "readahead", 0));
    file = mount.open("/f", OpenModes.UPDATE);
    inode = file.inode();
    cache = mount.services().pages();
    server.onRead = (path, offset, count) -> asked.add(offset + "+" + count);
  }

  @AfterEach
  void close() throws IOException {
    Released.check(inode.lock);
    server.onRead = null;
    file.close();
    mount.dropCaches();
    assertThat(cache.usedBytes()).as("nothing is left behind").isZero();
    mount.close();
  }

  // ---- what is asked for

  private ReadRequest begin(long start, long end) {
    inode.lock.lock();
    try {
      return mount.reads().plan(inode, start, end).get(0);
    } finally {
      inode.lock.unlock();
    }
  }

  private void finish(ReadRequest request) {
    request.issue();
    SimServer.eventually("it is over", () -> !locked(() -> inode.inflight.contains(request)));
  }

  private <T> T locked(java.util.function.Supplier<T> work) {
    inode.lock.lock();
    try {
      return work.get();
    } finally {
      inode.lock.unlock();
    }
  }

  private void assertRead(int position, int length) throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(length);
    assertThat(mount.reads().readResident(inode, dst, position)).isEqualTo(length);
    assertThat(dst.array()).isEqualTo(Arrays.copyOfRange(data, position, position + length));
  }

  @Test
  void asksForAsMuchAtOnceAsTheShareTakes() throws IOException {
    ReadRequest request = begin(100, 5 * PAGE);
    assertThat(request.memory()).isEqualTo(5 * PAGE);
    finish(request);
    assertThat(asked)
        .containsExactlyInAnyOrder(
            "100+" + 2 * PAGE,
            (2 * PAGE + 100) + "+" + 2 * PAGE,
            (4 * PAGE + 100) + "+" + (PAGE - 100));
    assertThat(mount.stats().bytesFromServer()).isEqualTo(5 * PAGE - 100);
    assertRead(100, 5 * PAGE - 100);
    request.endUse();
  }

  @Test
  @Tag("R1")
  void goesOnWhereAnAnswerStoppedShort() throws IOException {
    server.shortRate = 0.7;
    ReadRequest request = begin(0, SIZE);
    finish(request);
    server.shortRate = 0;
    assertThat(asked.size()).isGreaterThan(5);
    assertThat(mount.stats().bytesFromServer()).isEqualTo(SIZE);
    assertRead(0, SIZE);
    request.endUse();
  }

  @Test
  void nothingIsSentThatNobodyWants() {
    ReadRequest request = begin(0, 5 * PAGE);
    request.endUse();
    finish(request);
    assertThat(asked).isEmpty();
    assertThat(inode.pages.size()).isZero();
  }

  @Test
  @Tag("R3")
  void whatComesBeforeAFailureIsGood() throws IOException {
    SimLocks.Lock lock = server.lock("/f", 5 * PAGE, 5 * PAGE + 1, false);
    ReadRequest request = begin(0, 8 * PAGE);
    List<CompletableFuture<Void>> arrivals = new ArrayList<>();
    for (int page = 0; page < 8; page++) {
      long position = (long) page * PAGE + 1;
      arrivals.add(locked(() -> request.arrival(position)));
      assertThat(arrivals.get(page)).isNotDone();
    }
    finish(request);
    arrivals.forEach(each -> SimServer.eventually("who waits is told", each::isDone));
    assertThat(locked(() -> request.failureAt(4 * PAGE - 1))).isNull();
    assertThat(failure(request, 4 * PAGE)).isInstanceOf(FileLockedException.class);
    assertThat(failure(request, 7 * PAGE)).isInstanceOf(FileLockedException.class);
    assertThat(locked(() -> request.arrival(7 * PAGE))).isDone();
    assertRead(0, 4 * PAGE);
    assertThat(inode.pages.size()).as("nothing is kept from there on").isEqualTo(4);
    request.endUse();
    server.unlock(lock);
  }

  private @Nullable Throwable failure(ReadRequest request, long position) {
    inode.lock.lock();
    try {
      return request.failureAt(position);
    } finally {
      inode.lock.unlock();
    }
  }

  @Test
  void theServersEndIsTheFiles() throws IOException {
    server.setSize("/f", 3 * PAGE + 10);
    ReadRequest request = begin(0, SIZE);
    finish(request);
    assertThat(inode.localSize()).isEqualTo(3 * PAGE + 10);
    assertRead(0, 3 * PAGE + 10);
    request.endUse();
    file.write(ByteBuffer.wrap(new byte[1]), 4 * PAGE - 1);
    Arrays.fill(data, 3 * PAGE + 10, 4 * PAGE, (byte) 0);
    assertRead(3 * PAGE, PAGE);
    file.truncate(3 * PAGE + 10);
  }

  @Test
  @Tag("C1")
  void whatWasAskedForBeforeAnInvalidationIsNotOnItsWay() {
    ReadRequest request = begin(PAGE + 5, 5 * PAGE);
    assertThat(locked(request::onItsWayFrom)).isEqualTo(PAGE + 5);
    assertThat(locked(() -> request.covers(PAGE + 4))).isFalse();
    assertThat(locked(() -> request.covers(PAGE + 5))).isTrue();
    assertThat(locked(() -> request.covers(5 * PAGE - 1))).isTrue();
    assertThat(locked(() -> request.covers(5 * PAGE))).isFalse();
    inode.invalidate();
    assertThat(locked(request::onItsWayFrom)).isEqualTo(5 * PAGE);
    assertThat(locked(() -> request.covers(5 * PAGE - 1))).isFalse();
    finish(request);
    assertThat(inode.pages.size()).isZero();
    request.endUse();
  }

  @Test
  void pagesStayUntilTheLastUseIsOver() {
    ReadRequest request = begin(0, PAGE);
    locked(
        () -> {
          request.use();
          return 0;
        });
    finish(request);
    Page page = Objects.requireNonNull(inode.pages.get(0));
    request.endUse();
    assertThat(page.tryEvict()).as("one is left").isFalse();
    request.endUse();
    assertThat(page.tryPin()).isTrue();
    assertThat(page.dropPin()).as("it was the only pin").isTrue();
  }

  @Test
  @Tag("L1")
  void knowsWhetherItAskedForNothingElse() {
    inode.lockMet();
    ReadRequest exact = begin(100, 200);
    assertThat(exact.isWithin(100, 200)).isTrue();
    assertThat(exact.isWithin(101, 200)).isFalse();
    assertThat(exact.isWithin(100, 199)).isFalse();
    finish(exact);
    exact.endUse();
  }

  @Test
  void whoWaitsForWhatHasComeDoesNotWaitForTheRest() throws Exception {
    CountDownLatch rest = new CountDownLatch(1);
    server.onRead =
        (path, offset, count) -> {
          if (offset >= 2 * PAGE) {
            try {
              rest.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        };
    ReadRequest request = begin(0, 3 * PAGE);
    CompletableFuture<Void> first = locked(() -> request.arrival(2 * PAGE - 1));
    CompletableFuture<Void> last = locked(() -> request.arrival(2 * PAGE));
    Thread issuer = new Thread(request::issue);
    issuer.start();
    SimServer.eventually("the first answer is there", first::isDone);
    assertThat(last).isNotDone();
    assertThat(locked(() -> request.covers(2 * PAGE - 1))).isFalse();
    assertThat(locked(() -> request.covers(2 * PAGE))).isTrue();
    request.endUse(); // what has been sent comes all the same
    rest.countDown();
    SimServer.eventually("the rest is there", last::isDone);
    issuer.join();
    assertRead(0, 3 * PAGE);
    Page page = Objects.requireNonNull(inode.pages.get(0));
    assertThat(page.tryPin()).isTrue();
    assertThat(page.dropPin()).as("it was the only pin").isTrue();
  }

  @Test
  void whatItIsToldOfItsPagesHolds() {
    ReadRequest request = begin(0, 2 * PAGE);
    ReadStream stream = new ReadStream(inode, mount.reads(), 0, 0, 0);
    locked(
        () -> {
          request.poison(10, PAGE);
          request.mark(1, stream);
          return 0;
        });
    finish(request);
    assertThat(valid(0)).isEqualTo(range(0, 10));
    Page page = Objects.requireNonNull(inode.pages.get(1));
    assertThat(page.marker()).isSameAs(stream);
    request.passed();
    assertThat(page.tryPin()).isTrue();
    assertThat(page.dropPin()).as("it was the only pin").isTrue();
  }

  // ---- where the bytes land

  private RequestPages pages(long start, long end) {
    return new RequestPages(inode, cache, start, end, 1);
  }

  /** Fills memory with what the file holds there. */
  private void fill(RequestPages pages, int start, int end) {
    pages.memory(start, end - start).put(data, start, end - start);
  }

  private String valid(long number) {
    Page page = inode.pages.get(number);
    return page == null ? "none" : page.validSet().toString();
  }

  private void publish(RequestPages pages, long collected, long endOfFile, boolean keep) {
    locked(
        () -> {
          pages.publish(collected, endOfFile, keep);
          return 0;
        });
  }

  private static String range(int from, int to) {
    ExtentSet set = new ExtentSet();
    set.add(from, to);
    return set.toString();
  }

  @Test
  void pagesArePublishedInOrderAndAsAWhole() throws IOException {
    RequestPages pages = pages(100, 3 * PAGE + 50);
    assertThat(pages.held()).isEqualTo(4 * PAGE);
    fill(pages, 100, 3 * PAGE + 50);
    assertThat(pages.nextStart()).isEqualTo(100);
    assertThat(pages.pageEnd(0)).isEqualTo(PAGE);
    assertThat(pages.pageEnd(PAGE)).isEqualTo(2 * PAGE);
    assertThat(pages.pageEnd(3 * PAGE + 1)).isEqualTo(3 * PAGE + 50);
    publish(pages, PAGE - 1, FAR, true);
    assertThat(inode.pages.size()).isZero();
    publish(pages, PAGE, FAR, true);
    assertThat(valid(0)).isEqualTo(range(100, PAGE));
    assertThat(inode.pages.size()).isEqualTo(1);
    assertThat(pages.nextStart()).isEqualTo(PAGE);
    publish(pages, 3 * PAGE + 50, FAR, true);
    assertThat(valid(2)).isEqualTo(range(0, PAGE));
    assertThat(valid(3)).isEqualTo(range(0, 50));
    assertThat(pages.nextStart()).isEqualTo(3 * PAGE + 50);
    assertRead(100, 3 * PAGE - 50);
    assertThat(Objects.requireNonNull(inode.pages.get(1)).fetchedMillis).isEqualTo(1);
    assertThat(Objects.requireNonNull(inode.pages.get(1)).tryEvict()).as("pinned").isFalse();
    pages.unpin(false);
    pages.unpin(false);
  }

  @Test
  void whatIsNotKeptIsThrownAway() {
    RequestPages pages = pages(0, 3 * PAGE);
    publish(pages, PAGE, FAR, false);
    assertThat(inode.pages.size()).isZero();
    assertThat(cache.usedBytes()).isEqualTo(2 * PAGE);
    locked(
        () -> {
          pages.discardRest();
          return 0;
        });
    assertThat(cache.usedBytes()).isZero();
  }

  @Test
  @Tag("S5")
  void whatIsBehindTheEndIsZeros() throws IOException {
    RequestPages last = pages(9 * PAGE + 10, SIZE);
    fill(last, 9 * PAGE + 10, SIZE);
    publish(last, SIZE, FAR, true);
    assertThat(valid(9)).as("to the page's end").isEqualTo(range(10, PAGE));
    RequestPages shorter = pages(PAGE, 4 * PAGE);
    fill(shorter, PAGE, 4 * PAGE);
    publish(shorter, 4 * PAGE, 2 * PAGE + 7, true);
    Arrays.fill(data, 2 * PAGE + 7, 4 * PAGE, (byte) 0);
    assertRead(PAGE, 3 * PAGE);
    assertRead(9 * PAGE + 10, PAGE - 110);
    Page page = Objects.requireNonNull(inode.pages.get(9));
    for (int at = PAGE - 100; at < PAGE; at++) {
      assertThat(page.frame.slab.get(page.frame.offset + at)).isZero();
    }
    last.unpin(false);
    shorter.unpin(false);
  }

  @Test
  @Tag("R4")
  void whatWasChangedMeanwhileIsNotPublished() throws IOException {
    RequestPages pages = pages(0, 3 * PAGE);
    fill(pages, 0, 3 * PAGE);
    pages.poison(3 * PAGE, 4 * PAGE); // behind
    pages.poison(10, 20);
    pages.poison(PAGE, 2 * PAGE);
    publish(pages, 3 * PAGE, FAR, true);
    ExtentSet around = new ExtentSet();
    around.add(0, 10);
    around.add(20, PAGE);
    assertThat(valid(0)).isEqualTo(around.toString());
    assertThat(valid(1)).isEqualTo("none");
    assertThat(valid(2)).isEqualTo(range(0, PAGE));
    ExtentSet rest = new ExtentSet();
    rest.add(0, 3 * PAGE);
    pages.removePoisoned(rest);
    around.add(2 * PAGE, 3 * PAGE);
    assertThat(rest).hasToString(around.toString());
    assertThat(cache.usedBytes()).isEqualTo(2 * PAGE);
    pages.unpin(false);
    RequestPages later = pages(4 * PAGE, 5 * PAGE);
    later.poison(0, 4 * PAGE); // before
    ExtentSet all = new ExtentSet();
    all.add(4 * PAGE, 5 * PAGE);
    later.removePoisoned(all);
    assertThat(all).hasToString(range(4 * PAGE, 5 * PAGE));
    locked(
        () -> {
          later.discardRest();
          return 0;
        });
  }

  @Test
  @Tag("R4")
  void theGapsOfAPageThatWasMadeMeanwhileAreFilled() throws IOException {
    RequestPages pages = pages(0, 2 * PAGE);
    fill(pages, 0, 2 * PAGE);
    file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 50);
    System.arraycopy(new byte[] {1, 2, 3}, 0, data, 50, 3);
    Page made = Objects.requireNonNull(inode.pages.get(0));
    ReadStream stream = new ReadStream(inode, mount.reads(), 0, 0, 0);
    pages.mark(0, stream);
    pages.mark(1, stream);
    pages.mark(2, stream);
    publish(pages, 2 * PAGE, FAR, true);
    assertThat(inode.pages.get(0)).isSameAs(made);
    assertThat(made.marker()).isSameAs(stream);
    assertThat(Objects.requireNonNull(inode.pages.get(1)).marker()).isSameAs(stream);
    assertRead(0, 2 * PAGE);
    assertThat(cache.usedBytes()).as("ours has gone").isEqualTo(2 * PAGE);
    assertThat(made.closeToLoans()).as("it may be lent again").isTrue();
    made.openToLoans();
    mount.sync();
    assertThat(made.tryEvict()).as("it has a pin of the request's").isFalse();
    pages.unpin(false);
  }

  @Test
  void aMarkerIsOnItsPageOnly() {
    RequestPages pages = pages(PAGE, 3 * PAGE);
    ReadStream stream = new ReadStream(inode, mount.reads(), 0, 0, 0);
    pages.mark(2, stream);
    fill(pages, PAGE, 3 * PAGE);
    publish(pages, 3 * PAGE, FAR, true);
    assertThat(Objects.requireNonNull(inode.pages.get(1)).marker()).isNull();
    assertThat(Objects.requireNonNull(inode.pages.get(2)).marker()).isSameAs(stream);
    pages.unpin(true);
  }
}
