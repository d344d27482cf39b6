package dev.netfs.fscache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a cookie's file says of itself: written once, before the file gets its name, and never
 * changed, so that a file and its header are one. A file of another state of the object is another
 * file.
 *
 * <p>The first {@value #REGION} bytes of the file are
 *
 * <pre>
 * magic (4) | version (1) | 0 (3) | stored (8) | record head ({@link Sealer#HEAD}) | length (4)
 * | 0 (4) | sealed CBOR map with its tag
 * </pre>
 *
 * {@code stored} is how many bytes the slots hold, more or less: the one thing that changes, and
 * only advice.
 *
 * @param path the object's path on its share
 * @param coherency which state of the object the file is of
 * @param granule the size of a granule
 * @param generation 128 random bits that the file's slots are bound to
 */
record CookieHeader(String path, CoherencyData coherency, int granule, byte[] generation) {
  /** The slots begin here. */
  static final int REGION = 16 << 10;

  static final int GENERATION = 16;

  /** Where the number of stored bytes is. */
  static final int STORED = 8;

  static final int MAGIC = 0x6e667343; // nfsC
  static final int VERSION = 1;
  static final int RECORD = 16;
  static final int LENGTH = RECORD + Sealer.HEAD;
  static final int SEALED = LENGTH + 8;

  static CookieHeader create(
      String path, CoherencyData coherency, int granule, SecureRandom random) {
    byte[] generation = new byte[GENERATION];
    random.nextBytes(generation);
    return new CookieHeader(path, coherency, granule, generation);
  }

  /** Returns whether the file is of an object in a state. */
  boolean isOf(String wantedPath, CoherencyData wanted) {
    return path.equals(wantedPath) && coherency.matches(wanted);
  }

  /**
   * Encodes the header; null if it does not fit.
   *
   * @param binding what the header is bound to, beside itself: volume and object
   */
  @Nullable ByteBuffer encode(Sealer sealer, ByteBuffer binding) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("path", path);
    coherency.put(fields);
    fields.put("granule", granule);
    fields.put("generation", generation);
    ByteBuffer record = ByteBuffer.wrap(Records.encode(fields));
    if (record.remaining() + SEALED + Sealer.TAG > REGION) {
      return null;
    }
    ByteBuffer out = ByteBuffer.allocate(REGION);
    out.putInt(MAGIC).put((byte) VERSION);
    out.putInt(LENGTH, record.remaining());
    out.position(SEALED);
    sealer.seal(binding, record, out, RECORD);
    return out.flip();
  }

  /**
   * Decodes a header.
   *
   * @param in the beginning of a file
   * @throws IOException if it is none, or of another object or volume
   */
  static CookieHeader decode(ByteBuffer in, Sealer sealer, ByteBuffer binding) throws IOException {
    if (in.remaining() < SEALED + Sealer.TAG || in.getInt(0) != MAGIC || in.get(4) != VERSION) {
      throw new IOException("no header");
    }
    int length = in.getInt(LENGTH);
    if (length < 0 || length > in.remaining() - SEALED - Sealer.TAG) {
      throw new IOException("no header");
    }
    ByteBuffer record = ByteBuffer.allocate(length);
    ByteBuffer sealed = in.slice(SEALED, length + Sealer.TAG);
    if (!sealer.open(binding, in, RECORD, sealed, record)) {
      throw new IOException("a header that does not prove itself");
    }
    Records.Fields fields = Records.decode(record.array(), 0, length);
    try {
      long granule = fields.number("granule", Slots.MIN_GRANULE, Slots.MAX_GRANULE);
      if (Long.bitCount(granule) != 1) {
        throw new IOException("a granule of " + granule);
      }
      return new CookieHeader(
          fields.text("path"),
          CoherencyData.of(fields),
          (int) granule,
          fields.bytes("generation", GENERATION));
    } catch (IllegalArgumentException e) {
      throw new IOException("a header that makes no sense", e);
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof CookieHeader that && Arrays.equals(generation, that.generation);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(generation);
  }

  @Override
  public String toString() {
    return "CookieHeader[" + path + ", " + coherency + "]";
  }
}
