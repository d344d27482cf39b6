package dev.netfs.nio;

import dev.netfs.engine.OpenFile;
import dev.netfs.engine.PageBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * One transfer between a channel of ours and any other: between the other channel and the memory of
 * the cache itself where that can be, through a buffer where not.
 *
 * <p>A failure after some bytes have been moved is not thrown, as the JDK has it: it comes again
 * with the next transfer, unless a channel was closed.
 */
final class Transfers {
  private final NetfsFileChannel channel;
  private final OpenFile file;

  Transfers(NetfsFileChannel channel, OpenFile file) {
    this.channel = channel;
    this.file = file;
  }

  /** As {@link java.nio.channels.FileChannel#transferTo}, its arguments checked. */
  long to(WritableByteChannel target, long position, long count) throws IOException {
    ByteBuffer buffer = TransferBuffers.take();
    long done = 0;
    try {
      while (done < count) {
        buffer.clear().limit((int) Math.min(count - done, buffer.capacity()));
        int read = channel.readAt(buffer, position + done, done > 0);
        if (read <= 0) {
          break;
        }
        int written = target.write(buffer.flip());
        done += written;
        if (written < read) {
          break; // a channel that does not block has taken what it can
        }
      }
      return done;
    } catch (IOException e) {
      if (done > 0 && channel.isOpen() && target.isOpen()) {
        return done;
      }
      throw e;
    } finally {
      TransferBuffers.giveBack(buffer);
    }
  }

  /** As {@link java.nio.channels.FileChannel#transferFrom}, its arguments checked. */
  long from(ReadableByteChannel src, long position, long count) throws IOException {
    ByteBuffer buffer = TransferBuffers.take();
    long done = 0;
    try {
      int moved;
      do {
        moved = piece(src, position + done, count - done, buffer);
        done += moved;
      } while (moved > 0 && done < count);
      return done;
    } catch (IOException e) {
      if (done > 0 && channel.isOpen() && src.isOpen()) {
        return done;
      }
      throw e;
    } finally {
      TransferBuffers.giveBack(buffer);
    }
  }

  private int piece(ReadableByteChannel src, long position, long count, ByteBuffer buffer)
      throws IOException {
    try (PageBuffer page = page(position, count)) {
      if (page == null) {
        buffer.clear().limit((int) Math.min(count, buffer.capacity()));
        return src.read(buffer) <= 0 ? 0 : channel.writeAt(buffer.flip(), position);
      }
      fill(page.memory(), src);
      return page.memory().position() == 0 ? 0 : channel.writeAt(page, position);
    }
  }

  private @Nullable PageBuffer page(long position, long count) {
    return channel.appends() ? null : file.pageBuffer(position, count);
  }

  /** Reads until a page is full, or the channel has no more or fails. */
  private static void fill(ByteBuffer memory, ReadableByteChannel src) throws IOException {
    int before;
    do {
      before = memory.position();
      try {
        src.read(memory);
      } catch (IOException e) {
        if (before == 0) {
          throw e;
        }
        return; // it comes again; what has been read must be written
      }
    } while (memory.hasRemaining() && memory.position() > before);
  }
}
