package dev.netfs.engine;

import dev.netfs.fscache.Cookie;
import dev.netfs.share.ReadResult;
import dev.netfs.share.ShareFile;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One download: a range of a file that is missing from memory, cut into subrequests that run side
 * by side and are collected in order. What the {@linkplain DiskFile disk} seems to have comes from
 * there, a granule a subrequest; the rest, and what turns out not to be there after all (R2), from
 * the server, in subrequests of at most {@code rsize}. What the server has sent is written behind
 * to the disk ({@link CopyToCache}).
 *
 * <p>The bytes land in memory that nobody else can see, and become pages of the file, or fill the
 * gaps of one, when all subrequests up to the end of a page are done ({@link RequestPages}). What
 * was asked for before an invalidation does not (C1).
 *
 * <p>Whoever waits for the request, and the readahead that made it, holds a use of it; until the
 * last use is over, the pages that it published are pinned.
 *
 * <p><b>Concurrency.</b> All mutable state is guarded by the inode's lock. Futures are completed
 * after it has been let go. Errors: the part before a failed subrequest is good, the failure is
 * passed to those who wait for the rest, and nothing of it is marked valid (R3).
 */
final class ReadRequest {
  /** Where a piece comes from. */
  private enum Source {
    SERVER,
    CACHE
  }

  /** One piece of the range, on its way. */
  private static final class Subrequest {
    final Source source;
    final long start;
    final long end;
    long transferred;
    long copied; // written by who takes its bytes in, one after another
    boolean done;
    LinkEstimate.@Nullable Sent sent; // written before it is sent, read after it was answered

    Subrequest(Source source, long start, long end) {
      this.source = source;
      this.start = start;
      this.end = end;
    }
  }

  private record Waiter(long end, CompletableFuture<Void> future) {}

  final Inode inode;
  final long start;
  final long end;

  /** When the request was made, in milliseconds since the epoch. */
  final long startedMillis;

  private final Services services;

  /** Whether it was made when nothing but what is wanted could be asked for. */
  private final boolean exact;

  private final RemoteFile file;
  private final long generation;
  private final Inode.Asked asked;
  private final RequestPages pages; // guarded by inode.lock, but for their memory
  private final List<Subrequest> subrequests = new ArrayList<>(); // guarded by inode.lock
  private final @Nullable DiskFile onDisk;

  /** Open from the look-up on the disk to the end. Written by its thread, then read by others. */
  private volatile @Nullable Cookie cookie;

  /** What goes to the disk of what the server sends. Written before anything is sent. */
  private volatile @Nullable CopyToCache copy;

  private final List<Waiter> waiters = new ArrayList<>(); // guarded by inode.lock
  private long collected; // guarded by inode.lock: all before it is done
  private int nextSubrequest; // guarded by inode.lock
  private int outstanding; // guarded by inode.lock: subrequests not yet done
  private long endOfFile = Long.MAX_VALUE; // guarded by inode.lock: as the server showed
  private boolean finished; // guarded by inode.lock
  private boolean abandoned; // guarded by inode.lock: nobody wants it, and nobody finds it
  private @Nullable Throwable failure; // guarded by inode.lock
  private int uses; // guarded by inode.lock
  private boolean passed; // guarded by inode.lock: a stream has read all of it

  /**
   * Makes a request with one use, held by its maker. Under the inode's lock.
   *
   * @param file the handle to read with; the request ends the use that was begun for it
   */
  ReadRequest(Services services, Inode inode, RemoteFile file, long start, long end) {
    this.services = services;
    this.startedMillis = services.background().currentTimeMillis();
    this.inode = inode;
    this.exact = inode.isExact();
    this.file = file;
    this.start = start;
    this.end = end;
    this.generation = inode.generation();
    this.asked = inode.asking();
    this.collected = start;
    this.uses = 1;
    this.pages = new RequestPages(inode, services.pages(), start, end, startedMillis);
    onDisk = inode.diskFile();
    if (onDisk == null) {
      addFromServer(0, start, end);
      outstanding = subrequests.size();
    } else {
      outstanding = 1; // the look-up
    }
  }

