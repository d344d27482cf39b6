package dev.netfs.share.path;

import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Copies a file within the backing store.
 *
 * <p>The default provider's own copy opens and closes the source behind our back, which would drop
 * this process's locks on it ({@link PosixLocks}); so there the bytes move between two channels of
 * ours, inside the kernel. Elsewhere the provider's own copy may well happen on some server, and is
 * used.
 */
final class FileCopy {
  /** How much one call moves; between calls a share that was closed gets its way. */
  private static final long STEP = 64L << 20;

  private FileCopy() {}

  /**
   * Copies a regular file's content to a new file, which has the same permissions.
   *
   * @throws FileAlreadyExistsException if there is a target; it is left alone
   * @throws IOException if the copy failed; no target is left
   */
  static void copy(
      Backing backing,
      Attributes attributes,
      Workers.Operation<?> operation,
      Path source,
      FileInfo info,
      Path target)
      throws IOException {
    if (backing.isDefault) {
      Object key = backing.isPosixDefault() ? info.fileKey() : null;
      copyHere(backing, attributes, operation, source, key, info.mode(), target);
      return;
    }
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    try {
      backing.provider.copy(source, target);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      remove(target, e); // it was not there before, so it is the copy's
      throw e;
    }
  }

  private static void copyHere(
      Backing backing,
      Attributes attributes,
      Workers.Operation<?> operation,
      Path source,
      @Nullable Object sourceKey,
      int mode,
      Path target)
      throws IOException {
    FileChannel in = backing.provider.newFileChannel(source, Set.of(StandardOpenOption.READ));
    try {
      FileChannel out =
          backing.provider.newFileChannel(
              target,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              attributes.creation(mode));
      try (out) {
        transfer(operation, in, out);
      } catch (IOException | RuntimeException | Error e) {
        remove(target, e);
        throw e;
      }
    } finally {
      PosixLocks.PROCESS.close(sourceKey, in);
    }
  }

  private static void transfer(Workers.Operation<?> operation, FileChannel in, FileChannel out)
      throws IOException {
    long position = 0;
    long moved;
    do {
      operation.touch(() -> {}); // throws if nobody wants the copy any more
      moved = in.transferTo(position, STEP, out);
      position += moved;
    } while (moved > 0);
  }

  private static void remove(Path target, Throwable failure) {
    try {
      Files.deleteIfExists(target);
    } catch (IOException | RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
