package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FramePoolTest {
  private static final int SIZE = 64 << 10;
  private static final int SLAB = 64; // frames of this size

  private final FramePool pool = new FramePool(SIZE);

  private static List<FramePool.Frame> take(FramePool pool, int count) {
    List<FramePool.Frame> taken = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      taken.add(pool.allocate(SIZE));
    }
    return taken;
  }

  @Test
  void noTwoFramesShareMemory() {
    List<FramePool.Frame> taken = take(pool, 300);
    for (int i = 0; i < taken.size(); i++) {
      FramePool.Frame frame = taken.get(i);
      for (int at = 0; at < SIZE; at += 4096) {
        frame.slab.putInt(frame.offset + at, i);
        frame.slab.putInt(frame.offset + at + 4092, i);
      }
    }
    for (int i = 0; i < taken.size(); i++) {
      FramePool.Frame frame = taken.get(i);
      for (int at = 0; at < SIZE; at += 4096) {
        assertThat(frame.slab.getInt(frame.offset + at)).isEqualTo(i);
        assertThat(frame.slab.getInt(frame.offset + at + 4092)).isEqualTo(i);
      }
    }
  }

  @Test
  void aFrameIsFoundByItsNumberAndBeginsWithAPageOfTheProcessor() {
    Set<Integer> numbers = new HashSet<>();
    for (FramePool.Frame frame : take(pool, 300)) {
      assertThat(numbers.add(frame.number)).isTrue();
      assertThat(pool.slab(frame.number)).isSameAs(frame.slab);
      assertThat(pool.offset(frame.number)).isEqualTo(frame.offset);
      assertThat(frame.slab.alignmentOffset(frame.offset, 4096)).isZero();
    }
  }

  @Test
  void aPartHasNoNumber() {
    assertThat(pool.allocate(SIZE / 4).number).isNegative();
  }

  @Test
  void memoryDoublesUpToEightSlabsAtOnce() {
    int[] frames = {1, 2, 4, 8, 16, 24, 32};
    for (int i = 0; i < frames.length; i++) {
      take(pool, i == 0 ? 1 : (frames[i - 1] * SLAB - pool.used()) + 1);
      assertThat(pool.frames()).isEqualTo(frames[i] * SLAB);
    }
  }

  @Test
  void memoryDoesNotDoubleBeyondWhatIsExpected() {
    FramePool expected = new FramePool(SIZE, 7 * SLAB);
    take(expected, 4 * SLAB + 1);
    assertThat(expected.frames()).isEqualTo(7 * SLAB);
    take(expected, 3 * SLAB);
    assertThat(expected.frames()).as("exceeded by as little as can be").isEqualTo(8 * SLAB);
  }

  @Test
  void aLargePageIsASlabOfItsOwn() {
    FramePool large = new FramePool(16 << 20);
    FramePool.Frame frame = large.allocate(16 << 20);
    assertThat(frame.slab.capacity()).isEqualTo(16 << 20);
    assertThat(large.frames()).isEqualTo(1);
  }
}
