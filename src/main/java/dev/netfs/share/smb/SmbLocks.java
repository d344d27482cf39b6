package dev.netfs.share.smb;

import dev.netfs.share.ShareLock;
import java.nio.channels.ClosedChannelException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The byte-range locks of one open file (MS-SMB2 2.2.26). They are mandatory: the server refuses
 * everybody else's reads and writes there, those through other handles of this client too.
 *
 * <p>A lock that has to be waited for is a request that the server answers when it can: nobody
 * polls and no thread waits. Giving up the wait cancels that request; where the server has granted
 * it at the same moment, the lock is given back. Every {@link #ASK_AGAIN_SECONDS} seconds a wait is
 * cancelled and begun anew, since Samba 4.17 at times forgets one that begins at the very moment at
 * which the lock in its way goes.
 */
final class SmbLocks {
  private static final int ASK_AGAIN_SECONDS = 3;

  /** Of the JDK's timer: what runs here sends a request, and waits for nothing. */
  private static final Executor LATER =
      CompletableFuture.delayedExecutor(ASK_AGAIN_SECONDS, TimeUnit.SECONDS, Runnable::run);

  private final SmbClient client;
  private final String path;
  private final byte[] handle;
  private final Set<Waiting> waits = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  SmbLocks(SmbClient client, String path, byte[] handle) {
    this.client = client;
    this.path = path;
    this.handle = handle;
  }

  CompletableFuture<@Nullable ShareLock> lock(
      long position, long size, boolean shared, boolean wait) {
    if (position < 0 || size < 1) {
      throw new IllegalArgumentException("cannot lock " + size + " bytes at " + position);
    }
    int flags =
        (shared ? Smb2.LOCK_SHARED : Smb2.LOCK_EXCLUSIVE) | (wait ? 0 : Smb2.LOCK_FAIL_IMMEDIATELY);
    Waiting waiting = new Waiting(position, size, flags);
    waits.add(waiting);
    waiting.ask();
    if (wait) {
      LATER.execute(waiting::askAgain);
    }
    if (closed) {
      waiting.giveUp(); // closed meanwhile, and perhaps not seen by that
    }
    return waiting;
  }

  /** Ends all waits. What is held the server takes back as the file is closed. */
  void close() {
    closed = true;
    waits.forEach(Waiting::giveUp);
  }

  /** A lock that was asked for. Whoever cancels this, or completes it first, ends the wait. */
  private final class Waiting extends CompletableFuture<@Nullable ShareLock> {
    private final long position;
    private final long size;
    private final int flags;
    private volatile Request request;

    Waiting(long position, long size, int flags) {
      this.position = position;
      this.size = size;
      this.flags = flags;
      this.request = Packets.lock(handle, position, size, flags);
    }

    void ask() {
      client.send(request).whenComplete(this::answered);
    }

    void askAgain() {
      if (!isDone()) {
        client.connection().cancel(request);
        LATER.execute(this::askAgain);
      }
    }

    void answered(@Nullable Response answer, @Nullable Throwable failure) {
      int status = failure == null ? NtStatus.SUCCESS : SmbStatus.of(failure);
      if (status == NtStatus.CANCELLED && !isDone()) {
        request = Packets.lock(handle, position, size, flags);
        ask();
        if (isDone()) {
          client.connection().cancel(request); // given up meanwhile, by who saw the other one
        }
        return;
      }
      waits.remove(this);
      if (failure == null) {
        Held held = new Held(position, size);
        if (!complete(held)) {
          held.release();
        }
      } else if (status == NtStatus.LOCK_NOT_GRANTED || status == NtStatus.FILE_LOCK_CONFLICT) {
        complete(null);
      } else if (closed) {
        completeExceptionally(new ClosedChannelException());
      } else {
        completeExceptionally(SmbFailures.of(failure, path, null));
      }
    }

    void giveUp() {
      if (completeExceptionally(new ClosedChannelException())) {
        client.connection().cancel(request);
      }
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      if (cancelled && !request.answer.isDone()) {
        client.connection().cancel(request);
      }
      return cancelled;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new CompletableFuture<>();
    }
  }

  /** A lock that is held. */
  private final class Held implements ShareLock {
    private final long position;
    private final long size;
    private final AtomicReference<@Nullable CompletableFuture<Void>> released =
        new AtomicReference<>();

    Held(long position, long size) {
      this.position = position;
      this.size = size;
    }

    @Override
    public CompletionStage<Void> release() {
      CompletableFuture<Void> mine = new CompletableFuture<>();
      CompletableFuture<Void> first = released.compareAndExchange(null, mine);
      if (first != null) {
        return first;
      }
      if (closed) {
        mine.complete(null); // given back with the file
        return mine;
      }
      client
          .send(Packets.lock(handle, position, size, Smb2.LOCK_UNLOCK))
          .whenComplete(
              (answer, failure) -> {
                if (failure == null || closed) {
                  mine.complete(null);
                } else {
                  mine.completeExceptionally(SmbFailures.of(failure, path, null));
                }
              });
      return mine;
    }
  }
}
