package dev.netfs.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The ranges of one file that direct writes are sending: no two of them meet. Guarded by the
 * inode's lock, but for {@link #any}.
 */
final class DirectRanges {
  /**
   * One of them.
   *
   * @param start the first byte
   * @param end the byte after the last
   */
  record Range(long start, long end) {}

  private final List<Range> ranges = new ArrayList<>();
  private final List<CompletableFuture<Void>> waiters = new ArrayList<>();
  private volatile boolean any;

  /** Returns whether there are any. By anybody. */
  boolean any() {
    return any;
  }

  boolean intersects(long start, long end) {
    return ranges.stream().anyMatch(range -> range.start < end && start < range.end);
  }

  Range begin(long start, long end) {
    Range range = new Range(start, end);
    ranges.add(range);
    any = true;
    return range;
  }

  void end(Range range) {
    ranges.remove(range);
    any = !ranges.isEmpty();
  }

  /** Takes them out of a set. */
  void removeFrom(ExtentSet set) {
    ranges.forEach(range -> set.remove(range.start, range.end));
  }

  /** Returns what whoever {@linkplain #takeWaiters takes} it completes. */
  CompletableFuture<Void> whenAnyIsOver() {
    CompletableFuture<Void> future = new CompletableFuture<>();
    waiters.add(future);
    return future;
  }

  /** Returns who waits for anything to be over, and forgets them. */
  List<CompletableFuture<Void>> takeWaiters() {
    List<CompletableFuture<Void>> taken = new ArrayList<>(waiters);
    waiters.clear();
    return taken;
  }
}
