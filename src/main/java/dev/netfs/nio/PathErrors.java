package dev.netfs.nio;

import dev.netfs.FileLockedException;
import dev.netfs.LockLostException;
import dev.netfs.share.IsDirectoryException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import org.jspecify.annotations.Nullable;

/**
 * Turns the engine's errors, which name paths as the server knows them, into errors that name them
 * as the user gave them: of the same type, the engine's as their cause.
 */
final class PathErrors {
  private PathErrors() {}

  /** Returns the error of an operation on one path, to be thrown. */
  static IOException shown(IOException error, NetfsPath path) {
    return shown(error, path, path);
  }

  /**
   * Returns the error of an operation on two paths, to be thrown.
   *
   * @throws ClosedFileSystemException if the operation failed because the file system was closed
   */
  static IOException shown(IOException error, NetfsPath path, NetfsPath other) {
    if (!path.getFileSystem().isOpen()) {
      ClosedFileSystemException closed = new ClosedFileSystemException();
      closed.initCause(error);
      throw closed;
    }
    if (!(error instanceof FileSystemException engine)) {
      return error;
    }
    String file = shown(engine.getFile(), path, other);
    String otherFile = shown(engine.getOtherFile(), other, path);
    boolean same = same(file, engine.getFile()) && same(otherFile, engine.getOtherFile());
    // The share's own type is not one of the JDK's, which has none for this.
    return same && !(engine instanceof IsDirectoryException)
        ? error
        : renamed(engine, file, otherFile);
  }

  // An identity check would do; equal text is as good.
  private static boolean same(@Nullable String a, @Nullable String b) {
    return a == null ? b == null : a.equals(b);
  }

  private static @Nullable String shown(@Nullable String name, NetfsPath path, NetfsPath other) {
    if (name == null || name.equals(path.remote())) {
      return name == null ? null : path.toString();
    }
    return name.equals(other.remote()) ? other.toString() : name;
  }

  private static FileSystemException renamed(
      FileSystemException engine, @Nullable String file, @Nullable String other) {
    String reason = engine.getReason();
    FileSystemException shown;
    if (engine instanceof LockLostException lost) {
      return lost.named(file); // with the engine's as its cause
    }
    if (engine instanceof FileLockedException locked) {
      shown = new FileLockedException(file, locked.position(), locked.size());
    } else if (engine instanceof NoSuchFileException) {
      shown = new NoSuchFileException(file, other, reason);
    } else if (engine instanceof FileAlreadyExistsException) {
      shown = new FileAlreadyExistsException(file, other, reason);
    } else if (engine instanceof DirectoryNotEmptyException) {
      shown = new DirectoryNotEmptyException(file);
    } else if (engine instanceof NotDirectoryException) {
      shown = new NotDirectoryException(file);
    } else if (engine instanceof AccessDeniedException) {
      shown = new AccessDeniedException(file, other, reason);
    } else if (engine instanceof AtomicMoveNotSupportedException) {
      shown = new AtomicMoveNotSupportedException(file, other, reason);
    } else if (engine instanceof FileSystemLoopException) {
      shown = new FileSystemLoopException(file);
    } else if (engine instanceof NotLinkException) {
      shown = new NotLinkException(file, other, reason);
    } else {
      shown = new FileSystemException(file, other, reason);
    }
    shown.initCause(engine);
    return shown;
  }
}
