package dev.netfs.share;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * An open file of a {@link Share}, with the two hooks that a transport exists for: {@link #read}
 * and {@link #write}.
 *
 * <p>All methods are safe for use by several threads, return without waiting for the server, and
 * may be called while earlier operations of the same file are outstanding: many reads and writes on
 * one handle at once are the normal case. A stage may complete on a thread of the transport; the
 * engine never blocks there.
 *
 * <p>Stages complete exceptionally with an {@link java.io.IOException} (never wrapped in a {@link
 * java.util.concurrent.CompletionException} by the transport itself), as {@link Share} says. After
 * {@link #close} every operation fails with {@link java.nio.channels.ClosedChannelException}.
 */
public interface ShareFile {
  /** Returns the attributes that the object had when it was opened, after any truncation. */
  FileInfo openInfo();

  /**
   * Reads bytes into memory.
   *
   * <p>May stop short for any reason: the engine asks again for the rest. Nothing beyond the bytes
   * reported may be taken as filled. At or past the end of the file the result is 0 bytes with
   * {@code endOfFile}.
   *
   * @param dst the memory to fill, from its position on, with at least one byte remaining; alive
   *     until the stage completes
   * @param offset the first byte's offset in the file, 0 or more, of any alignment
   * @return what was done
   */
  CompletionStage<ReadResult> read(IoSegments dst, long offset);

  /**
   * Writes bytes from memory.
   *
   * <p>May stop short: the engine sends the rest again. A write beyond the end of the file extends
   * it; the gap reads as zeros. The memory's content may change while the operation is outstanding
   * (the engine sends those bytes again afterwards): a transport that looks at a byte twice, say
   * for a checksum, works on a copy.
   *
   * @param src the memory to drain, from its position on, with at least one byte remaining; alive
   *     until the stage completes
   * @param offset the first byte's offset in the file, 0 or more, of any alignment
   * @return what was done; the server has the bytes by then, not necessarily on stable storage
   */
  CompletionStage<WriteResult> write(IoSegments src, long offset);

  /**
   * Returns the attributes that the open object has now, whatever its name has become. Reflects
   * every write whose stage has completed.
   */
  CompletionStage<FileInfo> stat();

  /**
   * Sets the file's size: cuts it, or extends it by zeros.
   *
   * @param size the new size in bytes, 0 or more
   */
  CompletionStage<Void> truncate(long size);

  /**
   * Puts all bytes written before on the server's stable storage, where {@link
   * ShareCapabilities#durableSync()}; elsewhere completes when the server has them.
   *
   * @param metadata whether attributes have to be there too
   */
  CompletionStage<Void> sync(boolean metadata);

  /**
   * Takes a byte-range lock, where {@link ShareCapabilities#locks()}.
   *
   * @param position the first byte, 0 or more
   * @param size how many bytes, at least 1; the range may lie beyond the end of the file
   * @param shared whether others may hold shared locks on it at the same time
   * @param wait whether to wait until the range is free
   * @return the lock, or null if {@code wait} is false and somebody else holds a conflicting one;
   *     cancelling the future ends the wait. Fails with {@link UnsupportedOperationException} where
   *     the share has no locks.
   */
  default CompletableFuture<@Nullable ShareLock> lock(
      long position, long size, boolean shared, boolean wait) {
    return CompletableFuture.failedFuture(
        new UnsupportedOperationException("this share has no byte-range locks"));
  }

  /**
   * Closes the file and gives back its locks. Operations still outstanding are either completed or
   * failed, never left hanging, and touch no memory once the returned stage has completed. A second
   * call does nothing.
   */
  CompletionStage<Void> close();
}
