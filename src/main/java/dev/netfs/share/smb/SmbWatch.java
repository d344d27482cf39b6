package dev.netfs.share.smb;

import dev.netfs.share.DirectoryWatcher;
import dev.netfs.share.DirectoryWatcher.Kind;
import dev.netfs.share.ShareWatch;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A watch on a directory (MS-SMB2 2.2.35): a request that the server answers when something has
 * happened, upon which the next is sent. Between two requests the server keeps what happens.
 *
 * <p>{@link #telling} is held while the watcher is told something, so that it is told one thing at
 * a time: what happens on the receiving thread, that the connection was lost on any.
 */
final class SmbWatch implements ShareWatch {
  /** What an answer may hold; more than that and the server says that it is too much. */
  private static final int BYTES = 64 * 1024;

  /** Names, attributes, sizes, times of writing and of creation: all but times of reading. */
  private static final int FILTER = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x40;

  private static final int ADDED = 1;
  private static final int REMOVED = 2;
  private static final int MODIFIED = 3;
  private static final int RENAMED_FROM = 4;
  private static final int RENAMED_TO = 5;

  private final SmbClient client;
  private final String path;
  private final DirectoryWatcher watcher;
  private final Runnable whenClosed;
  private final CompletableFuture<ShareWatch> started = new CompletableFuture<>();
  private final CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
  private final ReentrantLock telling = new ReentrantLock();
  private boolean over; // guarded by telling: nothing is told any more
  private byte @Nullable [] directory; // guarded by telling: the handle, until it is being closed
  private boolean left; // guarded by telling: the directory is let go of, or will be once opened

  /**
   * @param whenClosed is run when the directory is no longer held open
   */
  SmbWatch(SmbClient client, String path, DirectoryWatcher watcher, Runnable whenClosed) {
    this.client = client;
    this.path = path;
    this.watcher = watcher;
    this.whenClosed = whenClosed;
  }

  String path() {
    return path;
  }

  /** Begins, and completes when whatever happens from now on will be told. */
  CompletableFuture<ShareWatch> start() {
    Request create;
    try {
      create =
          Packets.create(
              client.names().find(path),
              Smb2.FILE_READ_DATA | Smb2.FILE_READ_ATTRIBUTES,
              Smb2.OPEN,
              Smb2.DIRECTORY_FILE);
    } catch (IOException e) {
      released();
      return CompletableFuture.failedFuture(e);
    }
    client
        .send(create)
        .whenComplete(
            (created, failure) -> {
              if (failure != null) {
                started.completeExceptionally(SmbFailures.of(failure, path, null));
                released();
              } else {
                opened(Packets.fileOf(created));
              }
            });
    return started;
  }

  private void opened(byte[] handle) {
    boolean unwanted;
    telling.lock();
    try {
      unwanted = left;
      directory = left ? null : handle;
    } finally {
      telling.unlock();
    }
    if (unwanted) { // it had to make way meanwhile
      started.complete(this);
      letGo(handle);
    } else {
      ask(handle);
    }
  }

  private void ask(byte[] handle) {
    Request request =
        Packets.notifyOfChanges(handle, Math.min(BYTES, client.maxTransact()), FILTER);
    request.whenPending = () -> started.complete(this);
    request.answer.whenComplete(
        (answer, failure) -> {
          if (answer != null) {
            started.complete(this);
            ask(handle);
            tell(answer);
          } else {
            failed(java.util.Objects.requireNonNull(failure));
          }
        });
    client.send(request); // of a handle that was closed meanwhile it fails
  }

  private void tell(Response answer) {
    telling.lock();
    try {
      if (!over) {
        changes(answer);
      }
    } finally {
      telling.unlock();
    }
  }

  /** Reads FILE_NOTIFY_INFORMATION (MS-FSCC 2.7.1). */
  private void changes(Response answer) {
    int at = 0;
    try {
      ByteBuffer changes = answer.output();
      if (answer.status() == NtStatus.NOTIFY_ENUM_DIR || changes.limit() == 0) {
        watcher.overflowed();
        return;
      }
      while (true) {
        int next = changes.getInt(at);
        String name = SmbListing.text(changes, at + 12, changes.getInt(at + 8));
        change(changes.getInt(at + 4), name);
        if (next <= 0) {
          return;
        }
        at += next;
      }
    } catch (IndexOutOfBoundsException | BufferUnderflowException e) {
      watcher.overflowed(); // what this was about is not known
    }
  }

  private void change(int action, String name) {
    @Nullable Kind kind =
        switch (action) {
          case ADDED, RENAMED_TO -> Kind.CREATED;
          case REMOVED, RENAMED_FROM -> Kind.DELETED;
          case MODIFIED -> Kind.MODIFIED;
          default -> null;
        };
    if (kind != null && SmbListing.isName(name) && !name.startsWith(SmbChanges.HIDDEN)) {
      watcher.changed(kind, name);
    }
  }

  private void failed(Throwable failure) {
    started.completeExceptionally(SmbFailures.of(failure, path, null));
    leave();
    ended();
  }

  /** Tells that it has ended, unless it was closed. */
  void ended() {
    telling.lock();
    try {
      if (!over) {
        over = true;
        watcher.ended();
      }
    } finally {
      telling.unlock();
    }
  }

  /** Lets go of the directory, and completes when the server has taken note, whatever it says. */
  CompletableFuture<@Nullable Void> leave() {
    byte[] handle;
    telling.lock();
    try {
      left = true;
      handle = directory;
      directory = null;
    } finally {
      telling.unlock();
    }
    if (handle != null) {
      letGo(handle);
    }
    return gone;
  }

  private void letGo(byte[] handle) {
    client.send(Packets.close(handle)).whenComplete((closed, failure) -> released());
  }

  private void released() {
    whenClosed.run();
    gone.complete(null);
  }

  @Override
  public void close() {
    telling.lock();
    try {
      over = true;
    } finally {
      telling.unlock();
    }
    leave();
  }
}
