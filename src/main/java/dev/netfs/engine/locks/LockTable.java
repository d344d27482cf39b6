package dev.netfs.engine.locks;

import java.util.List;

/**
 * One version of the table of a file's locks. Immutable. Versions follow each other without gaps;
 * each names its predecessor, so that one which does not belong into the chain shows.
 *
 * @param version its number; the first is 0
 * @param id told apart from whatever else was ever to have that number
 * @param previous the id of the version before
 * @param oldest the number of the oldest version that may still be there
 * @param token the highest fencing token given out so far; it never falls
 * @param holders who holds locks
 */
record LockTable(
    long version, String id, String previous, long oldest, long token, List<Holder> holders) {
  /** The id of the version that everything begins with. */
  static final String FIRST_ID = "first";

  /** The version that everything begins with: nobody holds anything. */
  static final LockTable FIRST = new LockTable(0, FIRST_ID, "", 0, 0, List.of());

  LockTable {
    holders = List.copyOf(holders);
  }

  /**
   * A mount that holds locks on the file.
   *
   * @param id who it is
   * @param renewed the version in which it last said that it is alive
   * @param locks what it holds, at least one
   */
  record Holder(String id, long renewed, List<Range> locks) {
    Holder {
      locks = List.copyOf(locks);
    }

    boolean conflictsWith(Range range) {
      return locks.stream().anyMatch(range::conflictsWith);
    }
  }

  /**
   * One lock.
   *
   * @param number tells apart the locks of one holder
   * @param token the fencing token with which it was granted
   * @param position the first byte
   * @param size how many bytes, at least 1; {@code position + size} does not overflow
   * @param shared whether others may hold shared locks on it
   */
  record Range(long number, long token, long position, long size, boolean shared) {
    boolean conflictsWith(Range other) {
      return !(shared && other.shared)
          && position < other.position + other.size
          && other.position < position + size;
    }
  }
}
