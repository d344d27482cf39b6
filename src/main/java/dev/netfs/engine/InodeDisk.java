package dev.netfs.engine;

import dev.netfs.fscache.CoherencyData;
import dev.netfs.fscache.Cookie;
import dev.netfs.share.FileInfo;
import dev.netfs.share.IoSegments;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An inode's part in the cache on disk: which {@link DiskFile} stands for the file in the state
 * that its token says, and what of it is still to be written there.
 *
 * <p>What a download brings is copied for the disk as it arrives ({@link CopyToCache}), within the
 * memory that there is for such copies. On a disk that is slower than the server that is used up
 * soon. What was not copied then is <em>wanted</em>: the disk's threads copy it out of the pages
 * later, one granule after another, when they get to it. What has been evicted by then is lost to
 * the disk, and nothing else is.
 *
 * <p>A page that is copied later has to hold the same bytes still. They are those of the state that
 * the {@link DiskFile} stands for because all of these hold, under the inode's lock: the same one
 * still stands for the file, and is not over, as it is when a change of ours is about to be sent;
 * the {@linkplain Inode#generation generation} is the one in which they were asked for (C1); and
 * what was written here since is not wanted any more (C5). That they were proven when they were
 * asked for (C3) is a condition for becoming wanted.
 *
 * <p><b>Concurrency.</b> As the inode: its lock guards everything that is not marked otherwise.
 */
final class InodeDisk {
  /** So many bytes at least are copied before another file has its turn. */
  private static final int TURN = 4 << 20;

  /** So many bytes are copied under one hold of the inode's lock. */
  private static final int STEP = 256 << 10;

  private final Services services;
  private final Inode inode;

  /** What the disk may have of the file in the state of its token. Written under the lock. */
  private volatile @Nullable DiskFile file;

  private final ExtentSet wanted = new ExtentSet(); // guarded by inode.lock
  private long wantedGeneration; // guarded by inode.lock
  private @Nullable DiskFile wantedFor; // guarded by inode.lock
  private final ExtentSet passedOnce = new ExtentSet(); // guarded by inode.lock: of the file
  private boolean catchingUp; // guarded by inode.lock: some thread is at it, or will be

  InodeDisk(Services services, Inode inode) {
    this.services = services;
    this.inode = inode;
  }

  /** Takes in which state of the server's file what is clean in memory belongs to. */
  void adopt(FileInfo info) {
    DiskCache disk = services.disk();
    DiskFile known = file;
    if (disk == null || inode.isUnlinked()) {
      return;
    }
    if (known != null && known.isOf(inode.path(), CoherencyData.of(info))) {
      return;
    }
    leave();
    passedOnce.clear();
    if (info.isRegularFile() && info.size() > 0) {
      file = disk.file(inode.path(), info);
    }
  }

  /** Notes that somebody has the file open again. */
  void reopened() {
    DiskFile known = file;
    if (known != null) {
      known.reopened();
    }
  }

  /** Notes that nobody has the file open any more. By anybody. */
  void released() {
    DiskFile known = file;
    if (known != null) {
      known.release();
    }
  }

  /** Notes that what the disk has is of no use here any more. By anybody, under any lock. */
  void leave() {
    DiskFile known = file;
    if (known != null) {
      known.abandon();
    }
  }

  /** Takes in that we change the server's file, or have changed it. */
  void changed() {
    DiskFile known = file;
    if (known != null) {
      known.retire();
    }
  }

  /** Returns what the disk may have of the file as its token says it is, or null. */
  @Nullable DiskFile file() {
    DiskFile known = file;
    return known == null || known.isOver() ? null : known;
  }

  /**
   * Notes that a stream has read a range from the disk; returns whether it is the first that did,
   * since the file is known here in this state.
   */
  boolean isFirstPass(DiskFile from, long start, long end) {
    if (from != file || passedOnce.contains(start, end)) {
      return false;
    }
    passedOnce.add(start, end);
    return true;
  }

  /** Takes in that bytes are changed here: they are not to get to the disk. */
  void wrote(long start, long end) {
    if (!wanted.isEmpty()) {
      wanted.remove(start, end);
    }
  }

  /**
   * Has ranges written when there is time for it, which were downloaded, and are in memory or about
   * to be; unless nothing proves them (C3).
   *
   * @param of what stood for the file when they were asked for
   * @param generation the inode's then
   * @param askedMillis when that was
   */
  void want(DiskFile of, long generation, long askedMillis, ExtentSet ranges) {
    DiskCache disk = services.disk();
    if (disk == null
        || of != inode.diskFile()
        || generation != inode.generation()
        || !inode.isProven(of, askedMillis)) {
      return;
    }
    if (of != wantedFor || generation != wantedGeneration) {
      wanted.clear();
      wantedFor = of;
      wantedGeneration = generation;
    }
    wanted.addAll(ranges);
    if (!wanted.isEmpty() && !catchingUp) {
      catchingUp = true;
      disk.write(() -> catchUp(disk));
    }
  }

  /** Has a turn of writing what is wanted. On a thread of the disk's. */
  private void catchUp(DiskCache disk) {
    DiskFile of;
    inode.lock.lock();
    try {
      of = wantedFor;
    } finally {
      inode.lock.unlock();
    }
    boolean good = false;
    try {
      good = of != null && writeSome(disk, of);
    } catch (IOException | RuntimeException e) {
      disk.failed(e);
    }
    inode.lock.lock();
    try {
      if (!good && of == wantedFor) {
        wanted.clear();
      }
      catchingUp = !wanted.isEmpty();
      if (catchingUp) {
        disk.write(() -> catchUp(disk));
      }
    } finally {
      inode.lock.unlock();
    }
  }

  /** Writes some granules of what is wanted; returns false if the disk takes nothing of it. */
  private boolean writeSome(DiskCache disk, DiskFile of) throws IOException {
    try (Cookie cookie = of.open(true)) {
      if (cookie == null) {
        return false;
      }
      int granule = cookie.granule();
      ByteBuffer memory =
          ByteBuffer.allocate(
              (int) Math.min(granule, Reads.roundUp(of.state().size(), Reads.BLOCK)));
      for (long done = 0; done < TURN; done += granule) {
        long base = firstWanted(of) / granule * granule;
        if (base < 0) {
          break;
        }
        ExtentSet copied = new ExtentSet();
        for (long at = base; at < base + granule; at += STEP) {
          copy(of, at, Math.min(base + granule, at + STEP), memory, base, copied);
        }
        disk.stats()
            .bytesToDisk
            .add(
                of.write(
                    cookie,
                    copied,
                    (from, to) ->
                        IoSegments.of(
                            memory
                                .duplicate()
                                .limit((int) (to - base))
                                .position((int) (from - base)))));
      }
      return true;
    }
  }

  /** Returns where what is wanted begins; a negative number if nothing is. */
  private long firstWanted(DiskFile of) {
    inode.lock.lock();
    try {
      return isCurrent(of) && !wanted.isEmpty() ? wanted.start(0) : Long.MIN_VALUE;
    } finally {
      inode.lock.unlock();
    }
  }

  /** Returns whether what is wanted for a file may be written. Under the inode's lock. */
  private boolean isCurrent(DiskFile of) {
    if (of == wantedFor && of == inode.diskFile() && wantedGeneration == inode.generation()) {
      return true;
    }
    if (of == wantedFor) {
      wanted.clear();
    }
    return false;
  }

  /**
   * Copies what is wanted and in memory of a range, which is not wanted any more then.
   *
   * @param memory takes it, the byte at {@code base} at its beginning
   * @param copied takes which bytes that were
   */
  private void copy(
      DiskFile of, long start, long end, ByteBuffer memory, long base, ExtentSet copied) {
    int pageSize = services.pages().pageSize();
    inode.lock.lock();
    try {
      if (!isCurrent(of)) {
        return;
      }
      wanted.forEachIn(
          start,
          end,
          (from, to) -> {
            for (long number = from / pageSize; number * pageSize < to; number++) {
              Page page = inode.pages.get(number);
              if (page != null && page.tryPin()) {
                copy(page, from, to, memory, base, copied);
                services.pages().unpin(page);
              }
            }
          });
      wanted.remove(start, end);
    } finally {
      inode.lock.unlock();
    }
  }

  private void copy(
      Page page, long start, long end, ByteBuffer memory, long base, ExtentSet copied) {
    int pageSize = services.pages().pageSize();
    long first = page.number * pageSize;
    page.validSet()
        .forEachIn(
            Math.max(0, start - first),
            Math.min(pageSize, end - first),
            (from, to) -> {
              memory.position((int) (first + from - base));
              page.readLocked((int) from, memory, (int) (to - from));
              copied.add(first + from, first + to);
            });
  }
}
