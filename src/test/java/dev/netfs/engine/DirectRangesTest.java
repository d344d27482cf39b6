package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What direct writes are sending. */
@Tag("W2")
class DirectRangesTest {
  private final DirectRanges ranges = new DirectRanges();

  @Test
  void meetsWhatSharesAByte() {
    ranges.begin(100, 200);
    assertThat(ranges.intersects(0, 100)).as("before it").isFalse();
    assertThat(ranges.intersects(0, 101)).isTrue();
    assertThat(ranges.intersects(120, 130)).isTrue();
    assertThat(ranges.intersects(199, 300)).isTrue();
    assertThat(ranges.intersects(200, 300)).as("behind it").isFalse();
    ranges.begin(400, 500);
    assertThat(ranges.intersects(300, 410)).isTrue();
  }

  @Test
  void thereAreSomeUntilTheLastIsOver() {
    assertThat(ranges.any()).isFalse();
    DirectRanges.Range first = ranges.begin(0, 10);
    DirectRanges.Range second = ranges.begin(20, 30);
    ranges.end(first);
    assertThat(ranges.any()).isTrue();
    assertThat(ranges.intersects(0, 10)).isFalse();
    ranges.end(second);
    assertThat(ranges.any()).isFalse();
    assertThat(ranges.intersects(0, 1000)).isFalse();
  }

  @Test
  void areTakenOutOfWhatElseIsToBeSent() {
    ranges.begin(10, 20);
    ranges.begin(30, 40);
    ExtentSet dirty = new ExtentSet();
    dirty.add(0, 35);
    ranges.removeFrom(dirty);
    assertThat(dirty).hasToString("{[0,10), [20,30)}");
  }

  @Test
  void whoWaitsIsToldOnce() {
    CompletableFuture<Void> first = ranges.whenAnyIsOver();
    CompletableFuture<Void> second = ranges.whenAnyIsOver();
    assertThat(first).isNotDone();
    assertThat(ranges.takeWaiters()).containsExactly(first, second);
    assertThat(ranges.takeWaiters()).isEmpty();
  }
}
