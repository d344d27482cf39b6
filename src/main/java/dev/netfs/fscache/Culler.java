package dev.netfs.fscache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts what a cache holds, and removes what has not been of use for longest where that is too
 * much: all in the background, by looking at each file's attributes and its advisory count of
 * stored bytes. It needs no key, and so culls volumes of shares that are not mounted, too.
 *
 * <p>One JVM at a time does it. What is in use is never culled: in this JVM that is known, in
 * others there is a lock on the file.
 */
final class Culler {
  /** So often everything is counted anew, since other JVMs write too. */
  private static final long COUNT_NANOS = 600_000_000_000L;

  /** Files without a name are left by a crash if they are older than this. */
  private static final long UNNAMED_MILLIS = 3_600_000;

  /** So many candidates are remembered in one pass over the files. */
  private static final int CANDIDATES = 10_000;

  private record Candidate(Path file, long usedMillis, long bytes) {}

  private final FsCache cache;
  private final ReentrantLock running = new ReentrantLock();
  private volatile boolean counted; // written by who runs, or has it done anew
  private long countedNanos; // guarded by running

  Culler(FsCache cache) {
    this.cache = cache;
  }

  void run() throws IOException {
    if (!running.tryLock()) {
      return;
    }
    try {
      boolean due = !counted || System.nanoTime() - countedNanos > COUNT_NANOS;
      if (!due && excess() <= 0) {
        return;
      }
      Path lockFile = cache.directory().resolve("cull.lock");
      try (FileChannel channel =
          OwnerOnly.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        FileLock lock = FileRegionLock.tryLock(channel, 0, false);
        if (lock != null) {
          pass();
        }
      }
    } finally {
      running.unlock();
    }
  }

  /** Has everything counted at the next run. */
  void countAnew() {
    counted = false;
  }

  /** Returns how many bytes have to go; 0 or less if none. */
  private long excess() {
    CacheLimits limits = cache.limits();
    long over = cache.usage() > limits.size() ? cache.usage() - limits.size() / 10 * 9 : 0;
    double free = cache.freePercent();
    long wanting =
        free < limits.cull() ? (long) ((limits.run() - free) / 100 * cache.totalSpace()) : 0;
    return Math.max(over, wanting);
  }

  private void pass() throws IOException {
    PriorityQueue<Candidate> oldest =
        new PriorityQueue<>(Comparator.comparingLong(Candidate::usedMillis).reversed());
    long total = 0;
    for (Path volume : cache.volumeDirectories()) {
      for (Path file : FsCache.files(volume)) {
        total += look(file, oldest);
      }
      for (Path file : Metadata.files(volume)) {
        total += look(file, oldest);
      }
      for (Path directory :
          List.of(volume, DirtyLogs.directory(volume), Metadata.directory(volume))) {
        for (Path file : FsCache.list(directory)) {
          removeIfLeft(file);
        }
      }
    }
    cache.counted(total);
    counted = true;
    countedNanos = System.nanoTime();
    long excess = excess();
    List<Candidate> candidates = new ArrayList<>(oldest);
    candidates.sort(Comparator.comparingLong(Candidate::usedMillis));
    for (Candidate candidate : candidates) {
      if (excess <= 0) {
        break;
      }
      if (cull(candidate.file)) {
        excess -= candidate.bytes;
        cache.allocated(-candidate.bytes);
      }
    }
  }

  private long look(Path file, PriorityQueue<Candidate> oldest) throws IOException {
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(file, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      return 0;
    }
    long used = attributes.lastModifiedTime().toMillis();
    if (FsCache.isUnnamed(file)) {
      removeIfLeft(file);
      return 0;
    }
    long bytes = bytes(file, attributes.size());
    oldest.add(new Candidate(file, used, bytes));
    if (oldest.size() > CANDIDATES) {
      oldest.remove();
    }
    return bytes;
  }

  /** Removes a file that never got its name, since its JVM ended before. */
  static void removeIfLeft(Path file) throws IOException {
    try {
      if (FsCache.isUnnamed(file)
          && System.currentTimeMillis() - Files.getLastModifiedTime(file).toMillis()
              > UNNAMED_MILLIS) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      // It has got its name.
    }
  }

  /** Returns what a file takes: it is sparse, and its apparent size says little. */
  long bytes(Path file, long apparent) {
    if (apparent <= CookieHeader.REGION) {
      return apparent;
    }
    try {
      Long known =
          cache.alone(file, cookie -> cookie == null ? stored(file) : cookie.storedBytes());
      return known == null || known <= 0 ? apparent : Math.min(apparent, known + Slots.BLOCK);
    } catch (IOException e) {
      return apparent;
    }
  }

  private static long stored(Path file) throws IOException {
    ByteBuffer stored = ByteBuffer.allocate(Long.BYTES);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.read(stored, CookieHeader.STORED);
    }
    return stored.getLong(0);
  }

  /**
   * Removes a file unless it is in use, in this JVM or another.
   *
   * @return whether it was removed by this call
   */
  boolean cull(Path file) throws IOException {
    return Boolean.TRUE.equals(cache.alone(file, cookie -> cookie == null && cullUnopened(file)));
  }

  private static boolean cullUnopened(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      FileLock lock = FileRegionLock.tryLock(channel, FileRegionLock.IN_USE, false);
      return lock != null && Files.deleteIfExists(file);
    } catch (NoSuchFileException e) {
      return false;
    }
  }
}
