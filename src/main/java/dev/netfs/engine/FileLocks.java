package dev.netfs.engine;

import dev.netfs.LockLostException;
import dev.netfs.engine.locks.CooperativeLock;
import dev.netfs.engine.locks.CooperativeLocks;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareCapabilities.LockKind;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareLock;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.AccessDeniedException;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The byte-range locks of one open file, and those it is about to get.
 *
 * <p>A range is taken in the JVM's {@link LockTable} first, at once and on the caller's thread, and
 * stays taken for as long as its lock is waited for or held: so nobody here gets in between, and an
 * overlap shows at the call that makes it. Then the server, or the table on the share, is asked,
 * and nobody's thread waits for it: the steps run as the answers come, whoever wants to block waits
 * for the last one.
 *
 * <p>Safe for use by several threads. A lock that is granted while the file closes is given back
 * either by the close, which finds it, or by whoever took it, who looks again after it was added.
 */
final class FileLocks {
  private final OpenFile file;
  private final Services services;
  private final Set<HeldLock> held = ConcurrentHashMap.newKeySet();

  /** Whether there is, or ever was, a lock. All that a read of what is in memory looks at. */
  private volatile boolean any;

  FileLocks(OpenFile file, Services services) {
    this.file = file;
    this.services = services;
  }

  Inode inode() {
    return file.inode();
  }

  /**
   * Before the content is used: throws if a lock is lost that nobody has released.
   *
   * @throws LockLostException says which
   */
  void check() throws LockLostException {
    if (any) {
      for (HeldLock lock : held) {
        lock.check();
      }
    }
  }

  /**
   * Asks for a lock.
   *
   * @param size how many bytes, at least 1
   * @param wait whether to wait until it can be had
   * @return the lock, or null if {@code wait} is false and another client holds a conflicting one;
   *     fails with {@link AsynchronousCloseException} if the file is closed meanwhile
   * @throws java.nio.channels.OverlappingFileLockException if this JVM holds an overlapping lock or
   *     waits for one
   * @throws UnsupportedOperationException if the share has no locks and the mount's option {@code
   *     locks} asks for them
   */
  CompletableFuture<@Nullable RangeLock> lock(
      String mount, String name, long position, long size, boolean shared, boolean wait) {
    MountOptions.Locks kind = services.options().locks();
    CooperativeLocks cooperative = services.cooperative();
    if (kind == MountOptions.Locks.SERVER
        && services.session().capabilities().locks() == LockKind.NONE) {
      throw new UnsupportedOperationException(
          mount
              + " has no byte-range locks on its server; mount it with the option"
              + " locks=cooperative for locks among the clients that do so too, or with"
              + " locks=local for locks that hold within this JVM only");
    }
    ShareCapabilities can = services.session().capabilities();
    if (cooperative != null && !can.hardLinks() && !can.atomicRename()) {
      throw new UnsupportedOperationException(
          mount
              + " has neither hard links nor renames in one step, one of which locks=cooperative"
              + " needs; mount it with locks=local");
    }
    Taking taking = new Taking(LockTable.take(name, position, size), position, size, shared, wait);
    CompletableFuture<@Nullable Hold> granted;
    try {
      granted =
          kind == MountOptions.Locks.LOCAL
              ? CompletableFuture.completedFuture(Hold.LOCAL)
              : taking.fromShare(cooperative);
    } catch (RuntimeException | Error e) {
      granted = CompletableFuture.failedFuture(e);
    }
    return granted.handle(taking::settled);
  }

