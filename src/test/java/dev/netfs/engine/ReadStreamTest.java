package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Which ranges are asked for, to the byte, read by read: nothing is sent before the end, so all of
 * it stays on its way. A page has 4 KiB, chunks are 2, 16 and 128 pages long, and 256 at most.
 */
@Timeout(60)
class ReadStreamTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 2000;

  private final SimServer server = new SimServer(1);
  private final List<ReadRequest> begun = new ArrayList<>();
  private Mount mount;
  private OpenFile file;
  private Inode inode;
  private Reads reads;

  @BeforeEach
  void open() throws IOException {
    server.put("/f", new byte[PAGES * PAGE - 100]);
    mount = server.mount(Map.of("pageSize", PAGE, "memory", 64 << 20));
    file = mount.open("/f", OpenMode.READ);
    inode = file.inode();
    reads = mount.reads();
  }

  @AfterEach
  void close() throws IOException {
    for (ReadRequest request : begun) {
      request.issue();
      request.endUse();
    }
    file.close();
    mount.close();
  }

  /** Has requests begun, and says their ranges, in pages where they are whole. */
  private List<String> ranges(Supplier<List<ReadRequest>> work) {
    inode.lock.lock();
    try {
      List<ReadRequest> all = work.get();
      begun.addAll(all);
      return all.stream().map(each -> pages(each.start) + "-" + pages(each.end)).toList();
    } finally {
      inode.lock.unlock();
    }
  }

  private static String pages(long offset) {
    return offset % PAGE == 0 ? String.valueOf(offset / PAGE) : offset + " bytes";
  }

  private List<String> miss(ReadStream stream, long position, long wanted) {
    return ranges(() -> stream.miss(position, wanted));
  }

  private List<String> advance(ReadStream stream, long number) {
    return ranges(() -> stream.advance(page(number)));
  }

  private Page page(long number) {
    return new Page(inode, number, mount.services().pages().allocate(), 0);
  }

  private ReadStream stream(long start, long end, long stride) {
    return new ReadStream(inode, reads, start, end, stride);
  }

  private ReadStream stream(ReadStream.Kind kind, long start, long end, long stride) {
    ReadStream stream = stream(start, end, stride);
    stream.become(kind, true);
    return stream;
  }

  /** Returns how many bytes all streams hold. */
  private long held() {
    return reads.limits().held();
  }

  @Test
  void aProbeAsksForBlocks() {
    ReadStream probe = stream(100 * PAGE, 101 * PAGE, 7);
    assertThat(probe.kind()).isEqualTo(ReadStream.Kind.PROBE);
    assertThat(probe.start()).isEqualTo(100 * PAGE);
    assertThat(probe.stride()).isEqualTo(7);
    assertThat(miss(probe, 200 * PAGE + 1, PAGE)).containsExactly("200-202");
    assertThat(probe.start()).isEqualTo(200 * PAGE + 1);
    assertThat(advance(probe, 202)).isEmpty();
    assertThat(held()).isZero();
  }

  /** A stream whose first read, of a few bytes, is at page 100, and whose marker is on 101. */
  private ReadStream begun() {
    ReadStream stream = stream(ReadStream.Kind.FORWARD, 100 * PAGE, 100 * PAGE, 0);
    assertThat(miss(stream, 100 * PAGE, 1000)).containsExactly("100-103");
    return stream;
  }

  @Test
  void aForwardStreamAsksForChunksFromMarkerToMarker() {
    ReadStream stream = begun();
    assertThat(held()).isEqualTo(3 * PAGE).isEqualTo(begun.get(0).memory());
    assertThat(advance(stream, 100)).as("no marker there").isEmpty();
    assertThat(advance(stream, 102)).as("nor there").isEmpty();
    assertThat(advance(stream, 101)).containsExactly("103-119");
    assertThat(stream.start()).isEqualTo(101 * PAGE);
    assertThat(advance(stream, 101)).as("it is gone").isEmpty();
    assertThat(held()).isEqualTo(19 * PAGE);
    assertThat(advance(stream, 103)).as("the first chunk is passed").containsExactly("119-247");
    assertThat(held()).isEqualTo(144 * PAGE);
    assertThat(advance(stream, 119)).containsExactly("247-375", "375-503");
    assertThat(advance(stream, 247))
        .as("as much as is allowed")
        .containsExactly("503-631", "631-759");
    stream.close();
    assertThat(stream.isClosed()).isTrue();
    assertThat(held()).isZero();
  }

  @Test
  void aForwardStreamThatIsMissedGoesOnFromThere() {
    ReadStream stream = stream(ReadStream.Kind.FORWARD, 50 * PAGE, 50 * PAGE, 0);
    assertThat(miss(stream, 50 * PAGE + 10, 100)).containsExactly("50-53");
    assertThat(miss(stream, 60 * PAGE + 10, 100)).containsExactly("60-77");
    assertThat(advance(stream, 61)).containsExactly("77-205");
  }

  @Test
  void nothingIsAheadOfWhoReadsToTheEnd() {
    ReadStream stream = stream(ReadStream.Kind.FORWARD, 0, 0, 0);
    long last = (PAGES - 1) * (long) PAGE;
    assertThat(miss(stream, last, 100)).containsExactly("1999-" + (PAGES * PAGE - 100) + " bytes");
    assertThat(held()).isZero();
    assertThat(advance(stream, PAGES)).isEmpty();
  }

  @Test
  void aForwardStreamEndsWithTheFile() {
    ReadStream stream = stream(ReadStream.Kind.FORWARD, 0, 0, 0);
    assertThat(miss(stream, 1990L * PAGE, PAGE)).containsExactly("1990-1993");
    assertThat(advance(stream, 1991)).containsExactly("1993-" + (PAGES * PAGE - 100) + " bytes");
    assertThat(advance(stream, 1993)).isEmpty();
  }

  @Test
  void aBackwardStreamAsksForTheLastFirstInPieces() {
    ReadStream stream = stream(ReadStream.Kind.BACKWARD, 100 * PAGE, 101 * PAGE, 0);
    assertThat(miss(stream, 99 * PAGE, PAGE)).containsExactly("97-100");
    assertThat(advance(stream, 99)).isEmpty();
    assertThat(advance(stream, 98)).containsExactly("81-97");
    assertThat(stream.start()).isEqualTo(99 * PAGE);
    assertThat(held()).isEqualTo(19 * PAGE);
    assertThat(advance(stream, 96)).containsExactly("64-81", "0-64");
    assertThat(held()).as("the first is passed").isEqualTo(97 * PAGE);
    assertThat(advance(stream, 80)).as("at the beginning").isEmpty();
  }

  @Test
  void aBackwardStreamThatIsMissedInTheMiddleOfAPageTakesAllOfIt() {
    ReadStream stream = stream(ReadStream.Kind.BACKWARD, 100 * PAGE, 101 * PAGE, 0);
    assertThat(miss(stream, 99 * PAGE + 10, 100)).containsExactly("97-100");
    assertThat(advance(stream, 98)).containsExactly("81-97");
  }

  @Test
  void aStridedStreamAsksForPieces() {
    ReadStream stream = stream(ReadStream.Kind.STRIDED, 4 * PAGE, 4 * PAGE + 1000, 10 * PAGE);
    assertThat(miss(stream, 14 * PAGE, 1000)).containsExactly("14-15", "24-25", "34-35");
    assertThat(held()).as("what is missing is not ahead").isEqualTo(2 * PAGE);
    assertThat(advance(stream, 24)).hasSize(16).startsWith("44-45", "54-55").endsWith("194-195");
    assertThat(stream.start()).isEqualTo(24 * PAGE);
    assertThat(held()).isEqualTo(18 * PAGE);
    assertThat(advance(stream, 44))
        .as("at most so many")
        .hasSize(64)
        .startsWith("204-205")
        .endsWith("834-835");
    assertThat(held()).as("what is before is passed").isEqualTo(80 * PAGE);
  }

  @Test
  void aStridedStreamEndsWithTheFileAtEitherEnd() {
    ReadStream up = stream(ReadStream.Kind.STRIDED, 1970L * PAGE, 1970L * PAGE + 1000, 10 * PAGE);
    assertThat(miss(up, 1980L * PAGE, 1000)).containsExactly("1980-1981", "1990-1991");
    assertThat(advance(up, 1990)).isEmpty();
    ReadStream down = stream(ReadStream.Kind.STRIDED, 30 * PAGE, 30 * PAGE + 1000, -10 * PAGE);
    assertThat(miss(down, 20 * PAGE, 1000)).containsExactly("20-21", "10-11", "0-1");
    assertThat(held()).isEqualTo(3 * PAGE);
    assertThat(advance(down, 10)).isEmpty();
    assertThat(held()).as("10 is being read").isEqualTo(3 * PAGE);
  }

  @Test
  void aStreamThatIsNotSureWaitsForOneMoreRead() {
    ReadStream forward = stream(100 * PAGE, 101 * PAGE, 0);
    forward.become(ReadStream.Kind.FORWARD, false);
    assertThat(miss(forward, 101 * PAGE, PAGE)).containsExactly("101-102");
    assertThat(miss(forward, 102 * PAGE, PAGE)).containsExactly("102-105");
    ReadStream backward = stream(200 * PAGE, 201 * PAGE, 0);
    backward.become(ReadStream.Kind.BACKWARD, false);
    assertThat(miss(backward, 199 * PAGE, PAGE)).containsExactly("199-200");
    assertThat(miss(backward, 198 * PAGE, PAGE)).containsExactly("196-199");
    ReadStream strided = stream(300 * PAGE, 301 * PAGE, 10 * PAGE);
    strided.become(ReadStream.Kind.STRIDED, false);
    assertThat(miss(strided, 310 * PAGE, PAGE)).containsExactly("310-311");
    assertThat(miss(strided, 320 * PAGE, PAGE)).containsExactly("320-321", "330-331", "340-341");
  }

  @Test
  void aForwardStreamExpectsWhatIsBetweenTheReadAndTheEdge() {
    ReadStream stream = stream(ReadStream.Kind.FORWARD, 10 * PAGE, 11 * PAGE, 0);
    assertThat(stream.expects(11 * PAGE - 1, 1)).isFalse();
    assertThat(stream.expects(11 * PAGE, 1)).isTrue();
    assertThat(stream.expects(11 * PAGE + 1, 1)).isFalse();
    miss(stream, 11 * PAGE, PAGE); // up to 14
    assertThat(stream.expects(12 * PAGE - 1, 1)).isFalse();
    assertThat(stream.expects(12 * PAGE, 1)).isTrue();
    assertThat(stream.expects(14 * PAGE, 1)).isTrue();
    assertThat(stream.expects(14 * PAGE + 1, 1)).isFalse();
  }

  @Test
  void aBackwardStreamExpectsWhatIsBetweenTheEdgeAndTheRead() {
    ReadStream stream = stream(ReadStream.Kind.BACKWARD, 10 * PAGE + 1, 11 * PAGE, 0);
    assertThat(stream.expects(10 * PAGE, PAGE)).as("to the end of the block").isTrue();
    assertThat(stream.expects(10 * PAGE, PAGE + 1)).isFalse();
    assertThat(stream.expects(9 * PAGE, PAGE)).as("to the edge").isTrue();
    assertThat(stream.expects(9 * PAGE, PAGE - 1)).isFalse();
  }

  @Test
  void aStridedStreamExpectsWhatIsAtItsDistance() {
    ReadStream up = stream(ReadStream.Kind.STRIDED, 10 * PAGE, 11 * PAGE, 5 * PAGE);
    assertThat(up.expects(10 * PAGE, 1)).as("the same").isFalse();
    assertThat(up.expects(15 * PAGE, 1)).isTrue();
    assertThat(up.expects(15 * PAGE + 1, 1)).isFalse();
    assertThat(up.expects(20 * PAGE, 1)).as("beyond what was asked for").isFalse();
    assertThat(up.expects(5 * PAGE, 1)).isFalse();
    ReadStream down = stream(ReadStream.Kind.STRIDED, 20 * PAGE, 21 * PAGE, -5 * PAGE);
    assertThat(down.expects(20 * PAGE, 1)).isFalse();
    assertThat(down.expects(15 * PAGE, 1)).isTrue();
    assertThat(down.expects(15 * PAGE - 1, 1)).isFalse();
    assertThat(down.expects(10 * PAGE, 1)).isFalse();
    assertThat(down.expects(25 * PAGE, 1)).isFalse();
    miss(down, 15 * PAGE, PAGE); // and 10, 5 ahead
    assertThat(down.expects(10 * PAGE, 1)).isTrue();
    assertThat(down.expects(0, 1)).isTrue();
  }

  @Test
  void aProbeExpectsNothingButHasNeighbours() {
    ReadStream probe = stream(10 * PAGE + 5, 11 * PAGE - 5, 0);
    assertThat(probe.expects(11 * PAGE - 5, 1)).isFalse();
    assertThat(probe.isFollowedBy(11 * PAGE - 6)).isFalse();
    assertThat(probe.isFollowedBy(11 * PAGE - 5)).isTrue();
    assertThat(probe.isFollowedBy(11 * PAGE)).isTrue();
    assertThat(probe.isFollowedBy(11 * PAGE + 1)).isFalse();
    assertThat(probe.isPrecededBy(10 * PAGE - 1, 1)).isTrue();
    assertThat(probe.isPrecededBy(10 * PAGE - 2, 1)).isFalse();
    assertThat(probe.isPrecededBy(10 * PAGE, PAGE)).isTrue();
    assertThat(probe.isPrecededBy(10 * PAGE, PAGE + 1)).isFalse();
    probe.become(ReadStream.Kind.FORWARD, true);
    assertThat(probe.isFollowedBy(11 * PAGE)).isFalse();
    assertThat(probe.isPrecededBy(10 * PAGE - 1, 1)).isFalse();
  }

  @Test
  void aStreamGoesOnInAnotherFileWhereItsOwnWasClosed() {
    ReadStream first = stream(ReadStream.Kind.STRIDED, 4 * PAGE, 4 * PAGE + 1000, 10 * PAGE);
    miss(first, 14 * PAGE, 1000);
    first.close();
    ReadStream second = stream(0, 0, 0);
    second.adopt(first);
    assertThat(second.kind()).isEqualTo(ReadStream.Kind.STRIDED);
    assertThat(second.stride()).isEqualTo(10 * PAGE);
    assertThat(second.start()).isEqualTo(14 * PAGE);
    assertThat(advance(second, 24)).hasSize(16).contains("44-45", "194-195");
  }

  @Test
  void whatIsHeldIsLetGoOfWhereOthersNeedIt() {
    ReadStream stream = begun();
    stream.letGo();
    assertThat(held()).isZero();
    Released.check(inode.lock);
    assertThat(stream.isClosed()).isFalse();
    assertThat(advance(stream, 101)).as("it goes on").containsExactly("103-119");
    stream.letGo();
    stream.close();
    assertThat(held()).as("let go of once").isZero();
  }

  /** Has everything that was asked for arrive, which nobody but the streams has a use for then. */
  private void arrive() {
    for (ReadRequest request : begun) {
      request.issue();
      request.endUse();
    }
    begun.clear();
    SimServer.eventuallyArrived(inode);
  }

  /** Returns whether a page would stay in memory, however much of it was wanted for others. */
  private boolean stays(long number) {
    Page page = Objects.requireNonNull(inode.pages.get(number));
    boolean evicted = PageCache.evict(page, PAGE);
    if (evicted) {
      mount.services().pages().release(page.frame);
    }
    return !evicted;
  }

  @Test
  void whatIsAheadStaysInMemoryUntilItIsPassed() {
    ReadStream stream = begun();
    advance(stream, 101);
    arrive();
    assertThat(List.of(100L, 102L, 103L, 118L)).allMatch(this::stays);
    assertThat(advance(stream, 103)).containsExactly("119-247");
    assertThat(stays(102)).as("it is passed").isFalse();
    assertThat(stays(103)).as("it is being read").isTrue();
    arrive();
    stream.close();
    assertThat(List.of(103L, 118L, 119L, 246L)).noneMatch(this::stays);
  }

  @Test
  void whatIsAheadOfAMissStaysAndWhatIsBehindItDoesNot() {
    ReadStream stream = begun();
    arrive();
    miss(stream, 110 * PAGE, 100);
    assertThat(stays(102)).isFalse();
    arrive();
    assertThat(stays(111)).isTrue();
    stream.letGo();
    assertThat(stays(111)).isFalse();
  }

  @Test
  void theMarkerIsPutOnAPageThatIsThereAlready() {
    ReadStream other = stream(101 * PAGE, 102 * PAGE, 0);
    miss(other, 101 * PAGE, PAGE);
    arrive();
    Page there = Objects.requireNonNull(inode.pages.get(101));
    ReadStream stream = stream(ReadStream.Kind.FORWARD, 100 * PAGE, 100 * PAGE, 0);
    miss(stream, 100 * PAGE, 1000);
    assertThat(there.marker()).isSameAs(stream);
  }

  @Test
  void theMarkerComesWithAPageThatIsOnItsWay() {
    ReadStream stream = begun();
    arrive();
    assertThat(Objects.requireNonNull(inode.pages.get(101)).marker()).isSameAs(stream);
    assertThat(Objects.requireNonNull(inode.pages.get(100)).marker()).isNull();
    assertThat(Objects.requireNonNull(inode.pages.get(102)).marker()).isNull();
  }

  @Test
  void howFarFilesAreReadTeachesHowLargeFirstChunksShouldBe() {
    // Some way is known: what is under way is of account for the first chunk of a whole file.
    LinkEstimate.Sent sent = mount.services().link().sent();
    mount.services().link().answered(sent, 1 << 20);
    ReadaheadLimits limits = reads.limits();
    long before = limits.firstChunk(1, true);
    ReadStream unread = stream(ReadStream.Kind.FORWARD, 0, 0, 0);
    miss(unread, 0, 1000);
    unread.close();
    long less = limits.firstChunk(1, true);
    assertThat(less).isLessThan(before);
    ReadStream middle = stream(ReadStream.Kind.FORWARD, 900 * PAGE, 900 * PAGE, 0);
    miss(middle, 900 * PAGE, 1000);
    advance(middle, 901);
    assertThat(limits.firstChunk(1, true)).as("not of files' beginnings").isEqualTo(less);
    ReadStream whole = stream(ReadStream.Kind.FORWARD, 0, 0, 0);
    miss(whole, 0, 1000);
    advance(whole, 1);
    whole.close();
    assertThat(limits.firstChunk(1, true)).isEqualTo(before);
  }

  // ---- which stream a read belongs to

  private List<String> read(Readahead readahead, long page) {
    return ranges(() -> readahead.miss(page * PAGE, PAGE, false));
  }

  @Test
  void whatBeginsTheFileOrFollowsOnIsAStream() {
    Readahead readahead = new Readahead(inode, reads);
    ranges(() -> readahead.miss(0, 1000, false));
    assertThat(held()).as("more than the read, as much as the way holds").isGreaterThan(PAGE);
    assertThat(ranges(() -> readahead.miss(500 * PAGE, PAGE, true))).containsExactly("500-503");
    assertThat(ranges(() -> readahead.miss(600 * PAGE + 5, 10, false))).containsExactly("600-601");
  }

  @Test
  void whatIsBesideTheLastReadIsAStreamAtOnce() {
    Readahead readahead = new Readahead(inode, reads);
    assertThat(read(readahead, 500)).containsExactly("500-501");
    assertThat(read(readahead, 501)).containsExactly("501-504");
    assertThat(read(readahead, 600)).containsExactly("600-601");
    assertThat(read(readahead, 599)).containsExactly("597-600");
  }

  @Test
  void whatIsBesideAnotherReadIsAStreamAfterOneMore() {
    Readahead readahead = new Readahead(inode, reads);
    read(readahead, 700);
    read(readahead, 800);
    read(readahead, 950);
    assertThat(read(readahead, 701)).containsExactly("701-702");
    assertThat(read(readahead, 799)).containsExactly("799-800");
    assertThat(read(readahead, 702)).containsExactly("702-705");
    assertThat(read(readahead, 798)).containsExactly("796-799");
  }

  @Test
  void theThirdReadAtADistanceIsAStream() {
    Readahead readahead = new Readahead(inode, reads);
    assertThat(read(readahead, 1000)).containsExactly("1000-1001");
    assertThat(read(readahead, 1010)).containsExactly("1010-1011");
    assertThat(read(readahead, 1020)).containsExactly("1020-1021", "1030-1031", "1040-1041");
    assertThat(read(readahead, 1100)).hasSize(1);
    assertThat(read(readahead, 1090)).hasSize(1);
    assertThat(read(readahead, 1080)).containsExactly("1080-1081", "1070-1071", "1060-1061");
  }

  @Test
  void smallGapsAreFetchedToo() {
    Readahead readahead = new Readahead(inode, reads);
    read(readahead, 1200);
    read(readahead, 1203);
    assertThat(read(readahead, 1206)).containsExactly("1206-1209");
    read(readahead, 1403);
    read(readahead, 1400);
    assertThat(read(readahead, 1397)).containsExactly("1395-1398");
    read(readahead, 1600);
    read(readahead, 1604);
    assertThat(read(readahead, 1608)).as("no small one").hasSize(3);
  }

  @Test
  void theSameReadTwiceIsNoPattern() {
    Readahead readahead = new Readahead(inode, reads);
    read(readahead, 100);
    assertThat(read(readahead, 100)).as("on its way").isEmpty();
    assertThat(read(readahead, 100)).isEmpty();
    assertThat(held()).isZero();
  }

  @Test
  void sixteenReadsAreRemembered() {
    for (int others : new int[] {15, 16}) {
      Readahead readahead = new Readahead(inode, reads);
      long base = others == 15 ? 10 : 1010;
      read(readahead, base);
      for (int i = 1; i <= others; i++) {
        read(readahead, base + 5L * i + 2L * i * i); // never at the same distance
      }
      assertThat(read(readahead, base + 1)).hasSize(1);
      read(readahead, base + 950);
      String next = base + 2 + "-";
      assertThat(read(readahead, base + 2)).containsExactly(next + (base + (others == 15 ? 5 : 3)));
    }
  }

  @Test
  void aStreamThatIsForgottenHoldsNothing() {
    Readahead readahead = new Readahead(inode, reads);
    read(readahead, 10);
    read(readahead, 11);
    assertThat(held()).isPositive();
    for (int i = 1; i <= 15; i++) {
      read(readahead, 1000 + 5L * i + 2L * i * i);
    }
    assertThat(held()).as("sixteen are remembered").isPositive();
    read(readahead, 1900);
    assertThat(held()).isZero();
  }

  @Test
  void afterItsFileIsClosedNothingIsAhead() {
    Readahead readahead = new Readahead(inode, reads);
    read(readahead, 500);
    read(readahead, 501);
    assertThat(held()).isPositive();
    readahead.close();
    assertThat(held()).isZero();
    assertThat(ranges(() -> readahead.miss(700 * PAGE + 5, PAGE, true))).containsExactly("700-702");
    Page page = page(502);
    page.setMarker(stream(ReadStream.Kind.FORWARD, 0, 0, 0));
    assertThat(ranges(() -> readahead.advance(page))).isEmpty();
  }

  @Test
  void aMarkerIsPassedOnce() {
    Readahead readahead = new Readahead(inode, reads);
    ReadStream stream = begun();
    Page page = page(101);
    assertThat(ranges(() -> readahead.advance(page))).as("no marker").isEmpty();
    page.setMarker(stream);
    assertThat(ranges(() -> readahead.advance(page))).containsExactly("103-119");
    assertThat(page.marker()).isNull();
  }

  @Test
  void aReaderGoesOnWithTheStreamOfOneWhoHasClosed() {
    Readahead readahead = new Readahead(inode, reads);
    ReadStream stream = begun();
    stream.close();
    Page page = page(101);
    page.setMarker(stream);
    assertThat(ranges(() -> readahead.advance(page))).containsExactly("103-119");
    assertThat(held()).isEqualTo(16 * PAGE);
    readahead.close();
    assertThat(held()).as("it is this one's now").isZero();
  }
}
