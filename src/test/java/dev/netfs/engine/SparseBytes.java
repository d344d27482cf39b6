package dev.netfs.engine;

import java.util.Arrays;
import java.util.TreeMap;

/** The content of a file of any size, of which only what is not zeros takes memory. */
final class SparseBytes {
  private static final int CHUNK = 4096;

  private final TreeMap<Long, byte[]> chunks = new TreeMap<>();
  private long size;

  long size() {
    return size;
  }

  /** Cuts the content, or extends it by zeros. */
  void setSize(long wanted) {
    if (wanted < size) {
      chunks.tailMap((wanted + CHUNK - 1) / CHUNK, true).clear();
      byte[] last = chunks.get(wanted / CHUNK);
      if (last != null) {
        Arrays.fill(last, (int) (wanted % CHUNK), CHUNK, (byte) 0);
      }
    }
    size = wanted;
  }

  void write(long position, byte[] bytes) {
    size = Math.max(size, position + bytes.length);
    int done = 0;
    while (done < bytes.length) {
      long at = position + done;
      int offset = (int) (at % CHUNK);
      int step = Math.min(bytes.length - done, CHUNK - offset);
      byte[] chunk = chunks.computeIfAbsent(at / CHUNK, number -> new byte[CHUNK]);
      System.arraycopy(bytes, done, chunk, offset, step);
      done += step;
    }
  }

  /** Returns the bytes of a range; zeros behind the end. */
  byte[] read(long position, int length) {
    byte[] bytes = new byte[length];
    int done = 0;
    while (done < length) {
      long at = position + done;
      int offset = (int) (at % CHUNK);
      int step = Math.min(length - done, CHUNK - offset);
      byte[] chunk = chunks.get(at / CHUNK);
      if (chunk != null) {
        System.arraycopy(chunk, offset, bytes, done, step);
      }
      done += step;
    }
    return bytes;
  }

  /** Returns the whole content of what is small enough for it. */
  byte[] toArray() {
    return read(0, Math.toIntExact(size));
  }

  byte at(long position) {
    byte[] chunk = chunks.get(position / CHUNK);
    return chunk == null ? 0 : chunk[(int) (position % CHUNK)];
  }

  /** Hands over, of every chunk in a range, the first position that holds no zero. */
  void forEachNonZero(long from, long to, java.util.function.LongConsumer consumer) {
    if (from >= to) {
      return;
    }
    chunks
        .subMap(from / CHUNK, true, (to - 1) / CHUNK, true)
        .forEach(
            (number, chunk) -> {
              for (int i = 0; i < CHUNK; i++) {
                long position = number * CHUNK + i;
                if (chunk[i] != 0 && position >= from && position < to) {
                  consumer.accept(position);
                  return;
                }
              }
            });
  }

  SparseBytes copy() {
    SparseBytes copy = new SparseBytes();
    copy.size = size;
    chunks.forEach((number, chunk) -> copy.chunks.put(number, chunk.clone()));
    return copy;
  }

  /** Returns where two contents differ first, in bytes or in length; -1 if they do not. */
  long mismatch(SparseBytes other) {
    TreeMap<Long, byte[]> all = new TreeMap<>(chunks);
    other.chunks.forEach(all::putIfAbsent);
    byte[] zeros = new byte[CHUNK];
    for (long number : all.keySet()) {
      int at =
          Arrays.mismatch(
              chunks.getOrDefault(number, zeros), other.chunks.getOrDefault(number, zeros));
      if (at >= 0) {
        return number * CHUNK + at;
      }
    }
    return size == other.size ? -1 : Math.min(size, other.size);
  }
}
