package dev.netfs.share.sftp;

import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.ShareFile;
import java.nio.file.FileAlreadyExistsException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Opens files, with the attributes that the engine wants, in one round trip where it can be had.
 *
 * <p>The exact way is OPEN and then FSTAT on the handle: two round trips. So STAT, OPEN and STAT go
 * out together. The server works them off in order; where both STATs saw the same regular file, the
 * OPEN between them opened that one, and what the second saw is what FSTAT would say. A file that
 * is empty now, cut or made by this very OPEN, needs no such proof: there is no content to be wrong
 * about. Otherwise FSTAT decides.
 *
 * <p>The STATs also settle what the OPEN alone does not: OpenSSH opens directories for reading
 * without complaint, and says SSH_FX_FAILURE for EEXIST and EISDIR alike.
 */
final class SftpOpener {
  private final SftpClient client;
  private final SftpPaths paths;
  private final OwnerNames owners;
  private final SftpFailures failures;
  private final SftpLimits limits;

  SftpOpener(
      SftpClient client,
      SftpPaths paths,
      OwnerNames owners,
      SftpFailures failures,
      SftpLimits limits) {
    this.client = client;
    this.paths = paths;
    this.owners = owners;
    this.failures = failures;
    this.limits = limits;
  }

  CompletableFuture<ShareFile> open(String path, OpenIntent intent) {
    CompletableFuture<ShareFile> result = new CompletableFuture<>();
    open(
        path,
        intent,
        result,
        (handle, attributes) -> finish(path, intent, handle, attributes, result));
    return result;
  }

  /** Takes a handle that was opened, and what it is a handle of. */
  interface Opened {
    void take(byte[] handle, SftpAttributes attributes);
  }

  /** Opens a regular file; the handle is the receiver's to close. */
  void open(String path, OpenIntent intent, CompletableFuture<?> result, Opened opened) {
    String serverPath = paths.toServer(path);
    CompletableFuture<SftpAttributes> before = client.statLater(serverPath, true);
    CompletableFuture<byte[]> open =
        client.open(serverPath, flags(intent), SftpAttributes.ofMode(intent.mode()), false);
    CompletableFuture<SftpAttributes> after = client.stat(serverPath, true);
    Steps.atEnd(
        before,
        result,
        () ->
            Steps.atEnd(
                after,
                result,
                () ->
                    Steps.then(
                        open,
                        result,
                        handle -> checked(path, intent, handle, before, after, result, opened),
                        failure -> notOpened(failure, path, intent, value(after), result))));
  }

  private void checked(
      String path,
      OpenIntent intent,
      byte[] handle,
      CompletableFuture<SftpAttributes> before,
      CompletableFuture<SftpAttributes> after,
      CompletableFuture<?> result,
      Opened opened) {
    SftpAttributes first = value(before);
    SftpAttributes last = value(after);
    boolean regular = last != null && last.type() == FileType.REGULAR;
    boolean fresh = intent.truncate() || first == null; // cut or made by this OPEN
    if (last != null
        && regular
        && ((fresh && last.size() == 0) || (first != null && first.sameAs(last)))) {
      opened.take(handle, last);
      return;
    }
    Steps.then(
        client.stat(handle),
        result,
        attributes -> {
          if (attributes.type() == FileType.DIRECTORY) {
            client.close(handle);
            result.completeExceptionally(new IsDirectoryException(path));
          } else {
            opened.take(handle, attributes);
          }
        },
        failure -> {
          client.close(handle);
          result.completeExceptionally(SftpFailures.ofOpenFile(failure, path));
        });
  }

  private void finish(
      String path,
      OpenIntent intent,
      byte[] handle,
      SftpAttributes attributes,
      CompletableFuture<ShareFile> result) {
    CompletableFuture<FileInfo> info = new CompletableFuture<>();
    owners.complete(attributes, info);
    Steps.then(
        info,
        result,
        named -> {
          SftpFile file =
              new SftpFile(
                  client, owners, path, handle, intent, named, limits.read(), limits.write());
          result.complete(file);
        });
  }

  private void notOpened(
      Throwable failure,
      String path,
      OpenIntent intent,
      @Nullable SftpAttributes found,
      CompletableFuture<?> result) {
    boolean vague = SftpFailures.isVague(failure);
    if (intent.disposition() == Disposition.CREATE_NEW) {
      Throwable exists = SftpFailures.withCause(new FileAlreadyExistsException(path), failure);
      if (found != null && SftpFailures.code(failure) >= 0) {
        result.completeExceptionally(exists);
      } else if (vague) {
        failures.ifExists(failure, path, result, exists);
      } else {
        result.completeExceptionally(SftpFailures.of(failure, path, null));
      }
    } else if (found != null && found.type() == FileType.DIRECTORY && vague) {
      result.completeExceptionally(SftpFailures.withCause(new IsDirectoryException(path), failure));
    } else if (SftpFailures.isUnclear(failure)) {
      failures.missing(failure, path, result);
    } else {
      result.completeExceptionally(SftpFailures.of(failure, path, null));
    }
  }

  private static int flags(OpenIntent intent) {
    int flags = intent.read() ? SftpProtocol.OPEN_READ : 0;
    if (intent.write()) {
      flags |= SftpProtocol.OPEN_WRITE;
    }
    if (intent.disposition() != Disposition.OPEN_EXISTING) {
      flags |= SftpProtocol.OPEN_CREATE;
    }
    if (intent.disposition() == Disposition.CREATE_NEW) {
      flags |= SftpProtocol.OPEN_EXCLUSIVE;
    }
    if (intent.truncate()) {
      flags |= SftpProtocol.OPEN_TRUNCATE;
    }
    return flags;
  }

  /** Returns what a stage that has ended completed with, or null if it failed. */
  private static @Nullable SftpAttributes value(CompletableFuture<SftpAttributes> stage) {
    return stage.isCompletedExceptionally() ? null : stage.getNow(SftpAttributes.NONE);
  }
}
