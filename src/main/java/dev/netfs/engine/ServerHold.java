package dev.netfs.engine;

import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareLock;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A lock on the server that outlives connections, as far as that is possible.
 *
 * <p>A server gives a lock up with the connection that it was taken on. As soon as the loss of the
 * connection shows, here or to whoever looks every second, there is another connection, on which
 * the file is opened again, and before anything else is done with it the lock is taken again. It
 * counts as held all the time only if nobody has it then and the file is provably the one that it
 * was: somebody else may have held it meanwhile, changed the file and released it. So it is lost if
 * this mount has written to the file itself under the lock, since then nobody can tell one change
 * from another.
 *
 * <p>Safe for use by several threads.
 */
final class ServerHold implements Hold, RemoteFile.Follower {
  private final ShareSession session;
  private final RemoteFile remote;
  private final long position;
  private final long size;
  private final boolean shared;
  private volatile @Nullable ShareLock current;
  private volatile @Nullable String lost; // once set it stays
  private volatile boolean released;
  private final Runnable keeper = this::keep;

  private ServerHold(
      ShareSession session,
      RemoteFile remote,
      long position,
      long size,
      boolean shared,
      ShareLock current) {
    this.session = session;
    this.remote = remote;
    this.position = position;
    this.size = size;
    this.shared = shared;
    this.current = current;
  }

  /**
   * Takes in a lock that the server has granted on an open file.
   *
   * @throws CompletionException of a {@link ShareDisconnectedException}, if that connection has
   *     been replaced meanwhile
   */
  static ServerHold of(
      ShareSession session,
      RemoteFile remote,
      ShareFile on,
      long position,
      long size,
      boolean shared,
      ShareLock granted) {
    ServerHold hold = new ServerHold(session, remote, position, size, shared, granted);
    remote.follow(hold);
    if (!remote.isOpenAs(on)) {
      remote.unfollow(hold);
      throw new CompletionException(
          new ShareDisconnectedException("the connection was lost under a lock", null));
    }
    session.keep(hold.keeper);
    return hold;
  }

  /** There is a new connection: the lock is taken on it, whether anybody needs the file or not. */
  private void keep() {
    remote.call("stat", ShareFile::stat);
  }

  @Override
  @SuppressWarnings("NullAway") // a future of Void completes with null
  public CompletionStage<Void> reopened(ShareFile opened, boolean unchanged) {
    if (released || lost != null) {
      return CompletableFuture.completedFuture(null);
    }
    current = null;
    return opened
        .lock(position, size, shared, false)
        .handle(
            (lock, failure) -> {
              Throwable cause = failure == null ? null : Await.cause(failure);
              if (cause instanceof ShareDisconnectedException) {
                throw new CompletionException(cause); // the next connection will tell
              }
              retaken(lock, cause, unchanged);
              return null;
            });
  }

  private void retaken(@Nullable ShareLock lock, @Nullable Throwable failure, boolean unchanged) {
    if (lock == null) {
      lost =
          "the connection was lost, and "
              + (failure == null
                  ? "another client has it now"
                  : "it could not be taken again: " + failure.getMessage());
    } else if (!unchanged) {
      lost = "the connection was lost, and another client may have changed the file meanwhile";
      lock.release();
    } else {
      current = lock;
      if (released) {
        lock.release();
      }
    }
  }

  @Override
  public @Nullable String lost() {
    return lost;
  }

  @Override
  @SuppressWarnings("NullAway") // a future of Void completes with null
  public CompletionStage<Void> release() {
    released = true;
    session.endKeeping(keeper);
    remote.unfollow(this);
    ShareLock lock = current;
    if (lock == null) {
      return CompletableFuture.completedFuture(null);
    }
    return session
        .watched("unlock", lock.release())
        .handle(
            (done, failure) -> {
              // With its connection the server has given it up itself.
              if (failure != null
                  && !(Await.cause(Objects.requireNonNull(failure))
                      instanceof ShareDisconnectedException)) {
                throw new CompletionException(Await.cause(failure));
              }
              return null;
            });
  }
}
