package dev.netfs.share.smb;

import dev.netfs.share.IsDirectoryException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** From the server's status codes to the engine's exceptions. */
final class SmbFailures {
  private SmbFailures() {}

  /** A stage whose refusals say what they mean for a path. */
  static <T> CompletableFuture<T> about(CompletableFuture<T> stage, String path) {
    CompletableFuture<T> result = new CompletableFuture<>();
    stage.whenComplete(
        (value, failure) -> {
          if (failure == null) {
            result.complete(value);
          } else {
            result.completeExceptionally(of(failure, path, null));
          }
        });
    return result;
  }

  /**
   * Returns what a failure means.
   *
   * @param path the share's path
   * @param other the other path of a two-path operation, or null
   */
  static Throwable of(Throwable failure, String path, @Nullable String other) {
    if (!(failure instanceof SmbStatus refused)) {
      return failure;
    }
    return withCause(exact(refused.status(), path, other), refused);
  }

  private static Throwable exact(int status, String path, @Nullable String other) {
    return switch (status) {
      case NtStatus.OBJECT_NAME_NOT_FOUND,
          NtStatus.OBJECT_PATH_NOT_FOUND,
          NtStatus.NO_SUCH_FILE,
          NtStatus.NOT_FOUND ->
          new NoSuchFileException(path, other, null);
      case NtStatus.DELETE_PENDING ->
          new NoSuchFileException(
              path, other, "it was deleted, and goes when the last program closes it");
      case NtStatus.OBJECT_NAME_COLLISION -> new FileAlreadyExistsException(path);
      case NtStatus.FILE_IS_A_DIRECTORY -> new IsDirectoryException(path);
      case NtStatus.NOT_A_DIRECTORY -> new NotDirectoryException(path);
      case NtStatus.DIRECTORY_NOT_EMPTY -> new DirectoryNotEmptyException(path);
      case NtStatus.ACCESS_DENIED -> new AccessDeniedException(path, other, null);
      case NtStatus.CANNOT_DELETE ->
          new AccessDeniedException(path, other, "it is read-only, or in use as a program");
      case NtStatus.MEDIA_WRITE_PROTECTED ->
          new AccessDeniedException(path, other, "the share is read-only");
      case NtStatus.SHARING_VIOLATION ->
          new FileSystemException(
              path, other, "another program has it open and lets nobody else use it meanwhile");
      case NtStatus.FILE_LOCK_CONFLICT, NtStatus.LOCK_NOT_GRANTED ->
          new FileSystemException(
              path, other, "another program holds a lock on bytes of it: try again later");
      case NtStatus.OBJECT_NAME_INVALID,
          NtStatus.OBJECT_PATH_INVALID,
          NtStatus.OBJECT_PATH_SYNTAX_BAD ->
          new FileSystemException(path, other, "the server takes no such name");
      case NtStatus.NAME_TOO_LONG -> new FileSystemException(path, other, "File name too long");
      case NtStatus.DISK_FULL ->
          new FileSystemException(
              path, other, "No space left on the server: delete something there");
      case NtStatus.FILE_TOO_LARGE ->
          new FileSystemException(
              path, other, "File too large for the server: write less, or to several files");
      case NtStatus.INSUFFICIENT_RESOURCES, NtStatus.INSUFF_SERVER_RESOURCES ->
          new FileSystemException(
              path, other, "the server has no resources left for this: try again later");
      case NtStatus.QUOTA_EXCEEDED,
          NtStatus.DISK_QUOTA_EXCEEDED,
          NtStatus.ALLOTTED_SPACE_EXCEEDED ->
          new FileSystemException(
              path, other, "Disk quota exceeded on the server: delete files of this user there");
      case NtStatus.TOO_MANY_OPENED_FILES ->
          new FileSystemException(path, other, "too many files are open on the server");
      case NtStatus.NOT_SAME_DEVICE ->
          new FileSystemException(path, other, "the two are on different disks of the server");
      case NtStatus.TOO_MANY_LINKS ->
          new FileSystemException(path, other, "the file has too many names already");
      case NtStatus.INVALID_OWNER ->
          new FileSystemException(
              path, other, "the server does not let this user make that one the owner");
      case NtStatus.STOPPED_ON_SYMLINK ->
          new FileSystemException(
              path, other, "a symbolic link on the server, which cannot be followed yet");
      case NtStatus.PATH_NOT_COVERED -> new DfsLinkException(path, other);
      case NtStatus.NOT_SUPPORTED, NtStatus.INVALID_DEVICE_REQUEST, NtStatus.INVALID_INFO_CLASS ->
          new UnsupportedOperationException(path + ": the server does not support this");
      default ->
          new FileSystemException(path, other, "the server answers " + NtStatus.name(status));
    };
  }

  static <E extends Throwable> E withCause(E exception, Throwable cause) {
    if (exception.getCause() == null) {
      exception.initCause(cause);
    }
    return exception;
  }

  static boolean isMissing(Throwable failure) {
    int status = SmbStatus.of(failure);
    return status == NtStatus.OBJECT_NAME_NOT_FOUND
        || status == NtStatus.OBJECT_PATH_NOT_FOUND
        || status == NtStatus.NO_SUCH_FILE
        || status == NtStatus.DELETE_PENDING;
  }
}
