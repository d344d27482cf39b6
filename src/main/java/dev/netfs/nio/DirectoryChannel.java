package dev.netfs.nio;

import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/**
 * A directory opened for reading, which Linux allows: there is nothing to read in it, but programs
 * that want the names in a directory to be durable open it to call {@link #force}. Our changes of
 * names have reached the server when they return, so that there is nothing left to do then.
 */
final class DirectoryChannel extends FileChannel {
  private final NetfsPath path;

  private DirectoryChannel(NetfsPath path) {
    this.path = path;
  }

  static DirectoryChannel open(NetfsPath path) throws IOException {
    return path.getFileSystem().opened(new DirectoryChannel(path));
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    throw isDirectory();
  }

  @Override
  public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
    throw isDirectory();
  }

  @Override
  public int read(ByteBuffer dst, long position) throws IOException {
    throw isDirectory();
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
    throw isDirectory();
  }

  @Override
  public int write(ByteBuffer src) throws IOException {
    throw notWritable();
  }

  @Override
  public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
    throw notWritable();
  }

  @Override
  public int write(ByteBuffer src, long position) throws IOException {
    throw notWritable();
  }

  @Override
  public long transferFrom(ReadableByteChannel src, long position, long count) throws IOException {
    throw notWritable();
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    throw notWritable();
  }

  @Override
  public long position() throws IOException {
    checkOpen();
    return 0;
  }

  @Override
  public FileChannel position(long newPosition) throws IOException {
    checkOpen();
    if (newPosition < 0) {
      throw new IllegalArgumentException("negative position " + newPosition);
    }
    return this;
  }

  @Override
  public long size() throws IOException {
    checkOpen();
    FileInfo info = AttributeViews.info(path, true);
    return info.size();
  }

  @Override
  public void force(boolean metaData) throws IOException {
    checkOpen();
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
    throw isDirectory();
  }

  @Override
  public FileLock lock(long position, long size, boolean shared) throws IOException {
    throw isDirectory();
  }

  @Override
  public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
    throw isDirectory();
  }

  @Override
  protected void implCloseChannel() {
    path.getFileSystem().closed(this);
  }

  private void checkOpen() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  private IOException isDirectory() {
    return isOpen()
        ? new FileSystemException(path.toString(), null, "Is a directory")
        : new ClosedChannelException();
  }

  private NonWritableChannelException notWritable() throws ClosedChannelException {
    checkOpen();
    return new NonWritableChannelException();
  }
}
