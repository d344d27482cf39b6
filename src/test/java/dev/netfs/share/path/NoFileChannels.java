package dev.netfs.share.path;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.Map;
import java.util.Set;

/**
 * Opens another provider's files as one without file channels does: as channels with a position,
 * and unspecified bytes (here: not zeros) between the end and a write past it.
 */
final class NoFileChannels extends FileSystemProvider {
  private final FileSystemProvider provider;

  NoFileChannels(FileSystemProvider provider) {
    this.provider = provider;
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    return new Positioned(provider.newByteChannel(path, options, attributes));
  }

  private record Positioned(SeekableByteChannel channel) implements SeekableByteChannel {
    @Override
    public int read(ByteBuffer dst) throws IOException {
      return channel.read(dst);
    }

    @Override
    public int write(ByteBuffer src) throws IOException {
      long at = channel.position();
      while (channel.size() < at) {
        channel.position(channel.size()).write(ByteBuffer.wrap(new byte[] {(byte) 0xEE}));
      }
      return channel.position(at).write(src);
    }

    @Override
    public long position() throws IOException {
      return channel.position();
    }

    @Override
    public SeekableByteChannel position(long newPosition) throws IOException {
      channel.position(newPosition);
      return this;
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
      channel.truncate(size);
      return this;
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private static UnsupportedOperationException unused() {
    return new UnsupportedOperationException("opens files only");
  }

  @Override
  public String getScheme() {
    return "no-file-channels";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
    throw unused();
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    throw unused();
  }

  @Override
  public Path getPath(URI uri) {
    throw unused();
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path dir, DirectoryStream.Filter<? super Path> filter) {
    throw unused();
  }

  @Override
  public void createDirectory(Path dir, FileAttribute<?>... attributes) {
    throw unused();
  }

  @Override
  public void delete(Path path) {
    throw unused();
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) {
    throw unused();
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) {
    throw unused();
  }

  @Override
  public boolean isSameFile(Path path, Path other) {
    throw unused();
  }

  @Override
  public boolean isHidden(Path path) {
    throw unused();
  }

  @Override
  public FileStore getFileStore(Path path) {
    throw unused();
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) {
    throw unused();
  }

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    throw unused();
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) {
    throw unused();
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) {
    throw unused();
  }

  @Override
  public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
    throw unused();
  }
}
