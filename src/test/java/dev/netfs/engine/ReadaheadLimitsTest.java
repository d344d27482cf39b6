package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How large chunks are, and how much may be held ahead. */
class ReadaheadLimitsTest {
  private static final int PAGE = 4096;
  private static final long MIB = 1 << 20;

  private final HandClock clock = new HandClock(1);
  private final LinkEstimate link = new LinkEstimate(clock);
  private Mount mount;

  @AfterEach
  void unmount() throws IOException {
    if (mount != null) {
      mount.close();
    }
  }

  private ReadaheadLimits limits(long fit, Object... options) throws IOException {
    Map<String, Object> map = new HashMap<>(Map.of("pageSize", PAGE, "memory", 64 * MIB));
    for (int i = 0; i < options.length; i += 2) {
      map.put((String) options[i], options[i + 1]);
    }
    mount = new SimServer(1).mount(map);
    return new ReadaheadLimits(clock, mount.services().options(), link, fit);
  }

  /** Has a way been seen that holds so many bytes: a round trip of 20 ms, and a rate. */
  private void seen(long bytesUnderWay) {
    for (long moved = 0; moved < 2 * MIB; moved += bytesUnderWay) { // then nothing is assumed
      LinkEstimate.Sent sent = link.sent();
      clock.nanos += 20_000_000;
      link.answered(sent, bytesUnderWay);
    }
    assertThat(link.bytesUnderWay()).isEqualTo(bytesUnderWay);
  }

  @Test
  void offMeansOff() throws IOException {
    assertThat(limits(100 * MIB, "readahead", 0).isOn()).isFalse();
  }

  @Test
  void theFirstChunkIsTwoPagesOrTheReadWhereNothingIsKnown() throws IOException {
    ReadaheadLimits limits = limits(100 * MIB);
    assertThat(limits.isOn()).isTrue();
    assertThat(limits.firstChunk(100, false)).isEqualTo(2 * PAGE);
    assertThat(limits.firstChunk(100, true)).isEqualTo(2 * PAGE);
    assertThat(limits.firstChunk(5 * PAGE, false)).isEqualTo(5 * PAGE);
    assertThat(limits.firstChunk(100 * MIB, false)).as("half of the limit").isEqualTo(4 * MIB);
  }

  @Test
  void atAFilesBeginningTheFirstChunkIsAFourthOfWhatTheWayHolds() throws IOException {
    ReadaheadLimits limits = limits(100 * MIB);
    seen(2 * MIB);
    assertThat(limits.firstChunk(100, true)).isEqualTo(2 * MIB / 4);
    assertThat(limits.firstChunk(100, false)).isEqualTo(2 * PAGE);
  }

  @Test
  void theFirstChunkDependsOnHowFilesWereReadBefore() throws IOException {
    ReadaheadLimits limits = limits(100 * MIB);
    seen(MIB);
    limits.firstChunkWas(true);
    assertThat(limits.firstChunk(100, true)).isEqualTo(MIB / 2);
    limits.firstChunkWas(true);
    limits.firstChunkWas(true);
    assertThat(limits.firstChunk(100, true)).as("at most what the way holds").isEqualTo(MIB);
    for (int i = 0; i < 9; i++) {
      limits.firstChunkWas(false);
    }
    assertThat(limits.firstChunk(100, true)).as("never nothing").isEqualTo(MIB / 16);
    limits.firstChunkWas(true);
    assertThat(limits.firstChunk(100, true)).isEqualTo(MIB / 8);
  }

  @Test
  void aFirstChunkIsNeverMoreThanFourMebibytesBecauseOfTheWay() throws IOException {
    ReadaheadLimits limits = limits(1000 * MIB, "memory", 128 * MIB);
    seen(100 * MIB);
    assertThat(limits.firstChunk(100, true)).isEqualTo(4 * MIB);
  }

