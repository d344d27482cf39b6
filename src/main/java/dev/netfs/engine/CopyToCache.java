package dev.netfs.engine;

import dev.netfs.fscache.Claim;
import dev.netfs.fscache.Cookie;
import dev.netfs.share.IoSegments;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a download brings, on its way to the disk: a copy, taken as it arrives, before a local write
 * can touch the page; written behind by a thread of {@link DiskCache}, granule by granule.
 *
 * <p>Only what is proven comes to the disk. A timestamp that was too young when the download began
 * proves nothing (C3), so what it brings is not copied in the first place.
 */
final class CopyToCache {
  private final DiskCache disk;
  private final DiskFile file;

  /** Where in the file the first chunk begins: where a granule does, if chunks are so large. */
  private final long base;

  private final ByteBuffer[] chunks;
  private final int chunkSize;

  /** Keeps others from downloading the range too. Written before anything is sent. */
  private @Nullable Claim claim;

  private CopyToCache(DiskCache disk, DiskFile file, long base, ByteBuffer[] chunks) {
    this.disk = disk;
    this.file = file;
    this.base = base;
    this.chunks = chunks;
    this.chunkSize = chunks[0].capacity();
  }

  /** Prepares to copy a range; null if nothing may be copied now. */
  static @Nullable CopyToCache begin(DiskCache disk, DiskFile file, long start, long end) {
    int size = disk.chunkSize();
    long base = start / size * size;
    int count = (int) ((end - base + size - 1) / size);
    if (end - start <= size / 4) {
      size = (int) (end - start);
      base = start;
      count = 1;
    }
    ByteBuffer[] chunks = disk.chunks(count, size);
    return chunks == null ? null : new CopyToCache(disk, file, base, chunks);
  }

  /** Takes over a claim on the range, which ends when the copy is on disk. */
  void keep(@Nullable Claim held) {
    claim = held;
  }

  /** Takes bytes in. By several threads at once, for ranges that do not overlap. */
  void take(long offset, IoSegments source) {
    long at = offset - base;
    while (source.hasRemaining()) {
      int within = (int) (at % chunkSize);
      int step = (int) Math.min(source.remaining(), chunkSize - within);
      source.get(chunks[(int) (at / chunkSize)].duplicate().position(within).limit(within + step));
      at += step;
    }
  }

  /**
   * Has ranges of what was taken in written, and the memory given back.
   *
   * @param open what the download has open of the file, closed then and not before: it knows what
   *     has not proven itself and has to be replaced
   */
  void finish(ExtentSet good, @Nullable Cookie open) {
    disk.write(
        () -> {
          try {
            write(good);
          } catch (IOException | RuntimeException e) {
            disk.failed(e);
          } finally {
            disk.release(chunks);
            disk.end(claim);
            if (open != null) {
              open.close();
            }
          }
        });
  }

  private void write(ExtentSet good) throws IOException {
    if (good.isEmpty() || file.isOver()) {
      return;
    }
    try (Cookie cookie = file.open(true)) {
      if (cookie == null) {
        return;
      }
      disk.stats().bytesToDisk.add(file.write(cookie, good, this::view));
    }
  }

  private IoSegments view(long from, long to) {
    List<ByteBuffer> parts = new ArrayList<>();
    for (long at = from - base; at < to - base; ) {
      int within = (int) (at % chunkSize);
      int step = (int) Math.min(to - base - at, chunkSize - within);
      parts.add(chunks[(int) (at / chunkSize)].duplicate().position(within).limit(within + step));
      at += step;
    }
    return IoSegments.of(parts);
  }
}
