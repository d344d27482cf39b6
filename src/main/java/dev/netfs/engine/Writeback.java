package dev.netfs.engine;

import dev.netfs.share.WriteResult;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One file's dirty bytes: which they are, which of them are on their way to the server, and what
 * keeps them from being sent. {@link Uploader} sends them.
 *
 * <p><b>States.</b> A byte that was written is {@link #dirty}; {@linkplain #sending issuing} moves
 * it to {@link #writing}, and there it stays until its sending has {@linkplain
 * #arrived(Uploader.Upload, WriteResult, Throwable, boolean) ended}: then it is neither, or, where
 * that failed, dirty again. Both sets are byte-exact: what is sent is what was written, no byte
 * more (W1). A byte that is written again while it is on its way is in both, and is not sent before
 * the first sending has ended, so that the server takes them in order. Each page with a byte in
 * either has one pin for that, {@link Page#dirtyPin}, and stays in memory.
 *
 * <p><b>What is not sent yet.</b> Nothing is while the file is being cut ({@link #hold}), or where
 * closes do not wait for the server and {@link DeferredFile} does not let it go (the {@link
 * #gate}); nothing of a range that a {@linkplain #beginDirect direct write} has. Who has to wait
 * for one of these, or until {@linkplain #settled nothing is on its way}, is given a future.
 *
 * <p><b>Concurrency.</b> Everything is guarded by the inode's lock, except the copies in volatile
 * fields. Methods that take it, need none or may not be called under it say so; the others need it.
 * Under it only leaves of the lock order are taken. Futures are completed after it has been let go:
 * where the caller has it, by the caller, who is given them.
 */
final class Writeback implements DirtyLimit.Owner {
  private final Services services;
  private final Inode inode;
  private final ExtentSet dirty = new ExtentSet(); // guarded by inode.lock
  private final ExtentSet writing = new ExtentSet(); // guarded by inode.lock
  private @Nullable ExtentSet doubtful; // guarded by inode.lock: of what is on its way, if any
  private final DirectRanges direct = new DirectRanges(); // guarded by inode.lock
  private final List<CompletableFuture<Void>> settling = new ArrayList<>(); // guarded by inode.lock
  private int inFlight; // guarded by inode.lock: uploads and direct writes
  private volatile boolean held; // written under inode.lock: nothing is issued
  private @Nullable CompletableFuture<Void> unheld; // guarded by inode.lock: for who waits for that
  private long heldSize = Long.MAX_VALUE; // guarded by inode.lock
  private volatile long accounted; // written under inode.lock: what the dirty limit knows of us
  private volatile boolean anyDirty; // written under inode.lock
  private volatile long dirtySinceNanos; // written under inode.lock

  /**
   * Where closes do not wait for the server: what keeps dirty bytes back until they may be sent.
   */
  private final @Nullable DeferredFile deferred;

  /** For who waits until what is dirty may be sent. */
  private @Nullable CompletableFuture<Void> gate; // guarded by inode.lock

  Writeback(Services services, Inode inode, @Nullable DeferredFile deferred) {
    this.services = services;
    this.inode = inode;
    this.deferred = deferred;
  }

  /** Returns whether any byte is dirty or on its way. By anybody. */
  boolean isDirty() {
    return anyDirty;
  }

  /**
   * Returns whether any byte is dirty or on its way, by a direct write too, or the file is being
   * cut: what is done next has to wait for that, though its channel may be closed. By anybody.
   */
  boolean isBusy() {
    return anyDirty || held || direct.any();
  }

  /** Returns since when there have been dirty bytes; of no account where there are none. */
  long dirtySinceNanos() {
    return dirtySinceNanos;
  }

  @Override
  public long unsentBytes() {
    return accounted;
  }

  /**
   * Returns whether the server may be changing its file at this moment, because of us. Under the
   * inode's lock.
   */
  boolean isChanging() {
    return inFlight > 0 || isHeld();
  }

  /** Returns whether the file is about to be cut. Under the inode's lock. */
  boolean isHeld() {
    return held;
  }

  /**
   * Notes that another client may have written over what is on its way now: it is dropped when it
   * has arrived. Under the inode's lock.
   */
  void doubt() {
    if (writing.isEmpty()) {
      return;
    }
    ExtentSet all = doubtful == null ? new ExtentSet() : doubtful;
    all.addAll(writing);
    doubtful = all;
  }

  /** Returns the byte after the last one that is dirty or on its way. Under the inode's lock. */
  long end() {
    return Math.max(dirty.last(), writing.last());
  }

  /** Returns how many bytes are dirty and not on their way. Under the inode's lock. */
  long dirtyBytes() {
    return dirty.bytes();
  }

  /** Returns whether any byte of a range is dirty or on its way. Under the inode's lock. */
  boolean intersects(long start, long end) {
    return dirty.intersects(start, end) || writing.intersects(start, end);
  }

  /** Returns what of a page the server does not have yet, as offsets in it. */
  ExtentSet unsentIn(Page page) {
    long base = page.number * services.pages().pageSize();
    ExtentSet unsent = new ExtentSet();
    ExtentSet.RangeConsumer collect = (start, end) -> unsent.add(start - base, end - base);
    dirty.forEachIn(base, base + page.frame.size(), collect);
    writing.forEachIn(base, base + page.frame.size(), collect);
    return unsent;
  }

  /** Returns what of a range the server does not have yet. Under the inode's lock. */
  ExtentSet unsent(long start, long end) {
    ExtentSet unsent = new ExtentSet();
    dirty.forEachIn(start, end, unsent::add);
    writing.forEachIn(start, end, unsent::add);
    return unsent;
  }

  /** As {@link #unsent}, of all of the file. Takes the inode's lock. */
  ExtentSet unsentAll() {
    inode.lock.lock();
    try {
      return unsent(0, Long.MAX_VALUE);
    } finally {
      inode.lock.unlock();
    }
  }

  /** Copies bytes that are not sent. Under the inode's lock. */
  void copy(long start, long end, ByteBuffer dst) {
    int pageSize = services.pages().pageSize();
    for (long at = start; at < end; ) {
      int from = (int) (at % pageSize);
      int step = (int) Math.min(end - at, pageSize - from);
      Page page = inode.pages.get(at / pageSize);
      if (page == null || page.readLocked(from, dst, step) < step) {
        throw new IllegalStateException("a dirty page is gone: " + inode.path() + " " + at);
      }
      at += step;
    }
  }

  /** Makes bytes dirty that were written to a page, on which the caller has a pin. */
  void markDirty(Page page, long start, long end) {
    if (!page.dirtyPin && page.tryPin()) {
      page.dirtyPin = true;
    }
    if (dirty.isEmpty()) {
      dirtySinceNanos = services.background().nanoTime();
    }
    dirty.add(start, end);
    if (deferred != null) {
      deferred.outdated(start, end);
    }
    account();
  }

  /** Forgets dirty bytes from an offset on: they were cut off. Under the inode's lock. */
  void forget(long from) {
    forget(from, Long.MAX_VALUE);
  }

  /** Forgets dirty bytes of a range; what is on its way stays so. Under the inode's lock. */
  void forget(long from, long to) {
    long end = Math.min(to, dirty.last());
    dirty.remove(from, to);
    if (deferred != null) {
      deferred.outdated(from, to);
    }
    if (end > from) {
      unpinSent(from, end);
    }
    account();
    tellIfSent();
  }

  /** Tells who keeps dirty bytes back if all that is left of them is sent. Under the lock. */
  private void tellIfSent() {
    if (deferred != null && !isChanging()) {
      deferred.sent(!anyDirty, true, false);
    }
  }

  /**
   * Keeps anything from being issued until {@link #release}, since the file is about to be cut.
   * Under the inode's lock.
   *
   * @param size to which size what is here is cut; the largest number if it is not
   * @return null; or, if somebody else cuts the file, what completes when it is worth another try
   */
  @Nullable CompletableFuture<Void> hold(long size) {
    if (held) {
      return whileHeld();
    }
    held = true;
    heldSize = size;
    return null;
  }

  /**
   * Returns to which size what is here was cut and the server's is being, or the largest number.
   * Under the inode's lock.
   */
  long heldSize() {
    return heldSize;
  }

  /** Ends a {@link #hold}; who wants to send goes on then. Not under the inode's lock. */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  void release() {
    CompletableFuture<Void> waiting;
    inode.lock.lock();
    try {
      held = false;
      heldSize = Long.MAX_VALUE;
      waiting = unheld;
      unheld = null;
      tellIfSent();
    } finally {
      inode.lock.unlock();
    }
    if (waiting != null) {
      waiting.complete(null);
    }
    inode.pageEvicted(); // or not, but it may have waited for this to be forgotten
  }

  /** Returns what completes when nothing is held any more; null if nothing is. Takes the lock. */
  @Nullable CompletableFuture<Void> whileHeld() {
    inode.lock.lock();
    try {
      if (held && unheld == null) {
        unheld = new CompletableFuture<>();
      }
      return unheld;
    } finally {
      inode.lock.unlock();
    }
  }

  /**
   * Takes in that a direct write is about to be sent. Nothing else of the range is sent until
   * {@link #endDirect}, so that the server takes what is written in order, even if nobody waits for
   * this write any more: its channel may be closed under it. Under the inode's lock.
   *
   * @return null if something else of the range is on its way, which has to be {@linkplain
   *     #whenFree waited for}
   */
  DirectRanges.@Nullable Range beginDirect(long start, long end) {
    if (isTaken(start, end)) {
      return null;
    }
    inFlight++;
    return direct.begin(start, end);
  }

  /**
   * Takes in that a direct write is over, in one way or another. Under the inode's lock.
   *
   * @return what the caller has to complete after letting it go
   */
  List<CompletableFuture<Void>> endDirect(DirectRanges.Range range) {
    direct.end(range);
    inFlight--;
    if (deferred != null) {
      deferred.outdated(range.start(), range.end());
    }
    tellIfSent();
    return over();
  }

  private boolean isTaken(long start, long end) {
    return held || writing.intersects(start, end) || direct.intersects(start, end);
  }

  /**
   * Returns what completes when it is worth another try to {@link #beginDirect}. Takes the lock.
   */
  CompletableFuture<?> whenFree(long start, long end) {
    CompletableFuture<Void> held = whileHeld();
    if (held != null) {
      return held;
    }
    inode.lock.lock();
    try {
      return isTaken(start, end) ? direct.whenAnyIsOver() : CompletableFuture.completedFuture(true);
    } finally {
      inode.lock.unlock();
    }
  }

  /** Returns what completes when nothing of a range is on its way. Takes the inode's lock. */
  CompletableFuture<?> arrived(long start, long end) {
    inode.lock.lock();
    try {
      if (!isTaken(start, end)) {
        return CompletableFuture.completedFuture(true);
      }
    } finally {
      inode.lock.unlock();
    }
    return whenFree(start, end).thenCompose(worthATry -> arrived(start, end));
  }

  /**
   * Takes in that something is not on its way any more. Under the inode's lock.
   *
   * @return what the caller has to complete after letting it go
   */
  List<CompletableFuture<Void>> over() {
    List<CompletableFuture<Void>> woken = direct.takeWaiters();
    if (inFlight == 0) {
      woken.addAll(settling);
      settling.clear();
    }
    return woken;
  }

  /** Returns whether what is dirty may not be sent yet. Under the inode's lock. */
  boolean isKeptBack() {
    return deferred != null && !deferred.isOpen() && !dirty.isEmpty();
  }

  /**
   * Returns what completes when what is dirty is not kept back any more; null if it is not. Takes
   * the lock.
   */
  @Nullable CompletableFuture<Void> whileKeptBack() {
    inode.lock.lock();
    try {
      if (!isKeptBack()) {
        return null;
      }
      if (gate == null) {
        gate = new CompletableFuture<>();
      }
      return gate;
    } finally {
      inode.lock.unlock();
    }
  }

  /**
   * Takes in that what is dirty may be sent, or that nothing is any more, or that it cannot be. Not
   * under the inode's lock.
   */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  void letGo() {
    CompletableFuture<Void> waiting;
    inode.lock.lock();
    try {
      waiting = gate;
      gate = null;
    } finally {
      inode.lock.unlock();
    }
    if (waiting != null) {
      waiting.complete(null);
    }
  }

  /** Returns a future that completes when nothing is on its way. Under the inode's lock. */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  CompletableFuture<Void> settled() {
    CompletableFuture<Void> future = new CompletableFuture<>();
    if (inFlight == 0) {
      future.complete(null);
    } else {
      settling.add(future);
    }
    return future;
  }

  /**
   * Returns what is dirty and may be sent at this moment, which may be nothing; to be asked for
   * only where it is not {@linkplain #isKeptBack kept back}. Under the inode's lock.
   */
  ExtentSet ready() {
    ExtentSet ready = new ExtentSet();
    if (held || dirty.isEmpty()) {
      return ready;
    }
    if (deferred != null) {
      deferred.sending();
    }
    dirty.forEachIn(
        0, Long.MAX_VALUE, (start, end) -> writing.forEachGapIn(start, end, ready::add));
    direct.removeFrom(ready);
    return ready;
  }

  /** Takes in that pieces of what is {@link #ready} are about to be sent. Under the lock. */
  void sending(List<Uploader.Upload> uploads) {
    for (Uploader.Upload upload : uploads) {
      dirty.remove(upload.start, upload.end);
      writing.add(upload.start, upload.end);
    }
    inFlight += uploads.size();
    inode.sending();
    account();
  }

  /**
   * Takes in how the sending of a piece ended; {@link #over} tells who waited for that. Under the
   * inode's lock.
   *
   * @param result what the server answered last, or null
   * @param problem why not all of it was sent; null if it was
   * @param lost whether it was since the lock under which it was written is lost
   */
  void arrived(
      Uploader.Upload upload,
      @Nullable WriteResult result,
      @Nullable Throwable problem,
      boolean lost) {
    inFlight--;
    writing.remove(upload.start, upload.end);
    if (problem == null) {
      inode.sent(upload.end);
      if (result != null && result.bytes() == upload.end && inFlight == 0 && dirty.isEmpty()) {
        inode.sentAll(result.version(), upload.end);
      }
    } else if (!inode.isUnlinked()) {
      // Without a name there is nowhere to send it later. With one nothing is forgotten; only
      // what was cut off meanwhile needs no sending any more.
      dirty.add(upload.start, Math.min(upload.end, Math.max(upload.start, heldSize)));
    }
    if (lost) {
      inode.dropLost();
    }
    unpinSent(upload.start, upload.end);
    upload.pages.forEach(services.pages()::unpin);
    account();
    if (doubtful != null && doubtful.intersects(upload.start, upload.end)) {
      doubtful.remove(upload.start, upload.end);
      if (doubtful.isEmpty()) {
        doubtful = null;
      }
      inode.dropRange(upload.start, upload.end);
    }
    if (deferred != null) {
      deferred.sent(!anyDirty, inFlight == 0, problem != null);
    }
  }

  /** Takes the pins off pages in a range that have nothing more to send. */
  private void unpinSent(long start, long end) {
    int pageSize = services.pages().pageSize();
    if ((end - start) / pageSize > 2L * inode.pages.size()) {
      // A far-off end: look at the pages there are rather than at those there could be.
      List<Page> present = new ArrayList<>();
      inode.pages.forEachFrom(start / pageSize, present::add);
      present.forEach(this::unpinIfSent);
      return;
    }
    for (long number = start / pageSize; number * pageSize < end; number++) {
      Page page = inode.pages.get(number);
      if (page != null) {
        unpinIfSent(page);
      }
    }
  }

  private void unpinIfSent(Page page) {
    long base = page.number * services.pages().pageSize();
    if (page.dirtyPin && !intersects(base, base + services.pages().pageSize())) {
      page.dirtyPin = false;
      services.pages().unpin(page);
    }
  }

  private void account() {
    long now = dirty.bytes() + writing.bytes();
    long delta = now - accounted;
    accounted = now;
    if (anyDirty != now > 0) {
      // What others may know of the size and the times is out of date, in either direction.
      services.attributes().changedSoon(inode.path());
      anyDirty = now > 0;
      services.attributes().changedSoon(inode.path());
    }
    if (delta != 0) {
      services.dirty().add(delta);
    }
  }

  @SuppressWarnings("NullAway") // a future of Void completes with null
  static void wake(List<CompletableFuture<Void>> futures) {
    futures.forEach(future -> future.complete(null));
  }

  @Override
  public String toString() {
    return "dirty " + dirty + ", on their way " + writing;
  }
}
