package dev.netfs.cli;

import dev.netfs.cli.bench.BenchException;
import dev.netfs.fscache.WrongKeyException;
import dev.netfs.share.ShareConnectException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Says in one line what went wrong. */
final class ErrorText {
  private ErrorText() {}

  /**
   * Returns what went wrong with a file.
   *
   * @param name what the user calls the file
   */
  static String of(String name, Throwable error) {
    if (error instanceof ShareConnectException || error instanceof Terminal.OutputException) {
      return of(error); // which is not about the file
    }
    if (error instanceof FileSystemException e) {
      return name + ": " + reason(e);
    }
    return name + ": " + of(error);
  }

  /** Returns what went wrong. Of the libraries only that for SSH servers need not be there. */
  static String of(Throwable error) {
    if (error instanceof FileSystemException e) {
      return e.getFile() == null ? reason(e) : e.getFile() + ": " + reason(e);
    }
    if (error instanceof ReadOnlyFileSystemException) {
      return "the mount is read-only";
    }
    if (error instanceof LinkageError) {
      return "a library is missing: add org.apache.sshd:sshd-osgi and org.apache.sshd:sshd-sftp to"
          + " the class path, or take netfs-all.jar, which has them ("
          + oneLine(error.toString())
          + ")";
    }
    String message = error.getMessage();
    boolean plain =
        error.getClass() == IOException.class
            || error instanceof ShareConnectException
            || error instanceof WrongKeyException
            || error instanceof Terminal.OutputException
            || error instanceof UsageException
            || error instanceof BenchException
            || error instanceof IllegalArgumentException
            || error instanceof FileSystemNotFoundException
            || error instanceof FileSystemAlreadyExistsException
            || error instanceof UnsupportedOperationException;
    if (message != null && !message.isBlank() && plain) {
      return oneLine(message);
    }
    return oneLine(error.toString());
  }

  private static String reason(FileSystemException error) {
    String known = known(error);
    @Nullable String reason = error.getReason();
    if (known == null) {
      return oneLine(Objects.requireNonNullElse(reason, error.getClass().getSimpleName()));
    }
    return reason == null ? known : known + " (" + oneLine(reason) + ")";
  }

  private static @Nullable String known(FileSystemException error) {
    if (error instanceof NoSuchFileException) {
      return "no such file or directory";
    } else if (error instanceof AccessDeniedException) {
      return "permission denied";
    } else if (error instanceof FileAlreadyExistsException) {
      return "exists already";
    } else if (error instanceof NotDirectoryException) {
      return "not a directory";
    } else if (error instanceof DirectoryNotEmptyException) {
      return "directory not empty";
    } else if (error instanceof FileSystemLoopException) {
      return "too many symbolic links, or links in a circle";
    }
    return null;
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
