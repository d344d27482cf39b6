package dev.netfs.engine;

import dev.netfs.CacheMode;
import dev.netfs.fscache.CacheKey;
import dev.netfs.fscache.CacheLimits;
import dev.netfs.fscache.Claim;
import dev.netfs.fscache.CoherencyData;
import dev.netfs.fscache.Cookie;
import dev.netfs.fscache.DirtyLog;
import dev.netfs.fscache.FsCache;
import dev.netfs.fscache.Volume;
import dev.netfs.fscache.WrongKeyException;
import dev.netfs.share.FileInfo;
import dev.netfs.share.ShareOptions;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A mount's cache on disk: the engine's side of {@link dev.netfs.fscache}, with the threads that
 * wait for the local disk.
 *
 * <p>Reading comes before writing behind. What is to be written waits in memory, within {@link
 * #budget}; who finds that used up does not wait, but leaves it to {@link InodeDisk}, which has it
 * written later out of the pages, if they are still there then. So a reader is never slower for the
 * cache than its server is.
 *
 * <p>Nothing that goes wrong here reaches a caller: what cannot be read is fetched from the server
 * (R2), and what cannot be written is not kept (C4).
 *
 * <p><b>Concurrency.</b> {@link #lock} is a leaf, held for moving memory about. The work itself
 * runs on the engine's threads without any lock of the engine's.
 */
final class DiskCache implements Closeable {
  private static final System.Logger LOG = System.getLogger("dev.netfs.engine");

  /** So much work at once: two threads keep a disk and two processors busy. */
  private static final int MOST_READERS = 4;

  static final int MOST_WRITERS = 2;
  private static final int LEAST_CHUNK = 64 << 10;
  private static final int MOST_CHUNK = 1 << 20;
  private static final long MAINTAIN_SECONDS = 5;
  private static final long SETTLE_SECONDS = 5;

  private final Background background;
  private final Stats stats;
  private final FsCache cache;
  private final Volume volume;
  private final int chunkSize;
  private final long budget;
  private final Background.Task maintenance;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>(); // guarded by lock
  private final WorkQueue reads;
  private final WorkQueue writes;
  private final NamesDisk names;
  private final long drainMillis;
  private final Set<Claim> claims = ConcurrentHashMap.newKeySet();
  private long held; // guarded by lock: bytes of chunks that are in use
  private volatile boolean closed;

  private DiskCache(
      Background background, Stats stats, FsCache cache, Volume volume, MountOptions options) {
    this.background = background;
    this.stats = stats;
    this.cache = cache;
    this.volume = volume;
    this.chunkSize = Math.max(LEAST_CHUNK, Math.min(MOST_CHUNK, volume.granule()));
    this.budget = Math.max(16L * LEAST_CHUNK, Math.min(64L << 20, options.memory() / 4));
    this.drainMillis = options.timeout().toMillis();
    this.reads = new WorkQueue(background, MOST_READERS, this::failed);
    this.writes = new WorkQueue(background, MOST_WRITERS, this::failed);
    this.names = new NamesDisk(this, volume.metadata(), background, options);
    this.maintenance =
        background.repeat(
            () -> background.execute(this::maintain), MAINTAIN_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Opens a mount's cache.
   *
   * @return null if the mount has none, or its directory cannot be used, which is logged
   * @throws WrongKeyException if it is encrypted with another key
   * @throws IOException if the user's key cannot be read
   */
  static @Nullable DiskCache open(
      MountOptions mount, ShareOptions options, String identity, Background background, Stats stats)
      throws IOException {
    DiskOptions disk = mount.disk();
    Path directory = disk.directory();
    if (directory == null || mount.cache() == CacheMode.NONE || mount.cache() == CacheMode.STRICT) {
      return null;
    }
    CacheKey key = DiskOptions.key(options, disk.encrypt());
    try {
      FsCache cache = FsCache.open(directory, CacheLimits.of(disk.size()));
      try {
        Volume volume = cache.volume(identity, key, disk.granule(), disk.compress());
        return new DiskCache(background, stats, cache, volume, mount);
      } catch (IOException e) {
        cache.close();
        throw e;
      }
    } catch (WrongKeyException e) {
      throw e;
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          identity + " goes without its disk cache in " + directory + ": " + e);
      return null;
    }
  }

  /** Returns what is kept of names, listings and attributes. */
  NamesDisk names() {
    return names;
  }

  /** Returns how large the unit is in which new files are kept. */
  int granule() {
    return volume.granule();
  }

  /** Returns what stands for a file in a state, which is looked for when it is needed. */
  DiskFile file(String path, FileInfo info) {
    return new DiskFile(this, path, CoherencyData.of(info));
  }

  @Nullable Cookie open(String path, CoherencyData state, boolean create) throws IOException {
    return closed ? null : volume.open(path, state, create);
  }

  /**
   * Returns whether anything is here of a file in a state; waits for one of the cache's threads.
   */
  boolean has(String path, FileInfo info) {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    read(
        () -> {
          boolean found = false;
          try (Cookie cookie = open(path, CoherencyData.of(info), false)) {
            found = cookie != null;
          } catch (IOException | RuntimeException e) {
            failed(e);
          } finally {
            answer.complete(found);
          }
        });
    Await.untilDone(answer);
    return answer.getNow(false);
  }

  /** Forgets a name's content, which is about to be something else's. May be interrupted. */
  void forget(String path) {
    try {
      volume.remove(path);
    } catch (IOException e) {
      failed(e);
    }
  }

  /**
   * Forgets what a name stood for, a directory perhaps: what is below it is found no more from now
   * on, and removed in the background. May be interrupted.
   */
  void forgetTree(String path) {
    forget(path);
    names.movedAway(path);
    volume.movedAway(path);
    write(
        () -> {
          try {
            volume.removeMoved(); // of several at once, if it was late
          } catch (IOException | RuntimeException e) {
            failed(e);
          }
        });
  }

  /** Makes a log of what is not sent yet. */
  DirtyLog newDirtyLog(String path, CoherencyData base) throws IOException {
    return volume.newDirtyLog(path, base);
  }

  /** Takes over what JVMs that are gone have not sent. */
  List<DirtyLog> takeOverDirtyLogs() throws IOException {
    return volume.takeOverDirtyLogs();
  }

  /** Notes that local I/O failed, or that something is wrong here: no caller hears of it. */
  void failed(Throwable failure) {
    cache.failed(failure instanceof IOException io ? io : new IOException(failure));
  }

  /** Has something read, soon. */
  void read(Runnable work) {
    reads.add(work);
  }

  /** Has something read after a pause. */
  void readLater(Runnable work, long pauseMillis) {
    Background.Task unused =
        background.schedule(() -> read(work), pauseMillis, TimeUnit.MILLISECONDS);
  }

  long nanoTime() {
    return background.nanoTime();
  }

  /**
   * Claims the download of a range, for this mount alone of all that share the directory, in
   * whatever JVM. By a thread of the cache's only. Ended by {@link #end}.
   *
   * @return null if somebody else has claimed some of it
   */
  @Nullable Claim claim(DiskFile file, long start, long end) {
    Claim claim = closed ? Claim.NONE : volume.claim(file.path(), start, end);
    if (claim != null) {
      claims.add(claim);
      if (closed) {
        end(claim);
      }
    }
    return claim;
  }

  /** Ends a claim, where there is one. */
  void end(@Nullable Claim claim) {
    if (claim != null) {
      claims.remove(claim);
      claim.close();
    }
  }

  /** Has something written, some time. */
  void write(Runnable work) {
    writes.add(work);
  }

  /** Announces that what is being read may have something written: it will be waited for. */
  void expectWrite() {
    writes.expect();
  }

  /** Ends what {@link #expectWrite} began. */
  void writeArrived() {
    writes.arrived();
  }

  /** Returns how large a piece of memory is that holds a granule, or as much of it as may be. */
  int chunkSize() {
    return chunkSize;
  }

  /**
   * Returns memory for what is to be written.
   *
   * @param count how many pieces
   * @param size of each: {@link #chunkSize}, or less
   * @return null if too much is waiting already
   */
  ByteBuffer @Nullable [] chunks(int count, int size) {
    ByteBuffer[] chunks = new ByteBuffer[count];
    lock.lock();
    try {
      if (held + (long) count * size > budget || closed) {
        return null;
      }
      held += (long) count * size;
      for (int i = 0; i < count; i++) {
        ByteBuffer chunk = size == chunkSize ? free.poll() : null;
        chunks[i] = chunk != null ? chunk : ByteBuffer.allocate(size);
      }
    } finally {
      lock.unlock();
    }
    return chunks;
  }

  /** Takes memory back. */
  void release(ByteBuffer[] chunks) {
    int size = chunks[0].capacity();
    lock.lock();
    try {
      held -= (long) chunks.length * size;
      for (ByteBuffer chunk : chunks) {
        if (size == chunkSize && (long) free.size() * size < budget / 2) {
          free.push(chunk.clear());
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void maintain() {
    if (!closed) {
      cache.maintain();
    }
  }

  Stats stats() {
    return stats;
  }

  /** Returns how many bytes the directory's objects take, of all mounts, as far as is known. */
  long usage() {
    return cache.usage();
  }

  /** Returns how often something could not be read or written, or did not prove itself. */
  long failures() {
    return cache.failures() + cache.refutedSlots();
  }

  /** Waits until nothing is left to be written. */
  void drain() {
    Await.untilDone(names.flushed());
    Await.untilDone(writes.drained());
  }

  /** Waits until nothing is left to be written, for a moment at most. */
  void settle() {
    CompletableFuture<Boolean> limit = new CompletableFuture<>();
    Background.Task timer =
        background.schedule(() -> limit.complete(true), SETTLE_SECONDS, TimeUnit.SECONDS);
    Await.untilDone(CompletableFuture.anyOf(writes.drained(), limit));
    timer.cancel();
  }

  /**
   * Writes what is left, and lets go of the directory. What a disk does not take within the mount's
   * timeout is not kept.
   */
  @Override
  public void close() {
    maintenance.cancel();
    CompletableFuture<Boolean> limit = new CompletableFuture<>();
    Background.Task timer =
        background.schedule(() -> limit.complete(true), drainMillis, TimeUnit.MILLISECONDS);
    // What is read may have something written, whose end lets go of files.
    Await.untilDone(CompletableFuture.anyOf(reads.drained(), limit));
    Await.untilDone(CompletableFuture.anyOf(writes.drained(), limit));
    Await.untilDone(CompletableFuture.anyOf(reads.drained(), limit));
    names.close();
    Await.untilDone(CompletableFuture.anyOf(names.flushed(), limit));
    timer.cancel();
    closed = true;
    if (limit.isDone()) {
      writes.clear();
      names.abandon();
      LOG.log(
          System.Logger.Level.WARNING,
          "the disk of " + cache + " is slow: not all that was read has been kept");
    }
    claims.forEach(this::end); // those of what has not been kept
    volume.close();
    cache.close();
  }
}
