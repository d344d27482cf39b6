package dev.netfs.engine;

import dev.netfs.fscache.Claim;
import dev.netfs.fscache.Cookie;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * One download's look at the disk, before the server is asked: what of its range seems to be there,
 * and, where something is not, the {@link Claim} on it, which keeps other JVMs and other mounts
 * from downloading it too.
 *
 * <p>Where somebody else has a claim, he is waited for, without a thread, and the disk is looked at
 * again then. He may be slow or stand still: so nobody is waited for longer than {@link
 * #PATIENCE_MILLIS}. Who waits has no claim meanwhile, so that no two wait for each other.
 *
 * <p><b>Concurrency.</b> Used by one thread of the disk's after another; the last one hands it to
 * the request.
 */
final class DiskLookUp {
  private static final long PATIENCE_MILLIS = 2_000;
  private static final long LONGEST_PAUSE_MILLIS = 20;

  /** Who looks. */
  interface Asker {
    /** Returns whether anybody still wants to know. */
    boolean isWanted();

    /** Returns whether what the server sends may be kept on disk. */
    boolean mayKeep();

    /** Takes what was found. On a thread of the disk's, once. */
    void found(DiskLookUp found);
  }

  private final DiskCache disk;
  private final DiskFile file;
  private final long start;
  private final long end;
  private final Asker asker;
  private final ExtentSet present = new ExtentSet();
  private @Nullable Cookie cookie;
  private @Nullable Claim claim;
  private boolean waiting;
  private long waitingSinceNanos;
  private long pauseMillis = 1;

  DiskLookUp(DiskCache disk, DiskFile file, long start, long end, Asker asker) {
    this.disk = disk;
    this.file = file;
    this.start = start;
    this.end = end;
    this.asker = asker;
  }

  /** Has it looked. */
  void begin() {
    disk.read(this::run);
  }

  private void run() {
    if (asker.isWanted()) {
      if (!waiting) {
        look();
      }
      if (isMissing() && asker.mayKeep()) {
        claim = disk.claim(file, start, end);
        if (claim == null && !isOverdue()) {
          disk.readLater(this::run, pauseMillis);
          pauseMillis = Math.min(LONGEST_PAUSE_MILLIS, 2 * pauseMillis);
          return;
        }
        look(); // who had the claim until now may have brought it
      }
    }
    asker.found(this);
  }

  private boolean isOverdue() {
    long now = disk.nanoTime();
    if (!waiting) {
      waiting = true;
      waitingSinceNanos = now;
    }
    return now - waitingSinceNanos > PATIENCE_MILLIS * 1_000_000;
  }

  private void look() {
    present.clear();
    try {
      if (cookie == null) {
        cookie = file.open(false);
      }
      if (cookie != null) {
        cookie.probe(start, end, present::add);
      }
    } catch (IOException | RuntimeException e) {
      disk.failed(e);
      present.clear();
    }
  }

  /** Returns whether something of the range does not seem to be on disk. */
  boolean isMissing() {
    return present.bytes() < end - start;
  }

  /** Returns what seems to be on disk. */
  ExtentSet present() {
    return present;
  }

  /** Returns what is there of the file, if anything is. To be closed by whoever takes it. */
  @Nullable Cookie cookie() {
    return cookie;
  }

  /** Returns the claim on the range, if one was needed and could be had. Closed by who takes it. */
  @Nullable Claim claim() {
    return claim;
  }
}
