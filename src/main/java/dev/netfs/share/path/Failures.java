package dev.netfs.share.path;

import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareDisconnectedException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Turns what the backing provider throws, which names backing paths, into what the share fails
 * with: the same types, naming the share's paths, the backing exception being the cause.
 *
 * <p>Where the provider has only a vague answer (the JDK's own knows neither "not a directory" nor
 * a loop of links, and says it in the C library's words, in the user's language), the answer is
 * found by looking at the files.
 */
final class Failures {
  private static final int MAX_LINKS = 40;
  private static final LinkOption[] NOFOLLOW = {LinkOption.NOFOLLOW_LINKS};

  private final Backing backing;
  private final Workers workers;

  Failures(Backing backing, Workers workers) {
    this.backing = backing;
    this.workers = workers;
  }

  /** Returns the translation of failures of an operation on one path. */
  Function<Throwable, Throwable> of(String path) {
    return failure -> translate(failure, path, null);
  }

  /** Returns the translation of failures of an operation on two paths. */
  Function<Throwable, Throwable> of(String path, String other) {
    return failure -> translate(failure, path, other);
  }

  /** Carries a failure that is exact as it is: one made here, or a caller's own. */
  static final class Exact extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Exact(Throwable cause) {
      super(cause.toString(), cause, false, false);
    }
  }

  /** Returns what to throw for a failure that names the share's paths already. */
  static Exact exact(FileSystemException failure) {
    return new Exact(failure);
  }

  private Throwable translate(Throwable failure, String path, @Nullable String other) {
    if (failure instanceof Exact) {
      return java.util.Objects.requireNonNull(failure.getCause());
    }
    if (failure instanceof DirectoryIteratorException e) {
      return translate(java.util.Objects.requireNonNull(e.getCause()), path, other);
    }
    if (failure instanceof Error
        || failure instanceof ShareDisconnectedException
        || failure instanceof ShareConnectException
        || failure instanceof IsDirectoryException
        || failure instanceof UserPrincipalNotFoundException) {
      return failure;
    }
    if (failure instanceof ClosedFileSystemException) {
      return new ShareDisconnectedException("the backing file system was closed", failure);
    }
    if (failure instanceof ClosedChannelException) {
      return workers.isClosed() ? workers.disconnected() : failure;
    }
    try {
      return byLooking(failure, path, other);
    } catch (IOException | RuntimeException e) {
      // Looking did not help: the store is in trouble, or does not let us. Then as it was said.
      Throwable plain = plain(failure, path, other);
      plain.addSuppressed(e);
      return plain;
    }
  }

  private Throwable byLooking(Throwable failure, String path, @Nullable String other)
      throws IOException {
    String at = subject(failure, path, other);
    if (failure instanceof NoSuchFileException && other != null) {
      // The JDK always names the source, though it may be the target's directory that is not there.
      boolean source = Files.exists(backing.resolve(path), NOFOLLOW);
      return cause(new NoSuchFileException(source ? other : path), failure);
    }
    boolean vague =
        failure.getClass() == FileSystemException.class
            || failure.getClass() == IOException.class
            || failure instanceof NotDirectoryException;
    if (vague) {
      for (String each : other == null ? new String[] {path} : new String[] {path, other}) {
        Path file = backing.resolve(each);
        if (loops(file)) {
          return cause(new FileSystemLoopException(each), failure);
        }
        if (passesThroughFile(file)) {
          return cause(new NoSuchFileException(each), failure);
        }
      }
    }
    return plain(failure, at, other == null || at.equals(other) ? null : other);
  }

  /** Translates without looking. */
  private static Throwable plain(Throwable failure, String path, @Nullable String other) {
    String reason = failure instanceof FileSystemException e ? e.getReason() : null;
    if (failure instanceof NoSuchFileException) {
      return cause(new NoSuchFileException(path, other, reason), failure);
    }
    if (failure instanceof FileAlreadyExistsException) {
      return cause(new FileAlreadyExistsException(path, other, reason), failure);
    }
    if (failure instanceof DirectoryNotEmptyException) {
      return cause(new DirectoryNotEmptyException(path), failure);
    }
    if (failure instanceof NotDirectoryException) {
      return cause(new NotDirectoryException(path), failure);
    }
    if (failure instanceof NotLinkException) {
      return cause(new NotLinkException(path, other, reason), failure);
    }
    if (failure instanceof AccessDeniedException) {
      return cause(new AccessDeniedException(path, other, reason), failure);
    }
    if (failure instanceof FileSystemLoopException) {
      return cause(new FileSystemLoopException(path), failure);
    }
    if (failure instanceof AtomicMoveNotSupportedException) {
      return cause(new AtomicMoveNotSupportedException(path, other, reason), failure);
    }
    if (failure instanceof SecurityException) {
      return cause(new AccessDeniedException(path, other, failure.getMessage()), failure);
    }
    if (failure instanceof ReadOnlyFileSystemException) {
      return cause(new FileSystemException(path, other, "the file system is read-only"), failure);
    }
    if (failure instanceof UnsupportedOperationException) {
      String message = failure.getMessage();
      return cause(
          new UnsupportedOperationException(
              message != null ? message : "the backing file system does not support this"),
          failure);
    }
    if (reason == null) {
      String message = failure.getMessage();
      reason = failure instanceof IOException && message != null ? message : failure.toString();
    }
    return cause(new FileSystemException(path, other, reason), failure);
  }

  /** Returns which of two paths a failure is about. */
  private String subject(Throwable failure, String path, @Nullable String other)
      throws IOException {
    if (other != null
        && failure instanceof FileSystemException e
        && backing.resolve(other).toString().equals(e.getFile())) {
      return other;
    }
    return path;
  }

  private static <E extends Throwable> E cause(E failure, Throwable cause) {
    failure.initCause(cause);
    return failure;
  }

  /** Returns whether a directory on the way to a file, links followed, is something else. */
  private boolean passesThroughFile(Path file) {
    for (Path above = file.getParent();
        above != null && above.startsWith(backing.root) && !above.equals(backing.root);
        above = above.getParent()) {
      if (Files.exists(above)) {
        return !Files.isDirectory(above);
      }
    }
    return false;
  }

  /** Returns whether following the links on the way to a file, and its own, never ends. */
  static boolean loops(Path file) throws IOException {
    Deque<Path> names = new ArrayDeque<>();
    push(names, file);
    Path at = file.getRoot();
    if (at == null) {
      return false;
    }
    int links = 0;
    while (!names.isEmpty()) {
      String name = names.pop().toString();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        Path parent = at.getParent();
        at = parent == null ? at : parent;
        continue;
      }
      Path next = at.resolve(name);
      if (!Files.isSymbolicLink(next)) {
        at = next;
        continue;
      }
      if (++links > MAX_LINKS) {
        return true;
      }
      Path target = Files.readSymbolicLink(next);
      Path root = target.getRoot();
      at = root == null ? at : root;
      push(names, target);
    }
    return false;
  }

  private static void push(Deque<Path> names, Path path) {
    for (int i = path.getNameCount() - 1; i >= 0; i--) {
      names.push(path.getName(i));
    }
  }
}