  /** Adds subrequests of the server at a place in the order. Under the inode's lock. */
  private List<Subrequest> addFromServer(int place, long from, long to) {
    List<Subrequest> added = new ArrayList<>();
    for (long at = from; at < to; at += services.rsize()) {
      added.add(new Subrequest(Source.SERVER, at, Math.min(to, at + services.rsize())));
    }
    subrequests.addAll(place, added);
    return added;
  }

  /** Sends the subrequests, or has the disk looked at first. Not under the inode's lock. */
  void issue() {
    DiskCache disk = services.disk();
    DiskFile file = onDisk;
    if (disk != null && file != null) {
      disk.expectWrite(); // readers may be done with what arrives before it is copied to the disk
      new DiskLookUp(disk, file, start, end, asker(disk, file)).begin();
    } else {
      List.copyOf(subrequests).forEach(this::issue);
    }
  }

  private DiskLookUp.Asker asker(DiskCache disk, DiskFile file) {
    return new DiskLookUp.Asker() {
      @Override
      public boolean isWanted() {
        return ReadRequest.this.isWanted();
      }

      @Override
      public boolean mayKeep() {
        return inode.isProven(file, startedMillis);
      }

      @Override
      public void found(DiskLookUp found) {
        take(disk, file, found);
      }
    };
  }

  /** Takes in what the disk seems to have, and sends for everything. On a thread of the disk's. */
  private void take(DiskCache disk, DiskFile file, DiskLookUp found) {
    ExtentSet present = found.present();
    cookie = found.cookie();
    if (found.isMissing() && inode.isProven(file, startedMillis)) {
      copy = CopyToCache.begin(disk, file, start, end);
    }
    CopyToCache made = copy;
    if (made != null) {
      made.keep(found.claim());
    } else {
      disk.end(found.claim());
    }
    List<Subrequest> all;
    inode.lock.lock();
    try {
      present.forEachIn(start, end, this::addFromCache);
      present.forEachGapIn(start, end, (from, to) -> addFromServer(place(from), from, to));
      outstanding = subrequests.size();
      all = List.copyOf(subrequests);
    } finally {
      inode.lock.unlock();
    }
    all.forEach(this::issue);
  }

  private void addFromCache(long from, long to) {
    int granule = Objects.requireNonNull(cookie).granule();
    for (long at = from; at < to; ) {
      long next = Math.min(to, (at / granule + 1) * granule);
      subrequests.add(place(at), new Subrequest(Source.CACHE, at, next));
      at = next;
    }
  }

  /** Returns how many subrequests come before an offset. */
  private int place(long offset) {
    int place = subrequests.size();
    while (place > 0 && subrequests.get(place - 1).start > offset) {
      place--;
    }
    return place;
  }

  /** Reads a piece from the disk, or has it sent by the server. On a thread of the disk's. */
  private void readFromDisk(DiskCache disk, Subrequest subrequest) {
    boolean here = false;
    if (!isWanted()) {
      arrived(subrequest, null, new CancellationException());
      return;
    }
    try {
      here =
          Objects.requireNonNull(cookie)
              .read(
                  subrequest.start,
                  pages.memory(subrequest.start, subrequest.end - subrequest.start));
    } catch (IOException | RuntimeException e) {
      disk.failed(e);
    }
    if (here) {
      services.stats().bytesFromDisk.add(subrequest.end - subrequest.start);
      subrequest.transferred = subrequest.end - subrequest.start;
      arrived(subrequest, null, null);
      return;
    }
    List<Subrequest> instead;
    inode.lock.lock();
    try {
      int place = subrequests.indexOf(subrequest);
      subrequests.remove(place);
      instead = addFromServer(place, subrequest.start, subrequest.end);
      outstanding += instead.size() - 1;
      DiskFile file = onDisk;
      if (copy == null && file != null && inode.isProven(file, startedMillis)) {
        // Taken in by what is sent from here on: what was sent before is not in it.
        copy = CopyToCache.begin(disk, file, start, end);
      }
    } finally {
      inode.lock.unlock();
    }
    instead.forEach(this::issue);
  }

