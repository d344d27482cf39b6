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
 * Sends one file's dirty bytes to the server, of which {@link Writeback} keeps account.
 *
 * <p><b>Pieces.</b> {@link #issue} cuts what is ready to be sent at {@code wsize}; each {@link
 * Upload} is a request of its own, many in flight. One of which the server takes only a part goes
 * on with the rest of it, and is over when all of it was taken or a request of it has failed.
 *
 * <p><b>Failures.</b> A range whose sending fails becomes dirty again and stays in memory. A
 * failure that somebody waits for ({@link #askers}), and the first one in a row that nobody does,
 * is noted in the inode's error sequence, for every open file to hear of. That later tries in the
 * background fail too is nothing new: were it noted, a {@code force} that succeeds at last would
 * report a failure of which it has heard before. After a failure what is sent unasked rests, twice
 * as long after each in a row, until one piece arrives; who asks has it tried at once.
 *
 * <p><b>Concurrency.</b> The fields are guarded by the inode's lock, except the copies in volatile
 * ones. Methods say whether they need it or may not be called under it, as those that start
 * requests or complete futures. A failure is noted before those who wait for the end of that
 * sending are woken, so that they find it.
 */
final class Uploader {
  private static final long FIRST_BACKOFF_MILLIS = 100;
  private static final long MAX_BACKOFF_MILLIS = 30_000;

  private final Services services;
  private final Inode inode;
  private int failures; // guarded by inode.lock: since something was last sent
  private int askers; // guarded by inode.lock: who waits for what is sent, and hears how it ends
  private volatile long restsUntilNanos; // written under inode.lock, of account with failures
  private volatile boolean resting; // written under inode.lock: failures > 0

  /** One piece on its way. */
  static final class Upload {
    final long start;
    final long end;

    /**
     * With a pin each: one that is replaced by a larger one meanwhile has to stay until the end.
     */
    final List<Page> pages;

    final IoSegments memory;
    long transferred; // written when a request was answered, read then or before the next one
    LinkEstimate.@Nullable Sent sent; // written before it is sent, read after it was answered

    Upload(long start, long end, List<Page> pages, IoSegments memory) {
      this.start = start;
      this.end = end;
      this.pages = pages;
      this.memory = memory;
    }
  }

  Uploader(Services services, Inode inode) {
    this.services = services;
    this.inode = inode;
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
    return inode.writeback.isDirty() && !mustRest();
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

  /**
   * Takes in that what is dirty cannot be sent now; whoever waits for it hears of it. Not under the
   * inode's lock.
   */
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
    services.dirty().failed(inode.writeback);
    inode.writeback.letGo();
  }

  /** Sends all that is dirty and not already on its way. Not under the inode's lock. */
  void issue() {
    issue(false);
  }

  private void issue(boolean wholeRequests) {
    Writeback writeback = inode.writeback;
    DeferredFile deferred = inode.deferred;
    List<Upload> uploads = new ArrayList<>();
    boolean keptBack = false;
    inode.lock.lock();
    try {
      if (!inode.locks.isEmpty()) {
        inode.dropLost();
      }
      keptBack = writeback.isKeptBack();
      if (keptBack) {
        return;
      }
      writeback
          .ready()
          .forEachIn(
              0,
              Long.MAX_VALUE,
              (start, end) -> {
                int wsize = services.wsize();
                long stop =
                    wholeRequests && end - start > wsize ? end - (end - start) % wsize : end;
                for (long at = start; at < stop; at += wsize) {
                  uploads.add(upload(at, Math.min(stop, at + wsize)));
                }
              });
      if (uploads.isEmpty()) {
        return;
      }
      writeback.sending(uploads);
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

  /**
   * Notes that somebody waits for what is dirty to be sent, until {@link #endAsking}. Takes the
   * lock.
   */
  void beginAsking() {
    asking(1);
  }

  /** Ends what {@link #beginAsking} began. Takes the lock. */
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
    if (rounds == 0 || !inode.writeback.isDirty() || inode.errors.now() != heard) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> kept = inode.writeback.whileKeptBack();
    DeferredFile deferred = inode.deferred;
    if (kept != null && deferred != null) {
      deferred.open();
      return kept.thenCompose(done -> flushed(heard, rounds));
    }
    CompletableFuture<Void> held = inode.writeback.whileHeld();
    if (held != null) {
      // Another channel cuts the file: what is dirty can be sent only then, and must be.
      return held.thenCompose(done -> flushed(heard, rounds));
    }
    issue();
    CompletableFuture<Void> settled;
    inode.lock.lock();
    try {
      settled = inode.writeback.settled();
    } finally {
      inode.lock.unlock();
    }
    return settled.thenCompose(done -> flushed(heard, rounds - 1));
  }

  /** Makes a piece, with pins on its pages. Under the inode's lock. */
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
            inode.writeback,
            left,
            () ->
                services
                    .depth()
                    .submit(
                        inode.writeback,
                        left,
                        () -> file.change("write", open -> write(open, upload, left))))
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

  /** Takes in how a request of a piece ended: goes on with what is left of it, or ends it. */
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
        news = problem != null && !lost && (askers > 0 || failures == 0);
        rest(problem != null && !lost);
        inode.writeback.arrived(upload, result, problem, lost);
      } finally {
        woken = inode.writeback.over();
        inode.lock.unlock();
      }
      if (problem != null && !lost) {
        if (news) {
          inode.errors.record(problem);
        }
        services.dirty().failed(inode.writeback);
      }
    } finally {
      Writeback.wake(woken);
    }
  }
}
