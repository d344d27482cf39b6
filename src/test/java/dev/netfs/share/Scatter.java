package dev.netfs.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A scatter list of odd pieces, empty ones among them, with guard bytes around each. */
final class Scatter {
  private static final byte GUARD = (byte) 0xA5;
  private static final int GUARD_LENGTH = 7;

  private final List<ByteBuffer> whole = new ArrayList<>();
  private final List<ByteBuffer> pieces = new ArrayList<>();
  private final int length;

  Scatter(Random random, boolean direct, int length) {
    this.length = length;
    int left = length;
    while (left > 0) {
      int size =
          random.nextInt(8) == 0 ? 0 : Math.min(left, 1 + random.nextInt(1 << random.nextInt(14)));
      int capacity = size + 2 * GUARD_LENGTH;
      ByteBuffer buffer =
          direct ? ByteBuffer.allocateDirect(capacity) : ByteBuffer.allocate(capacity);
      while (buffer.hasRemaining()) {
        buffer.put(GUARD);
      }
      whole.add(buffer.clear());
      pieces.add(buffer.slice(GUARD_LENGTH, size));
      left -= size;
    }
  }

  int length() {
    return length;
  }

  /** Returns a fresh list over the pieces. */
  IoSegments segments() {
    return IoSegments.of(pieces);
  }

  void fill(Random random) {
    for (ByteBuffer piece : pieces) {
      byte[] bytes = new byte[piece.remaining()];
      random.nextBytes(bytes);
      piece.duplicate().put(bytes);
    }
  }

  /** Returns the first bytes of the pieces put together. */
  byte[] content(int count) {
    ByteBuffer all = ByteBuffer.allocate(length);
    pieces.forEach(piece -> all.put(piece.duplicate()));
    byte[] content = new byte[count];
    all.flip().get(content);
    return content;
  }

  void assertGuardsUntouched() {
    for (ByteBuffer buffer : whole) {
      for (int i = 0; i < GUARD_LENGTH; i++) {
        assertThat(buffer.get(i)).isEqualTo(GUARD);
        assertThat(buffer.get(buffer.capacity() - 1 - i)).isEqualTo(GUARD);
      }
    }
  }
}
