package dev.netfs.share;

import java.nio.file.FileSystemException;

/**
 * The server refused a read, a write or a change of the size, since somebody else holds a mandatory
 * lock on bytes of the range ({@link ShareCapabilities.LockKind#MANDATORY}): SMB's {@code
 * STATUS_FILE_LOCK_CONFLICT}.
 */
public class RangeLockedException extends FileSystemException {
  private static final long serialVersionUID = 1L;

  private final long position;
  private final long size;

  /**
   * @param file the file
   * @param position the first byte of the request that was refused
   * @param size how many bytes the request was about; which of them are locked is not known
   */
  public RangeLockedException(String file, long position, long size) {
    super(file, null, "another client has locked some of " + size + " bytes at " + position);
    this.position = position;
    this.size = size;
  }

  /** Returns the first byte of the request that was refused. */
  public long position() {
    return position;
  }

  /** Returns how many bytes the request was about. */
  public long size() {
    return size;
  }
}
