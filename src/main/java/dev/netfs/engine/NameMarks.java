package dev.netfs.engine;

import dev.netfs.fscache.Metadata;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Marks what this mount changes of names, in memory and on disk, so that no answer that was asked
 * before counts as one afterwards.
 *
 * <p>Before the server is asked to change something, it is marked on disk up to when that may go on
 * ({@link Metadata#changed}). Each answer bears the moment at which it was asked. So whoever reads
 * one that was asked before the change takes it for what was, after a crash too, however late it
 * was written behind, and by whomever. It costs a few microseconds for each directory every {@link
 * #AHEAD_MILLIS}.
 *
 * <p>Marks are written by whoever changes something, on his thread, or by one of the engine's where
 * he must not wait. Safe for use by several threads.
 */
final class NameMarks {
  /** A change of ours is marked for so long ahead. */
  static final long AHEAD_MILLIS = 5_000;

  private static final int ALL = 0;

  private final DiskCache disk;
  private final Metadata metadata;
  private final Background background;
  private final WorkQueue marking;

  /** Up to when directories are changed, by the number of their mark. */
  private final AtomicLongArray changed = new AtomicLongArray(Metadata.slots());

  /** As {@link #changed}, as far as it is on disk. */
  private final AtomicLongArray marked = new AtomicLongArray(Metadata.slots());

  /** The latest moment of which an answer has been seen here. */
  private final AtomicLong latestMillis = new AtomicLong(Long.MIN_VALUE);

  NameMarks(DiskCache disk, Metadata metadata, Background background) {
    this.disk = disk;
    this.metadata = metadata;
    this.background = background;
    this.marking = new WorkQueue(background, 1, disk::failed);
    for (int i = 0; i < changed.length(); i++) {
      changed.set(i, Long.MIN_VALUE);
      marked.set(i, Long.MIN_VALUE);
    }
  }

  /** Takes in when something was asked that may answer. */
  void seen(long askedMillis) {
    latestMillis.accumulateAndGet(askedMillis, Math::max);
  }

  /**
   * Returns up to when a directory was changed by this mount, or somebody else was seen to change
   * it; the smallest number if never.
   *
   * @param slot the number of its mark
   */
  long changedMillis(int slot) {
    return Math.max(changed.get(slot), changed.get(ALL));
  }

  /**
   * Marks that an object is being changed: its name, its attributes, those of its directory. To be
   * called before the server is asked, and when the change is over. Blocks for local I/O, for a
   * moment; an interrupt does no harm.
   *
   * @param elsewhere whether it may have any other name
   */
  void changing(String path, boolean elsewhere) {
    changing(path, elsewhere, true);
  }

  /** As {@link #changing}, where nobody may wait: on disk it is marked soon. */
  void changingSoon(String path, boolean elsewhere) {
    changing(path, elsewhere, false);
  }

  private void changing(String path, boolean elsewhere, boolean wait) {
    String parent = Names.parent(path);
    mark(metadata.slot(parent), wait);
    mark(metadata.slot(Names.parent(parent)), wait);
    if (elsewhere) {
      mark(ALL, wait);
    }
  }

  /** As {@link #changing}, of what is in a directory. */
  void changingContent(String directory) {
    mark(metadata.slot(directory), true);
  }

  /** As {@link #changing}, of everything. */
  void changingAll() {
    mark(ALL, true);
  }

  /** Has nothing answer for an object that was asked until now: somebody else has changed it. */
  void changedElsewhere(String path) {
    long now = background.currentTimeMillis();
    String parent = Names.parent(path);
    changed.accumulateAndGet(metadata.slot(parent), now, Math::max);
    changed.accumulateAndGet(metadata.slot(Names.parent(parent)), now, Math::max);
  }

  private void mark(int slot, boolean wait) {
    long now = background.currentTimeMillis();
    if (marked.get(slot) >= now) {
      return;
    }
    // Not before any answer of which we know, should the clock have been set back.
    long until = Math.max(now + AHEAD_MILLIS, latestMillis.get() + 1);
    changed.accumulateAndGet(slot, until, Math::max);
    if (wait) {
      write(slot, until);
    } else {
      marking.add(() -> write(slot, until));
    }
  }

  private void write(int slot, long until) {
    try {
      if (marked.get(slot) < until) {
        metadata.changed(slot, until);
        marked.accumulateAndGet(slot, until, Math::max);
      }
    } catch (IOException e) {
      disk.failed(e);
    }
  }

  /** Waits until what was to be marked soon is marked: to be called before a change is reported. */
  void settle() {
    Await.untilDone(marking.drained());
  }
}
