package dev.netfs.share.sftp;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.Share;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareFile;
import dev.netfs.share.SpaceInfo;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A directory tree of an SFTP server, over one connection.
 *
 * <p>Each operation is one request where the protocol lets it be one. The others, and what follows
 * a vague answer, are chains of requests: each step is taken by the completion of the one before,
 * on the connection's receiving thread. Nothing is kept between operations but the names of owners,
 * so there is nothing to guard.
 */
final class SftpShare implements Share {
  private final SftpClient client;
  private final SftpPaths paths;
  private final OwnerNames owners;
  private final SftpFailures failures;
  private final ShareCapabilities capabilities;
  private final SftpOpener opener;
  private final SftpAttributeChanger changer;

  /**
   * @param root the attributes of the root directory
   */
  SftpShare(SftpClient client, SftpPaths paths, SftpLimits limits, SftpAttributes root) {
    this.client = client;
    this.paths = paths;
    this.owners = new OwnerNames(client);
    owners.learn(root);
    this.failures = new SftpFailures(client, paths);
    this.capabilities = limits.capabilities(client);
    this.opener = new SftpOpener(client, paths, owners, failures, limits);
    this.changer = new SftpAttributeChanger(client, paths, owners, failures);
  }

  @Override
  public ShareCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public boolean isConnected() {
    return client.connection().isConnected();
  }

