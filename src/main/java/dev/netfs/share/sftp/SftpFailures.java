package dev.netfs.share.sftp;

import dev.netfs.share.FileType;
import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.ShareDisconnectedException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * From the server's status codes to the engine's exceptions.
 *
 * <p>SFTP version 3 has eight codes. OpenSSH answers SSH_FX_NO_SUCH_FILE for ENOENT, but for
 * ENOTDIR, ELOOP and EBADF too; SSH_FX_PERMISSION_DENIED for EACCES and EPERM; SSH_FX_BAD_MESSAGE
 * for EINVAL and ENAMETOOLONG; SSH_FX_FAILURE for everything else, with texts that say no more. So
 * the operations ask the server again, with LSTAT and the like, where a code has several meanings
 * that the engine tells apart (invariant J12). Answers to such questions come a moment later than
 * the failure, and may see another state: the exception is the most likely one, never a wrong
 * success.
 */
final class SftpFailures {
  /** How many symbolic links Linux follows before it says ELOOP. */
  private static final int MAX_LINKS = 40;

  private final SftpClient client;
  private final SftpPaths paths;

  SftpFailures(SftpClient client, SftpPaths paths) {
    this.client = client;
    this.paths = paths;
  }

  /** Returns the status code, or -1 for another failure. */
  static int code(Throwable failure) {
    return failure instanceof SftpStatus status ? status.code() : -1;
  }

  static boolean isMissing(Throwable failure) {
    int code = code(failure);
    return code == SftpProtocol.NO_SUCH_FILE || code == SftpProtocol.NO_SUCH_PATH;
  }

  /** Returns whether a status may mean several things. */
  static boolean isVague(Throwable failure) {
    int code = code(failure);
    return code == SftpProtocol.FAILURE || code == SftpProtocol.BAD_MESSAGE;
  }

  /**
   * Returns what a failure means by itself.
   *
   * @param path the share's path
   * @param other the other path of a two-path operation, or null
   */
  static Throwable of(Throwable failure, String path, @Nullable String other) {
    if (!(failure instanceof SftpStatus status)) {
      return failure;
    }
    Throwable exact =
        switch (status.code()) {
          case SftpProtocol.NO_SUCH_FILE, SftpProtocol.NO_SUCH_PATH ->
              new NoSuchFileException(path, other, null);
          case SftpProtocol.PERMISSION_DENIED, SftpProtocol.WRITE_PROTECTED ->
              new AccessDeniedException(path, other, null);
          case SftpProtocol.ALREADY_EXISTS ->
              new FileAlreadyExistsException(other == null ? path : other);
          case SftpProtocol.DIRECTORY_NOT_EMPTY ->
              new DirectoryNotEmptyException(other == null ? path : other);
          case SftpProtocol.NOT_A_DIRECTORY -> new NotDirectoryException(path);
          case SftpProtocol.IS_A_DIRECTORY -> new IsDirectoryException(path);
          case SftpProtocol.LINK_LOOP -> new FileSystemLoopException(path);
          case SftpProtocol.NO_SPACE ->
              new FileSystemException(path, other, "No space left on the server");
          case SftpProtocol.QUOTA_EXCEEDED ->
              new FileSystemException(path, other, "Disk quota exceeded on the server");
          case SftpProtocol.UNSUPPORTED ->
              new UnsupportedOperationException(path + ": the server does not support this");
          case SftpProtocol.NO_CONNECTION, SftpProtocol.CONNECTION_LOST ->
              new ShareDisconnectedException(
                  path + ": the server lost its own connection", failure);
          default ->
              new FileSystemException(path, other, "the server answers " + status.getMessage());
        };
    return withCause(exact, failure);
  }

  /**
   * Returns what the failure of an operation on an open file means: SSH_FX_NO_SUCH_FILE stands for
   * EBADF there, a file that is not open or not open for this.
   */
  static Throwable ofOpenFile(Throwable failure, String path) {
    if (isMissing(failure)) {
      return withCause(
          new FileSystemException(
              path, null, "the server's handle of the open file is not valid for this"),
          failure);
    }
    return of(failure, path, null);
  }

  static <E extends Throwable> E withCause(E exception, Throwable cause) {
    if (exception.getCause() == null) {
      exception.initCause(cause);
    }
    return exception;
  }

  /**
   * Finds out why a path that follows symbolic links is "not there": nothing has the name, or a
   * link that leads nowhere, or links in a circle.
   */
  void missing(Throwable failure, String path, CompletableFuture<?> result) {
    follow(failure, path, paths.toServer(path), MAX_LINKS, result);
  }

  private void follow(
      Throwable failure, String path, String serverPath, int links, CompletableFuture<?> result) {
    if (links == 0) {
      result.completeExceptionally(withCause(new FileSystemLoopException(path), failure));
      return;
    }
    Consumer<Throwable> notThere =
        e ->
            result.completeExceptionally(
                isMissing(failure)
                    ? withCause(new NoSuchFileException(path), failure)
                    : of(failure, path, null));
    Steps.then(
        client.stat(serverPath, false),
        result,
        found -> {
          if (found.type() != FileType.SYMBOLIC_LINK) {
            notThere.accept(failure);
            return;
          }
          Steps.then(
              client.readLink(serverPath),
              result,
              target -> {
                String next = SftpPaths.resolve(SftpPaths.parent(serverPath), target);
                follow(failure, path, next, links - 1, result);
              },
              notThere);
        },
        notThere);
  }

  /** Fails with one exception if a path exists, links not followed, and with another if not. */
  void ifExists(String path, CompletableFuture<?> result, Throwable exists, Throwable otherwise) {
    Steps.then(
        client.stat(paths.toServer(path), false),
        result,
        found -> result.completeExceptionally(exists),
        e -> result.completeExceptionally(otherwise));
  }

  /** Fails with one exception if a directory has entries, and with another if not. */
  void ifNotEmpty(
      String path, CompletableFuture<?> result, Throwable notEmpty, Throwable otherwise) {
    Steps.then(
        client.openDirectory(paths.toServer(path)),
        result,
        handle -> peek(handle, result, notEmpty, otherwise),
        e -> result.completeExceptionally(otherwise));
  }

  private void peek(
      byte[] handle, CompletableFuture<?> result, Throwable notEmpty, Throwable otherwise) {
    Steps.then(
        client.readDirectory(handle, true),
        result,
        names -> {
          boolean found = names.stream().anyMatch(name -> !SftpPaths.isDots(name.name()));
          if (found) {
            client.close(handle);
            result.completeExceptionally(notEmpty);
          } else {
            peek(handle, result, notEmpty, otherwise);
          }
        },
        e -> {
          client.close(handle);
          result.completeExceptionally(otherwise);
        });
  }
}
