package dev.netfs.fscache;

import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.zstandard.ZstdUtils;
import org.jspecify.annotations.Nullable;

/**
 * How granules are compressed before they are sealed: the option {@code diskCompress}. What is read
 * is opened by what its slot says, whatever the option says now.
 */
public enum Codec {
  /** Not at all. */
  NONE,
  /** An LZ4 block. */
  LZ4,
  /** A Zstandard frame. */
  ZSTD;

  /** The library that Zstandard needs, which need not be there. */
  public static final String ZSTD_LIBRARY = "com.github.luben:zstd-jni";

  /** A compressed granule must save so much, or nothing is gained on disk. */
  private static final int LEAST_SAVING = Slots.BLOCK;

  private static final Codec[] ALL = values();

  /** Whether Zstandard works here, found out when it matters. */
  private static final class ZstdProbe {
    static final boolean WORKS = works();

    private static boolean works() {
      try {
        byte[] out = new byte[64];
        return ZstdUtils.isZstdCompressionAvailable() && Zstd.compress(new byte[16], 16, out) > 0;
      } catch (IOException | LinkageError e) {
        return false;
      }
    }
  }

  /** Returns whether its library is there and works on this machine. */
  public boolean isAvailable() {
    return this != ZSTD || ZstdProbe.WORKS;
  }

  /** Returns what a slot's head calls it. */
  byte id() {
    return (byte) ordinal();
  }

  /** Returns the one that a slot's head names; null if there is none. */
  static @Nullable Codec of(byte id) {
    return id >= 0 && id < ALL.length ? ALL[id] : null;
  }

  /**
   * Compresses a granule.
   *
   * @param length how many bytes of {@code in}
   * @param out takes it, at its beginning
   * @return how long it is then; -1 if that is not worth it
   */
  int compress(byte[] in, int length, byte[] out) {
    int made;
    try {
      made =
          switch (this) {
            case NONE -> -1;
            case LZ4 -> Lz4.compress(in, length, out);
            case ZSTD -> Zstd.compress(in, length, out);
          };
    } catch (IOException | LinkageError e) {
      return -1; // it is stored as it is
    }
    return made > length - LEAST_SAVING ? -1 : made;
  }

  /**
   * Opens what was compressed, which may be anything: it takes no more time and memory than what
   * was.
   *
   * @param packed how many bytes of {@code in}
   * @param out takes exactly {@code length} bytes
   * @return whether it was what {@link #compress} makes of so many bytes
   */
  boolean decompress(byte[] in, int packed, byte[] out, int length) {
    if (this == NONE) {
      return false;
    }
    try (InputStream stream = this == LZ4 ? Lz4.open(in, packed) : Zstd.open(in, packed)) {
      return stream.readNBytes(out, 0, length) == length && stream.read() < 0;
    } catch (IOException | RuntimeException | LinkageError e) {
      return false;
    }
  }
}
