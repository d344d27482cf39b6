package dev.netfs.engine;

import dev.netfs.share.ShareCapabilities.LockKind;
import dev.netfs.share.ShareLock;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The byte-range locks of one open file, and those it is about to get.
 *
 * <p>A range is taken in the JVM's {@link LockTable} first, at once and on the caller's thread, and
 * stays taken for as long as its lock is waited for or held: so nobody here gets in between, and an
 * overlap shows at the call that makes it. Then the server is asked, and nobody's thread waits for
 * it: the steps run as the answers come, whoever wants to block waits for the last one.
 *
 * <p>Safe for use by several threads. A lock that is granted while the file closes is given back
 * either by the close, which finds it, or by whoever took it, who looks again after it was added.
 */
final class FileLocks {
  private final OpenFile file;
  private final Services services;
  private final Set<Held> held = ConcurrentHashMap.newKeySet();

  FileLocks(OpenFile file, Services services) {
    this.file = file;
    this.services = services;
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
    boolean local = services.options().locks() == MountOptions.Locks.LOCAL;
    if (!local && services.session().capabilities().locks() == LockKind.NONE) {
      throw new UnsupportedOperationException(
          mount
              + " has no byte-range locks on its server; mount it with the option"
              + " locks=local for locks that hold within this JVM only");
    }
    Taking taking = new Taking(LockTable.take(name, position, size), position, size, shared, wait);
    CompletableFuture<Boolean> granted;
    try {
      granted = local ? CompletableFuture.completedFuture(true) : taking.fromServer();
    } catch (RuntimeException | Error e) {
      granted = CompletableFuture.failedFuture(e);
    }
    return granted.handle(taking::settled);
  }

  /** Gives back all locks, and throws the first failure to do so only then. */
  void release() throws IOException {
    IOException failure = null;
    for (Held lock : held) {
      try {
        lock.release();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Gives back all locks without waiting, once what was written under them has been sent. */
  void releaseAfter(CompletableFuture<Void> sent) {
    for (Held lock : held) {
      lock.releaseAfter(sent);
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
    private @Nullable ShareLock onServer;

    Taking(LockTable.Range range, long position, long size, boolean shared, boolean wait) {
      this.range = range;
      this.position = position;
      this.size = size;
      this.shared = shared;
      this.wait = wait;
    }

    /** Asks the server, after sending what is dirty, none of which may be dropped below. */
    CompletableFuture<Boolean> fromServer() {
      return file.untilClosed(file.inode().writeback.flushed())
          .thenCompose(sent -> ask())
          .thenCompose(this::refresh);
    }

    private CompletableFuture<@Nullable ShareLock> ask() {
      RemoteFile handle;
      try {
        handle = file.handleInUse(!shared);
      } catch (AsynchronousCloseException e) {
        return CompletableFuture.failedFuture(e);
      }
      remote = handle;
      // Each attempt, over a new connection perhaps, has a future of its own to cancel.
      Queue<CompletableFuture<?>> asked = new ConcurrentLinkedQueue<>();
      CompletableFuture<@Nullable ShareLock> pending =
          handle.call(
              "lock",
              open -> {
                CompletableFuture<@Nullable ShareLock> lock =
                    open.lock(position, size, shared, wait);
                asked.add(lock);
                return lock;
              });
      return file.untilClosed(pending)
          .whenComplete(
              (lock, failure) -> {
                if (failure != null) {
                  asked.forEach(future -> future.cancel(true));
                  pending.thenAccept(FileLocks::giveUp); // granted at the very moment, perhaps
                }
              });
    }

    /** Has what is in memory asked for anew: who held the lock before may have changed it. */
    private CompletableFuture<Boolean> refresh(@Nullable ShareLock granted) {
      if (granted == null) {
        return CompletableFuture.completedFuture(false);
      }
      onServer = granted;
      file.inode().invalidate();
      try {
        return file.untilClosed(file.refreshing()).thenApply(done -> true);
      } catch (AsynchronousCloseException e) {
        return CompletableFuture.failedFuture(e);
      }
    }

    @Nullable RangeLock settled(@Nullable Boolean granted, @Nullable Throwable failure) {
      if (granted != null && granted) {
        Held lock = new Held(range, onServer, remote);
        held.add(lock);
        if (!file.isClosing()) {
          return lock;
        }
        lock.releaseAfter(file.inode().writeback.flushed());
        throw new CompletionException(new AsynchronousCloseException());
      }
      giveUp(onServer);
      LockTable.giveBack(range);
      if (remote != null) {
        remote.endUse();
      }
      if (failure != null) {
        throw new CompletionException(Await.cause(failure));
      }
      return null;
    }
  }

  /**
   * Gives a server's lock back that nobody will ever have; there is nobody to tell of a failure.
   */
  private static void giveUp(@Nullable ShareLock granted) {
    if (granted != null) {
      granted.release();
    }
  }

  /** A lock that is held. */
  private final class Held implements RangeLock {
    private final LockTable.Range range;
    private final @Nullable ShareLock onServer;
    private final @Nullable RemoteFile remote;
    private final AtomicBoolean released = new AtomicBoolean();

    Held(LockTable.Range range, @Nullable ShareLock onServer, @Nullable RemoteFile remote) {
      this.range = range;
      this.onServer = onServer;
      this.remote = remote;
    }

    @Override
    public boolean isHeld() {
      return !released.get();
    }

    @Override
    public void release() throws IOException {
      if (!released.compareAndSet(false, true)) {
        return;
      }
      try {
        if (onServer != null) {
          try {
            file.inode().writeback.flush(Await::result);
          } finally {
            Await.result(onServer.release());
          }
        }
      } finally {
        giveBack();
      }
    }

    /** Gives it back without waiting, what was written under it being on its way. */
    void releaseAfter(CompletableFuture<Void> sent) {
      if (!released.compareAndSet(false, true)) {
        return;
      }
      sent.whenComplete(
          (done, failure) -> {
            giveUp(onServer);
            giveBack();
          });
    }

    private void giveBack() {
      held.remove(this);
      LockTable.giveBack(range);
      if (remote != null) {
        remote.endUse();
      }
    }
  }
}
