package dev.netfs.nio;

import dev.netfs.engine.Loan;
import dev.netfs.engine.OpenFile;
import dev.netfs.engine.PageBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channel;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * One transfer between a channel of ours and any other: between the other channel and the memory of
 * the cache itself where that can be, through a buffer where not.
 *
 * <p>A failure after some bytes have been moved is not thrown, as the JDK has it: it comes again
 * with the next transfer, unless a channel was closed.
 *
 * <p>An interrupt closes both channels, whichever of them the thread waited for.
 */
final class Transfers {
  /**
   * What {@code transferFrom} does past the end is as the running JDK says: up to 20 nothing, from
   * 21 on (JDK-8303260) the file grows.
   */
  private static final boolean GROWS = Runtime.version().feature() >= 21;

  private final NetfsFileChannel channel;
  private final OpenFile file;

  Transfers(NetfsFileChannel channel, OpenFile file) {
    this.channel = channel;
    this.file = file;
  }

  /**
   * As {@link java.nio.channels.FileChannel#transferTo}, its arguments checked. The target is given
   * the cache's own memory, which may take it as long as it likes; what is not there yet is read
   * through a buffer.
   */
  long to(WritableByteChannel target, long position, long count) throws IOException {
    ByteBuffer buffer = null;
    long done = 0;
    try (Loan loan = file.loan()) {
      while (done < count) {
        ByteBuffer piece = lent(loan, position + done, count - done);
        if (piece == null) {
          loan.end();
          buffer = buffer == null ? TransferBuffers.take() : buffer.clear();
          buffer.limit((int) Math.min(count - done, buffer.capacity()));
          if (channel.readAt(buffer, position + done, done > 0) <= 0) {
            break;
          }
          piece = buffer.flip();
        }
        int offered = piece.remaining();
        int written = target.write(piece);
        done += written;
        if (written < offered) {
          break; // a channel that does not block has taken what it can
        }
      }
      return done;
    } catch (IOException e) {
      return afterFailure(e, target, done);
    } finally {
      if (buffer != null) {
        TransferBuffers.giveBack(buffer);
      }
    }
  }

  private static @Nullable ByteBuffer lent(Loan loan, long position, long count)
      throws IOException {
    // An interrupted thread closes the channel, which reading does.
    return Thread.currentThread().isInterrupted() ? null : loan.take(position, count);
  }

  /** As {@link java.nio.channels.FileChannel#transferFrom}, its arguments checked. */
  long from(ReadableByteChannel src, long position, long count) throws IOException {
    ByteBuffer buffer = TransferBuffers.take();
    long done = 0;
    try {
      if (!GROWS && position > channel.size()) {
        return 0;
      }
      int moved;
      do {
        moved = piece(src, position + done, count - done, buffer);
        done += moved;
      } while (moved > 0 && done < count);
      return done;
    } catch (IOException e) {
      return afterFailure(e, src, done);
    } finally {
      TransferBuffers.giveBack(buffer);
    }
  }

  /** Returns what had been moved, or throws what the transfer fails with. */
  private long afterFailure(IOException failure, Channel other, long done) throws IOException {
    if (failure instanceof ClosedByInterruptException) {
      channel.closeByInterrupt();
      try {
        if (other instanceof NetfsFileChannel ours) {
          ours.closeByInterrupt();
        } else {
          other.close();
        }
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
      throw failure;
    }
    if (channel.isOpen() && other.isOpen()) {
      if (done > 0) {
        return done;
      }
      throw failure;
    }
    // Both were open when the transfer began.
    if (failure.getClass() == ClosedChannelException.class) {
      throw new AsynchronousCloseException();
    }
    throw failure;
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