  @Test
  void chunksGrowEightfoldUpToOneAndAHalfTimesWhatTheWayHolds() throws IOException {
    ReadaheadLimits limits = limits(100 * MIB);
    seen(MIB);
    assertThat(limits.nextChunk(2 * PAGE, 0)).isEqualTo(16 * PAGE);
    assertThat(limits.nextChunk(MIB, 0)).isEqualTo(MIB * 3 / 2 + MIB);
    assertThat(limits.nextChunk(4 * MIB, 2 * MIB)).as("two reads").isEqualTo(4 * MIB);
    assertThat(limits.nextChunk(4 * MIB, 3 * MIB / 2)).isEqualTo(3 * MIB);
    assertThat(limits.nextChunk(PAGE / 8, 0)).as("a page").isEqualTo(PAGE);
  }

  @Test
  void chunksAreLimitedByTheOptionAndByWhatFits() throws IOException {
    seen(50 * MIB);
    assertThat(limits(100 * MIB, "readahead", 3 * MIB).nextChunk(MIB, 0)).isEqualTo(3 * MIB / 2);
    mount.close();
    assertThat(limits(100_000).nextChunk(MIB, 0)).as("four times what fits").isEqualTo(200_000);
    mount.close();
    assertThat(limits(1).nextChunk(MIB, 0)).as("two pages in all").isEqualTo(PAGE);
    mount.close();
    assertThat(limits(100 * MIB, "memory", 16 * MIB).nextChunk(8 * MIB, 0))
        .as("an eighth of the memory")
        .isEqualTo(MIB);
  }

  private ReadStream stream(ReadaheadLimits limits) {
    Services services = mount.services();
    Inode inode = new Inode(services, services.inodes(), "/f");
    ReadStream stream = new ReadStream(inode, mount.reads(), 0, 0, 0);
    limits.hold(stream, 0, true);
    return stream;
  }

  @Test
  void eachChunkGetsAtMostHalfOfWhatIsLeftOfAQuarterOfTheMemory() throws IOException {
    ReadaheadLimits limits = limits(100 * MIB);
    ReadStream stream = stream(limits);
    assertThat(limits.granted(MIB, 0)).isEqualTo(MIB);
    assertThat(limits.granted(MIB + 1, 0)).as("whole pages").isEqualTo(MIB);
    assertThat(limits.granted(20 * MIB, 0)).isEqualTo(8 * MIB);
    assertThat(limits.granted(20 * MIB, 4 * MIB)).isEqualTo(6 * MIB);
    limits.hold(stream, 10 * MIB, true);
    assertThat(limits.granted(20 * MIB, 0)).isEqualTo(3 * MIB);
    limits.hold(stream, 10 * MIB, true);
    assertThat(limits.granted(20 * MIB, 0)).isZero();
    limits.hold(stream, -20 * MIB, false);
    assertThat(limits.granted(20 * MIB, 0)).isEqualTo(8 * MIB);
  }

  @Test
  void whoHasNotReadForASecondLosesHisHoldWhereOthersNeedIt() throws IOException {
    ReadaheadLimits limits = limits(100 * MIB);
    Background background = mount.services().background();
    long before = background.nanoTime();
    ReadStream idle = stream(limits);
    assertThat(idle.usedNanos()).isBetween(before, background.nanoTime());
    clock.nanos = idle.usedNanos() + TimeUnit.SECONDS.toNanos(1);
    assertThat(limits.now()).isEqualTo(clock.nanos);
    limits.granted(10 * MIB, 0);
    assertThat(clock.executed).as("a second ago is not long ago").isEmpty();
    clock.nanos++;
    limits.granted(8 * MIB, 0);
    assertThat(clock.executed).as("there is enough for all").isEmpty();
    limits.granted(8 * MIB + 1, 0);
    assertThat(clock.executed).hasSize(1);
    limits.hold(idle, 0, false);
    limits.granted(10 * MIB, 0);
    assertThat(clock.executed).as("who holds nothing has nothing to lose").hasSize(1);
  }
}
