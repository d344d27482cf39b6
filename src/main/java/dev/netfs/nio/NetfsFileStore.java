package dev.netfs.nio;

import dev.netfs.share.SpaceInfo;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.DosFileAttributeView;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileStoreAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The store behind a mount. Space figures are asked of the server each time, for the place that the
 * store was asked for; a server that tells none makes them fail as unsupported.
 */
final class NetfsFileStore extends FileStore {
  private final NetfsPath path;

  NetfsFileStore(NetfsPath path) {
    this.path = path;
  }

  @Override
  public String name() {
    return path.getFileSystem().uri().toString();
  }

  @Override
  public String type() {
    return path.getFileSystem().provider().getScheme();
  }

  @Override
  public boolean isReadOnly() {
    return path.getFileSystem().isReadOnly();
  }

  @Override
  public long getTotalSpace() throws IOException {
    return space().total();
  }

  @Override
  public long getUsableSpace() throws IOException {
    return space().usable();
  }

  @Override
  public long getUnallocatedSpace() throws IOException {
    return space().free();
  }

  @Override
  public long getBlockSize() throws IOException {
    return space().blockSize();
  }

  private SpaceInfo space() throws IOException {
    try {
      return path.getFileSystem().mount().space(path.remote());
    } catch (IOException e) {
      throw PathErrors.shown(e, path);
    }
  }

  @Override
  public boolean supportsFileAttributeView(Class<? extends FileAttributeView> type) {
    if (Objects.requireNonNull(type, "type") == BasicFileAttributeView.class) {
      return true;
    }
    return type == PosixFileAttributeView.class && supportsFileAttributeView("posix")
        || type == DosFileAttributeView.class && supportsFileAttributeView("dos")
        || type == AclFileAttributeView.class && supportsFileAttributeView("acl")
        || type == FileOwnerAttributeView.class && supportsFileAttributeView("owner");
  }

  @Override
  public boolean supportsFileAttributeView(String name) {
    return AttributeViews.supports(
        path.getFileSystem().mount(), Objects.requireNonNull(name, "name"));
  }

  @Override
  public <V extends FileStoreAttributeView> @Nullable V getFileStoreAttributeView(Class<V> type) {
    Objects.requireNonNull(type, "type");
    return null;
  }

  @Override
  public Object getAttribute(String attribute) throws IOException {
    return switch (attribute) {
      case "totalSpace" -> getTotalSpace();
      case "usableSpace" -> getUsableSpace();
      case "unallocatedSpace" -> getUnallocatedSpace();
      case "blockSize" -> getBlockSize();
      default ->
          throw new UnsupportedOperationException(
              "'" + attribute + "' is not an attribute of a file store of netfs");
    };
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof NetfsFileStore that
        && that.path.getFileSystem() == path.getFileSystem();
  }

  @Override
  public int hashCode() {
    return path.getFileSystem().hashCode();
  }

  @Override
  public String toString() {
    return name();
  }
}
