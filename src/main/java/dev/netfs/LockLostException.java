package dev.netfs;

import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/**
 * A channel's byte-range lock is gone although nobody released it: the server gave it up with a
 * lost connection and somebody else may have had it since, or this JVM stood still for longer than
 * the lock's lease lasts.
 *
 * <p>Every operation on the channel's content fails with it, from the loss on, until the lost lock
 * is released or the channel closed. What was written under an exclusive lock and had not been sent
 * when the lock was lost is not sent any more: it would overwrite what the lock's next holder
 * writes. So whoever catches this begins again with a new lock.
 */
public class LockLostException extends FileSystemException {
  private static final long serialVersionUID = 1L;

  private final long position;
  private final long size;

  /**
   * @param file the file
   * @param position the first byte of the range that was locked
   * @param size how many bytes were locked
   * @param why what happened
   */
  public LockLostException(@Nullable String file, long position, long size, String why) {
    super(file, null, "the lock on " + size + " bytes at " + position + " was lost: " + why);
    this.position = position;
    this.size = size;
  }

  private LockLostException(@Nullable String file, LockLostException other) {
    super(file, other.getOtherFile(), other.getReason());
    this.position = other.position;
    this.size = other.size;
    initCause(other);
  }

  /** Returns the same, about the same file by another name. */
  public LockLostException named(@Nullable String file) {
    return new LockLostException(file, this);
  }

  /** Returns the first byte of the range that was locked. */
  public long position() {
    return position;
  }

  /** Returns how many bytes were locked. */
  public long size() {
    return size;
  }
}
