package dev.netfs.fscache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Jazzer's target: whatever is read of a cache's directory, as any bytes at all. The first byte
 * says what the others are taken for, as they are or inside something that proves itself, so that
 * what comes after the proof meets nonsense too. Anything but an {@link IOException} is a finding.
 */
public final class CacheFuzz {
  private static final VolumeKey KEY = new VolumeKey(new byte[VolumeKey.BYTES], false);
  private static final Sealer SEALER = new Sealer(KEY, new SecureRandom());
  private static final Path WHERE = Path.of("volume", "header");
  private static final int MAX_PLAIN = 64 << 10;
  private static final byte[] PLAIN = new byte[MAX_PLAIN];

  private CacheFuzz() {}

  /** What Jazzer calls. */
  public static void fuzzerTestOneInput(byte[] data) {
    if (data.length == 0) {
      return;
    }
    byte[] input = Arrays.copyOfRange(data, 1, data.length);
    try {
      switch (Math.floorMod(data[0], 10)) {
        case 0 -> CookieHeader.decode(ByteBuffer.wrap(input), SEALER, binding());
        case 1 -> CookieHeader.decode(header(input), SEALER, binding());
        case 2 -> Records.decode(input, 0, input.length);
        case 3 -> VolumeHeader.decode(summed(input), null, WHERE);
        case 4 -> head(input);
        case 5 -> Codec.LZ4.decompress(input, input.length, PLAIN, length(input));
        case 6 -> Codec.ZSTD.decompress(input, input.length, PLAIN, length(input));
        case 8 -> LOGS.read(input);
        case 9 -> LOGS.read(LOGS.records(input));
        default -> MetadataFormat.decode(record(input), SEALER, binding(), null);
      }
    } catch (IOException e) {
      // As it should be.
    }
  }

  private static final FuzzedLogs LOGS = new FuzzedLogs();

  private static ByteBuffer binding() {
    return ByteBuffer.wrap(new byte[36]);
  }

  /** How much a compressed granule is to have: as much as its first bytes say, in bounds. */
  private static int length(byte[] input) {
    return input.length < 2 ? 1 : 1 + (input[0] & 0xff) * (input[1] & 0xff);
  }

  private static void head(byte[] input) {
    int granule = Slots.MIN_GRANULE << (input.length == 0 ? 0 : (input[0] & 0xff) % 13);
    Slots slots = new Slots(granule, 10L * granule + 5, new byte[CookieHeader.GENERATION]);
    byte[] file = Arrays.copyOf(input, slots.headSize);
    ByteBuffer.wrap(file).putInt(Slots.MAGIC).put(Slots.VERSION).putLong(Slots.GENERATION, 0);
    for (long number = 0; number < 12; number += 5) {
      Slots.Head head = slots.new Head(number);
      if (head.read(ByteBuffer.wrap(file)) && head.first() + head.plainLength() > granule) {
        throw new IllegalStateException("a head that says more than a granule holds");
      }
    }
  }

  /** What begins as a header does, and proves itself, and has any content. */
  private static ByteBuffer header(byte[] content) {
    ByteBuffer file = begun(content, CookieHeader.SEALED, CookieHeader.MAGIC, CookieHeader.VERSION);
    file.putInt(CookieHeader.LENGTH, content.length);
    return sealed(content, file, CookieHeader.RECORD);
  }

  /** The same with a directory's record. */
  private static ByteBuffer record(byte[] content) {
    ByteBuffer file =
        begun(content, MetadataFormat.HEAD, MetadataFormat.MAGIC, MetadataFormat.VERSION);
    file.putLong(MetadataFormat.LENGTH, file.capacity());
    return sealed(content, file, MetadataFormat.RECORD);
  }

  private static ByteBuffer begun(byte[] content, int start, int magic, int version) {
    ByteBuffer file = ByteBuffer.allocate(start + content.length + Sealer.TAG);
    return file.putInt(magic).put((byte) version).position(start);
  }

  private static ByteBuffer sealed(byte[] content, ByteBuffer file, int record) {
    SEALER.seal(binding(), ByteBuffer.wrap(content), file, record);
    return file.flip();
  }

  /** What has the right sum before it. */
  private static byte[] summed(byte[] content) {
    CRC32C sum = new CRC32C();
    sum.update(content);
    return ByteBuffer.allocate(4 + content.length)
        .putInt((int) sum.getValue())
        .put(content)
        .array();
  }
}
