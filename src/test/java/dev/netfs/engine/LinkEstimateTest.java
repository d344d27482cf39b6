package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is thought of a way, and how much of an upload is put on it. */
class LinkEstimateTest {
  private static final long MILLI = 1_000_000;

  /** Any number: that of a clock may overflow. */
  private final HandClock clock = new HandClock(Long.MAX_VALUE - 3_000 * MILLI);

  private final LinkEstimate link = new LinkEstimate(clock);

  /** Moves bytes in one request that takes so long. */
  private void move(long bytes, long nanos) {
    LinkEstimate.Sent sent = link.sent();
    clock.nanos += nanos;
    link.answered(sent, bytes);
  }

  @Test
  void nothingIsThoughtOfAWayThatNobodyHasGone() {
    assertThat(link.bytesUnderWay()).isZero();
  }

  @Test
  void aRateIsAssumedUntilBytesHaveShownOne() {
    link.roundTrip(20 * MILLI);
    assertThat(link.bytesUnderWay()).as("100 MB/s for 20 ms").isEqualTo(2_000_000);
    move(1 << 20, 79 * MILLI);
    assertThat(link.bytesUnderWay()).as("a mebibyte says little").isEqualTo(2_000_000);
    move(1 << 20, 79 * MILLI);
    assertThat(link.bytesUnderWay()).as("13 MB/s for 20 ms").isBetween(265_000L, 266_000L);
  }

  @Test
  void aRequestThatTookManyRoundTripsEndsTheAssumption() {
    link.roundTrip(20 * MILLI);
    move(1000, 80 * MILLI);
    assertThat(link.bytesUnderWay()).as("a few bytes may have waited").isEqualTo(2_000_000);
    move(64 << 10, 80 * MILLI);
    assertThat(link.bytesUnderWay()).as("64 KiB in 80 ms, for 20 ms").isEqualTo(16 << 10);
    move(1 << 20, 20 * MILLI);
    assertThat(link.bytesUnderWay()).as("and what is seen counts").isEqualTo(1 << 20);
  }

  @Test
  void aFasterRateThanAssumedIsSeenAtOnce() {
    link.roundTrip(20 * MILLI);
    move(3 << 20, 20 * MILLI);
    assertThat(link.bytesUnderWay()).as("3 MiB in 20 ms, for 20 ms").isEqualTo(3 << 20);
  }

  @Test
  void notMuchIsAssumedOfAVeryLongWay() {
    link.roundTrip(500 * MILLI);
    assertThat(link.bytesUnderWay()).isEqualTo(2 << 20);
    move(4_000_000, 500 * MILLI);
    assertThat(link.bytesUnderWay()).as("but all that was seen counts").isEqualTo(4_000_000);
  }

  @Test
  void theShortestRoundTripCounts() {
    link.roundTrip(20 * MILLI);
    link.roundTrip(90 * MILLI);
    assertThat(link.bytesUnderWay()).isEqualTo(2_000_000);
    link.roundTrip(10 * MILLI);
    assertThat(link.bytesUnderWay()).isEqualTo(1_000_000);
  }

  @Test
  void whatIsOlderThanTwoEpochsIsForgotten() {
    link.roundTrip(10 * MILLI);
    clock.nanos += 11_000 * MILLI;
    link.roundTrip(20 * MILLI);
    assertThat(link.bytesUnderWay()).as("the epoch before counts").isEqualTo(1_000_000);
    clock.nanos += 11_000 * MILLI;
    link.roundTrip(15 * MILLI);
    assertThat(link.bytesUnderWay()).as("20 ms and 15 ms are left").isEqualTo(1_500_000);
  }

