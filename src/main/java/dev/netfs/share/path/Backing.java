package dev.netfs.share.path;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.spi.FileSystemProvider;
import org.jspecify.annotations.Nullable;

/**
 * Where a share is rooted in the backing file system, and what its names are called there and here.
 * Immutable.
 */
final class Backing {
  final Path root;
  final FileSystem fileSystem;
  final FileSystemProvider provider;

  /** Whether this is the JVM's own file system: what is known of it need not be probed. */
  final boolean isDefault;

  private final String separator;

  /** The root without symbolic links in it: what absolute links may be spelled with, too. */
  private final Path realRoot;

  /**
   * @param root the share's root, an existing directory
   * @throws IOException if the root's real path cannot be found
   */
  Backing(Path root) throws IOException {
    this.root = root;
    this.fileSystem = root.getFileSystem();
    this.provider = fileSystem.provider();
    this.isDefault = fileSystem == FileSystems.getDefault();
    this.separator = fileSystem.getSeparator();
    this.realRoot = root.toRealPath();
  }

  /** Returns whether the backing file system is the default one of a POSIX system. */
  boolean isPosixDefault() {
    return isDefault && fileSystem.supportedFileAttributeViews().contains("posix");
  }

  /**
   * Returns the backing path of a share's path.
   *
   * @throws Failures.Exact if the backing file system cannot have such a name
   */
  Path resolve(String path) {
    if (path.equals("/")) {
      return root;
    }
    try {
      String relative = path.substring(1);
      if (separator.equals("/")) {
        return root.resolve(relative);
      }
      Path resolved = root;
      for (String element : relative.split("/", -1)) {
        Path name = fileSystem.getPath(element);
        if (name.isAbsolute() || name.getRoot() != null || name.getNameCount() != 1) {
          throw Failures.exact(
              new FileSystemException(
                  path, null, "the backing file system cannot have the name '" + element + "'"));
        }
        resolved = resolved.resolve(name);
      }
      return resolved;
    } catch (InvalidPathException e) {
      throw Failures.exact(
          (FileSystemException)
              new FileSystemException(
                      path, null, "the backing file system cannot have this name: " + e.getReason())
                  .initCause(e));
    }
  }

  /** Returns the share's path of a backing path, or null if it lies outside of the share. */
  @Nullable String unresolve(Path backing) {
    if (backing.startsWith(root)) {
      return join(root.relativize(backing));
    }
    return backing.startsWith(realRoot) ? join(realRoot.relativize(backing)) : null;
  }

  private String join(Path relative) {
    String text = slashes(relative.toString());
    return "/" + text;
  }

  /** Returns the name of a directory's entry. */
  static String name(Path entry) {
    String name = java.util.Objects.requireNonNull(entry.getFileName()).toString();
    // Some providers (zipfs, at one time) end the names of directories with a slash.
    return name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
  }

  /**
   * Returns what a symbolic link is made to hold: a relative target as it is, an absolute one,
   * which is absolute within the share, below the root.
   */
  Path linkTarget(String target) {
    try {
      if (!target.startsWith("/")) {
        return fileSystem.getPath(target.replace("/", separator));
      }
      String relative = target.replaceFirst("^/+", "");
      return relative.isEmpty() ? root : root.resolve(relative.replace("/", separator));
    } catch (InvalidPathException e) {
      throw Failures.exact(
          (FileSystemException)
              new FileSystemException(
                      target,
                      null,
                      "the backing file system cannot have this name: " + e.getReason())
                  .initCause(e));
    }
  }

  /**
   * Returns a link's target in the share's terms. An absolute one that leads out of the share has
   * no absolute name here; it is given as the relative path that climbs out, which leads to the
   * same place and, given to {@link #linkTarget} for the same directory, makes an equivalent link.
   *
   * @param link the link
   * @param target what the link holds
   */
  String shareTarget(Path link, Path target) throws IOException {
    if (!target.isAbsolute()) {
      return slashes(target.toString());
    }
    String inside = unresolve(target);
    if (inside != null) {
      return inside;
    }
    Path directory = java.util.Objects.requireNonNull(link.getParent()).toRealPath();
    if (!java.util.Objects.equals(directory.getRoot(), target.getRoot())) {
      return slashes(target.toString()); // another drive: there is no way to say it
    }
    return slashes(directory.relativize(target).toString());
  }

  private String slashes(String text) {
    return separator.equals("/") ? text : text.replace(separator, "/");
  }
}
