package dev.netfs.engine;

import java.util.Arrays;

/**
 * A set of bytes of one file, as sorted, disjoint, non-adjacent ranges: which bytes are dirty,
 * which bytes of a page are valid. Byte-exact: nothing is rounded.
 *
 * <p>Two parallel arrays, searched by halving: appending at the end, the common case, costs
 * nothing; an insertion in the middle moves the tail. Not safe for use by several threads; the
 * owner says what guards it.
 */
final class ExtentSet {
  /** Most sets of most files are empty. */
  private static final long[] NONE = {};

  private long[] starts = NONE;
  private long[] ends = NONE;
  private int count;
  private long bytes;

  /** Takes one range of an iteration. */
  @FunctionalInterface
  interface RangeConsumer {
    /** Takes the range from {@code start} to {@code end}, exclusive. */
    void accept(long start, long end);
  }

  /** Returns whether the set has no byte. */
  boolean isEmpty() {
    return count == 0;
  }

  /** Returns how many bytes the set has. */
  long bytes() {
    return bytes;
  }

  /** Returns how many ranges the set is made of. */
  int size() {
    return count;
  }

  /** Returns the first byte of a range, by its number from 0. */
  long start(int range) {
    return starts[range];
  }

  /** Returns the byte after the last one of a range, by its number from 0. */
  long end(int range) {
    return ends[range];
  }

  /** Returns the byte after the last one of the set, 0 if it is empty. */
  long last() {
    return count == 0 ? 0 : ends[count - 1];
  }

  /** Adds the bytes from {@code start} to {@code end}, exclusive. */
  void add(long start, long end) {
    if (start >= end) {
      return;
    }
    int first = firstEndingAtOrAfter(start);
    int next = first;
    long newStart = start;
    long newEnd = end;
    while (next < count && starts[next] <= end) {
      newStart = Math.min(newStart, starts[next]);
      newEnd = Math.max(newEnd, ends[next]);
      bytes -= ends[next] - starts[next];
      next++;
    }
    replace(first, next, 1);
    starts[first] = newStart;
    ends[first] = newEnd;
    bytes += newEnd - newStart;
  }

  /** Adds the bytes of another set. */
  void addAll(ExtentSet others) {
    for (int i = 0; i < others.count; i++) {
      add(others.starts[i], others.ends[i]);
    }
  }

  /** Removes the bytes from {@code start} to {@code end}, exclusive. */
  void remove(long start, long end) {
    if (start >= end) {
      return;
    }
    int first = firstEndingAtOrAfter(start + 1);
    int next = first;
    while (next < count && starts[next] < end) {
      next++;
    }
    if (first == next) {
      return;
    }
    long headStart = starts[first];
    long tailEnd = ends[next - 1];
    for (int i = first; i < next; i++) {
      bytes -= Math.min(ends[i], end) - Math.max(starts[i], start);
    }
    boolean head = headStart < start;
    boolean tail = tailEnd > end;
    replace(first, next, (head ? 1 : 0) + (tail ? 1 : 0));
    int at = first;
    if (head) {
      starts[at] = headStart;
      ends[at] = start;
      at++;
    }
    if (tail) {
      starts[at] = end;
      ends[at] = tailEnd;
    }
  }

  /** Removes every byte. */
  void clear() {
    count = 0;
    bytes = 0;
    starts = NONE;
    ends = NONE;
  }

  /** Returns whether every byte from {@code start} to {@code end}, exclusive, is in the set. */
  boolean contains(long start, long end) {
    if (start >= end) {
      return true;
    }
    int at = firstEndingAtOrAfter(start + 1);
    return at < count && starts[at] <= start && ends[at] >= end;
  }

  /** Returns whether any byte from {@code start} to {@code end}, exclusive, is in the set. */
  boolean intersects(long start, long end) {
    if (start >= end) {
      return false;
    }
    int at = firstEndingAtOrAfter(start + 1);
    return at < count && starts[at] < end;
  }

  /** Hands over, in order, the ranges of the set within {@code start} to {@code end}, cut to it. */
  void forEachIn(long start, long end, RangeConsumer consumer) {
    if (start >= end) {
      return;
    }
    for (int i = firstEndingAtOrAfter(start + 1); i < count && starts[i] < end; i++) {
      consumer.accept(Math.max(starts[i], start), Math.min(ends[i], end));
    }
  }

  /** Hands over, in order, the ranges from {@code start} to {@code end} that the set lacks. */
  void forEachGapIn(long start, long end, RangeConsumer consumer) {
    long at = start;
    for (int i = firstEndingAtOrAfter(start + 1); i < count && starts[i] < end; i++) {
      if (at < starts[i]) {
        consumer.accept(at, starts[i]);
      }
      at = ends[i];
    }
    if (at < end) {
      consumer.accept(at, end);
    }
  }

  /** Returns the number of the first range whose end is at or after a byte. */
  private int firstEndingAtOrAfter(long position) {
    if (count == 0 || ends[count - 1] < position) {
      return count;
    }
    int found = Arrays.binarySearch(ends, 0, count, position);
    return found >= 0 ? found : -found - 1;
  }

  /** Makes room for {@code wanted} ranges in place of those from {@code first} to {@code next}. */
  private void replace(int first, int next, int wanted) {
    int grow = wanted - (next - first);
    if (count + grow > starts.length) {
      int length = Math.max(count + grow, Math.max(2, 2 * starts.length));
      starts = Arrays.copyOf(starts, length);
      ends = Arrays.copyOf(ends, length);
    }
    if (grow != 0) {
      System.arraycopy(starts, next, starts, next + grow, count - next);
      System.arraycopy(ends, next, ends, next + grow, count - next);
      count += grow;
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < count; i++) {
      text.append(i > 0 ? ", [" : "[").append(starts[i]).append(',').append(ends[i]).append(')');
    }
    return text.append('}').toString();
  }
}