  private void issue(Subrequest subrequest) {
    DiskCache disk = services.disk();
    if (disk != null && subrequest.source == Source.CACHE) {
      disk.read(() -> readFromDisk(disk, subrequest));
      return;
    }
    services
        .depth()
        .submit(
            inode,
            subrequest.end - subrequest.start - subrequest.transferred,
            () ->
                isWanted()
                    ? file.call("read", open -> send(subrequest, open))
                    : CompletableFuture.failedFuture(new CancellationException()))
        .whenComplete((result, error) -> arrived(subrequest, result, error));
  }

  private CompletionStage<ReadResult> send(Subrequest subrequest, ShareFile open) {
    subrequest.sent = services.link().sent();
    return open.read(
        pages.memory(
            subrequest.start + subrequest.transferred,
            subrequest.end - subrequest.start - subrequest.transferred),
        subrequest.start + subrequest.transferred);
  }

  /**
   * Returns whether anybody waits for the request or holds it; asked when one of its subrequests
   * could be sent. If not, nothing more is sent, and whoever misses the range asks anew.
   */
  private boolean isWanted() {
    inode.lock.lock();
    try {
      if (uses == 0 && !abandoned) {
        abandoned = true; // for good: no page may be made of what arrives, as nobody can poison it
        inode.inflight.remove(this);
      }
      return !abandoned;
    } finally {
      inode.lock.unlock();
    }
  }

  private void arrived(
      Subrequest subrequest, @Nullable ReadResult result, @Nullable Throwable error) {
    List<CompletableFuture<Void>> woken = new ArrayList<>();
    boolean again = false;
    boolean over;
    Throwable problem = error == null ? null : Await.cause(error);
    if (result != null && result.bytes() > 0) {
      copy(subrequest, result.bytes());
    }
    inode.lock.lock();
    try {
      if (result != null) {
        services.stats().bytesFromServer.add(result.bytes());
        LinkEstimate.Sent sent = subrequest.sent;
        if (sent != null) {
          services.link().answered(sent, result.bytes());
        }
        subrequest.transferred += result.bytes();
        long reached = subrequest.start + subrequest.transferred;
        if (reached < subrequest.end) {
          if (result.endOfFile()) {
            endOfFile = Math.min(endOfFile, reached);
          } else if (result.bytes() == 0) {
            problem =
                new FileSystemException(
                    inode.path(),
                    null,
                    "the server sent nothing at offset "
                        + reached
                        + " although the file does not end there");
          } else {
            again = true;
          }
        }
      }
      if (problem != null) {
        failure = failure == null ? problem : failure;
      }
      if (!again) {
        subrequest.done = true;
        outstanding--;
        collect(woken);
      }
      over = finished;
    } finally {
      inode.lock.unlock();
    }
    if (again) {
      issue(subrequest);
    } else if (over) {
      endCopy();
      file.endUse();
    }
    wake(woken);
  }

  /** Copies what has arrived for the disk, while nobody else sees the memory that it is in. */
  private void copy(Subrequest subrequest, long bytes) {
    CopyToCache to = copy;
    if (to != null) {
      long from = subrequest.start + subrequest.transferred;
      to.take(from, pages.memory(from, bytes));
      subrequest.copied += bytes;
    }
  }

  /** Has the copy written, and lets go of the disk. When everything is over, not under a lock. */
  private void endCopy() {
    CopyToCache ended = copy;
    Cookie open = cookie;
    DiskFile to = onDisk;
    DiskCache disk = services.disk();
    if (disk != null && to != null) {
      ExtentSet good = new ExtentSet();
      ExtentSet later = new ExtentSet();
      inode.lock.lock();
      try {
        boolean keep = inode.generation() == generation && endOfFile == Long.MAX_VALUE;
        for (Subrequest each : keep ? subrequests : List.<Subrequest>of()) {
          // Good where all of it was copied: the copy may have begun in the middle.
          boolean isCopied = ended != null && each.copied == each.transferred;
          // What is not is still to be copied from memory, which an abandoned request has not.
          if (each.source == Source.SERVER && (isCopied || !abandoned)) {
            (isCopied ? good : later).add(each.start, each.start + each.transferred);
          }
        }
        pages.removePoisoned(later);
        inode.onDisk.want(to, generation, startedMillis, later);
      } finally {
        inode.lock.unlock();
      }
      if (ended != null) {
        ended.finish(good, open);
        open = null;
      }
      disk.writeArrived();
    }
    if (open != null) {
      open.close();
    }
  }

