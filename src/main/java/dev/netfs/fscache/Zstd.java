package dev.netfs.fscache;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorInputStream;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorOutputStream;

/** Zstandard frames (RFC 8878), by Commons Compress and zstd-jni, which need not be there. */
final class Zstd {
  private static final int LEVEL = 3;

  /** The decoder gets so much memory for what a frame may refer back to: level 3 takes 2 MiB. */
  private static final long MAX_WINDOW = 8 << 20;

  private static final int MAGIC = 0xFD2FB528;

  private Zstd() {}

  /** Takes bytes into an array as long as there is room for them. */
  private static final class Fill extends OutputStream {
    private final byte[] out;
    private int end;
    private boolean full;

    Fill(byte[] out) {
      this.out = out;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      full |= length > out.length - end;
      if (!full) {
        System.arraycopy(bytes, offset, out, end, length);
        end += length;
      }
    }
  }

  /**
   * Compresses bytes.
   *
   * @param length how many bytes of {@code in}
   * @param out takes the frame, at its beginning
   * @return how long the frame is; -1 if it does not fit
   */
  static int compress(byte[] in, int length, byte[] out) throws IOException {
    Fill fill = new Fill(out);
    try (OutputStream stream = new ZstdCompressorOutputStream(fill, LEVEL)) {
      stream.write(in, 0, length);
    }
    return fill.full ? -1 : fill.end;
  }

  /**
   * Opens a frame, which may be anything.
   *
   * @throws IOException if it is not one frame, or wants too much memory
   */
  static InputStream open(byte[] in, int length) throws IOException {
    if (!isOneFrame(ByteBuffer.wrap(in, 0, length).order(ByteOrder.LITTLE_ENDIAN))) {
      throw new IOException("not one frame of Zstandard");
    }
    return new ZstdCompressorInputStream(new ByteArrayInputStream(in, 0, length));
  }

  /**
   * Returns whether bytes are one frame with a window that is not too large. What is behind a first
   * frame would be opened, too, with whatever memory it wants.
   */
  static boolean isOneFrame(ByteBuffer in) {
    if (in.remaining() < 6 || in.getInt() != MAGIC) {
      return false;
    }
    int descriptor = in.get();
    boolean single = (descriptor & 0x20) != 0;
    int sizeFlag = descriptor >> 6 & 3;
    int sizeBytes = sizeFlag == 0 ? (single ? 1 : 0) : 1 << sizeFlag;
    int dictionaryBytes = descriptor & 3;
    int rest = (single ? 0 : 1) + sizeBytes;
    if (dictionaryBytes != 0 || in.remaining() < rest) {
      return false;
    }
    long window;
    if (single) {
      window =
          switch (sizeBytes) {
            case 1 -> in.get() & 0xff;
            case 2 -> (in.getShort() & 0xffff) + 256;
            case 4 -> in.getInt() & 0xffffffffL;
            default -> in.getLong();
          };
    } else {
      int code = in.get() & 0xff;
      long base = 1L << 10 + (code >> 3);
      window = base + base / 8 * (code & 7);
      in.position(in.position() + sizeBytes);
    }
    return window >= 0
        && window <= MAX_WINDOW
        && endsWithItsBlocks(in, (descriptor & 4) != 0 ? 4 : 0);
  }

  private static boolean endsWithItsBlocks(ByteBuffer in, int checksumBytes) {
    while (in.remaining() >= 3) {
      int header = (in.getShort() & 0xffff) | (in.get() & 0xff) << 16;
      int size = (header >> 1 & 3) == 1 ? 1 : header >> 3; // a run of one byte is that byte
      if (size > in.remaining()) {
        return false;
      }
      in.position(in.position() + size);
      if ((header & 1) != 0) {
        return in.remaining() == checksumBytes;
      }
    }
    return false;
  }
}