  /**
   * Gives back all locks, and throws the first failure to do so only then: also that one was lost
   * of which nobody has been told.
   */
  void release() throws IOException {
    IOException failure = null;
    for (HeldLock lock : held) {
      try {
        lock.release(false);
      } catch (IOException e) {
        failure = Errors.add(failure, e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Gives back all locks without waiting, once what was changed under them has been sent. */
  void abandon() {
    for (HeldLock lock : held) {
      lock.releaseAfter(sent(lock.start, lock.end));
    }
  }

  /** Returns whether the file has begun to close, which gives back what it finds. */
  boolean isClosing() {
    return file.closing.isClosing();
  }

  /** Notes that a lock is given back. */
  void released(HeldLock lock) {
    held.remove(lock);
    inode().locks.remove(lock);
  }

  /**
   * Sends what is dirty. Completes when it has arrived or failed, and so has whatever else of a
   * range is on its way, of writes past the memory too, and a cut.
   */
  CompletableFuture<?> sent(long start, long end) {
    Inode inode = inode();
    CompletableFuture<?> cut = inode.writeback.whileHeld();
    return (cut == null ? CompletableFuture.completedFuture(true) : cut)
        .thenCompose(done -> inode.uploader.flushed())
        .thenCompose(done -> inode.writeback.arrived(start, end));
  }

  /**
   * Before a lock is given back: throws if something that was written under it has not been sent,
   * which must not happen any more when somebody else has the lock.
   */
  void checkSent(HeldLock lock) throws IOException {
    boolean unsent;
    Inode inode = inode();
    inode.lock.lock();
    try {
      unsent = !lock.shared && inode.writeback.intersects(lock.start, lock.end);
    } finally {
      inode.lock.unlock();
    }
    if (unsent) {
      file.throwWritebackError();
      throw new IOException(
          inode.path()
              + ": what was written under the lock could not be sent yet; it is still locked");
    }
  }

  /** A lock that is being taken. Its steps follow each other; no two run at once. */
  private final class Taking {
    private final LockTable.Range range;
    private final long position;
    private final long size;
    private final boolean shared;
    private final boolean wait;
    private @Nullable RemoteFile remote;
    private @Nullable Hold onShare;

    Taking(LockTable.Range range, long position, long size, boolean shared, boolean wait) {
      this.range = range;
      this.position = position;
      this.size = size;
      this.shared = shared;
      this.wait = wait;
    }

    /** Asks for it, after sending what is dirty, none of which may be dropped below. */
    CompletableFuture<@Nullable Hold> fromShare(@Nullable CooperativeLocks cooperative) {
      return file.closing
          .untilClosed(inode().uploader.flushed())
          .thenCompose(sent -> cooperative == null ? askServer() : askOthers(cooperative))
          .thenCompose(this::refresh);
    }

    private CompletableFuture<@Nullable Hold> askOthers(CooperativeLocks cooperative) {
      CompletableFuture<@Nullable CooperativeLock> pending =
          cooperative.lock(inode().path(), position, size, shared, wait);
      return file.closing
          .untilClosed(pending)
          .whenComplete(
              (lock, failure) -> {
                if (failure != null && !pending.cancel(false)) {
                  pending.thenAccept(FileLocks::giveUp);
                }
              })
          .thenApply(lock -> lock == null ? null : hold(lock));
    }

    private CompletableFuture<@Nullable Hold> askServer() {
      return ask()
          .handle(
              (granted, failure) -> {
                RemoteFile refused = remote;
                if (failure != null
                    && Await.cause(failure) instanceof AccessDeniedException
                    && refused != null
                    && inode().handles.lockingRefused(refused)) {
                  remote = null;
                  inode().handles.endLocking(refused);
                  return ask();
                }
                return failure == null
                    ? CompletableFuture.completedFuture(granted)
                    : CompletableFuture.<@Nullable Hold>failedFuture(failure);
              })
          .thenCompose(stage -> stage);
    }

    private CompletableFuture<@Nullable Hold> ask() {
      RemoteFile handle;
      try {
        handle = file.lockingHandle(!shared);
      } catch (AsynchronousCloseException e) {
        return CompletableFuture.failedFuture(e);
      }
      remote = handle;
      // From here on all goes through this handle; what does not was begun before, and the server
      // would refuse it for the very lock.
      CompletableFuture<?> arrived =
          services.session().capabilities().locks() == LockKind.MANDATORY
              ? file.closing.untilClosed(inode().writeback.arrived(position, position + size))
              : CompletableFuture.completedFuture(true);
      return arrived.thenCompose(done -> ask(handle));
    }

    private CompletableFuture<@Nullable Hold> ask(RemoteFile handle) {
      // Each attempt, over a new connection perhaps, has a future of its own to cancel.
      Queue<CompletableFuture<?>> asked = new ConcurrentLinkedQueue<>();
      Function<ShareFile, CompletionStage<@Nullable Hold>> operation =
          open -> {
            CompletableFuture<@Nullable ShareLock> lock = open.lock(position, size, shared, wait);
            asked.add(lock);
            return lock.thenApply(
                granted ->
                    granted == null
                        ? null
                        : ServerHold.of(
                            services.session(), handle, open, position, size, shared, granted));
          };
      CompletableFuture<@Nullable Hold> pending =
          wait ? handle.await("lock", operation) : handle.call("lock", operation);
      return file.closing
          .untilClosed(pending)
          .whenComplete(
              (lock, failure) -> {
                if (failure != null) {
                  asked.forEach(future -> future.cancel(true));
                  pending.thenAccept(FileLocks::giveUp); // granted at the very moment, perhaps
                }
              });
    }

    /** Has what is in memory asked for anew: who held the lock before may have changed it. */
    private CompletableFuture<@Nullable Hold> refresh(@Nullable Hold granted) {
      if (granted == null) {
        return CompletableFuture.completedFuture(null);
      }
      onShare = granted;
      inode().drop(position, position + size);
      try {
        return file.closing.untilClosed(file.refreshing()).thenApply(done -> granted);
      } catch (AsynchronousCloseException e) {
        return CompletableFuture.failedFuture(e);
      }
    }

    @Nullable RangeLock settled(@Nullable Hold granted, @Nullable Throwable failure) {
      if (granted != null) {
        HeldLock lock =
            new HeldLock(FileLocks.this, range, position, size, shared, granted, remote);
        inode().locks.add(lock);
        held.add(lock);
        any = true;
        if (!file.closing.isClosing()) {
          return lock;
        }
        lock.releaseAfter(sent(lock.start, lock.end));
        throw new CompletionException(new AsynchronousCloseException());
      }
      giveUp(onShare);
      LockTable.giveBack(range);
      if (remote != null) {
        inode().handles.endLocking(remote);
      }
      if (failure != null) {
        throw new CompletionException(Await.cause(failure));
      }
      return null;
    }
  }

  private static Hold hold(CooperativeLock lock) {
    return new Hold() {
      @Override
      public CompletionStage<Void> release() {
        return lock.release();
      }

      @Override
      public @Nullable String lost() {
        return lock.lost();
      }
    };
  }

  /** Gives a lock back that nobody will ever have; there is nobody to tell of a failure. */
  private static void giveUp(@Nullable Hold granted) {
    if (granted != null) {
      granted.release();
    }
  }

  private static void giveUp(@Nullable CooperativeLock granted) {
    if (granted != null) {
      granted.release();
    }
  }
}
