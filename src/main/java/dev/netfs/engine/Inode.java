package dev.netfs.engine;

import dev.netfs.CacheMode;
import dev.netfs.share.FileInfo;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.ShareCapabilities.LockKind;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What this mount knows of one remote file: its {@linkplain FileSizes sizes}, what of it is in
 * memory, what of that is {@linkplain Writeback dirty}, the server's {@linkplain Handles handles},
 * and which state of the server's file all this belongs to.
 *
 * <h2>Coherence</h2>
 *
 * {@link #coherency} says which state of the server's file the clean bytes in memory belong to;
 * nothing once we have written, since then there is no telling our own change from another's. An
 * open compares it with what the server says: if it differs, every clean byte is dropped and the
 * {@link #generation} moves on, which keeps downloads on their way from being kept (C1). If it
 * matches, pages stay, except those fetched while the file's timestamp was too young to prove
 * anything (C3): a change within the same tick of the server's clock would not show.
 *
 * <h2>Concurrency</h2>
 *
 * {@link #lock} guards everything that is not marked otherwise. Readers of warm bytes do not take
 * it ({@link Page}, {@link PageIndex}). It is held for moving bytes in memory, never while waiting
 * for the server. Lock order: an inode's lock, then any of the leaves (page cache, depth limit,
 * dirty limit, error sequence, remote file). Never two inodes' locks at once.
 */
final class Inode {
  /** Covers the tick of a server's clock and a small difference between its clock and ours. */
  private static final long CLOCK_SLACK_MILLIS = 100;

  final ReentrantLock lock = new ReentrantLock();
  final PageIndex pages = new PageIndex();
  final List<ReadRequest> inflight = new ArrayList<>(); // guarded by lock
  final ErrorSequence errors = new ErrorSequence();

  /** Whose turn it is to append: one after another, each over all of its append. */
  final Turns appending = new Turns();

  /** The locks that open files hold on it. Guards itself. */
  final InodeLocks locks = new InodeLocks();

  /** What the server vouches for, where files are opened under leases. Guards itself. */
  private final @Nullable InodeLease lease;

  final Writeback writeback;
  final Uploader uploader;
  final Handles handles;
  final Opens opens;

  private final Services services;
  private final InodeTable table;
  private volatile String path; // written by InodeTable under its own rules
  private volatile boolean unlinked;

  /** Whether another client's mandatory lock was met since the file was opened. */
  private volatile boolean lockMet;

  private volatile boolean downloading; // written under lock

  private final FileSizes sizes = new FileSizes();
  private volatile long generation; // written under lock
  final Coherency coherency = new Coherency(); // guarded by lock
  private final SentEnds sentEnds = new SentEnds(); // guarded by lock
  private boolean sizeUnsure; // guarded by lock: an open could not tell the size
  private volatile long lastWriteMillis; // written under lock

  final InodeDisk onDisk;
  private final PageDrops drops; // guarded by lock

  /** What keeps closes from waiting for the server; null where they do. */
  final @Nullable DeferredFile deferred;

  Inode(Services services, InodeTable table, String path) {
    this.services = services;
    this.table = table;
    this.path = path;
    this.onDisk = new InodeDisk(services, this);
    boolean strict = services.options().cache() == CacheMode.STRICT;
    boolean delays = services.options().delaysCloses();
    this.drops = new PageDrops(this, services.pages());
    this.lease =
        (strict || delays) && services.session().capabilities().leases()
            ? new InodeLease(this, services.background(), strict)
            : null;
    Deferred all = services.deferred();
    this.deferred =
        all == null || !services.options().isDeferred()
            ? null
            : new DeferredFile(services, this, all);
    this.writeback = new Writeback(services, this, deferred);
    this.uploader = new Uploader(services, this);
    this.handles = new Handles(services, this);
    this.opens = new Opens(services, this, lease);
  }

  /** Returns the file's name now, for messages and for opening it again. */
  String path() {
    return path;
  }

  void renamed(String newPath) {
    path = newPath;
    onDisk.leave();
  }

  /** Notes that the name no longer stands for this file: with its last user all of it goes. */
  void unlink(boolean inUse) {
    unlinked = true;
    onDisk.leave();
    opens.endDelay();
    if (!inUse) {
      discard();
    }
  }

  void discard() {
    lock.lock();
    try {
      generation++;
      writeback.forget(0);
      dropClean();
    } finally {
      lock.unlock();
    }
  }

  boolean isUnlinked() {
    return unlinked;
  }

  long localSize() {
    return sizes.local();
  }

  long remoteSize() {
    return sizes.remote();
  }

  long generation() {
    return generation;
  }

  long zeroPoint() {
    return sizes.zeroPoint();
  }

  /** Raises the zero point, up to what the server has; by anybody, under any lock. */
  void raiseZeroPoint(long to) {
    sizes.raiseZeroPoint(to);
  }

  /** Notes that the server may have bytes up to an offset that are not in memory here. */
  void serverMayHold(long end) {
    sizes.serverMayHold(end);
  }

  /** Takes in a download that begins: until it ends this inode is not forgotten. Under the lock. */
  void begin(ReadRequest request) {
    inflight.add(request);
    downloading = true;
  }

  /** Takes in that a download is over. Under the lock. */
  void end(ReadRequest request) {
    inflight.remove(request);
    downloading = !inflight.isEmpty();
    pageEvicted(); // it may have brought none
  }

  /** Notes that a page has gone, perhaps the last. By anybody, under any lock. */
  void pageEvicted() {
    if (pages.size() == 0) {
      table.forgetIfIdle(this);
    }
  }

  // ---- opening and closing

  /** Returns an intent with the wish for a lease, where one is of use. */
  OpenIntent leased(OpenIntent intent) {
    return lease == null ? intent : intent.withLease(lease.request());
  }

  /** Returns the lease; only where files are opened under one. */
  InodeLease lease() {
    return Objects.requireNonNull(lease, "no leases here");
  }

  /**
   * The moment before the server was asked.
   *
   * @param changes tells whether we have changed the file since
   * @param losses tells whether somebody else may have opened it since, where there is a lease
   */
  record Asked(long changes, long nanos, long losses) {}

  /** Returns what is to be remembered of the moment, before the server is asked. */
  Asked asking() {
    lock.lock();
    try {
      return askedAt(services.background().nanoTime());
    } finally {
      lock.unlock();
    }
  }

  Asked askedAt(long nanos) {
    return new Asked(coherency.changes(), nanos, lease == null ? 0 : lease.losses());
  }

  /** Returns whether the server was asked within the time for which attributes count as fresh. */
  boolean isChecked() {
    return coherency.isChecked(
        services.background().nanoTime(), services.options().attrTtl().toNanos());
  }

  /** Returns whether the table may forget this inode. By anybody, under any lock. */
  boolean isIdle() {
    // Racy reads are enough: what makes an inode busy goes through the table first.
    return pages.size() == 0
        && !downloading
        && !writeback.isBusy()
        && !opens.isDelayed()
        && handles.ending().isDone()
        && (deferred == null || !deferred.log.exists());
  }

  // ---- coherence

  void serverIsEmpty(FileInfo info, Asked asked) {
    generation++;
    changed();
    sentEnds.cut(coherency.changes());
    coherency.checked(asked.nanos);
    writeback.forget(0);
    dropClean();
    sizes.serverHas(info.size(), 0); // what is on its way is cut off too
    lastWriteMillis = services.background().currentTimeMillis();
  }

  /** Takes in that the server may not have kept what it took, which showed only at a close. */
  void closeFailed(Throwable failure) {
    errors.recordLoss(failure);
    invalidate();
  }

  /** Compares with what the server says at an open. Under the lock. */
  void revalidate(FileInfo info, Asked asked) {
    CacheMode mode = services.options().cache();
    boolean empty = !coherency.isKnown() && pages.size() == 0 && !writeback.isDirty();
    if (!empty && mode == CacheMode.IMMUTABLE) {
      return;
    }
    if (asked.changes != coherency.changes() || writeback.isChanging()) {
      unclear(info, asked);
      return;
    }
    if (!empty && coherency.matches(info)) {
      dropUnproven(info);
    } else if (!empty || !inflight.isEmpty()) {
      generation++; // what is on its way may be older than the answer (C1)
      dropClean();
    }
    adopt(info, asked.nanos);
  }

  /**
   * Takes in an answer that the server may have given before or after changes of our own. It proves
   * nothing, so that another client's change may be hidden in ours: nothing clean is kept, and what
   * is on its way now is not either once it has arrived. Its size must not cut off what we wrote
   * (S3).
   */
  private void unclear(FileInfo info, Asked asked) {
    generation++;
    coherency.lost();
    writeback.doubt();
    dropClean();
    if (writeback.isHeld() || sentEnds.cutSince(asked.changes)) {
      sizeUnsure = true; // the answer may have been given before the cut
    } else {
      takeSize(Math.max(info.size(), sentEnds.since(asked.changes)));
    }
  }

  /** Takes in which state of the server's file what is clean here belongs to. Under the lock. */
  private void adopt(FileInfo info, long askedNanos) {
    coherency.adopt(info, askedNanos);
    takeSize(info.size());
    onDisk.adopt(info);
  }

  /** Takes in that we change the server's file, or have changed it. Under the lock. */
  private void changed() {
    coherency.changed();
    onDisk.changed();
    opens.changed();
    if (deferred != null) {
      deferred.changed();
    }
  }

  /** Returns what the disk may have of the file as it is now, or null. Under the lock. */
  @Nullable DiskFile diskFile() {
    return coherency.isKnown() ? onDisk.file() : null;
  }

  /**
   * Returns whether what is asked for now belongs to the state that the token says: a timestamp
   * that is too young does not tell (C3).
   */
  boolean isProven(DiskFile of, long askedMillis) {
    return of.state().version() != null || askedMillis >= provenFrom(of.state().modified());
  }

  /** Returns from when on a file's bytes are those of its timestamp. */
  private long provenFrom(FileTime modified) {
    return modified.toMillis()
        + services.session().capabilities().timestampGranularity().toMillis()
        + CLOCK_SLACK_MILLIS;
  }

  /** Takes in the server's size, keeping what was written here and not sent. Under the lock. */
  private void takeSize(long size) {
    sizeUnsure = false;
    sizes.serverHas(size, writeback.end());
  }

  /** Takes in what a handle that was opened again after a lost connection showed. */
  void reopened(FileInfo info) {
    lock.lock();
    try {
      if (coherency.isProvable() && !coherency.matches(info) && !writeback.isChanging()) {
        generation++;
        dropClean();
        adopt(info, coherency.checkedNanos());
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns whether nothing may be asked for but what somebody wants to read, to the byte: where
   * locks are mandatory, and there are some, whoever asks for more is refused all of it (L1).
   */
  boolean isExact() {
    return lockMet
        || !locks.isEmpty() && services.session().capabilities().locks() == LockKind.MANDATORY;
  }

  /** Takes in that another client's lock was in the way of a read. */
  void lockMet() {
    lockMet = true;
  }

  /** Takes in that nobody has the file open who could have met one. Under the lock. */
  void forgetLockMet() {
    lockMet = false;
  }

  /** Returns whether the file is provably the one that is known here. */
  boolean isStill(FileInfo info) {
    lock.lock();
    try {
      return coherency.isProvable() && coherency.matches(info) && !writeback.isChanging();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether the last answer could not tell the size, since the file was being cut. */
  boolean isSizeUnsure() {
    lock.lock();
    try {
      return sizeUnsure;
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether the size at hand is older than attributes may be. */
  boolean sizeIsStale() {
    lock.lock();
    try {
      return services.options().cache() != CacheMode.IMMUTABLE
          && (sizeUnsure || (!writeback.isDirty() && coherency.isKnown() && !isChecked()));
    } finally {
      lock.unlock();
    }
  }

  /** Takes in what the server says of the open file, asked because attributes had become old. */
  void refreshed(FileInfo info, Asked asked) {
    lock.lock();
    try {
      revalidate(info, asked);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes in that a read found the server's file shorter than we knew. Under the lock.
   *
   * @param seenInGeneration the generation in which the server was asked
   * @param asked {@link #asking} before it was
   */
  void serverEndsAt(long end, long seenInGeneration, Asked asked) {
    if (seenInGeneration != generation || end >= sizes.remote()) {
      return;
    }
    if (asked.changes != coherency.changes() || writeback.isChanging()) {
      sizeUnsure = true; // the answer may be older than what we wrote since (S3)
      return;
    }
    coherency.lost();
    takeSize(end);
  }

  /** Drops what cannot be proven by a timestamp that matches: fetched while it was young (C3). */
  private void dropUnproven(FileInfo info) {
    if (info.version() != null) {
      return;
    }
    long proven = provenFrom(info.modified());
    List<Page> unproven = drops.fetchedBefore(proven);
    if (!unproven.isEmpty() || inflight.stream().anyMatch(r -> r.startedMillis < proven)) {
      generation++;
      unproven.forEach(drops::clean);
    }
  }

  /** Drops every clean byte; what is dirty stays. Under the lock. */
  void dropClean() {
    drops.clean();
  }

  /** Drops all that is clean, whatever it belongs to; downloads on their way are not kept. */
  void invalidate() {
    lock.lock();
    try {
      generation++;
      coherency.lost();
      dropClean();
    } finally {
      lock.unlock();
    }
  }

  /** Drops what is clean of a range. Under the lock. */
  void dropRange(long start, long end) {
    poison(start, end);
    drops.clean(start, end);
  }

  /** Drops what is clean of a range, which somebody else may have changed. Takes the lock. */
  void drop(long start, long end) {
    lock.lock();
    try {
      dropRange(start, end);
    } finally {
      lock.unlock();
    }
  }

  /** Forgets what was written under locks that are lost since, and not sent. Takes the lock. */
  void dropLost() {
    lock.lock();
    try {
      for (HeldLock held : locks.all()) {
        if (!held.shared && held.loss() != null) {
          writeback.forget(held.start, held.end);
          dropRange(held.start, held.end);
          takeSize(sizes.remote());
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Keeps downloads on their way from bringing back old bytes of a range. Under the lock. */
  void poison(long start, long end) {
    for (ReadRequest request : inflight) {
      request.poison(start, end);
    }
    onDisk.wrote(start, end);
  }

  // ---- our own changes

  /** Takes in that bytes were written here. Under the lock. */
  void wrote(long end) {
    sizes.wrote(end);
    lastWriteMillis = services.background().currentTimeMillis();
  }

  /** Takes in that a change of ours is being sent to the server. Under the lock. */
  void sending() {
    changed();
  }

  /** Takes in that the server has our bytes up to an offset. Under the lock. */
  void sent(long end) {
    changed();
    // While the file is being cut, what was on its way before is about to be cut off as well.
    long remaining = Math.min(end, writeback.heldSize());
    sentEnds.add(coherency.changes(), remaining);
    sizes.sent(remaining);
  }

  /**
   * Takes in that one request has written all bytes that the file has here, where nothing else is
   * dirty or on its way. Under the lock.
   *
   * @param version what the answer showed, or null
   */
  void sentAll(@Nullable String version, long size) {
    if (version != null && size == sizes.local()) {
      coherency.wroteAll(version, size);
    }
  }

  /** Cuts what is here; the server is told afterwards. Under the lock. */
  void cut(long size) {
    generation++;
    writeback.forget(size);
    drops.behind(size);
    sizes.cut(size);
    lastWriteMillis = services.background().currentTimeMillis();
  }

  /** Takes in that the server has cut its file. Under the lock. */
  void serverCut(long size) {
    sending();
    sentEnds.cut(coherency.changes());
    sizes.serverCut(size);
    if (deferred != null) {
      deferred.cut();
    }
  }

  /** Takes in that the server could not cut its file, which may have either size now. */
  void serverNotCut(long sizeBefore) {
    coherency.lost();
    generation++;
    dropClean();
    takeSize(sizeBefore);
    sizeUnsure = true;
    if (deferred != null) {
      deferred.cut();
    }
  }

  /**
   * Returns attributes as this mount sees them: with what is written and not sent.
   *
   * @param wasDirty whether there were dirty bytes when the server was asked
   */
  FileInfo overlay(FileInfo info, boolean wasDirty) {
    if (!(wasDirty || writeback.isDirty()) || !info.isRegularFile()) {
      return info;
    }
    return info.toBuilder()
        .size(sizes.local())
        .modified(FileTime.fromMillis(lastWriteMillis))
        .build();
  }

  @Override
  public String toString() {
    return "Inode[" + path + ", " + sizes + ", " + pages.size() + " pages, " + writeback + "]";
  }
}
