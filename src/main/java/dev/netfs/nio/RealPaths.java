package dev.netfs.nio;

import dev.netfs.engine.Mount;
import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds what a path leads to when the symbolic links on the way are followed. */
final class RealPaths {
  /** As many links as Linux follows before it takes them for a loop. */
  private static final int MAX_LINKS = 40;

  private RealPaths() {}

  /**
   * Returns the text of the absolute path of an existing object.
   *
   * @param follow whether symbolic links are followed; if not, the path is only checked to exist
   */
  static String resolve(NetfsPath path, boolean follow) throws IOException {
    Mount mount = path.getFileSystem().mount();
    try {
      if (!follow || !mount.capabilities().symbolicLinks()) {
        mount.stat(path.remote(), false);
        return path.remote();
      }
      String real = followed(mount, path.remote(), path);
      if (real == null) {
        throw new NoSuchFileException(
            path.toString(), null, "a symbolic link on its way leads out of the mount");
      }
      return real;
    } catch (NoSuchFileException e) {
      // Whatever it was on the way: it is this path that leads nowhere.
      NoSuchFileException shown = new NoSuchFileException(path.toString(), null, e.getReason());
      shown.initCause(e);
      throw shown;
    } catch (IOException e) {
      throw PathErrors.shown(e, path);
    }
  }

  /**
   * Returns whether two paths of one mount, of things that exist, are names of the same one by the
   * symbolic links on their way. Hard links do not show, nor does what a link that leads out of the
   * mount leads to: such a name is that of nothing else.
   *
   * @param follow whether a link that is the first path's last element is followed
   * @param followOther whether one that is the second's is
   */
  static boolean isSame(NetfsPath path, boolean follow, NetfsPath other, boolean followOther)
      throws IOException {
    if (path.remote().equals(other.remote())) {
      return true;
    }
    Mount mount = path.getFileSystem().mount();
    if (!mount.capabilities().symbolicLinks()) {
      return false;
    }
    String real = real(mount, path, follow);
    return real != null && real.equals(real(mount, other, followOther));
  }

  private static @Nullable String real(Mount mount, NetfsPath path, boolean follow)
      throws IOException {
    String name = path.remote();
    if (follow || name.equals("/")) {
      return followed(mount, name, path);
    }
    int end = name.lastIndexOf('/');
    String directory = followed(mount, end == 0 ? "/" : name.substring(0, end), path);
    return directory == null ? null : PathSyntax.resolve(directory, name.substring(end + 1));
  }

  /**
   * Returns the name without links of what a name leads to, or null if that is out of the mount.
   */
  private static @Nullable String followed(Mount mount, String name, NetfsPath path)
      throws IOException {
    Deque<String> ahead = new ArrayDeque<>(PathSyntax.elements(name));
    String real = "/";
    int links = 0;
    if (ahead.isEmpty()) {
      mount.stat(real, false);
    }
    while (!ahead.isEmpty()) {
      String element = ahead.removeFirst();
      if (element.equals(".") || element.isEmpty()) {
        continue;
      }
      if (element.equals("..")) {
        // Of a link's target only; by now nothing before it is a link, so that names suffice.
        if (real.equals("/") && !mount.root().getPath().equals("/")) {
          return null;
        }
        real = PathSyntax.normalize(real + "/..");
        continue;
      }
      String next = PathSyntax.resolve(real, element);
      FileInfo info = mount.stat(next, false);
      if (info.isSymbolicLink()) {
        if (++links > MAX_LINKS) {
          throw new FileSystemLoopException(path.toString());
        }
        String target = PathSyntax.clean(mount.readLink(next));
        if (target.startsWith("/")) {
          real = "/";
        }
        List<String> elements = PathSyntax.elements(target);
        for (int i = elements.size() - 1; i >= 0; i--) {
          ahead.addFirst(elements.get(i));
        }
      } else if (!ahead.isEmpty() && !info.isDirectory()) {
        throw new FileSystemException(path.toString(), null, "Not a directory: " + next);
      } else {
        real = next;
      }
    }
    return real;
  }
}
