package dev.netfs.engine;

import dev.netfs.share.FileInfo;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.RangeLockedException;
import dev.netfs.share.Share;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareFile;
import java.nio.file.NoSuchFileException;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An open file on the server that outlives connections: opened again, without creating or cutting
 * anything, on each new share that an operation of it is made on. One that was never {@linkplain
 * #open opened} is opened that way too, by the first operation that needs the server.
 *
 * <p>By its name: so one whose name has gone is not opened again. What has taken the name since is
 * another file, which must neither be shown as this one nor get what was written to this one.
 *
 * <p>Counted: whoever starts operations on it holds a use, and the handle is closed when it has
 * been {@linkplain #retire retired} and the last use is over. {@link #lock} is a leaf.
 */
final class RemoteFile {
  /** Somebody who holds a lock through the handle. */
  interface Follower {
    /**
     * The file was opened again on a new connection; nothing else is done with it before this is
     * over.
     *
     * @param unchanged whether it is provably as it was
     * @return fails only if that connection is lost as well
     */
    CompletionStage<Void> reopened(ShareFile opened, boolean unchanged);
  }

  private static final System.Logger LOG = System.getLogger("dev.netfs.engine");

  private final ShareSession session;
  private final Stats stats;
  private final Inode inode;
  private final OpenIntent intent;
  private final ReentrantLock lock = new ReentrantLock();
  private Set<Follower> followers = Set.of(); // guarded by lock; replaced, never changed
  private @Nullable Share share; // guarded by lock: where the file is open
  private @Nullable CompletableFuture<ShareFile> file; // guarded by lock
  private int uses; // guarded by lock
  private boolean changedBy; // guarded by lock: something was sent through it that changes the file
  private boolean retired; // guarded by lock

  /** Whether it is retired, not in use, and closed. Guarded by lock. */
  private boolean over;

  /** Completes when it is over; made when somebody asks for it. Guarded by lock. */
  private @Nullable CompletableFuture<Void> ended;

  RemoteFile(ShareSession session, Stats stats, Inode inode, OpenIntent intent) {
    this.session = session;
    this.stats = stats;
    this.inode = inode;
    this.intent = inode.leased(intent);
  }

  /**
   * Opens the file for the first time, as the intent says.
   *
   * @return the attributes at the open
   */
  CompletableFuture<FileInfo> open() {
    return session.call(
        "open",
        to ->
            to.open(inode.path(), intent)
                .thenApply(
                    opened -> {
                      adopt(to, opened);
                      return opened.openInfo();
                    }));
  }

  /** Returns whether it is open on the server, or being opened. */
  boolean isOpen() {
    lock.lock();
    try {
      return file != null;
    } finally {
      lock.unlock();
    }
  }

  boolean reads() {
    return intent.read();
  }

  boolean writes() {
    return intent.write();
  }

  /** Returns whether the file was changed through this handle, or may have been. */
  boolean hasChanged() {
    lock.lock();
    try {
      return changedBy;
    } finally {
      lock.unlock();
    }
  }

  /** Returns another handle of the same kind, not open yet. */
  RemoteFile another() {
    return new RemoteFile(session, stats, inode, intent.reopening());
  }

  /** As {@link #call}, with what changes the file's content. */
  <T> CompletableFuture<T> change(String kind, Function<ShareFile, CompletionStage<T>> operation) {
    lock.lock();
    try {
      changedBy = true;
    } finally {
      lock.unlock();
    }
    return call(kind, operation);
  }

  /** Carries out an operation on the file that does no harm when it is done twice. */
  <T> CompletableFuture<T> call(String kind, Function<ShareFile, CompletionStage<T>> operation) {
    use();
    return session
        .call(kind, to -> on(to, true).thenCompose(operation))
        .exceptionallyCompose(failure -> refused(kind, operation, Await.cause(failure)))
        .whenComplete((result, failure) -> endUse());
  }

  /**
   * As {@link #call}, with what may wait for another client for as long as it likes. The server is
   * asked something else meanwhile, so that it shows when it does not answer at all.
   */
  <T> CompletableFuture<T> await(String kind, Function<ShareFile, CompletionStage<T>> operation) {
    use();
    return session
        .callPatiently(
            kind, to -> on(to, true).thenCompose(operation), () -> call("stat", ShareFile::stat))
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedFuture(Errors.located(Await.cause(failure), inode.path())))
        .whenComplete((result, failure) -> endUse());
  }

  /**
   * What was on its way when a lock was taken here through another handle is kept out by that lock,
   * as everybody's is, and goes by that handle then.
   */
  private <T> CompletionStage<T> refused(
      String kind, Function<ShareFile, CompletionStage<T>> operation, Throwable failure) {
    RemoteFile other =
        failure instanceof RangeLockedException ? inode.handles.lockingInsteadOf(this) : null;
    if (other == null) {
      return CompletableFuture.failedFuture(Errors.located(failure, inode.path()));
    }
    try {
      return other.change(kind, operation); // which it may be
    } finally {
      other.endUse();
    }
  }

  /**
   * Opens the file now if no operation has needed it so far: its name is about to go.
   *
   * @return completes when it is open, or exceptionally if it cannot be opened
   */
  CompletableFuture<?> openNow() {
    lock.lock();
    try {
      if (file != null) {
        return file;
      }
    } finally {
      lock.unlock();
    }
    use();
    return session.call("open", to -> on(to, false)).whenComplete((result, failure) -> endUse());
  }

  /**
   * Returns the file open on a share, opened there now if it is not.
   *
   * @param count whether such an open is to be counted
   */
  private CompletableFuture<ShareFile> on(Share to, boolean count) {
    CompletableFuture<ShareFile> opening;
    lock.lock();
    try {
      if (share == to && file != null && !file.isCompletedExceptionally()) {
        return file;
      }
      opening = new CompletableFuture<>();
      share = to;
      file = opening;
    } finally {
      lock.unlock();
    }
    if (count) {
      stats.request("open");
    }
    openAgain(to)
        .whenComplete(
            (opened, failure) -> {
              if (failure != null) {
                opening.completeExceptionally(Await.cause(failure));
              } else {
                opening.complete(opened);
              }
            });
    return opening;
  }

  private CompletionStage<ShareFile> openAgain(Share to) {
    String path = inode.path();
    return to.open(path, intent.reopening())
        .handle((opened, failure) -> openedAgain(to, path, opened, failure))
        .thenCompose(Function.identity());
  }

  /** What has the name may be another file, if the name has gone, or become another, meanwhile. */
  private CompletionStage<ShareFile> openedAgain(
      Share to, String path, @Nullable ShareFile opened, @Nullable Throwable failure) {
    boolean renamed = !inode.path().equals(path);
    if (opened != null && !inode.isUnlinked() && !renamed) {
      return reopened(opened);
    }
    if (opened != null) {
      opened.close();
    }
    if (renamed && !inode.isUnlinked()) {
      return openAgain(to);
    }
    return CompletableFuture.failedFuture(failure == null ? nameIsGone() : failure);
  }

  private CompletionStage<ShareFile> reopened(ShareFile opened) {
    boolean unchanged = inode.isStill(opened.openInfo());
    inode.reopened(opened.openInfo());
    Set<Follower> told;
    lock.lock();
    try {
      told = followers;
    } finally {
      lock.unlock();
    }
    return CompletableFuture.allOf(
            told.stream()
                .map(follower -> follower.reopened(opened, unchanged).toCompletableFuture())
                .toArray(CompletableFuture[]::new))
        .thenApply(done -> opened);
  }

  void follow(Follower follower) {
    lock.lock();
    try {
      Set<Follower> more = new LinkedHashSet<>(followers);
      more.add(follower);
      followers = more;
    } finally {
      lock.unlock();
    }
  }

  void unfollow(Follower follower) {
    lock.lock();
    try {
      Set<Follower> fewer = new LinkedHashSet<>(followers);
      fewer.remove(follower);
      followers = fewer;
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether this is what the file is open as at the moment. */
  boolean isOpenAs(ShareFile opened) {
    lock.lock();
    try {
      return share != null
          && share.isConnected()
          && file != null
          && file.isDone()
          && !file.isCompletedExceptionally()
          && file.join() == opened;
    } finally {
      lock.unlock();
    }
  }

  private NoSuchFileException nameIsGone() {
    return new NoSuchFileException(
        inode.path(),
        null,
        "the file was deleted or replaced while it was open, and the connection that had it open is"
            + " lost");
  }

  private void adopt(Share to, ShareFile opened) {
    lock.lock();
    try {
      share = to;
      file = CompletableFuture.completedFuture(opened);
    } finally {
      lock.unlock();
    }
  }

  /** Begins a use: the handle stays open until it has ended. */
  void use() {
    lock.lock();
    try {
      uses++;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a use. */
  void endUse() {
    lock.lock();
    try {
      uses--;
    } finally {
      lock.unlock();
    }
    closeIfOver();
  }

  /** Says that no new use will begin but by those who hold one. */
  void retire() {
    lock.lock();
    try {
      retired = true;
    } finally {
      lock.unlock();
    }
    closeIfOver();
  }

  private void closeIfOver() {
    @Nullable CompletableFuture<ShareFile> last;
    @Nullable Share where;
    lock.lock();
    try {
      if (!retired || uses > 0) {
        return;
      }
      last = file;
      where = share;
      file = null;
      share = null;
    } finally {
      lock.unlock();
    }
    if (last != null && where != null && where.isConnected()) {
      stats.request("close");
      // No close here waits for it: that would cost each a round trip.
      last.whenComplete(
          (opened, failure) -> {
            if (failure != null) {
              isOver(); // it could not be opened
              return;
            }
            opened
                .close()
                .whenComplete(
                    (done, problem) -> {
                      closed(problem);
                      isOver();
                    });
          });
    } else {
      isOver();
    }
  }

  private void isOver() {
    CompletableFuture<Void> awaited;
    lock.lock();
    try {
      over = true;
      awaited = ended;
    } finally {
      lock.unlock();
    }
    if (awaited != null) {
      awaited.complete(null);
    }
  }

  /** Returns what completes when the server has closed it, or it was not open. */
  CompletableFuture<Void> ended() {
    lock.lock();
    try {
      if (ended == null) {
        ended = new CompletableFuture<>();
        if (over) {
          ended.complete(null);
        }
      }
      return ended;
    } finally {
      lock.unlock();
    }
  }

  /** Some servers say only at the close that they had no room for what they took, say. */
  private void closed(@Nullable Throwable problem) {
    Throwable failure = problem == null ? null : Await.cause(problem);
    // What was open on a lost connection a server closes by itself.
    if (failure == null || failure instanceof ShareDisconnectedException || !intent.write()) {
      return;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        inode.path() + ": the server could not close the file, and may have lost what was written",
        failure);
    inode.closeFailed(failure);
  }
}