  @Override
  public CompletionStage<ShareFile> open(String path, OpenIntent intent) {
    return opener.open(path, intent);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Asks for the object itself, even where links are followed, and at once for what it leads to:
   * the first is the answer for everything but a link, and tells a link in a circle from nothing at
   * all.
   */
  @Override
  public CompletionStage<FileInfo> stat(String path, boolean followLinks) {
    CompletableFuture<FileInfo> result = new CompletableFuture<>();
    String serverPath = paths.toServer(path);
    boolean root = path.equals("/"); // itself perhaps a link on the server, which is none here
    CompletableFuture<SftpAttributes> itself;
    CompletableFuture<SftpAttributes> followed;
    if (followLinks && !root) {
      itself = client.statLater(serverPath, false);
      followed = client.stat(serverPath, true);
    } else {
      itself = client.stat(serverPath, root);
      followed = itself;
    }
    Steps.then(
        itself,
        result,
        found -> {
          failures.sawDirectory(SftpPaths.parent(path));
          if (followLinks && found.type() == FileType.SYMBOLIC_LINK) {
            Steps.then(
                followed,
                result,
                target -> owners.complete(target, result),
                failure -> failures.missing(failure, path, result));
          } else {
            owners.complete(found, result);
          }
        },
        failure -> {
          if (SftpFailures.isUnclear(failure)) {
            failures.missingItself(failure, path, result);
          } else {
            result.completeExceptionally(SftpFailures.of(failure, path, null));
          }
        });
    return result;
  }

  @Override
  public CompletionStage<Void> list(String path, Consumer<? super DirectoryEntry> entries) {
    CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
    String serverPath = paths.toServer(path);
    Steps.then(
        client.openDirectory(serverPath),
        result,
        handle -> {
          failures.sawDirectory(path);
          new SftpListing(client, owners, path, handle, entries, result).start();
        },
        failure -> notListed(failure, path, result));
    return result;
  }

  /** OpenSSH says SSH_FX_NO_SUCH_FILE for ENOTDIR, MINA's SSH_FX_PERMISSION_DENIED for ELOOP. */
  private void notListed(Throwable failure, String path, CompletableFuture<?> result) {
    if (SftpFailures.code(failure) < 0) {
      result.completeExceptionally(failure);
      return;
    }
    Steps.then(
        client.stat(paths.toServer(path), true),
        result,
        found ->
            result.completeExceptionally(
                found.type() == FileType.DIRECTORY
                    ? SftpFailures.of(failure, path, null)
                    : SftpFailures.withCause(new NotDirectoryException(path), failure)),
        e -> failures.missing(failure, path, result));
  }

  @Override
  public CompletionStage<Void> makeDirectory(String path, int mode) {
    CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
    Steps.then(
        client.makeDirectory(paths.toServer(path), SftpAttributes.ofMode(mode)),
        result,
        result::complete,
        failure -> occupied(failure, path, result));
    return result;
  }

  /** A name could not be made: perhaps because it is taken. */
  private void occupied(Throwable failure, String name, CompletableFuture<?> result) {
    if (SftpFailures.isVague(failure)) {
      failures.ifExists(
          failure,
          name,
          result,
          SftpFailures.withCause(new FileAlreadyExistsException(name), failure));
    } else if (SftpFailures.code(failure) == SftpProtocol.PERMISSION_DENIED) {
      failures.missingItself(failure, name, result);
    } else {
      result.completeExceptionally(SftpFailures.of(failure, name, null));
    }
  }

  @Override
  public CompletionStage<Void> deleteFile(String path) {
    CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
    Steps.then(
        client.remove(paths.toServer(path)),
        result,
        done -> {
          failures.sawDirectory(SftpPaths.parent(path));
          result.complete(done);
        },
        failure -> {
          Throwable otherwise = SftpFailures.of(failure, path, null);
          if (SftpFailures.isMissing(failure)) {
            failures.missingItself(failure, path, result);
            return;
          }
          // EISDIR on Linux, EPERM on the BSDs.
          Steps.then(
              client.stat(paths.toServer(path), false),
              result,
              found ->
                  result.completeExceptionally(
                      found.type() == FileType.DIRECTORY
                          ? SftpFailures.withCause(new IsDirectoryException(path), failure)
                          : otherwise),
              e -> failures.notThere(e, failure, path, result));
        });
    return result;
  }

  @Override
  public CompletionStage<Void> deleteDirectory(String path) {
    CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
    Steps.then(
        client.removeDirectory(paths.toServer(path)),
        result,
        result::complete,
        failure -> {
          Throwable otherwise = SftpFailures.of(failure, path, null);
          // ENOTDIR is SSH_FX_NO_SUCH_FILE, ENOTEMPTY is SSH_FX_FAILURE.
          Steps.then(
              client.stat(paths.toServer(path), false),
              result,
              found -> {
                if (found.type() != FileType.DIRECTORY) {
                  result.completeExceptionally(
                      SftpFailures.withCause(new NotDirectoryException(path), failure));
                } else if (SftpFailures.isVague(failure)) {
                  failures.ifNotEmpty(
                      path,
                      result,
                      SftpFailures.withCause(new DirectoryNotEmptyException(path), failure),
                      otherwise);
                } else {
                  result.completeExceptionally(otherwise);
                }
              },
              e -> {
                if (SftpFailures.isMissing(e)) {
                  result.completeExceptionally(
                      SftpFailures.withCause(new NoSuchFileException(path), failure));
                } else {
                  failures.notThere(e, failure, path, result);
                }
              });
        });
    return result;
  }

  @Override
  public CompletionStage<Void> rename(String source, String target, boolean replace) {
    CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
    boolean replaces = replace && capabilities.atomicReplace();
    String from = paths.toServer(source);
    String to = paths.toServer(target);
    if (replaces) {
      Steps.then(
          client.posixRename(from, to),
          result,
          result::complete,
          failure -> notRenamed(failure, source, target, true, result));
      return result;
    }
    // OpenSSH looks for something at the target with stat, where the source is no regular file. So
    // a link that leads nowhere is nothing to it, and goes. Asked in the same breath, it is known.
    CompletableFuture<String> linkThere = client.readLink(to);
    Steps.then(
        client.rename(from, to),
        result,
        renamed ->
            Steps.then(
                linkThere,
                result,
                leadsTo -> putLinkBack(source, target, leadsTo, result),
                noLink -> result.complete(null)),
        failure -> notRenamed(failure, source, target, false, result));
    return result;
  }

  /** Undoes a rename that has replaced a link, which it was not to do. */
  private void putLinkBack(
      String source, String target, String leadsTo, CompletableFuture<@Nullable Void> result) {
    String from = paths.toServer(source);
    String to = paths.toServer(target);
    if (from.equals(to)) {
      result.complete(null); // it is that link, and still there
      return;
    }
    Steps.then(
        client.rename(to, from),
        result,
        back ->
            Steps.then(
                client.symbolicLink(leadsTo, to),
                result,
                done -> result.completeExceptionally(new FileAlreadyExistsException(target))));
  }

  private void notRenamed(
      Throwable failure,
      String source,
      String target,
      boolean replaces,
      CompletableFuture<?> result) {
    if (SftpFailures.code(failure) < 0) {
      result.completeExceptionally(failure);
      return;
    }
    Steps.then(
        client.stat(paths.toServer(source), false),
        result,
        from ->
            Steps.then(
                client.stat(paths.toServer(target), false),
                result,
                to -> blocked(failure, source, from, target, to, replaces, result),
                e ->
                    result.completeExceptionally(
                        SftpFailures.isMissing(failure) && SftpFailures.isMissing(e)
                            // The source is there: a directory on the target's way is not.
                            ? SftpFailures.withCause(new NoSuchFileException(target), failure)
                            : SftpFailures.unlessLost(
                                e, SftpFailures.of(failure, source, target)))),
        e ->
            result.completeExceptionally(
                SftpFailures.isMissing(e)
                    ? SftpFailures.withCause(new NoSuchFileException(source), failure)
                    : SftpFailures.unlessLost(e, SftpFailures.of(failure, source, target))));
  }

  /** Both the source and the target of a rename that failed are there. */
  private void blocked(
      Throwable failure,
      String source,
      SftpAttributes from,
      String target,
      SftpAttributes to,
      boolean replaces,
      CompletableFuture<?> result) {
    boolean fromDirectory = from.type() == FileType.DIRECTORY;
    boolean toDirectory = to.type() == FileType.DIRECTORY;
    Throwable otherwise = SftpFailures.of(failure, source, target);
    if (!replaces) {
      boolean denied = SftpFailures.code(failure) == SftpProtocol.PERMISSION_DENIED;
      result.completeExceptionally(
          denied
              ? otherwise
              : SftpFailures.withCause(new FileAlreadyExistsException(target), failure));
    } else if (toDirectory) {
      Throwable empty =
          fromDirectory
              ? otherwise
              : SftpFailures.withCause(new IsDirectoryException(target), failure);
      failures.ifNotEmpty(
          target,
          result,
          SftpFailures.withCause(new DirectoryNotEmptyException(target), failure),
          empty);
    } else if (fromDirectory) {
      result.completeExceptionally(
          SftpFailures.withCause(new NotDirectoryException(target), failure));
    } else {
      result.completeExceptionally(otherwise);
    }
  }

  @Override
  public CompletionStage<Void> setAttributes(
      String path, AttributeChange change, boolean followLinks) {
    return changer.change(path, change, followLinks);
  }

  @Override
  public CompletionStage<SpaceInfo> space(String path) {
    if (!client.has(SftpProtocol.STATVFS)) {
      return unsupported("tell how full it is", SftpProtocol.STATVFS);
    }
    CompletableFuture<SpaceInfo> result = new CompletableFuture<>();
    Steps.then(
        client.statvfs(paths.toServer(path)),
        result,
        result::complete,
        failure -> result.completeExceptionally(SftpFailures.of(failure, path, null)));
    return result;
  }

  @Override
  public CompletionStage<Void> link(String link, String existing) {
    if (!client.has(SftpProtocol.HARDLINK)) {
      return unsupported("make hard links", SftpProtocol.HARDLINK);
    }
    CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
    Steps.then(
        client.hardLink(paths.toServer(existing), paths.toServer(link)),
        result,
        result::complete,
        failure -> {
          if (!SftpFailures.isMissing(failure)) {
            occupied(failure, link, result);
            return;
          }
          // Either the file or the directory for its new name.
          failures.ifExists(
              failure,
              existing,
              result,
              SftpFailures.withCause(new NoSuchFileException(link), failure));
        });
    return result;
  }

  @Override
  public CompletionStage<Void> symbolicLink(String link, String target) {
    CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
    Steps.then(
        client.symbolicLink(paths.toServerTarget(target), paths.toServer(link)),
        result,
        result::complete,
        failure -> occupied(failure, link, result));
    return result;
  }

  @Override
  public CompletionStage<String> readLink(String path) {
    CompletableFuture<String> result = new CompletableFuture<>();
    Steps.then(
        client.readLink(paths.toServer(path)),
        result,
        target -> result.complete(paths.toShareTarget(path, target)),
        failure -> {
          Throwable otherwise = SftpFailures.of(failure, path, null);
          // EINVAL is SSH_FX_BAD_MESSAGE.
          Steps.then(
              client.stat(paths.toServer(path), false),
              result,
              found ->
                  result.completeExceptionally(
                      found.type() == FileType.SYMBOLIC_LINK
                          ? otherwise
                          : SftpFailures.withCause(new NotLinkException(path), failure)),
              e -> result.completeExceptionally(SftpFailures.unlessLost(e, otherwise)));
        });
    return result;
  }

  @Override
  public CompletionStage<Void> copy(String source, String target) {
    if (!capabilities.serverCopy()) {
      return unsupported("copy files itself", SftpProtocol.COPY_DATA);
    }
    return new SftpCopy(client, paths, opener, source, target).start();
  }

  @Override
  public void close() {
    client.connection().lose("it was closed here", null);
  }

  private <T> CompletionStage<T> unsupported(String what, String extension) {
    return CompletableFuture.failedFuture(
        new UnsupportedOperationException(
            client.connection().server()
                + " cannot "
                + what
                + ": it lacks the SFTP extension "
                + extension));
  }
}
