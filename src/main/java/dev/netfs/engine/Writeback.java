package dev.netfs.engine;

import dev.netfs.LockLostException;
import dev.netfs.share.IoSegments;
import dev.netfs.share.ShareFile;
import dev.netfs.share.WriteResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One file's dirty bytes, and their way to the server.
 *
 * <p>{@link #dirty} and {@link #writing} are byte-exact: what is sent is what was written, no byte
 * more (W1). Issuing moves ranges from the one to the other, cut at {@code wsize}, many in flight;
 * a byte that is written again while it is on its way becomes dirty again, and is not sent before
 * the first sending has ended, so that the server takes them in order. A range whose sending fails
 * becomes dirty again and stays in memory. A failure that somebody waits for, and the first one in
 * a row that nobody does, is noted in the inode's error sequence, for every open file to hear of.
 * That later tries in the background fail too is nothing new: were it noted, a {@code force} that
 * succeeds at last would report a failure of which it has heard before.
 *
 * <p><b>Concurrency.</b> Everything is guarded by the inode's lock, except the copies in volatile
 * fields. Requests are started, and futures completed, after it has been let go.
 */
final class Writeback implements DirtyLimit.Owner {
  private static final long FIRST_BACKOFF_MILLIS = 100;
  private static final long MAX_BACKOFF_MILLIS = 30_000;

  private final Services services;
  private final Inode inode;
  private final ExtentSet dirty = new ExtentSet(); // guarded by inode.lock
  private final ExtentSet writing = new ExtentSet(); // guarded by inode.lock
  private final ExtentSet doubtful =
      new ExtentSet(); // guarded by inode.lock: of what is on its way
  private final DirectRanges direct = new DirectRanges(); // guarded by inode.lock
  private final List<CompletableFuture<Void>> settling = new ArrayList<>(); // guarded by inode.lock
  private int inFlight; // guarded by inode.lock: uploads and direct writes
  private volatile boolean held; // written under inode.lock: nothing is issued
  private @Nullable CompletableFuture<Void> unheld; // guarded by inode.lock: for who waits for that
  private long heldSize = Long.MAX_VALUE; // guarded by inode.lock
  private volatile long accounted; // written under inode.lock: what the dirty limit knows of us
  private int failures; // guarded by inode.lock: since something was last sent
  private int askers; // guarded by inode.lock: who waits for what is sent, and hears how it ends
  private volatile long restsUntilNanos; // written under inode.lock, of account with failures
  private volatile boolean resting; // written under inode.lock: failures > 0
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
    writing.forEachIn(0, Long.MAX_VALUE, doubtful::add);
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
      deferred.wrote(start, end);
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
      deferred.forgot(from, to);
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

  /** Ends a {@link #hold}; who wants to send goes on then. */
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
      deferred.wroteDirect(range.start(), range.end());
    }
    tellIfSent();
    return over();
  }

  private boolean isTaken(long start, long end) {
    return held || writing.intersects(start, end) || direct.intersects(start, end);
  }

  /** Returns what completes when it is worth another try to {@link #beginDirect}. */
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

  /** Takes in that something is not on its way any more; returns who is to be woken. */
  private List<CompletableFuture<Void>> over() {
    List<CompletableFuture<Void>> woken = direct.takeWaiters();
    if (inFlight == 0) {
      woken.addAll(settling);
      settling.clear();
    }
    return woken;
  }

  /** Returns whether what is dirty may not be sent yet. Under the inode's lock. */
  private boolean isKeptBack() {
    return deferred != null && !deferred.isOpen() && !dirty.isEmpty();
  }

  /** Returns what completes when what is dirty is not kept back any more; null if it is not. */
  private @Nullable CompletableFuture<Void> whileKeptBack() {
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

  /** Takes in that what is dirty may be sent, or that nothing is any more, or that it cannot be. */
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

  /** Takes in that what is dirty cannot be sent now; whoever waits for it hears of it. */
  void cannotBegin(Throwable problem) {
    boolean news;
    inode.lock.lock();
    try {
      news = askers > 0 || failures == 0;
      rest(true);
    } finally {
      inode.lock.unlock();
    }
    if (news) {
      inode.errors.record(Await.cause(problem));
    }
    services.dirty().failed(this);
    letGo();
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

  /** One piece on its way. */
  private static final class Upload {
    final long start;
    final long end;

    /**
     * With a pin each: one that is replaced by a larger one meanwhile has to stay until the end.
     */
    final List<Page> pages;

    final IoSegments memory;
    long transferred;
    LinkEstimate.@Nullable Sent sent; // written before it is sent, read after it was answered

    Upload(long start, long end, List<Page> pages, IoSegments memory) {
      this.start = start;
      this.end = end;
      this.pages = pages;
      this.memory = memory;
    }
  }

  /**
   * Sends what is dirty because it is time for it, and not because somebody asks: not while it
   * rests after a failure. Not under the inode's lock.
   */
  void issueIfDue() {
    if (isDue()) {
      issue();
    }
  }

  /**
   * As {@link #issueIfDue}, in the middle of a stream: what is left of a range after whole requests
   * have been cut from it stays, since the next write probably goes on there.
   */
  void issueStream() {
    if (isDue()) {
      issue(true);
    }
  }

  private boolean isDue() {
    return anyDirty && !mustRest();
  }

  private boolean mustRest() {
    return resting && services.background().nanoTime() - restsUntilNanos < 0;
  }

  /** Returns whether the last sending failed and it is time for another. By anybody. */
  boolean isRetryDue() {
    return resting && !mustRest();
  }

  /** Notes how a sending ended: each failure in a row doubles the rest. Under the inode's lock. */
  private void rest(boolean failed) {
    if (!failed) {
      failures = 0;
      resting = false;
    } else if (!mustRest()) {
      // What fails together, with one rest already begun, is one failure.
      long rest = Math.min(MAX_BACKOFF_MILLIS, FIRST_BACKOFF_MILLIS << Math.min(failures, 20));
      failures++;
      restsUntilNanos = services.background().nanoTime() + rest * 1_000_000;
      resting = true;
    }
  }

  /** Sends all that is dirty and not already on its way. Not under the inode's lock. */
  void issue() {
    issue(false);
  }

  private void issue(boolean wholeRequests) {
    List<Upload> uploads = new ArrayList<>();
    boolean keptBack = false;
    inode.lock.lock();
    try {
      if (!inode.locks.isEmpty()) {
        inode.dropLost();
      }
      keptBack = isKeptBack();
      if (held || dirty.isEmpty() || keptBack) {
        return;
      }
      if (deferred != null) {
        deferred.sending();
      }
      ExtentSet ready = new ExtentSet();
      dirty.forEachIn(
          0, Long.MAX_VALUE, (start, end) -> writing.forEachGapIn(start, end, ready::add));
      direct.removeFrom(ready);
      ready.forEachIn(
          0,
          Long.MAX_VALUE,
          (start, end) -> {
            int wsize = services.wsize();
            long stop = wholeRequests && end - start > wsize ? end - (end - start) % wsize : end;
            for (long at = start; at < stop; at += wsize) {
              uploads.add(upload(at, Math.min(stop, at + wsize)));
            }
          });
      if (uploads.isEmpty()) {
        return;
      }
      for (Upload upload : uploads) {
        dirty.remove(upload.start, upload.end);
        writing.add(upload.start, upload.end);
      }
      inFlight += uploads.size();
      inode.sending();
      account();
    } finally {
      inode.lock.unlock();
      if (keptBack && deferred != null && !wholeRequests) {
        deferred.open(); // and goes on then
      }
    }
    RemoteFile file = inode.handles.writerInUse();
    try {
      for (Upload upload : uploads) {
        begin(file, upload);
      }
    } finally {
      file.endUse();
    }
  }

  /** Notes that somebody waits for what is dirty to be sent, until {@link #endAsking}. */
  void beginAsking() {
    asking(1);
  }

  /** Ends what {@link #beginAsking} began. */
  void endAsking() {
    asking(-1);
  }

  private void asking(int more) {
    inode.lock.lock();
    try {
      askers += more;
    } finally {
      inode.lock.unlock();
    }
  }

  /** Waits for a stage, in one way or another. */
  @FunctionalInterface
  interface Waiter {
    void await(CompletableFuture<Void> stage) throws IOException;
  }

  /**
   * Sends everything dirty and waits until it has arrived or failed; failures are in the error
   * sequence. Not under the inode's lock.
   */
  void flush(Waiter waiter) throws IOException {
    waiter.await(flushed());
  }

  /** As {@link #flush(Waiter)}, counting failures from where the error sequence stood before. */
  void flush(long heard, Waiter waiter) throws IOException {
    waiter.await(flushed(heard));
  }

  /**
   * Sends everything dirty; completes when it has arrived or failed, of which the error sequence
   * tells. Not under the inode's lock.
   */
  CompletableFuture<Void> flushed() {
    return flushed(inode.errors.now());
  }

  private CompletableFuture<Void> flushed(long heard) {
    beginAsking();
    CompletableFuture<Void> sent = null;
    try {
      // Twice: what was on its way when it was written again can be sent only after it has arrived.
      sent = flushed(heard, 2);
      return sent.whenComplete((done, failure) -> endAsking());
    } finally {
      if (sent == null) {
        endAsking();
      }
    }
  }

  @SuppressWarnings("NullAway") // a future of Void completes with null
  private CompletableFuture<Void> flushed(long heard, int rounds) {
    if (rounds == 0 || !anyDirty || inode.errors.now() != heard) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> kept = whileKeptBack();
    if (kept != null && deferred != null) {
      deferred.open();
      return kept.thenCompose(done -> flushed(heard, rounds));
    }
    CompletableFuture<Void> held = whileHeld();
    if (held != null) {
      // Another channel cuts the file: what is dirty can be sent only then, and must be.
      return held.thenCompose(done -> flushed(heard, rounds));
    }
    issue();
    CompletableFuture<Void> settled;
    inode.lock.lock();
    try {
      settled = settled();
    } finally {
      inode.lock.unlock();
    }
    return settled.thenCompose(done -> flushed(heard, rounds - 1));
  }

  private Upload upload(long start, long end) {
    int pageSize = services.pages().pageSize();
    List<ByteBuffer> memory = new ArrayList<>();
    List<Page> pages = new ArrayList<>();
    for (long number = start / pageSize; number * pageSize < end; number++) {
      Page page = inode.pages.get(number);
      if (page == null || !page.tryPin()) {
        throw new IllegalStateException("a dirty page is gone: " + inode.path() + " " + number);
      }
      pages.add(page);
      long base = number * pageSize;
      memory.add(
          page.frame.view((int) Math.max(0, start - base), (int) Math.min(pageSize, end - base)));
    }
    return new Upload(start, end, pages, IoSegments.of(memory));
  }

  /** Sends a piece; where that cannot even begin, as without memory, it has failed. */
  private void begin(RemoteFile file, Upload upload) {
    try {
      send(file, upload);
    } catch (RuntimeException | Error e) {
      file.endUse();
      sent(file, upload, null, e);
    }
  }

  private void send(RemoteFile file, Upload upload) {
    file.use();
    long left = upload.end - upload.start - upload.transferred;
    services
        .uploads()
        .submit(
            this,
            left,
            () ->
                services
                    .depth()
                    .submit(
                        this, left, () -> file.call("write", open -> write(open, upload, left))))
        .whenComplete(
            (result, error) -> {
              try {
                sent(file, upload, result, error == null ? null : Await.cause(error));
              } finally {
                file.endUse();
              }
            });
  }

  private CompletionStage<WriteResult> write(ShareFile open, Upload upload, long left) {
    upload.sent = services.uplink().sent();
    return inode.locks.write(
        open, upload.memory.slice(upload.transferred, left), upload.start + upload.transferred);
  }

  private void sent(
      RemoteFile file, Upload upload, @Nullable WriteResult result, @Nullable Throwable error) {
    Throwable problem = error;
    if (result != null) {
      services.stats().bytesToServer.add(result.bytes());
      LinkEstimate.Sent sent = upload.sent;
      if (sent != null) {
        services.uplink().answered(sent, result.bytes());
      }
      upload.transferred += result.bytes();
      if (upload.transferred < upload.end - upload.start) {
        if (result.bytes() > 0) {
          begin(file, upload);
          return;
        }
        problem = new FileSystemException(inode.path(), null, "the server took no byte");
      }
    }
    boolean lost = problem instanceof LockLostException; // of which its channel is told
    List<CompletableFuture<Void>> woken = List.of();
    try {
      boolean news;
      inode.lock.lock();
      try {
        inFlight--;
        writing.remove(upload.start, upload.end);
        news = problem != null && !lost && (askers > 0 || failures == 0);
        arrived(upload, result, problem, lost);
      } finally {
        woken = over();
        inode.lock.unlock();
      }
      if (problem != null && !lost) {
        if (news) {
          inode.errors.record(problem);
        }
        services.dirty().failed(this);
      }
    } finally {
      wake(woken);
    }
  }

  /** Takes in how the sending of a piece ended. Under the inode's lock. */
  private void arrived(
      Upload upload, @Nullable WriteResult result, @Nullable Throwable problem, boolean lost) {
    rest(problem != null && !lost);
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
    if (doubtful.intersects(upload.start, upload.end)) {
      doubtful.remove(upload.start, upload.end);
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
