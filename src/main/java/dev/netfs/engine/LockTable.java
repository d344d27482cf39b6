package dev.netfs.engine;

import java.nio.channels.OverlappingFileLockException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The byte ranges that this JVM has locked, or waits to lock, in each file: what the JDK's contract
 * asks for, whichever channel or thread holds them.
 *
 * <p>One table for all mounts, by what the file is called on its server: two mounts of which one
 * lies below the other share it. Guarded by the map's own bins.
 */
final class LockTable {
  private static final ConcurrentHashMap<String, List<Range>> FILES = new ConcurrentHashMap<>();

  private LockTable() {}

  /** A range that is taken. Its identity matters, not its content. */
  static final class Range {
    private final String file;
    private final long start;
    private final long end; // exclusive, Long.MAX_VALUE for without end

    Range(String file, long position, long size) {
      this.file = file;
      this.start = position;
      this.end = size > Long.MAX_VALUE - position ? Long.MAX_VALUE : position + size;
    }

    boolean overlaps(Range other) {
      return start < other.end && other.start < end;
    }
  }

  /**
   * Takes a range.
   *
   * @param file what the file is called, server included
   * @throws OverlappingFileLockException if a part of it is taken
   */
  static Range take(String file, long position, long size) {
    Range range = new Range(file, position, size);
    FILES.compute(
        file,
        (key, present) -> {
          List<Range> ranges = present == null ? new ArrayList<>() : present;
          for (Range other : ranges) {
            if (other.overlaps(range)) {
              throw new OverlappingFileLockException();
            }
          }
          ranges.add(range);
          return ranges;
        });
    return range;
  }

  /** Gives a range back. */
  static void giveBack(Range range) {
    FILES.computeIfPresent(
        range.file,
        (key, ranges) -> {
          ranges.removeIf(other -> other == range);
          return ranges.isEmpty() ? null : ranges;
        });
  }
}
