package dev.netfs.fscache;

import java.nio.ByteBuffer;

/**
 * Where a cookie's file has its slots, and what a slot's head says. Slot <i>i</i> holds granule
 * <i>i</i>; where there is none, the file has a hole, or ends before.
 *
 * <pre>
 * magic (4) | version (1) | codec (1) | 0 (2) | generation's first 8 bytes
 * | record head ({@link Sealer#HEAD}) | stored length (4) | plain length (4) | valid (8 a word)
 * | payload | tag ({@link Sealer#TAG})
 * </pre>
 *
 * A granule is valid in whole blocks of {@value #BLOCK} bytes, one bit of {@code valid} each, of
 * which the file's last may be shorter. The payload is what lies from the first valid block to the
 * end of the last one, with zeros between where blocks are not valid. Slots are not aligned: who
 * tears one on a crash damages its neighbour at most, which finds out.
 *
 * <p>The head is advice until the slot has been opened: its fields but the magic are part of the
 * associated data.
 */
final class Slots {
  static final int BLOCK = 4096;
  static final int MIN_GRANULE = BLOCK;
  static final int MAX_GRANULE = 16 << 20;

  static final int MAGIC = 0x6e667347; // nfsG
  static final byte VERSION = 1;
  private static final int CODEC = 5;
  static final int GENERATION = 8;
  static final int RECORD = 16;
  private static final int STORED = RECORD + Sealer.HEAD;
  private static final int LENGTH = STORED + 4;
  private static final int VALID = LENGTH + 4;

  final int granule;
  final int words;
  final int headSize;
  private final long size;
  private final long generation;

  /**
   * Makes the layout of a file.
   *
   * @param size the cached object's size
   */
  Slots(int granule, long size, byte[] generation) {
    this.granule = granule;
    this.words = Math.max(1, granule / BLOCK / Long.SIZE);
    this.headSize = VALID + 8 * words;
    this.size = size;
    this.generation = ByteBuffer.wrap(generation).getLong();
  }

  /** Returns the most bytes that a slot takes. */
  int slotSize() {
    return headSize + granule + Sealer.TAG;
  }

  /** Returns where a slot begins. */
  long offset(long number) {
    return CookieHeader.REGION + number * slotSize();
  }

  /** Returns how many granules the object has. */
  long count() {
    return (size + granule - 1) / granule;
  }

  /** Returns how many bytes of the object a granule holds. */
  int length(long number) {
    return (int) Math.max(0, Math.min(granule, size - number * granule));
  }

  /** A slot's head. */
  final class Head {
    final long number;
    final long[] valid = new long[words];
    byte codec;
    int stored;

    Head(long number) {
      this.number = number;
    }

    /** Takes in what a buffer holds at its beginning; returns false if that is no head. */
    boolean read(ByteBuffer in) {
      if (in.remaining() < headSize
          || in.getInt(0) != MAGIC
          || in.get(4) != VERSION
          || in.getLong(GENERATION) != generation) {
        return false;
      }
      codec = in.get(CODEC);
      stored = in.getInt(STORED);
      for (int i = 0; i < words; i++) {
        valid[i] = in.getLong(VALID + 8 * i);
      }
      int plain = in.getInt(LENGTH);
      return last() > 0
          && end() <= roundUp(length(number))
          && plain == plainLength()
          && stored > 0
          && stored <= plain
          && (codec != Codec.NONE.id() || stored == plain);
    }

    /** Writes the head, all but the record's, at a buffer's beginning. */
    void write(ByteBuffer out) {
      out.putInt(0, MAGIC).putInt(4, 0).put(4, VERSION).put(CODEC, codec);
      out.putLong(GENERATION, generation);
      out.putInt(STORED, stored).putInt(LENGTH, plainLength());
      for (int i = 0; i < words; i++) {
        out.putLong(VALID + 8 * i, valid[i]);
      }
    }

    /** Puts what proves the head into associated data. */
    void bind(ByteBuffer associated) {
      associated.putLong(number).put(codec).putInt(stored).putInt(plainLength());
      for (long word : valid) {
        associated.putLong(word);
      }
    }

    boolean isValid(int block) {
      return (valid[block / Long.SIZE] & 1L << block) != 0;
    }

    /** Makes the blocks valid from one offset in the granule to another. */
    void makeValid(int from, int to) {
      for (int block = from / BLOCK; block * BLOCK < to; block++) {
        valid[block / Long.SIZE] |= 1L << block;
      }
    }

    boolean covers(Head other) {
      for (int i = 0; i < words; i++) {
        if ((other.valid[i] & ~valid[i]) != 0) {
          return false;
        }
      }
      return true;
    }

    /** Returns whether all bytes of a range of the granule are valid. */
    boolean covers(int from, int to) {
      for (int block = from / BLOCK; block * BLOCK < to; block++) {
        if (!isValid(block)) {
          return false;
        }
      }
      return true;
    }

    /** Returns how many bytes of the granule are valid. */
    int validBytes() {
      int blocks = 0;
      for (long word : valid) {
        blocks += Long.bitCount(word);
      }
      // Of a file's last block there is less than a block.
      return blocks * BLOCK - Math.max(0, end() - length(number));
    }

    /** Returns where the payload begins in the granule. */
    int first() {
      for (int i = 0; i < words; i++) {
        if (valid[i] != 0) {
          return (i * Long.SIZE + Long.numberOfTrailingZeros(valid[i])) * BLOCK;
        }
      }
      return 0;
    }

    /** Returns how many blocks there are up to the last valid one. */
    private int last() {
      for (int i = words - 1; i >= 0; i--) {
        if (valid[i] != 0) {
          return (i + 1) * Long.SIZE - Long.numberOfLeadingZeros(valid[i]);
        }
      }
      return 0;
    }

    private int end() {
      return last() * BLOCK;
    }

    /** Returns how long the payload is, not compressed. */
    int plainLength() {
      return Math.min(end(), length(number)) - first();
    }
  }

  /** Returns how many bytes of associated data a slot has, beside those of its file. */
  int boundBytes() {
    return 17 + 8 * words;
  }

  private static int roundUp(int value) {
    return (value + BLOCK - 1) / BLOCK * BLOCK;
  }
}
