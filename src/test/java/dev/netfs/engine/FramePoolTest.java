package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
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
    FramePool expected = new FramePool(SIZE, 7 * SLAB, null);
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

  /** What somebody else is to do. */
  private final ArrayDeque<Runnable> elsewhere = new ArrayDeque<>();

  @Test
  void whenHalfIsTakenTheNextIsMadeReadyElsewhere() {
    FramePool ahead = new FramePool(SIZE, 6 * SLAB, elsewhere::add);
    take(ahead, SLAB / 2 - 1);
    assertThat(elsewhere).isEmpty();
    take(ahead, 2);
    assertThat(elsewhere).hasSize(1);
    assertThat(ahead.frames()).isEqualTo(SLAB);
    elsewhere.remove().run();
    assertThat(ahead.frames()).isEqualTo(2 * SLAB);
    take(ahead, SLAB / 2 - 1); // half of the second one is free
    assertThat(ahead.frames()).isEqualTo(2 * SLAB);
    take(ahead, SLAB);
    elsewhere.remove().run();
    assertThat(ahead.frames()).isEqualTo(4 * SLAB);
    take(ahead, 4 * SLAB - ahead.used());
    elsewhere.remove().run();
    assertThat(ahead.frames()).as("no more than are expected").isEqualTo(6 * SLAB);
    take(ahead, 6 * SLAB - ahead.used());
    assertThat(elsewhere).isEmpty();
    assertThat(ahead.frames()).isEqualTo(6 * SLAB);
  }

  @Test
  void whoIsFasterMakesOneHimselfAndWhatComesTooLateIsLeft() {
    FramePool ahead = new FramePool(SIZE, 4 * SLAB, elsewhere::add);
    take(ahead, 2 * SLAB);
    assertThat(elsewhere).hasSize(1);
    assertThat(ahead.frames()).as("one at a time").isEqualTo(2 * SLAB);
    Runnable prepare = elsewhere.remove();
    take(ahead, 2 * SLAB);
    prepare.run();
    assertThat(ahead.frames()).isEqualTo(4 * SLAB);
    assertThat(elsewhere).isEmpty();
  }
}
