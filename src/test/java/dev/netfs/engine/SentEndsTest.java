package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How long our own changes have made a file since one of them. */
@Tag("S3")
class SentEndsTest {
  private final SentEnds ends = new SentEnds();

  @Test
  void nothingWasWrittenAfterTheLastChange() {
    assertThat(ends.since(0)).isZero();
    ends.add(5, 100);
    assertThat(ends.since(4)).isEqualTo(100);
    assertThat(ends.since(5)).isZero();
  }

  @Test
  void theFarthestOfTheLaterOnesCounts() {
    ends.add(1, 300);
    ends.add(2, 100);
    ends.add(3, 200);
    assertThat(ends.since(0)).isEqualTo(300);
    assertThat(ends.since(1)).isEqualTo(200);
    assertThat(ends.since(2)).isEqualTo(200);
    assertThat(ends.since(3)).isZero();
  }

  @Test
  void aCutEndsWhatWasBefore() {
    ends.add(1, 300);
    assertThat(ends.cutSince(0)).isFalse();
    ends.cut(2);
    assertThat(ends.cutSince(1)).isTrue();
    assertThat(ends.cutSince(2)).isFalse();
    assertThat(ends.since(0)).isZero();
    ends.add(3, 50);
    assertThat(ends.since(0)).isEqualTo(50);
    assertThat(ends.cutSince(0)).isTrue();
  }

  @Test
  void ofManyTheOldestMakeAFileLookTooLongRatherThanTooShort() {
    for (int change = 1; change <= 9; change++) {
      ends.add(change, 100 - 10 * change);
    }
    assertThat(ends.since(0)).isEqualTo(90);
    assertThat(ends.since(1)).as("80 are exact").isEqualTo(90);
    for (int change = 2; change < 9; change++) {
      assertThat(ends.since(change)).isEqualTo(100 - 10 * (change + 1));
    }
    ends.add(10, 5);
    assertThat(ends.since(2)).isEqualTo(90);
    assertThat(ends.since(3)).isEqualTo(60);
    assertThat(ends.since(9)).isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void agreesWithAListOfThemAll(long seed) {
    Random random = new Random(seed);
    TreeMap<Long, Long> all = new TreeMap<>();
    boolean few = true; // whether never more than eight ends were exceeded by no later one
    for (long change = 1; change < 2_000; change++) {
      if (random.nextInt(20) == 0) {
        ends.cut(change);
        all.clear();
        few = true;
      } else {
        long end = random.nextInt(1000);
        ends.add(change, end);
        all.put(change, end);
        few &= notExceeded(all) <= 8;
      }
      long since = Math.max(0, change - random.nextInt(20));
      long exact =
          all.tailMap(since, false).values().stream().mapToLong(Long::longValue).max().orElse(0);
      assertThat(ends.since(since)).isGreaterThanOrEqualTo(exact);
      if (few) {
        assertThat(ends.since(since)).isEqualTo(exact);
      }
    }
  }

  private static int notExceeded(TreeMap<Long, Long> all) {
    int count = 0;
    long farthest = -1;
    for (long end : all.descendingMap().values()) {
      if (end > farthest) {
        farthest = end;
        count++;
      }
    }
    return count;
  }
}
