package dev.netfs.cli;

import dev.netfs.cli.CopyPlan.Item;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;

/**
 * Copies single objects from anywhere to anywhere. Between two places of one mount the server does
 * it where it can. A file that is there already is overwritten; a copy that fails leaves no new
 * file behind. Confined to one thread.
 */
final class Copier {
  private static final int BUFFER = 1 << 20;

  private final boolean preserve;
  private final Progress progress;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);

  /**
   * @param preserve whether the copies get the originals' permissions and times
   * @param progress hears of every byte copied
   */
  Copier(boolean preserve, Progress progress) {
    this.preserve = preserve;
    this.progress = progress;
  }

  /** Copies one object: of a directory nothing that is in it. */
  void copy(Item item) throws IOException {
    BasicFileAttributes info = item.info();
    if (info.isDirectory()) {
      makeDirectory(item.target());
    } else if (info.isSymbolicLink()) {
      copyLink(item.source(), item.target());
    } else if (info.isRegularFile()) {
      copyFile(item);
      if (preserve) {
        preserve(item);
      }
    } else {
      throw new IOException("is neither a file nor a directory nor a symbolic link");
    }
  }

  private static void makeDirectory(Path target) throws IOException {
    try {
      Files.createDirectory(target);
    } catch (FileAlreadyExistsException e) {
      // A link is not followed: the source may have made it, to lead us astray.
      if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
    }
  }

  private static void copyLink(Path source, Path target) throws IOException {
    String leadsTo = Files.readSymbolicLink(source).toString();
    try {
      if (Files.isSymbolicLink(target) || Files.isRegularFile(target)) {
        Files.delete(target);
      }
      Files.createSymbolicLink(target, target.getFileSystem().getPath(leadsTo));
    } catch (UnsupportedOperationException e) {
      throw new IOException("is a symbolic link, of which the target has none", e);
    }
  }

  private void copyFile(Item item) throws IOException {
    Path source = item.source();
    Path target = item.target();
    boolean oneMount =
        source.getFileSystem() == target.getFileSystem()
            && source.getFileSystem() != FileSystems.getDefault();
    if (oneMount) {
      refuseSameFile(item);
      Files.copy(source, target, StandardCopyOption.REPLACE_EXISTING);
      progress.add(item.info().size());
      return;
    }
    try (SeekableByteChannel in = Files.newByteChannel(source)) {
      Opened opened = openTarget(item);
      try (SeekableByteChannel out = opened.channel()) {
        pump(in, out);
      } catch (IOException e) {
        if (opened.created()) {
          discard(target, e);
        }
        throw e;
      }
    }
  }

  private record Opened(SeekableByteChannel channel, boolean created) {}

  private static Opened openTarget(Item item) throws IOException {
    Path target = item.target();
    try {
      return new Opened(
          Files.newByteChannel(
              target,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              permissions(item)),
          true);
    } catch (FileAlreadyExistsException e) {
      refuseSameFile(item);
      return new Opened(
          Files.newByteChannel(
              target, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING),
          false);
    }
  }

  private void pump(SeekableByteChannel in, SeekableByteChannel out) throws IOException {
    while (in.read(buffer.clear()) >= 0) {
      buffer.flip();
      progress.add(buffer.remaining());
      while (buffer.hasRemaining()) {
        out.write(buffer);
      }
    }
  }

  /** A copy of a file onto itself would cut it to nothing first. */
  private static void refuseSameFile(Item item) throws IOException {
    Path source = item.source();
    Path target = item.target();
    if (!Files.exists(target)) {
      return;
    }
    boolean same =
        source.getFileSystem() == target.getFileSystem()
            ? Files.isSameFile(source, target)
            : isSameFile(item.info(), Files.readAttributes(target, BasicFileAttributes.class));
    if (same) {
      throw new IOException("is the same file as " + Mounts.name(target));
    }
  }

  /** A local file may be seen through a mount as well: its key, size and time tell. */
  private static boolean isSameFile(BasicFileAttributes source, BasicFileAttributes target) {
    return source.fileKey() != null
        && source.fileKey().equals(target.fileKey())
        && source.size() == target.size()
        && source.lastModifiedTime().equals(target.lastModifiedTime());
  }

  private static void discard(Path target, IOException failure) {
    try {
      Files.deleteIfExists(target);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** The permissions that a new file begins with: the original's, as far as the target lets it. */
  private static FileAttribute<?>[] permissions(Item item) throws IOException {
    if (!isPosix(item.source()) || !isPosix(item.target())) {
      return new FileAttribute<?>[0];
    }
    PosixFileAttributes posix = Files.readAttributes(item.source(), PosixFileAttributes.class);
    return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(posix.permissions())};
  }

  /** Gives a copy the original's permissions and times. */
  void preserve(Item item) throws IOException {
    BasicFileAttributes info = item.info();
    if (isPosix(item.source()) && isPosix(item.target())) {
      PosixFileAttributes posix = Files.readAttributes(item.source(), PosixFileAttributes.class);
      view(item.target(), PosixFileAttributeView.class).setPermissions(posix.permissions());
    }
    view(item.target(), BasicFileAttributeView.class)
        .setTimes(info.lastModifiedTime(), info.lastAccessTime(), null);
  }

  private static <V extends BasicFileAttributeView> V view(Path path, Class<V> type) {
    return Objects.requireNonNull(Files.getFileAttributeView(path, type));
  }

  private static boolean isPosix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
