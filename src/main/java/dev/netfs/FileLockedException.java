package dev.netfs;

import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/**
 * A read, a write or a change of the size was refused, since another client holds a lock on bytes
 * of the range, and the server enforces locks (as SMB servers do).
 *
 * <p>Not an {@link java.nio.file.AccessDeniedException}, which says that somebody lacks permission
 * and goes on lacking it: this goes away when the other client gives its lock back, and who tries
 * again then succeeds. The JDK on Windows makes the same difference.
 */
public class FileLockedException extends FileSystemException {
  private static final long serialVersionUID = 1L;

  private final long position;
  private final long size;

  /**
   * @param file the file
   * @param position the first byte of the range that was to be read or changed
   * @param size how many bytes the range has
   */
  public FileLockedException(@Nullable String file, long position, long size) {
    super(
        file,
        null,
        "another client has locked some of the "
            + size
            + " bytes at "
            + position
            + "; try again when it has given its lock back, or wait for it with FileChannel.lock");
    this.position = position;
    this.size = size;
  }

  /** Returns the first byte of the range that was to be read or changed. */
  public long position() {
    return position;
  }

  /** Returns how many bytes the range has; which of them are locked is not known. */
  public long size() {
    return size;
  }
}
