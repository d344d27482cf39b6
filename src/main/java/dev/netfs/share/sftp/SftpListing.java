package dev.netfs.share.sftp;

import dev.netfs.share.DirectoryEntry;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One listing of a directory. A server answers a READDIR with as many names as it likes (OpenSSH:
 * 100) and the request after the last names with SSH_FX_EOF; so several are sent ahead, three at
 * first, which lists a usual directory in two round trips in all, and twice as many with each
 * answer that is not the end.
 *
 * <p>The requests are numbered. The listing is complete when one is answered by the end and all
 * before it were answered by names; those sent after it do not matter.
 */
final class SftpListing {
  private static final System.Logger LOG = System.getLogger(SftpListing.class.getName());
  private static final int FIRST = 3;
  private static final int MAX_AHEAD = 32;

  private final SftpClient client;
  private final OwnerNames owners;
  private final String path;
  private final byte[] handle;
  private final Consumer<? super DirectoryEntry> entries;
  private final CompletableFuture<@Nullable Void> result;

  /** Guards what follows, and makes {@link #entries} get one entry at a time. */
  private final ReentrantLock lock = new ReentrantLock();

  private int sent;
  private int answered; // by names
  private int end = Integer.MAX_VALUE; // the first request that was answered by the end
  private boolean finished;

  SftpListing(
      SftpClient client,
      OwnerNames owners,
      String path,
      byte[] handle,
      Consumer<? super DirectoryEntry> entries,
      CompletableFuture<@Nullable Void> result) {
    this.client = client;
    this.owners = owners;
    this.path = path;
    this.handle = handle;
    this.entries = entries;
    this.result = result;
  }

  void start() {
    request(FIRST);
  }

  private void request(int count) {
    for (int i = 1; i <= count; i++) {
      int number;
      lock.lock();
      try {
        if (finished) {
          return;
        }
        number = sent++;
      } finally {
        lock.unlock();
      }
      Steps.then(
          client.readDirectory(handle, i == count),
          result,
          names -> took(names),
          failure -> failed(number, failure));
    }
  }

  private void took(List<SftpClient.Name> names) {
    int more = 0;
    @Nullable Throwable failure = null;
    boolean complete = false;
    lock.lock();
    try {
      if (finished) {
        return;
      }
      answered++;
      for (SftpClient.Name name : names) {
        deliver(name);
      }
      complete = answered == end;
      finished = complete;
      if (end == Integer.MAX_VALUE) {
        more = Math.min(2, MAX_AHEAD - (sent - answered));
      }
    } catch (RuntimeException | Error e) {
      failure = e;
      finished = true;
    } finally {
      lock.unlock();
    }
    if (failure != null) {
      finish(failure);
    } else if (complete) {
      finish(null);
    } else if (more > 0) {
      request(more);
    }
  }

  private void deliver(SftpClient.Name name) {
    String text = name.name();
    if (SftpPaths.isDots(text)) {
      return;
    }
    if (text.isEmpty() || text.indexOf('/') >= 0 || text.indexOf('\0') >= 0) {
      // It could not be opened, and might lead elsewhere.
      LOG.log(Level.WARNING, "{0}: the server lists an impossible name, left out", path);
      return;
    }
    entries.accept(new DirectoryEntry(text, owners.info(name)));
  }

  private void failed(int number, Throwable failure) {
    boolean isEnd = SftpFailures.code(failure) == SftpProtocol.EOF;
    lock.lock();
    try {
      if (finished) {
        return;
      }
      if (isEnd) {
        end = Math.min(end, number);
        if (answered != end) {
          return;
        }
      }
      finished = true;
    } finally {
      lock.unlock();
    }
    finish(isEnd ? null : SftpFailures.of(failure, path, null));
  }

  private void finish(@Nullable Throwable failure) {
    client.close(handle);
    if (failure == null) {
      result.complete(null);
    } else {
      result.completeExceptionally(failure);
    }
  }
}