  @Test
  void whatATransferHasShownIsForgottenLikewise() {
    move(4_000_000, 20 * MILLI);
    assertThat(link.bytesUnderWay()).isEqualTo(4_000_000);
    clock.nanos += 10_001 * MILLI;
    move(1_000_000, 40 * MILLI);
    assertThat(link.bytesUnderWay()).as("the epoch before counts").isEqualTo(4_000_000);
    clock.nanos += 10_001 * MILLI;
    move(1_000_000, 50 * MILLI);
    assertThat(link.bytesUnderWay()).as("25 bytes a microsecond, 40 ms").isEqualTo(1_000_000);
    clock.nanos += 20_001 * MILLI;
    move(500_000, 50 * MILLI);
    assertThat(link.bytesUnderWay()).as("nothing that is so old").isEqualTo(500_000);
  }

  @Test
  void anEpochLastsTenSeconds() {
    link.roundTrip(5 * MILLI);
    clock.nanos += 10_000 * MILLI;
    link.roundTrip(10 * MILLI); // of the same epoch
    clock.nanos++;
    link.roundTrip(15 * MILLI); // of the next
    clock.nanos += 10_000 * MILLI;
    link.roundTrip(18 * MILLI);
    assertThat(link.bytesUnderWay()).isEqualTo(500_000);
    clock.nanos++;
    link.roundTrip(18 * MILLI);
    assertThat(link.bytesUnderWay()).as("18 ms now, and 15 ms before").isEqualTo(1_500_000);
  }

  @Test
  void twoEpochsWithoutATransferAreForgottenAsAWhole() {
    link.roundTrip(10 * MILLI);
    clock.nanos += 20_000 * MILLI - 1;
    link.roundTrip(15 * MILLI);
    assertThat(link.bytesUnderWay()).as("just before").isEqualTo(1_000_000);
    clock.nanos += 20_000 * MILLI;
    link.roundTrip(16 * MILLI);
    assertThat(link.bytesUnderWay()).as("15 ms are forgotten").isEqualTo(1_600_000);
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void everyThreadIsAnswered() {
    LinkEstimate.Sent sent = CompletableFuture.supplyAsync(link::sent, Threads.EACH).join();
    clock.nanos += 20 * MILLI;
    CompletableFuture.runAsync(() -> link.answered(sent, 4_000_000), Threads.EACH).join();
    CompletableFuture.runAsync(() -> link.roundTrip(30 * MILLI), Threads.EACH).join();
    assertThat(CompletableFuture.supplyAsync(link::bytesUnderWay, Threads.EACH).join())
        .isEqualTo(4_000_000);
    assertThat(link.bytesUnderWay()).isEqualTo(4_000_000);
  }

  private List<CompletableFuture<Integer>> upload(DepthLimit uploads, int requests, int size) {
    List<CompletableFuture<Integer>> running = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      uploads.submit(
          "file",
          size,
          () -> {
            CompletableFuture<Integer> operation = new CompletableFuture<>();
            running.add(operation);
            return operation;
          });
    }
    return running;
  }

  @Test
  void aShortWayIsGivenFewUploads() {
    DepthLimit uploads = DepthLimit.ofUploads(link, 261_120);
    List<CompletableFuture<Integer>> running = upload(uploads, 10, 261_120);
    assertThat(running).hasSize(3);
    running.get(0).complete(1);
    assertThat(running).as("one for each that has ended").hasSize(4);
  }

  @Test
  void whereRequestsAreSmallAsManyBytesAreUnderWay() {
    assertThat(upload(DepthLimit.ofUploads(link, 64 << 10), 20, 64 << 10)).hasSize(12);
  }

  @Test
  void whereRequestsAreLargeThreeOfThemAreUnderWay() {
    assertThat(upload(DepthLimit.ofUploads(link, 1 << 20), 20, 1 << 20)).hasSize(3);
  }

  @Test
  void aLongWayIsFilled() {
    link.roundTrip(20 * MILLI);
    DepthLimit uploads = DepthLimit.ofUploads(link, 261_120);
    List<CompletableFuture<Integer>> running = upload(uploads, 40, 261_120);
    assertThat(running).as("3 MB and the few").hasSize(14);
    move(4_000_000, 40 * MILLI); // 100 MB/s
    running.get(0).complete(1);
    assertThat(running).as("what 100 MB/s keep under way, and half of it again").hasSize(15);
  }
}
