package dev.netfs.engine;

import dev.netfs.share.DirectoryWatcher;
import dev.netfs.share.ShareWatch;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A watch on a directory that outlives connections: begun again on each new one, after which its
 * watcher hears that something may have been lost. What the server tells also ends what this mount
 * remembers of the names in question.
 *
 * <p><b>Concurrency.</b> Each watch on a connection has a number; what one tells that is not the
 * latest is not passed on. {@link #lock} guards which is the latest, and is held while the watcher
 * is told something, so that this is one thing at a time.
 */
public final class DirectoryWatch implements Closeable {
  private static final System.Logger LOG = System.getLogger(DirectoryWatch.class.getName());
  private static final long PAUSE_SECONDS = 2;

  private final Services services;
  private final Directories directories;
  private final String path;
  private final DirectoryWatcher watcher;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Relay latest; // guarded by lock
  private boolean closed; // guarded by lock

  DirectoryWatch(
      Services services, Directories directories, String path, DirectoryWatcher watcher) {
    this.services = services;
    this.directories = directories;
    this.path = path;
    this.watcher = watcher;
  }

  /** Begins, and returns when what happens from now on will be told. */
  void start() throws IOException {
    Await.result(begin());
  }

  private CompletableFuture<ShareWatch> begin() {
    return services
        .session()
        .call(
            "watch",
            share -> {
              Relay relay = new Relay();
              lock.lock();
              try {
                latest = relay;
              } finally {
                lock.unlock();
              }
              return share.watch(path, relay).whenComplete((watch, e) -> relay.begun(watch));
            });
  }

  private void beginAgain() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
    } finally {
      lock.unlock();
    }
    begin()
        .whenComplete(
            (watch, failure) -> {
              if (failure == null) {
                told(this::overflowed);
                // Once more for whoever looks at the directory before the server, which says that
                // it watches when it is about to, really does.
                services
                    .background()
                    .schedule(
                        () -> services.background().execute(() -> told(this::overflowed)),
                        PAUSE_SECONDS,
                        TimeUnit.SECONDS);
                return;
              }
              Throwable cause = Await.cause(failure);
              if (cause instanceof NoSuchFileException || cause instanceof NotDirectoryException) {
                told(watcher::ended);
              } else {
                // Unreachable is not deleted.
                LOG.log(Level.DEBUG, "{0} is not watched now: {1}", path, cause.toString());
                services
                    .background()
                    .schedule(
                        () -> services.background().execute(this::beginAgain),
                        PAUSE_SECONDS,
                        TimeUnit.SECONDS);
              }
            });
  }

  private void told(Runnable what) {
    lock.lock();
    try {
      if (!closed) {
        what.run();
      }
    } finally {
      lock.unlock();
    }
  }

  private void overflowed() {
    services.attributes().dropAnswers();
    directories.clear();
    watcher.overflowed();
  }

  private void forget(DirectoryWatcher.Kind kind, String name) {
    String child = Directories.child(path, name);
    services.attributes().changedElsewhere(child);
    if (kind != DirectoryWatcher.Kind.MODIFIED) {
      directories.gone(child);
    }
  }

  /** Takes in, as if the server had told it, what somebody else has found changed. */
  public void missed(DirectoryWatcher.Kind kind, String name) {
    forget(kind, name);
    told(() -> watcher.changed(kind, name));
  }

  /** The watch on one connection. */
  private final class Relay implements DirectoryWatcher {
    private @Nullable ShareWatch watch; // guarded by lock
    private boolean ended; // guarded by lock

    void begun(@Nullable ShareWatch begun) {
      boolean unwanted;
      lock.lock();
      try {
        watch = begun;
        unwanted = closed || latest != this;
      } finally {
        lock.unlock();
      }
      if (begun != null && unwanted) {
        begun.close();
      }
    }

    private void tell(Runnable what) {
      lock.lock();
      try {
        if (latest == this && !closed) {
          what.run();
        }
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void changed(Kind kind, String name) {
      forget(kind, name);
      tell(() -> watcher.changed(kind, name));
    }

    @Override
    public void overflowed() {
      tell(DirectoryWatch.this::overflowed);
    }

    @Override
    public void ended() {
      tell(
          () -> {
            if (!ended) {
              ended = true;
              services.background().execute(DirectoryWatch.this::beginAgain);
            }
          });
    }
  }

  /** Ends the watch; nothing is told any more. Does not wait for the server. */
  @Override
  public void close() {
    ShareWatch watch;
    lock.lock();
    try {
      closed = true;
      watch = latest == null ? null : latest.watch;
      latest = null;
    } finally {
      lock.unlock();
    }
    if (watch != null) {
      watch.close();
    }
  }
}
