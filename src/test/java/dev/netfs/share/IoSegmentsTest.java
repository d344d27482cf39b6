package dev.netfs.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.BufferOverflowException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IoSegmentsTest {

  /** Any series of operations does what it does to one plain array. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void agreesWithAnArray(int seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      Scatter scatter = new Scatter(random, random.nextBoolean(), random.nextInt(2_000));
      scatter.fill(random);
      byte[] oracle = scatter.content(scatter.length());
      int position = 0;
      IoSegments segments = scatter.segments();
      while (true) {
        int left = oracle.length - position;
        assertThat(segments.remaining()).isEqualTo(left);
        assertThat(segments.hasRemaining()).isEqualTo(left > 0);
        if (left == 0) {
          break;
        }
        int count = random.nextInt(Math.min(left, 400) + 1);
        step(random, segments, oracle, position, count);
        position += count;
      }
      assertThat(segments.next().hasRemaining()).isFalse();
      assertThat(scatter.content(oracle.length)).isEqualTo(oracle);
      scatter.assertGuardsUntouched();
    }
  }

  private static void step(
      Random random, IoSegments segments, byte[] oracle, int position, int count) {
    byte[] bytes = new byte[count + 6];
    switch (random.nextInt(8)) {
      case 0 -> {
        random.nextBytes(bytes);
        segments.put(bytes, 3, count);
        System.arraycopy(bytes, 3, oracle, position, count);
      }
      case 1 -> {
        random.nextBytes(bytes);
        ByteBuffer src = ByteBuffer.allocateDirect(count).put(bytes, 0, count).flip();
        segments.put(src);
        assertThat(src.hasRemaining()).isFalse();
        System.arraycopy(bytes, 0, oracle, position, count);
      }
      case 2 -> {
        segments.get(bytes, 2, count);
        assertThat(Arrays.copyOfRange(bytes, 2, 2 + count))
            .isEqualTo(Arrays.copyOfRange(oracle, position, position + count));
        assertThat(bytes[2 + count]).isZero();
      }
      case 3 -> {
        ByteBuffer dst = ByteBuffer.allocateDirect(count);
        segments.get(dst);
        byte[] got = new byte[count];
        dst.flip().get(got);
        assertThat(got).isEqualTo(Arrays.copyOfRange(oracle, position, position + count));
      }
      case 4 -> {
        segments.putZeros(count);
        Arrays.fill(oracle, position, position + count, (byte) 0);
      }
      case 5 -> segments.advance(count);
      case 6 -> byRuns(random, segments, oracle, position, count);
      default -> {
        int from = random.nextInt(count + 1);
        IoSegments part = segments.slice(from, count - from);
        assertThat(part.remaining()).isEqualTo(count - from);
        random.nextBytes(bytes);
        part.put(bytes, 0, count - from);
        System.arraycopy(bytes, 0, oracle, position + from, count - from);
        segments.advance(count);
      }
    }
  }

  /** As a transport does that moves bytes itself. */
  private static void byRuns(
      Random random, IoSegments segments, byte[] oracle, int position, int count) {
    int done = 0;
    while (done < count) {
      ByteBuffer run = segments.next();
      assertThat(run.hasRemaining()).isTrue();
      int length = Math.min(run.remaining(), count - done);
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      run.put(bytes);
      segments.advance(length);
      System.arraycopy(bytes, 0, oracle, position + done, length);
      done += length;
    }
  }

  @Test
  void leavesTheBuffersPositionsAlone() {
    ByteBuffer first = ByteBuffer.allocate(10).position(2).limit(5);
    ByteBuffer second = ByteBuffer.allocate(4);
    IoSegments segments = IoSegments.of(List.of(first, second));
    assertThat(segments.remaining()).isEqualTo(7);
    segments.put(new byte[] {1, 2, 3, 4}, 0, 4);
    assertThat(first.position()).isEqualTo(2);
    assertThat(second.position()).isZero();
    assertThat(first.array()).containsExactly(0, 0, 1, 2, 3, 0, 0, 0, 0, 0);
    assertThat(second.array()).containsExactly(4, 0, 0, 0);
    assertThat(IoSegments.of(first).remaining()).isEqualTo(3);
  }

  @Test
  void emptyLists() {
    for (IoSegments segments :
        List.of(
            IoSegments.of(List.of()),
            IoSegments.of(ByteBuffer.allocate(0)),
            IoSegments.of(new ArrayList<>(List.of(ByteBuffer.allocate(0)))))) {
      assertThat(segments.hasRemaining()).isFalse();
      assertThat(segments.next().hasRemaining()).isFalse();
      segments.advance(0);
      segments.putZeros(0);
      segments.put(new byte[0], 0, 0);
      assertThat(segments.slice(0, 0).remaining()).isZero();
    }
  }

  @Test
  void refusesMoreThanThereIsAndMovesNothing() {
    byte[] memory = new byte[4];
    IoSegments segments =
        IoSegments.of(List.of(ByteBuffer.wrap(memory, 0, 2), ByteBuffer.wrap(memory, 2, 2)));
    byte[] five = {1, 2, 3, 4, 5};
    assertThatThrownBy(() -> segments.put(five, 0, 5)).isInstanceOf(BufferOverflowException.class);
    assertThatThrownBy(() -> segments.get(five, 0, 5)).isInstanceOf(BufferUnderflowException.class);
    assertThatThrownBy(() -> segments.putZeros(5)).isInstanceOf(BufferOverflowException.class);
    assertThatThrownBy(() -> segments.put(five, 3, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatIllegalArgumentException().isThrownBy(() -> segments.advance(5));
    assertThatIllegalArgumentException().isThrownBy(() -> segments.advance(-1));
    assertThatThrownBy(() -> segments.slice(1, 4)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> segments.slice(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(segments.remaining()).isEqualTo(4);
    assertThat(memory).containsOnly(0);
  }
}
