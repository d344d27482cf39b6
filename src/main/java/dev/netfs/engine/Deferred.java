package dev.netfs.engine;

import dev.netfs.fscache.CoherencyData;
import dev.netfs.fscache.DirtyLog;
import dev.netfs.share.FileInfo;
import dev.netfs.share.OpenIntent;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a mount has acknowledged and not sent: the {@link DirtyLog}s of its files, and those that it
 * finds when it begins, whose JVMs have ended before they were done.
 *
 * <p>Safe for use by several threads, which may block.
 */
final class Deferred {
  private static final System.Logger LOG = System.getLogger("dev.netfs.engine");

  /** A log that is longer, since the same bytes are written again and again, begins anew. */
  private static final long LEAST_LOG_LIMIT = 64L << 20;

  private static final OpenMode WRITE =
      new OpenMode(
          false,
          true,
          OpenIntent.Disposition.OPEN_EXISTING,
          false,
          -1,
          OpenMode.Durability.BACK,
          OpenMode.Caching.CACHED);

  private final DiskCache disk;
  private final long logLimit;
  private final Set<FileLog> files = ConcurrentHashMap.newKeySet(); // those with logs

  Deferred(DiskCache disk, MountOptions options) {
    this.disk = disk;
    this.logLimit = Math.max(LEAST_LOG_LIMIT, 2 * options.dirtyLimit());
  }

  long logLimit() {
    return logLimit;
  }

  /** Returns how many files have something on the local disk that may not be on the server. */
  int backlog() {
    return files.size();
  }

  DirtyLog newLog(FileLog file, String path, CoherencyData base) throws IOException {
    DirtyLog log = disk.newDirtyLog(path, base);
    files.add(file);
    return log;
  }

  void delete(FileLog file, DirtyLog log) {
    try {
      log.delete();
    } catch (IOException e) {
      failed(e);
    }
    files.remove(file);
  }

  void leave(FileLog file, DirtyLog log) {
    log.close();
    files.remove(file);
  }

  void failed(Exception failure) {
    disk.failed(failure);
  }

  /** Lets go of all logs; those of files that were not sent in whole stay for the next mount. */
  void close() {
    files.forEach(FileLog::leave);
  }