  /** Takes in, in order, the subrequests that are done. Under the inode's lock. */
  private void collect(List<CompletableFuture<Void>> woken) {
    while (nextSubrequest < subrequests.size() && subrequests.get(nextSubrequest).done) {
      Subrequest done = subrequests.get(nextSubrequest);
      if (failure != null && done.start + done.transferred < Math.min(done.end, endOfFile)) {
        break; // nothing from here on is good
      }
      collected = done.end;
      nextSubrequest++;
    }
    pages.publish(collected, endOfFile, !abandoned && inode.generation() == generation);
    if (outstanding == 0) {
      finished = true;
      if (endOfFile < end && !abandoned) {
        inode.serverEndsAt(endOfFile, generation, asked);
      }
      pages.discardRest();
      inode.end(this);
      if (uses == 0) {
        unpinAll();
      }
    }
    waiters.removeIf(
        waiter -> {
          boolean over = waiter.end <= collected || finished;
          if (over) {
            woken.add(waiter.future);
          }
          return over;
        });
  }

  /** Has a page get a stream's marker when it is published. Under the inode's lock. */
  void mark(long page, ReadStream stream) {
    pages.mark(page, stream);
  }

  /** Returns how many bytes of memory the request holds. */
  long memory() {
    return pages.held();
  }

  /** Notes that bytes were changed: ours of them may be older. Under the inode's lock. */
  void poison(long from, long to) {
    pages.poison(from, to);
  }

  /**
   * Returns where what the request is still to bring begins: behind the pages that it has published
   * already, which may have been dropped again since, and at its end where nothing of it will be
   * published. Under the inode's lock.
   */
  long onItsWayFrom() {
    return inode.generation() == generation ? pages.nextStart() : end;
  }

  /** Returns whether it asks for nothing outside of a range, nor ever did before it was needed. */
  boolean isWithin(long from, long to) {
    return exact && start >= from && end <= to;
  }

  /** Returns whether the request is still to bring a byte. Under the inode's lock. */
  boolean covers(long position) {
    return position >= onItsWayFrom() && position < end;
  }

  /** Begins a use. Under the inode's lock. */
  void use() {
    uses++;
  }

  /**
   * Returns a future that completes when a byte has arrived or cannot; whoever waits looks again
   * then. Under the inode's lock.
   */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  CompletableFuture<Void> arrival(long position) {
    long wanted = pages.pageEnd(position);
    CompletableFuture<Void> future = new CompletableFuture<>();
    if (wanted <= collected || finished) {
      future.complete(null);
    } else {
      waiters.add(new Waiter(wanted, future));
    }
    return future;
  }

  /** Ends a use; the pages lose their pins with the last one. */
  void endUse() {
    inode.lock.lock();
    try {
      if (--uses == 0 && finished) {
        unpinAll();
      }
    } finally {
      inode.lock.unlock();
    }
  }

  /** Ends the use of a stream whose reader has read on beyond the request. */
  void passed() {
    inode.lock.lock();
    try {
      passed = true;
      endUse();
    } finally {
      inode.lock.unlock();
    }
  }

  /** Returns whether what was read came from the disk, for the first time. */
  private boolean isFirstPass() {
    DiskFile from = onDisk;
    return passed
        && from != null
        && failure == null
        && subrequests.stream().allMatch(each -> each.source == Source.CACHE)
        && inode.onDisk.isFirstPass(from, start, end);
  }

  private void unpinAll() {
    pages.unpin(isFirstPass());
  }

  /** Returns what went wrong for a byte that has not arrived, or null. Under the inode's lock. */
  @Nullable Throwable failureAt(long position) {
    return position < collected ? null : failure;
  }

  @SuppressWarnings("NullAway") // a future of Void completes with null
  private static void wake(List<CompletableFuture<Void>> futures) {
    futures.forEach(future -> future.complete(null));
  }
}
