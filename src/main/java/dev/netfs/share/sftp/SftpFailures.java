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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
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

  private static final int MAX_DIRECTORIES = 4096;

  private final SftpClient client;
  private final SftpPaths paths;

  /**
   * Directories of the share that something was found in: what is not there in one of them is just
   * not there. Only spares questions; a stale entry makes an exception less exact, never wrong.
   */
  private final Set<String> directories = ConcurrentHashMap.newKeySet();

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

  /**
   * Returns whether a status may mean several things, or does not say which of an operation's paths
   * it is about.
   */
  static boolean isVague(Throwable failure) {
    int code = code(failure);
    return code == SftpProtocol.FAILURE
        || code == SftpProtocol.BAD_MESSAGE
        || code > SftpProtocol.NO_SUCH_PATH && code != SftpProtocol.WRITE_PROTECTED;
  }

  /**
   * Returns whether a status leaves open whether the path is there: MINA's server says "denied" of
   * ENOTDIR and ELOOP.
   */
  static boolean isUnclear(Throwable failure) {
    return isMissing(failure)
        || isVague(failure)
        || code(failure) == SftpProtocol.PERMISSION_DENIED;
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
          case SftpProtocol.ALREADY_EXISTS -> new FileAlreadyExistsException(path);
          case SftpProtocol.DIRECTORY_NOT_EMPTY -> new DirectoryNotEmptyException(path);
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
   * Finds out why a path whose links were followed is "not there": nothing has the name, or a link
   * leads nowhere, or links lead in a circle, on the way or at its end.
   */
  void missing(Throwable failure, String path, CompletableFuture<?> result) {
    follow(failure, path, paths.toServer(path), MAX_LINKS, result);
  }

  /**
   * As {@link #missing}, of a path at whose end no link was followed: only what is on the way to it
   * can be a circle. Free for a directory that something was found in before.
   */
  void missingItself(Throwable failure, String path, CompletableFuture<?> result) {
    String parent = SftpPaths.parent(path);
    if (isMissing(failure) && directories.contains(parent)) {
      result.completeExceptionally(of(failure, path, null));
      return;
    }
    Steps.then(
        client.stat(paths.toServer(parent), true),
        result,
        found -> {
          boolean directory = found.type() == FileType.DIRECTORY;
          if (directory) {
            sawDirectory(parent);
          }
          result.completeExceptionally(
              directory
                  ? of(failure, path, null)
                  : withCause(new NoSuchFileException(path), failure));
        },
        e -> follow(failure, path, paths.toServer(parent), MAX_LINKS, result));
  }

  /** Notes that a directory of the share can be reached. */
  void sawDirectory(String path) {
    if (directories.size() >= MAX_DIRECTORIES) {
      directories.clear();
    }
    directories.add(path);
  }

  private void follow(
      Throwable failure, String path, String serverPath, int links, CompletableFuture<?> result) {
    if (links == 0) {
      result.completeExceptionally(withCause(new FileSystemLoopException(path), failure));
      return;
    }
    Throwable otherwise = of(failure, path, null);
    Steps.then(
        client.stat(serverPath, false),
        result,
        found -> {
          if (found.type() != FileType.SYMBOLIC_LINK) {
            result.completeExceptionally(otherwise);
            return;
          }
          Steps.then(
              client.readLink(serverPath),
              result,
              target -> {
                String next = SftpPaths.resolve(SftpPaths.parent(serverPath), target);
                follow(failure, path, next, links - 1, result);
              },
              e -> result.completeExceptionally(unlessLost(e, otherwise)));
        },
        e -> {
          if (serverPath.equals("/") || !isUnclear(e)) {
            result.completeExceptionally(unlessLost(e, otherwise));
            return;
          }
          String parent = SftpPaths.parent(serverPath);
          Steps.then(
              client.stat(parent, true),
              result,
              found ->
                  result.completeExceptionally(
                      found.type() == FileType.DIRECTORY
                          ? otherwise
                          : withCause(new NoSuchFileException(path), failure)),
              why -> follow(failure, path, parent, links, result));
        });
  }

  /**
   * Returns what an operation fails with whose follow-up question failed: if for the connection,
   * then that, since the engine asks again on another one.
   */
  static Throwable unlessLost(Throwable ofQuestion, Throwable ofOperation) {
    return ofQuestion instanceof ShareDisconnectedException ? ofQuestion : ofOperation;
  }

  /** Fails with one exception if a path exists, links not followed, else says why it does not. */
  void ifExists(Throwable failure, String path, CompletableFuture<?> result, Throwable exists) {
    Steps.then(
        client.stat(paths.toServer(path), false),
        result,
        found -> result.completeExceptionally(exists),
        e -> notThere(e, failure, path, result));
  }

  /**
   * An operation failed, and a question about the path too: says what that means.
   *
   * @param ofQuestion what the question failed with
   * @param failure what the operation failed with
   */
  void notThere(Throwable ofQuestion, Throwable failure, String path, CompletableFuture<?> result) {
    if (code(ofQuestion) < 0 || code(failure) < 0) {
      result.completeExceptionally(unlessLost(ofQuestion, of(failure, path, null)));
    } else if (isUnclear(failure) && !isMissing(failure)) {
      missingItself(failure, path, result);
    } else {
      result.completeExceptionally(of(failure, path, null));
    }
  }

  /** Fails with one exception if a directory has entries, and with another if not. */
  void ifNotEmpty(
      String path, CompletableFuture<?> result, Throwable notEmpty, Throwable otherwise) {
    Steps.then(
        client.openDirectory(paths.toServer(path)),
        result,
        handle -> peek(handle, result, notEmpty, otherwise),
        e -> result.completeExceptionally(unlessLost(e, otherwise)));
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
          result.completeExceptionally(unlessLost(e, otherwise));
        });
  }
}
