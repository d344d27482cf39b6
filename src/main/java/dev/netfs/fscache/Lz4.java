package dev.netfs.fscache;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;

/**
 * LZ4 blocks. They are read by Commons Compress, whose own writer looks for the best of all
 * possible encodings and takes seconds for what the network brings in milliseconds; so they are
 * written here, as LZ4 itself does it: greedily, the last place where four bytes were alike counts.
 *
 * <pre>
 * sequence*: token (literals' count, match's length less 4: 4 bits each) | more of the count
 *            | literals | offset back (2, little-endian) | more of the length
 * </pre>
 *
 * A count of 15 goes on in bytes that are added up, of which the first below 255 is the last. The
 * block ends with literals, at least 5, and no match begins within its last 12 bytes.
 */
final class Lz4 {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int HASH_BITS = 14;
  private static final int MIN_MATCH = 4;
  private static final int MAX_OFFSET = 0xffff;
  private static final int LAST_LITERALS = 5;
  private static final int LAST_MATCH = 12;

  /** The longer nothing was found, the larger the steps: so many literals to the next. */
  private static final int SKIP_BITS = 6;

  private final byte[] in;
  private final byte[] out;
  private int end; // of what has been written to out
  private boolean full;

  private Lz4(byte[] in, byte[] out) {
    this.in = in;
    this.out = out;
  }

  /**
   * Compresses bytes.
   *
   * @param length how many bytes of {@code in}
   * @param out takes the block, at its beginning
   * @return how long the block is; -1 if it does not fit
   */
  static int compress(byte[] in, int length, byte[] out) {
    return new Lz4(in, out).compress(length);
  }

  private int compress(int length) {
    int[] places = new int[1 << HASH_BITS]; // where four bytes were last seen, plus 1
    int anchor = 0; // the first byte that is not written yet
    int at = 0;
    while (at <= length - LAST_MATCH && !full) {
      int four = (int) INT.get(in, at);
      int hash = four * 0x9E3779B1 >>> Integer.SIZE - HASH_BITS;
      int before = places[hash] - 1;
      places[hash] = at + 1;
      if (before < 0 || at - before > MAX_OFFSET || (int) INT.get(in, before) != four) {
        at += 1 + (at - anchor >> SKIP_BITS);
        continue;
      }
      int same = MIN_MATCH;
      while (at + same < length - LAST_LITERALS && in[at + same] == in[before + same]) {
        same++;
      }
      sequence(anchor, at - anchor, at - before, same - MIN_MATCH);
      at += same;
      anchor = at;
    }
    sequence(anchor, length - anchor, 0, 0);
    return full ? -1 : end;
  }

  /** Writes a sequence; the last one has no match, and an offset of 0 says so. */
  private void sequence(int from, int literals, int offset, int more) {
    // The token, what goes on in bytes of 255, the literals and the offset.
    full |= end + 5L + literals + literals / 255 + more / 255 > out.length;
    if (full) {
      return;
    }
    out[end++] = (byte) (Math.min(literals, 15) << 4 | Math.min(more, 15));
    count(literals);
    System.arraycopy(in, from, out, end, literals);
    end += literals;
    if (offset > 0) {
      out[end++] = (byte) offset;
      out[end++] = (byte) (offset >> 8);
      count(more);
    }
  }

  private void count(int number) {
    if (number >= 15) {
      int left = number - 15;
      for (; left >= 255; left -= 255) {
        out[end++] = (byte) 255;
      }
      out[end++] = (byte) left;
    }
  }

  /** Opens a block, which may be anything. */
  static InputStream open(byte[] in, int length) throws IOException {
    return new BlockLZ4CompressorInputStream(new Bytes(in, length));
  }

  /** An array without a lock: what reads blocks asks for most of their bytes one by one. */
  private static final class Bytes extends InputStream {
    private final byte[] in;
    private final int length;
    private int at;

    Bytes(byte[] in, int length) {
      this.in = in;
      this.length = length;
    }

    @Override
    public int read() {
      return at < length ? in[at++] & 0xff : -1;
    }

    @Override
    public int read(byte[] bytes, int offset, int wanted) {
      int count = Math.min(wanted, length - at);
      if (count <= 0) {
        return wanted == 0 ? 0 : -1;
      }
      System.arraycopy(in, at, bytes, offset, count);
      at += count;
      return count;
    }
  }
}
