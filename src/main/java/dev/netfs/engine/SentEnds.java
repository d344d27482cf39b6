package dev.netfs.engine;

/**
 * Up to where our changes have extended a file since one of them, or where one has cut it: so that
 * the size in an answer can be judged that the server gave at some moment among them. Changes are
 * numbered upwards.
 *
 * <p>Remembered are the ends that no later change exceeds, which for a file that is written from
 * front to back is one; of many the oldest are remembered as younger than they are, which makes a
 * file look too long rather than too short. Guarded by the inode's lock.
 */
final class SentEnds {
  private static final int MOST = 8;

  private final long[] changes = new long[MOST];
  private final long[] ends = new long[MOST]; // each less than the one before
  private int count;
  private long lastCut = -1;

  /** Notes that a change has written bytes up to an offset. */
  void add(long change, long end) {
    while (count > 0 && ends[count - 1] <= end) {
      count--;
    }
    if (count == MOST) {
      changes[0] = changes[1];
      System.arraycopy(changes, 2, changes, 1, MOST - 2);
      System.arraycopy(ends, 2, ends, 1, MOST - 2);
      count--;
    }
    changes[count] = change;
    ends[count++] = end;
  }

  /** Notes that a change has cut the file. */
  void cut(long change) {
    count = 0;
    lastCut = change;
  }

  /** Returns whether the file was cut after a change. */
  boolean cutSince(long change) {
    return lastCut > change;
  }

  /** Returns up to where bytes were written after a change, 0 if none were. */
  long since(long change) {
    for (int i = 0; i < count; i++) {
      if (changes[i] > change) {
        return ends[i];
      }
    }
    return 0;
  }
}
