package dev.netfs.engine;

import java.nio.channels.OverlappingFileLockException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The byte ranges that this JVM has locked, or waits to lock, in each file: what the JDK's contract
 * asks for, whichever channel or thread holds them.
 *
 * <p>One table for all mounts, by what the file is called on its server: two mounts of which one
 * lies below the other share it. Ranges go with their file when it is {@linkplain #rename renamed}.
 *
 * <p>{@link #LOCK} guards everything; it is a leaf.
 */
final class LockTable {
  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final Map<String, List<Range>> FILES = new HashMap<>(); // guarded by LOCK

  private LockTable() {}

  /** A range that is taken. Its identity matters, not its content. */
  static final class Range {
    private String file; // guarded by LOCK
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
    LOCK.lock();
    try {
      List<Range> ranges = FILES.getOrDefault(file, List.of());
      if (ranges.stream().anyMatch(range::overlaps)) {
        throw new OverlappingFileLockException();
      }
      FILES.computeIfAbsent(file, key -> new ArrayList<>()).add(range);
    } finally {
      LOCK.unlock();
    }
    return range;
  }

  /** Gives a range back. */
  static void giveBack(Range range) {
    LOCK.lock();
    try {
      FILES.computeIfPresent(
          range.file,
          (key, ranges) -> {
            ranges.removeIf(other -> other == range);
            return ranges.isEmpty() ? null : ranges;
          });
    } finally {
      LOCK.unlock();
    }
  }

  /** Takes in that a file is called something else from now on. */
  static void rename(String before, String after) {
    LOCK.lock();
    try {
      List<Range> moved = FILES.remove(before);
      if (moved != null) {
        moved.forEach(range -> range.file = after);
        FILES.computeIfAbsent(after, key -> new ArrayList<>()).addAll(moved);
      }
    } finally {
      LOCK.unlock();
    }
  }
}
