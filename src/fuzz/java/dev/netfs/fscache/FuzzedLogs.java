package dev.netfs.fscache;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Any bytes as the log of what was written and not sent, read as a mount does that begins. */
final class FuzzedLogs {
  /** What the first record says, so that there is a path. */
  private static final byte BEGIN = 1;

  private final Volume volume;
  private final Path file;
  private final byte[] name;
  private final RandomAccessFile content;
  private final byte[] begin;

  FuzzedLogs() {
    try {
      Path directory = Files.createTempDirectory("fuzzed");
      FsCache cache = FsCache.open(directory, CacheLimits.of(1L << 30));
      volume =
          cache.volume("fuzzed", CacheKey.generated(directory.resolve("key")), 1 << 16, Codec.NONE);
      file = directory.resolve("log");
      name = "log".getBytes(StandardCharsets.UTF_8);
      content = new RandomAccessFile(file.toFile(), "rw");
      begin =
          Records.encode(
              java.util.Map.of(
                  "path",
                  "/f",
                  "created",
                  1L,
                  "type",
                  "REGULAR",
                  "size",
                  10L,
                  "modified",
                  1L,
                  "nanos",
                  0L));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a log, and all that it says. */
  void read(byte[] bytes) throws IOException {
    content.setLength(0);
    content.seek(0);
    content.write(bytes);
    DirtyLog log = DirtyLog.look(volume, file, content);
    long[] ranges = {0};
    log.forEachRange(
        (start, end) -> {
          ranges[0]++;
          if (start < 0 || end <= start) {
            throw new IllegalStateException("a range from " + start + " to " + end);
          }
        });
    if (ranges[0] > bytes.length || log.sentEnd() < log.last()) {
      throw new IllegalStateException(ranges[0] + " ranges up to " + log.last());
    }
    log.replay(
        (offset, piece) -> {
          if (piece.remaining() > bytes.length) {
            throw new IllegalStateException("more than there is");
          }
        });
  }

  /** Makes records that prove themselves: each of a kind, an offset, a length and any content. */
  byte[] records(byte[] input) {
    ByteBuffer in = ByteBuffer.wrap(input);
    ByteBuffer out = ByteBuffer.allocate(begin.length + input.length * 20 + 1000);
    append(out, 0, BEGIN, 0, ByteBuffer.wrap(begin));
    for (int number = 1; in.remaining() >= 4 && out.remaining() > input.length + 200; number++) {
      byte kind = (byte) (in.get() & 7);
      long offset = (in.get() & 1) == 0 || in.remaining() < 10 ? in.get() & 0xff : in.getLong();
      int length = Math.min(in.remaining() - 1, in.get() & 0x3f);
      append(out, number, kind, offset, in.slice().limit(Math.max(0, length)));
      in.position(in.position() + Math.max(0, length));
    }
    byte[] all = new byte[out.position()];
    out.get(0, all);
    return all;
  }

  private void append(ByteBuffer out, long number, byte kind, long offset, ByteBuffer payload) {
    int length = payload.remaining();
    ByteBuffer record = ByteBuffer.allocate(DirtyLog.HEAD + length + Sealer.TAG);
    record.putInt(DirtyLog.MAGIC).put(DirtyLog.VERSION).put(kind).putShort((short) 0);
    record.putLong(number).putLong(offset).putInt(length).position(DirtyLog.HEAD);
    ByteBuffer binding = volume.binding(name);
    ByteBuffer associated = ByteBuffer.allocate(binding.remaining() + 21);
    associated.put(binding).putLong(number).put(kind).putLong(offset).putInt(length).flip();
    volume.sealer().seal(associated, payload, record, DirtyLog.RECORD);
    out.put(record.flip());
  }
}
