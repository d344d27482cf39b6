package dev.netfs.engine;

import dev.netfs.FileLockedException;
import dev.netfs.LockLostException;
import dev.netfs.share.RangeLockedException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** Makes an exception of its own for each of those whom one failure concerns. */
final class Errors {
  private Errors() {}

  /** Returns what a shared download failed with, for one of its readers. */
  static IOException copy(Throwable failure, String path) {
    return copy(failure, path, "");
  }

  /**
   * Returns an exception of the same kind as a failure, with the failure as its cause: one object
   * thrown in several threads would show the stack of only one.
   *
   * @param failure what happened
   * @param path the file it happened to
   * @param what begins the reason of a failure that has none of the JDK's types
   */
  static IOException copy(Throwable failure, String path, String what) {
    FileSystemException copy;
    if (failure instanceof FileLockedException locked) {
      copy = new FileLockedException(path, locked.position(), locked.size());
    } else if (failure instanceof LockLostException lost) {
      return lost.named(path);
    } else if (failure instanceof NoSuchFileException) {
      copy = new NoSuchFileException(path);
    } else if (failure instanceof AccessDeniedException) {
      copy = new AccessDeniedException(path);
    } else {
      copy =
          new FileSystemException(
              path,
              null,
              what
                  + (failure instanceof FileSystemException known && known.getReason() != null
                      ? known.getReason()
                      : failure.getMessage() == null ? failure.toString() : failure.getMessage()));
    }
    copy.initCause(failure);
    return copy;
  }

  /** Returns a failure as the user is to see it: that somebody has a lock in a type of the API. */
  static Throwable located(Throwable failure, String path) {
    if (failure instanceof RangeLockedException locked) {
      FileLockedException located = new FileLockedException(path, locked.position(), locked.size());
      located.initCause(locked);
      return located;
    }
    return failure;
  }

  /** Returns the first of several failures, with the others suppressed in it. */
  static IOException add(@Nullable IOException first, IOException next) {
    if (first == null) {
      return next;
    }
    first.addSuppressed(next);
    return first;
  }
}
