package dev.netfs.engine;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.Share;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a {@link SimServer}: every answer comes when the server's time says so, and may
 * be late, an error, or lost. An operation takes place at one moment, under the server's monitor:
 * when its answer leaves, or at the latest before the connection has been closed, after which none
 * touches the memory that was lent to it.
 */
final class SimShare implements Share {
  /** Something that the server does. */
  @FunctionalInterface
  interface Operation<T> {
    T run() throws IOException;
  }

  final String client;
  private final SimServer server;
  private final ShareCapabilities capabilities;
  private final Set<Request<?>> outstanding = new LinkedHashSet<>(); // guarded by server
  private volatile boolean connected = true;

  SimShare(SimServer server, String client) {
    this.client = client;
    this.server = server;
    this.capabilities =
        ShareCapabilities.builder()
            .rsize(server.rsize)
            .wsize(server.wsize)
            .depth(server.depth)
            .atomicReplace(server.atomicReplace)
            .hardLinks(server.hardLinks)
            .closeTouches(server.closeTouches)
            .symbolicLinks(true)
            .locks(server.lockKind)
            .attributeViews(Set.of("basic", "posix"))
            .leases(server.leased)
            .build();
  }

  /** One operation on its way. */
  private final class Request<T> {
    final String kind;
    final Operation<T> operation;
    final CompletableFuture<T> result = new CompletableFuture<>();

    Request(String kind, Operation<T> operation) {
      this.kind = kind;
      this.operation = operation;
    }

    /** The request has come to the server, which answers, or breaks. */
    void arrive() {
      T value = null;
      Throwable failure = null;
      boolean broken = false;
      synchronized (server) {
        if (!outstanding.remove(this)) {
          return; // the connection was closed meanwhile
        }
        if (!connected || server.unreachable || server.chance(server.disconnectRate / 2)) {
          broken = true;
          failure = new ShareDisconnectedException("sim lost", null);
        } else {
          try {
            value = carryOut();
            if (server.chance(server.disconnectRate / 2)) {
              broken = true;
              failure = new ShareDisconnectedException("sim lost the reply", null);
            }
          } catch (IOException | RuntimeException | Error e) {
            failure = e;
          }
        }
      }
      if (broken) {
        breakOff();
      }
      complete(value, failure);
    }

    T carryOut() throws IOException {
      if (server.errorsIn.test(kind) && server.chance(server.errorRate)) {
        throw new IOException("sim error");
      }
      T value = operation.run();
      Runnable observer = server.afterChange;
      if (observer != null) {
        observer.run();
      }
      return value;
    }

    @SuppressWarnings("NullAway") // operations without a result complete with null
    void complete(@Nullable T value, @Nullable Throwable failure) {
      if (failure == null) {
        result.complete(value);
      } else {
        result.completeExceptionally(failure);
      }
    }
  }

  <T> CompletableFuture<T> reply(String kind, Operation<T> operation) {
    server.requests.merge(kind, 1, Integer::sum);
    Consumer<String> hook = server.beforeRequest;
    if (hook != null) {
      hook.accept(kind);
    }
    Request<T> request = new Request<>(kind, operation);
    synchronized (server) {
      outstanding.add(request);
    }
    int delay = server.maxDelayMicros;
    if (server.chance(server.lostReplyRate)) {
      return request.result; // closing the connection ends it, done or not
    }
    if (delay == 0) {
      request.arrive();
    } else {
      server.time.schedule(request::arrive, server.below(delay), TimeUnit.MICROSECONDS);
    }
    return request.result;
  }

  /** The connection breaks, whatever is outstanding: some of it is done, none is answered. */
  void breakOff() {
    List<Request<?>> unanswered;
    synchronized (server) {
      connected = false;
      unanswered = new ArrayList<>(outstanding);
      outstanding.clear();
      server.handles.stream().filter(handle -> handle.isOn(this)).forEach(server.locks::endAllOf);
      for (Request<?> request : unanswered) {
        if (server.chance(0.5)) {
          try {
            request.carryOut();
          } catch (IOException e) {
            // Nobody hears of it.
          }
        }
      }
      server.handles.stream().filter(handle -> handle.isOn(this)).forEach(SimFile::ended);
    }
    for (Request<?> request : unanswered) {
      request.complete(null, new ShareDisconnectedException("sim lost", null));
    }
    server.leases.lost();
  }

  @Override
  public ShareCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public boolean isConnected() {
    return connected;
  }

  @Override
  public CompletionStage<ShareFile> open(String path, OpenIntent intent) {
    return reply(
        "open",
        () -> {
          SimTree.File file = server.tree.open(path, intent);
          ModelServer.Changes changes = server.changes;
          if (intent.truncate() && changes != null) {
            changes.cut(client, path, 0);
            changes.settled(path);
          }
          SimFile opened = new SimFile(server, this, path, file, intent);
          if (server.leased) {
            server.leases.opened(path, intent.lease());
          }
          return opened;
        });
  }

  @Override
  public CompletionStage<FileInfo> stat(String path, boolean followLinks) {
    return reply("stat", () -> server.tree.stat(path, followLinks));
  }

  @Override
  public CompletionStage<Void> list(String path, Consumer<? super DirectoryEntry> entries) {
    if (!server.chance(server.tornListRate)) {
      return change("list", () -> server.tree.list(path).forEach(entries));
    }
    int half = server.below(7);
    Predicate<DirectoryEntry> first = entry -> (entry.name().hashCode() >> half & 1) == 0;
    return change("list", () -> server.tree.list(path).stream().filter(first).forEach(entries))
        .thenCompose(
            done ->
                change(
                    "list",
                    () -> server.tree.list(path).stream().filter(first.negate()).forEach(entries)));
  }

  @Override
  public CompletionStage<Void> makeDirectory(String path, int mode) {
    return change("mkdir", () -> server.tree.makeDirectory(path, mode));
  }

  @Override
  public CompletionStage<Void> deleteFile(String path) {
    return change("delete", () -> server.tree.deleteFile(path));
  }

  @Override
  public CompletionStage<Void> deleteDirectory(String path) {
    return change("rmdir", () -> server.tree.deleteDirectory(path));
  }

  @Override
  public CompletionStage<Void> rename(String source, String target, boolean replace) {
    return change("rename", () -> server.tree.rename(source, target, replace));
  }

  @Override
  public CompletionStage<Void> link(String link, String existing) {
    return change(
        "link",
        () -> {
          try {
            server.tree.link(link, existing);
          } catch (FileAlreadyExistsException e) {
            throw server.vagueLinks ? new FileSystemException(link, existing, "Failure") : e;
          }
        });
  }

  @Override
  public CompletionStage<Void> symbolicLink(String link, String target) {
    return change("symlink", () -> server.tree.symbolicLink(link, target));
  }

  @Override
  public CompletionStage<String> readLink(String path) {
    return reply("readlink", () -> server.tree.readLink(path));
  }

  @Override
  public CompletionStage<Void> setAttributes(
      String path, AttributeChange change, boolean followLinks) {
    return change("setattr", () -> server.tree.setAttributes(path, change, followLinks));
  }

  /** What the server does without a result. */
  interface Change {
    void run() throws IOException;
  }

  @SuppressWarnings("NullAway") // a stage of Void completes with null
  CompletableFuture<Void> change(String kind, Change change) {
    return reply(
        kind,
        () -> {
          change.run();
          return null;
        });
  }

  @Override
  public void close() {
    breakOff();
  }
}