  /**
   * Takes over what others have left: it is dirty in memory when this returns, or sent, or beside a
   * file that was changed by somebody else. What cannot be taken over now stays where it is.
   */
  void recover(Mount mount) {
    List<DirtyLog> left;
    try {
      left = disk.takeOverDirtyLogs();
    } catch (IOException e) {
      failed(e);
      return;
    }
    left.sort(Comparator.comparingLong(DirtyLog::createdMillis));
    for (DirtyLog log : left) {
      boolean kept = false;
      try {
        kept = recover(mount, log);
      } catch (IOException | RuntimeException e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "what was written to "
                + log.path()
                + " before its JVM ended could not be taken over and stays on the local disk: "
                + e);
        log.close();
        kept = true;
      }
      if (!kept) {
        try {
          log.delete();
        } catch (IOException e) {
          failed(e);
        }
      }
    }
  }

  /** Returns whether the log is of use further. */
  private boolean recover(Mount mount, DirtyLog log) throws IOException {
    if (log.isDamaged()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "what was written to "
              + log.path()
              + " before its JVM ended is damaged on the local disk; what of it is whole is sent");
    }
    if (log.isEmpty()) {
      return false;
    }
    Inode before = mount.services().inodes().find(log.path());
    if (before != null) {
      before.uploader.flush(Await::result); // of another's log: it comes first
      if (before.deferred != null) {
        before.deferred.log.settle();
      }
      if (before.writeback.isDirty()) {
        throw new FileSystemException(
            log.path(), null, "what was written to it before that cannot be sent now");
      }
    }
    try (OpenFile file = mount.open(log.path(), WRITE)) {
      FileInfo theirs = mount.stat(log.path(), true);
      CoherencyData now = CoherencyData.of(theirs);
      CoherencyData base = log.base();
      if (base == null
          || base.matches(now)
          || (!log.isEnding()
              && WrittenOver.isOurs(base, now, log.sendingMillis(), log.sentEnd()))) {
        return takeIn(mount, file, log, now);
      }
      keepBeside(mount, log, theirs);
    } catch (NoSuchFileException e) {
      keepBeside(mount, log, null);
    }
    return false;
  }

  private boolean takeIn(Mount mount, OpenFile file, DirtyLog log, CoherencyData now)
      throws IOException {
    DeferredFile deferred = file.inode().deferred;
    if (deferred == null) {
      log.replay((offset, bytes) -> mount.writes().write(file, bytes, offset));
      file.force(false);
      return false;
    }
    FileLog adopted = deferred.log;
    adopted.beginAdoption(log, now);
    files.add(adopted);
    boolean all = false;
    try {
      log.replay(
          (offset, bytes) -> {
            long end = offset + bytes.remaining();
            mount.writes().write(file, bytes, offset);
            adopted.adopted(offset, end);
          });
      all = true;
    } finally {
      if (all) {
        adopted.adoptedAll();
      } else {
        adopted.abandonAdoption();
      }
    }
    file.inode().uploader.issueIfDue();
    return true;
  }

  private void keepBeside(Mount mount, DirtyLog log, @Nullable FileInfo theirs) throws IOException {
    if (log.isEnding()) {
      return; // what it was a part of was to go
    }
    ExtentSet ours = new ExtentSet();
    log.forEachRange(ours::add);
    CoherencyData base = log.base();
    boolean whole = base != null && ours.contains(0, Math.max(log.last(), base.size()));
    ConflictCopy copy = new ConflictCopy(mount.services(), log.path());
    boolean done = false;
    try {
      copy.begin(whole ? null : theirs);
      log.replay(copy::write);
      done = true;
    } finally {
      if (!done) {
        copy.abandon();
      }
    }
    copy.end();
  }

  /**
   * Sends what was deferred, for as long as the timeout; the next mount sends the rest.
   *
   * @param mount what it is called, for messages
   * @throws IOException if something is neither sent nor on the local disk
   */
  static void drain(Services services, String mount) throws IOException {
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (Inode inode : services.inodes().all()) {
      DeferredFile deferred = inode.deferred;
      if (deferred != null && inode.writeback.isDirty()) {
        deferred.log.persist();
        sent.add(inode.uploader.flushed());
      }
    }
    CompletableFuture<Boolean> limit = new CompletableFuture<>();
    Background.Task timer =
        services
            .background()
            .schedule(
                () -> limit.complete(true),
                services.options().timeout().toMillis(),
                TimeUnit.MILLISECONDS);
    Await.untilDone(
        CompletableFuture.anyOf(
            CompletableFuture.allOf(sent.toArray(new CompletableFuture<?>[0])), limit));
    timer.cancel();
    IOException failure = null;
    int left = 0;
    for (Inode inode : services.inodes().all()) {
      DeferredFile deferred = inode.deferred;
      if (deferred != null && inode.writeback.isDirty()) {
        left++;
        if (!deferred.log.isSafe()) {
          failure =
              Errors.add(
                  failure,
                  new FileSystemException(
                      inode.path(), null, "it could be neither sent nor kept on the local disk"));
        }
      }
    }
    if (left > 0) {
      LOG.log(
          System.Logger.Level.WARNING,
          mount + " ends with " + left + " files that are not sent; its next mount sends them");
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** What is deferred is kept by its name, so it is sent before it gets another. */
  static void sendBelow(Services services, String source, String target) throws IOException {
    for (Inode inode : services.inodes().all()) {
      DeferredFile deferred = inode.deferred;
      if (deferred != null && !inode.isUnlinked() && Names.within(inode.path(), source)) {
        inode.uploader.flush(Await::result);
        if (inode.writeback.isDirty()) {
          throw new FileSystemException(
              source, target, "what was written to " + inode.path() + " cannot be sent now");
        }
        deferred.log.settle();
      }
    }
  }
}
