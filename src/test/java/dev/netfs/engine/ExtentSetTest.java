package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExtentSetTest {
  private static final int SPACE = 200;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void agreesWithABitSet(long seed) {
    Random random = new Random(seed);
    ExtentSet set = new ExtentSet();
    BitSet bits = new BitSet();
    for (int i = 0; i < 5_000; i++) {
      int start = random.nextInt(SPACE);
      int end = start + random.nextInt(1 + random.nextInt(30));
      switch (random.nextInt(5)) {
        case 0, 1 -> {
          set.add(start, end);
          bits.set(start, end);
        }
        case 2, 3 -> {
          set.remove(start, end);
          bits.clear(start, end);
        }
        default -> {
          if (random.nextInt(100) == 0) {
            set.clear();
            bits.clear();
          }
        }
      }
      check(set, bits, start, end);
    }
  }

  private static void check(ExtentSet set, BitSet bits, int start, int end) {
    assertThat(set.bytes()).isEqualTo(bits.cardinality());
    assertThat(set.isEmpty()).isEqualTo(bits.isEmpty());
    assertThat(set.last()).isEqualTo(bits.length());
    BitSet inside = bits.get(start, end);
    assertThat(set.intersects(start, end)).isEqualTo(!inside.isEmpty());
    assertThat(set.contains(start, end)).isEqualTo(inside.cardinality() == end - start);
    BitSet seen = new BitSet();
    set.forEachIn(start, end, (from, to) -> mark(seen, start, end, from, to));
    BitSet gaps = new BitSet();
    set.forEachGapIn(start, end, (from, to) -> mark(gaps, start, end, from, to));
    for (int i = start; i < end; i++) {
      assertThat(seen.get(i)).isEqualTo(bits.get(i));
      assertThat(gaps.get(i)).isEqualTo(!bits.get(i));
    }
    assertThat(set.size()).isEqualTo(runs(bits));
    for (int i = 0; i < set.size(); i++) {
      assertThat(set.start(i)).isLessThan(set.end(i));
      if (i > 0) {
        assertThat(set.start(i)).as("ranges that touch are one").isGreaterThan(set.end(i - 1));
      }
    }
  }

  private static void mark(BitSet bits, int start, int end, long from, long to) {
    assertThat(from).isGreaterThanOrEqualTo(start).isLessThan(to);
    assertThat(to).isLessThanOrEqualTo(end);
    bits.set((int) from, (int) to);
  }

  private static int runs(BitSet bits) {
    int runs = 0;
    for (int at = bits.nextSetBit(0); at >= 0; at = bits.nextSetBit(bits.nextClearBit(at))) {
      runs++;
    }
    return runs;
  }

  @Test
  void worksFarFromZero() {
    ExtentSet set = new ExtentSet();
    long far = Long.MAX_VALUE - 10;
    set.add(far, Long.MAX_VALUE);
    set.add(0, 1);
    assertThat(set.contains(far, Long.MAX_VALUE)).isTrue();
    set.remove(5, Long.MAX_VALUE);
    assertThat(set.toString()).isEqualTo("{[0,1)}");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void aSetIsAddedToAnother(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      ExtentSet set = new ExtentSet();
      ExtentSet other = new ExtentSet();
      BitSet bits = new BitSet();
      BitSet otherBits = new BitSet();
      for (int ranges = random.nextInt(10); ranges > 0; ranges--) {
        addSome(random, set, bits);
        addSome(random, other, otherBits);
      }
      String before = other.toString();
      set.addAll(other);
      bits.or(otherBits);
      check(set, bits, 0, SPACE);
      assertThat(other).hasToString(before);
    }
  }

  private static void addSome(Random random, ExtentSet set, BitSet bits) {
    int start = random.nextInt(SPACE - 30);
    int end = start + random.nextInt(30);
    set.add(start, end);
    bits.set(start, end);
  }
}
