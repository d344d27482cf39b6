package dev.netfs.engine;

import dev.netfs.share.FileInfo;
import dev.netfs.share.IoSegments;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.ReadResult;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareLock;
import dev.netfs.share.WriteResult;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A handle on a file of a {@link SimServer}, through one connection. */
final class SimFile implements ShareFile {
  private final SimServer server;
  private final SimShare on;
  private final String path;
  private final SimTree.File file;
  private final OpenIntent intent;
  private final FileInfo openInfo;
  private volatile boolean closed;
  private boolean changed; // guarded by server: through this handle

  /** Opens; under the server's monitor. */
  SimFile(SimServer server, SimShare on, String path, SimTree.File file, OpenIntent intent) {
    this.server = server;
    this.on = on;
    this.path = path;
    this.file = file;
    this.intent = intent;
    this.openInfo = file.info();
    server.handles.add(this);
  }

  boolean isOpen() {
    return !closed && on.isConnected();
  }

  boolean isOn(SimShare share) {
    return on == share;
  }

  @Override
  public FileInfo openInfo() {
    return openInfo;
  }

  private void check(boolean allowed) {
    if (!allowed) {
      throw new IllegalStateException("the engine used a handle for what it was not opened for");
    }
  }

  @Override
  public CompletionStage<ReadResult> read(IoSegments dst, long offset) {
    check(intent.read());
    if (closed) {
      return CompletableFuture.failedFuture(new ClosedChannelException());
    }
    return on.reply(
        "read",
        () -> {
          SimServer.ReadObserver observer = server.onRead;
          if (observer != null) {
            observer.reading(path, offset, dst.remaining());
          }
          server.locks.check(this, path, offset, offset + dst.remaining(), false);
          long left = file.data.size() - offset;
          if (left <= 0) {
            return ReadResult.of(0, true);
          }
          int count = (int) Math.min(dst.remaining(), left);
          if (count > 1 && server.chance(server.shortRate)) {
            count = 1 + server.below(count - 1);
          }
          dst.put(file.data.read(offset, count), 0, count);
          // Some servers say at once that this was the end, others only when asked for more.
          return ReadResult.of(count, count == left && server.chance(server.shortRate));
        });
  }

  @Override
  public CompletionStage<WriteResult> write(IoSegments src, long offset) {
    check(intent.write());
    if (closed) {
      return CompletableFuture.failedFuture(new ClosedChannelException());
    }
    return on.reply(
        "write",
        () -> {
          int count = (int) src.remaining();
          server.locks.check(this, path, offset, offset + count, true);
          if (count > 1 && server.chance(server.shortRate)) {
            count = 1 + server.below(count - 1);
          }
          byte[] bytes = new byte[count];
          src.get(bytes, 0, count);
          SimServer.WriteObserver observer = server.onWrite;
          if (observer != null) {
            observer.writing(path, offset, bytes);
          }
          file.data.write(offset, bytes);
          changed = true;
          server.tree.touch(file);
          ModelServer.Changes changes = server.changes;
          if (changes != null) {
            changes.wrote(on.client, path, offset, bytes);
            changes.settled(path);
          }
          return new WriteResult(count, file.version);
        });
  }

  @Override
  public CompletionStage<FileInfo> stat() {
    return closed
        ? CompletableFuture.failedFuture(new ClosedChannelException())
        : on.reply("fstat", file::info);
  }

  @Override
  public CompletionStage<Void> truncate(long size) {
    check(intent.write());
    return closed
        ? CompletableFuture.failedFuture(new ClosedChannelException())
        : on.change(
            "truncate",
            () -> {
              server.locks.check(
                  this, path, Math.min(size, file.data.size()), Long.MAX_VALUE, true);
              file.data.setSize(size);
              changed = true;
              server.tree.touch(file);
              ModelServer.Changes changes = server.changes;
              if (changes != null) {
                changes.cut(on.client, path, size);
                changes.settled(path);
              }
            });
  }

  @Override
  public CompletionStage<Void> sync(boolean metadata) {
    return closed
        ? CompletableFuture.failedFuture(new ClosedChannelException())
        : on.change("sync", () -> {});
  }

  @Override
  public CompletableFuture<@Nullable ShareLock> lock(
      long position, long size, boolean shared, boolean wait) {
    SimLocks.Lock lock = new SimLocks.Lock(this, path, position, position + size, shared);
    CompletableFuture<@Nullable ShareLock> result =
        on.reply("lock", () -> server.locks.ask(lock, wait))
            .thenCompose(asked -> asked.granted)
            .thenApply(granted -> granted ? held(lock) : null);
    result.whenComplete(
        (done, failure) -> {
          if (result.isCancelled()) {
            synchronized (server) {
              server.locks.end(lock);
            }
          }
        });
    return result;
  }

  private ShareLock held(SimLocks.Lock lock) {
    return () -> on.change("unlock", () -> server.locks.end(lock));
  }

  @Override
  @SuppressWarnings("NullAway") // a future of Void completes with null
  public CompletionStage<Void> close() {
    closed = true;
    synchronized (server) {
      server.locks.endAllOf(this);
      server.leases.closed(path, intent.lease());
      ended();
    }
    server.handles.remove(this);
    server.requests.merge("close", 1, Integer::sum);
    IOException failure = server.closeFailure;
    return failure != null
        ? CompletableFuture.failedFuture(failure)
        : CompletableFuture.completedFuture(null);
  }

  /** The server lets go of the handle. Under the server's monitor. */
  void ended() {
    if (changed && server.closeTouches) {
      changed = false;
      server.tree.touch(file);
    }
  }
}
