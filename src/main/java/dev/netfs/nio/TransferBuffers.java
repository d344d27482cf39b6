package dev.netfs.nio;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Direct buffers for moving bytes between channels, kept for the next transfer: to make one takes
 * longer than to move what fits into it.
 */
final class TransferBuffers {
  /** The size of a buffer, in bytes: large enough that the calls per byte do not count. */
  static final int SIZE = 256 * 1024;

  private static final ArrayBlockingQueue<ByteBuffer> IDLE =
      new ArrayBlockingQueue<>(2 * Runtime.getRuntime().availableProcessors());

  private TransferBuffers() {}

  /** Returns an empty buffer, to be given back. */
  static ByteBuffer take() {
    @Nullable ByteBuffer idle = IDLE.poll();
    return idle != null ? idle.clear() : ByteBuffer.allocateDirect(SIZE);
  }

  /** Takes a buffer back; nobody may use it any more. */
  static void giveBack(ByteBuffer buffer) {
    IDLE.offer(buffer); // if enough are idle, the collector takes it
  }
}
