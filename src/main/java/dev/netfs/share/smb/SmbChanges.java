package dev.netfs.share.smb;

import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.LeaseState;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Deletes and renames: with what SMB lacks of Unix' rules made up for.
 *
 * <p>What this connection has open is moved aside to a {@linkplain #HIDDEN hidden name} in the same
 * directory before it is deleted or replaced, where it goes when it is closed; listings leave such
 * names out. A directory is replaced by deleting it, if it is empty, and renaming then: servers do
 * not do that in one step.
 */
final class SmbChanges {
  /** How the names begin that files have which are deleted, but still open. */
  static final String HIDDEN = ".netfs-deleted-";

  private static final byte[] DELETE = {1};

  private final SmbClient client;
  private final OpenNames open;
  private final SmbWatches watches;

  SmbChanges(SmbClient client, OpenNames open, SmbWatches watches) {
    this.client = client;
    this.open = open;
    this.watches = watches;
  }

  CompletableFuture<Void> deleteFile(String path) {
    String serverPath;
    try {
      serverPath = client.names().find(path);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
    if (!open.isOpen(path)) {
      return SmbFailures.about(
          delete(serverPath, Smb2.NON_DIRECTORY_FILE, Packets.NO_CONTEXT), path);
    }
    String hidden = hidden(path);
    return Steps.compose(
        rename(path, hidden, false, Smb2.NON_DIRECTORY_FILE),
        done -> {
          CompletableFuture<Void> deleted = SmbFailures.about(deleteHidden(hidden), path);
          return Steps.recover(
              deleted,
              failure -> {
                CompletableFuture<Void> refused = CompletableFuture.failedFuture(failure);
                return Steps.recover(
                    Steps.compose(rename(hidden, path, false, 0), back -> refused),
                    either -> refused);
              });
        });
  }

  CompletableFuture<Void> deleteDirectory(String path) {
    String serverPath;
    try {
      serverPath = client.names().find(path);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
    return watches.without(
        path,
        () -> SmbFailures.about(delete(serverPath, Smb2.DIRECTORY_FILE, Packets.NO_CONTEXT), path));
  }

  private CompletableFuture<Void> deleteHidden(String path) throws IOException {
    return delete(client.names().find(path), Smb2.NON_DIRECTORY_FILE, context(open.lease(path)));
  }

  private static byte[] context(SmbLeases.@Nullable Lease lease) {
    return lease == null ? Packets.NO_CONTEXT : lease.context(LeaseState.NONE);
  }

  /** Deletes, and completes when the name is free. */
  private CompletableFuture<Void> delete(String serverPath, int options, byte[] lease) {
    SmbClient.Trip trip =
        client.trip(
            Packets.create(
                serverPath,
                Smb2.DELETE | Smb2.FILE_READ_ATTRIBUTES,
                Smb2.OPEN,
                options | Smb2.OPEN_REPARSE_POINT,
                lease),
            Packets.set(Smb2.FILE_DISPOSITION_INFORMATION, Smb2.RELATED_FILE, DELETE));
    return Steps.compose(
        trip.created(),
        created -> Steps.compose(trip.worked(), set -> Steps.map(trip.closed(), closed -> null)));
  }

  private static String hidden(String path) {
    String directory = path.substring(0, path.lastIndexOf('/') + 1);
    return directory
        + HIDDEN
        + Long.toHexString(ThreadLocalRandom.current().nextLong()).toLowerCase(Locale.ROOT);
  }

  CompletableFuture<Void> rename(String source, String target, boolean replace) {
    return watches.without(
        source,
        () ->
            Steps.recover(
                rename(source, target, replace, 0),
                failure ->
                    failure instanceof TargetRefused refused
                        ? blocked(refused, source, target, replace)
                        : CompletableFuture.failedFuture(failure)));
  }

  /** The source is there, but the server does not want to give it the name. */
  private static final class TargetRefused extends IOException {
    private static final long serialVersionUID = 1L;
    private final SmbStatus status;

    TargetRefused(SmbStatus status) {
      super(status);
      this.status = status;
    }
  }

  /**
   * Renames as the server does it. Fails with {@link TargetRefused} where the target is why.
   *
   * <p>What is open here under the source's name may be another file than has it by now, if another
   * client has replaced it. The server then refuses the lease's key, which is the old file's.
   */
  private CompletableFuture<Void> rename(
      String source, String target, boolean replace, int options) {
    SmbLeases.Lease lease = open.lease(source);
    return Steps.recover(
        rename(source, target, replace, options, lease),
        failure -> {
          if (lease == null
              || !(failure.getCause() instanceof SmbStatus refused)
              || refused.status() != NtStatus.INVALID_PARAMETER
              || failure instanceof TargetRefused) {
            return failed(failure);
          }
          open.lost(source, lease);
          return rename(source, target, replace, options);
        });
  }

  private CompletableFuture<Void> rename(
      String source, String target, boolean replace, int options, SmbLeases.@Nullable Lease lease) {
    SmbClient.Trip trip;
    try {
      byte[] name = PacketWriter.utf16(client.names().make(target));
      PacketWriter information =
          new PacketWriter()
              .u8(replace ? 1 : 0)
              .zeros(7)
              .u64(0)
              .u32(name.length)
              .bytes(name)
              .zeros(name.length < 4 ? 4 : 0); // servers want no less than the whole structure
      trip =
          client.trip(
              Packets.create(
                  client.names().find(source),
                  Smb2.DELETE | Smb2.FILE_READ_ATTRIBUTES,
                  Smb2.OPEN,
                  options | Smb2.OPEN_REPARSE_POINT,
                  context(lease)),
              Packets.set(Smb2.FILE_RENAME_INFORMATION, Smb2.RELATED_FILE, information.toBytes()));
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
    return Steps.compose(
        SmbFailures.about(trip.created(), source),
        created ->
            Steps.recover(
                Steps.compose(
                    trip.worked(),
                    set -> {
                      open.renamed(source, target);
                      return Steps.map(trip.closed(), closed -> null);
                    }),
                failure ->
                    CompletableFuture.failedFuture(
                        failure instanceof SmbStatus status
                            ? new TargetRefused(status)
                            : failure)));
  }

  /** Finds out what stands in the way of a rename, and whether it can be moved. */
  private CompletableFuture<Void> blocked(
      TargetRefused refused, String source, String target, boolean replace) throws IOException {
    SmbStatus status = refused.status;
    if (SmbFailures.isMissing(status)) {
      // The source was found: it is the target's directory that is not there.
      return failed(SmbFailures.of(status, target, null));
    }
    if (!replace) {
      return failed(
          status.status() == NtStatus.OBJECT_NAME_COLLISION
              ? SmbFailures.withCause(new FileAlreadyExistsException(target), status)
              : SmbFailures.of(status, source, target));
    }
    Throwable otherwise = SmbFailures.of(status, source, target);
    return Steps.compose(
        either(isDirectory(source), otherwise),
        fromDirectory ->
            Steps.compose(
                either(isDirectory(target), otherwise),
                toDirectory ->
                    blocked(status, source, fromDirectory, target, toDirectory, otherwise)));
  }

  private CompletableFuture<Void> blocked(
      SmbStatus status,
      String source,
      boolean fromDirectory,
      String target,
      boolean toDirectory,
      Throwable otherwise)
      throws IOException {
    if (fromDirectory && toDirectory) {
      return Steps.compose(
          deleteDirectory(target),
          done ->
              Steps.recover(
                  rename(source, target, false, 0), again -> failed(plain(again, source, target))));
    }
    if (toDirectory) {
      return Steps.compose(
          either(isEmpty(target), otherwise),
          empty ->
              failed(
                  SmbFailures.withCause(
                      empty
                          ? new IsDirectoryException(target)
                          : new DirectoryNotEmptyException(target),
                      status)));
    }
    if (fromDirectory) {
      return failed(SmbFailures.withCause(new NotDirectoryException(target), status));
    }
    return open.isOpen(target) ? replaceOpen(source, target) : failed(otherwise);
  }

  /** Replaces a file that this connection has open. */
  private CompletableFuture<Void> replaceOpen(String source, String target) {
    String hidden = hidden(target);
    return Steps.compose(
        Steps.recover(
            rename(target, hidden, false, 0), failure -> failed(plain(failure, target, hidden))),
        aside ->
            Steps.compose(
                Steps.recover(
                    rename(source, target, false, 0),
                    failure -> {
                      CompletableFuture<Void> refused = failed(plain(failure, source, target));
                      return Steps.recover(
                          Steps.compose(rename(hidden, target, false, 0), back -> refused),
                          either -> refused);
                    }),
                done ->
                    Steps.recover(
                        deleteHidden(hidden),
                        // The target is what it was to be; what it was is hidden, at least.
                        left -> CompletableFuture.completedFuture(null))));
  }

  private static Throwable plain(Throwable failure, String source, String target) {
    return failure instanceof TargetRefused refused
        ? SmbFailures.of(refused.status, source, target)
        : failure;
  }

  /** What a stage says, or, if it fails for anything but the connection, another failure. */
  private static <T> CompletableFuture<T> either(CompletableFuture<T> stage, Throwable otherwise) {
    return Steps.recover(
        stage, failure -> failed(failure instanceof SmbStatus ? otherwise : failure));
  }

  private CompletableFuture<Boolean> isDirectory(String path) throws IOException {
    return Steps.map(
        client.queryAll(client.names().find(path)), all -> FileFacts.of(all).isDirectory());
  }

  private CompletableFuture<Boolean> isEmpty(String path) {
    class Found extends RuntimeException {
      private static final long serialVersionUID = 1L;
    }
    CompletableFuture<Boolean> empty =
        Steps.map(
            new SmbListing(
                    client,
                    path,
                    entry -> {
                      throw new Found();
                    })
                .start(),
            done -> true);
    return Steps.recover(
        empty,
        failure ->
            failure instanceof Found ? CompletableFuture.completedFuture(false) : failed(failure));
  }

  private static <T> CompletableFuture<T> failed(Throwable failure) {
    return CompletableFuture.failedFuture(failure);
  }
}
