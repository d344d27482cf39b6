package dev.netfs.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LinkScheduleTest {
  private static final long MILLI = 1_000_000;
  private static final long START = Long.MAX_VALUE - 5 * MILLI; // overflows while the tests run

  @Test
  void aDelayIsHalfTheRoundTripAndHoldsNobodyUp() {
    LinkSchedule schedule = new LinkSchedule(new Link(Duration.ofMillis(20), 0), START);
    assertThat(schedule.due(START, 1 << 20)).isEqualTo(START + 10 * MILLI);
    assertThat(schedule.due(START, 1 << 20)).isEqualTo(START + 10 * MILLI);
    assertThat(schedule.due(START + 1, 1)).isEqualTo(START + 1 + 10 * MILLI);
  }

  @Test
  void bytesLeaveOneAfterTheOtherAtTheBandwidthAndThenFlyTogether() {
    LinkSchedule schedule = new LinkSchedule(new Link(Duration.ofMillis(20), 100_000_000), START);
    assertThat(schedule.due(START, 100_000)).isEqualTo(START + 11 * MILLI);
    assertThat(schedule.due(START, 100_000)).isEqualTo(START + 12 * MILLI);
    // The link was free from 2 ms on.
    assertThat(schedule.due(START + 7 * MILLI, 100_000)).isEqualTo(START + 18 * MILLI);
  }

  @Test
  void theBandwidthIsKeptHoweverLateTheBytesAreTakenIn() {
    LinkSchedule schedule = new LinkSchedule(new Link(Duration.ZERO, 64_000_000), START);
    long due = 0;
    for (int i = 0; i < 1000; i++) {
      // As a sender that is always ahead, whose thread wakes up at odd times.
      due = schedule.due(START + i * 900_000L - i % 7 * 100_000L, 64_000);
    }
    assertThat(due - START).isEqualTo(1000 * MILLI);
  }

  @Test
  void titles() {
    assertThat(Link.LOOPBACK.title()).isEqualTo("loopback");
    assertThat(new Link(Duration.ofMillis(20), 100_000_000).title()).isEqualTo("20 ms, 100 MB/s");
    assertThat(new Link(Duration.ofMillis(1), 0).title()).isEqualTo("1 ms");
    assertThat(new Link(Duration.ofMillis(100), 0).title()).isEqualTo("100 ms");
    assertThat(new Link(Duration.ofNanos(1_500_000), 0).title()).isEqualTo("1.5 ms");
    assertThat(new Link(Duration.ZERO, 1_000_000).title()).isEqualTo("0 ms, 1 MB/s");
  }
}
