package dev.netfs.share.path;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.spi.FileSystemProvider;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * Positional I/O on a backing file: over a {@link FileChannel} where the provider has them, many
 * calls at a time, and else over a {@link SeekableByteChannel}, one at a time.
 *
 * <p>No backing channel can make a file longer without writing. {@link #truncate} does it by a zero
 * as the last byte, while this file's own writes wait, so that it never falls on one of theirs.
 */
abstract class FileIo {
  /** Returns how many bytes were read, or -1 at the file's end. */
  abstract int read(ByteBuffer dst, long offset) throws IOException;

  abstract int write(ByteBuffer src, long offset) throws IOException;

  abstract long size() throws IOException;

  /** Sets the size, in both directions. */
  abstract void truncate(long size) throws IOException;

  abstract void sync(boolean metadata) throws IOException;

  /** Returns what has to be closed. */
  abstract Channel channel();

  /** Returns the channel that locks are taken on, or null if there is none. */
  abstract @Nullable FileChannel lockable();

  /** Opens a file. */
  static FileIo open(
      FileSystemProvider provider,
      Path path,
      Set<? extends OpenOption> options,
      FileAttribute<?>[] attributes)
      throws IOException {
    FileChannel positional;
    try {
      positional = provider.newFileChannel(path, options, attributes);
    } catch (UnsupportedOperationException e) {
      SeekableByteChannel channel = provider.newByteChannel(path, options, attributes);
      return channel instanceof FileChannel file ? new Positional(file) : new Seeking(channel);
    }
    return new Positional(positional);
  }

  private static ByteBuffer zero() {
    return ByteBuffer.wrap(new byte[1]);
  }

  private static final class Positional extends FileIo {
    private final FileChannel channel;

    /** Held shared by writes, exclusively while the file is made longer. */
    private final ReentrantReadWriteLock growing = new ReentrantReadWriteLock();

    Positional(FileChannel channel) {
      this.channel = channel;
    }

    @Override
    int read(ByteBuffer dst, long offset) throws IOException {
      return channel.read(dst, offset);
    }

    @Override
    int write(ByteBuffer src, long offset) throws IOException {
      growing.readLock().lock();
      try {
        return channel.write(src, offset);
      } finally {
        growing.readLock().unlock();
      }
    }

    @Override
    long size() throws IOException {
      return channel.size();
    }

    @Override
    void truncate(long size) throws IOException {
      growing.writeLock().lock();
      try {
        if (size > channel.size()) {
          channel.write(zero(), size - 1);
        } else {
          channel.truncate(size);
        }
      } finally {
        growing.writeLock().unlock();
      }
    }

    @Override
    void sync(boolean metadata) throws IOException {
      channel.force(metadata);
    }

    @Override
    Channel channel() {
      return channel;
    }

    @Override
    FileChannel lockable() {
      return channel;
    }
  }

  private static final class Seeking extends FileIo {
    private final SeekableByteChannel channel; // used under lock, but for its close
    private final ReentrantLock lock = new ReentrantLock();

    Seeking(SeekableByteChannel channel) {
      this.channel = channel;
    }

    @Override
    int read(ByteBuffer dst, long offset) throws IOException {
      lock.lock();
      try {
        return channel.position(offset).read(dst);
      } finally {
        lock.unlock();
      }
    }

    @Override
    int write(ByteBuffer src, long offset) throws IOException {
      lock.lock();
      try {
        fillGap(offset);
        return channel.position(offset).write(src);
      } finally {
        lock.unlock();
      }
    }

    /** The bytes between the old end and a write past it are unspecified; ours are zeros. */
    private void fillGap(long offset) throws IOException {
      long at = channel.size();
      ByteBuffer zeros = ByteBuffer.allocate((int) Math.max(0, Math.min(offset - at, 8192)));
      while (at < offset) {
        zeros.clear().limit((int) Math.min(zeros.capacity(), offset - at));
        at += channel.position(at).write(zeros);
      }
    }

    @Override
    long size() throws IOException {
      lock.lock();
      try {
        return channel.size();
      } finally {
        lock.unlock();
      }
    }

    @Override
    void truncate(long size) throws IOException {
      lock.lock();
      try {
        fillGap(size);
        channel.truncate(size);
      } finally {
        lock.unlock();
      }
    }

    @Override
    void sync(boolean metadata) {
      // The interface has nothing for it; the capabilities say so.
    }

    @Override
    Channel channel() {
      return channel;
    }

    @Override
    @Nullable FileChannel lockable() {
      return null;
    }
  }
}
