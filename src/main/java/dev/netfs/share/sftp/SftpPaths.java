package dev.netfs.share.sftp;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * The share's paths, which begin at its root, and the server's, which begin at the server's.
 *
 * <p>A symbolic link's target that is relative is the same on both sides. An absolute one means the
 * server's root on the server and the share's root here: it is translated both ways. One that leads
 * out of the share is shown relative to the link's directory, {@code ../..} included, so that it
 * cannot be mistaken for something inside.
 */
final class SftpPaths {
  private final String root;
  private final String realRoot;

  /**
   * @param root the share's root on the server: absolute, without a slash at the end unless it is
   *     the server's root
   * @param realRoot the same without symbolic links, as the server says
   */
  SftpPaths(String root, String realRoot) {
    this.root = root;
    this.realRoot = realRoot;
  }

  /** Returns the server's path for a path of the share. */
  String toServer(String path) {
    if (path.equals("/")) {
      return root;
    }
    return root.equals("/") ? path : root + path;
  }

  /** Returns what a symbolic link has to say on the server. */
  String toServerTarget(String target) {
    return target.startsWith("/") ? toServer(target) : target;
  }

  /**
   * Returns what a symbolic link says in the share's terms.
   *
   * @param link the link, a path of the share
   * @param target what it says on the server
   */
  String toShareTarget(String link, String target) {
    if (!target.startsWith("/")) {
      return target;
    }
    for (String top : new String[] {root, realRoot}) {
      if (top.equals("/")) {
        return target;
      }
      if (target.equals(top)) {
        return "/";
      }
      if (target.startsWith(top + "/")) {
        return target.substring(top.length());
      }
    }
    return relative(parent(toServer(link)), target);
  }

  /** Returns the directory that holds a path; the root's is the root. */
  static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash <= 0 ? "/" : path.substring(0, slash);
  }

  /** Returns a path, without {@code .} and {@code ..}, that may be relative to a directory. */
  static String resolve(String directory, String path) {
    Deque<String> names = new ArrayDeque<>();
    String whole = path.startsWith("/") ? path : directory + "/" + path;
    for (String name : whole.split("/", -1)) {
      if (name.equals("..")) {
        names.pollLast();
      } else if (!name.isEmpty() && !name.equals(".")) {
        names.addLast(name);
      }
    }
    return "/" + String.join("/", names);
  }

  /** Whether a name of a listing stands for the directory itself or its parent. */
  static boolean isDots(String name) {
    return name.equals(".") || name.equals("..");
  }

  private static String relative(String directory, String target) {
    List<String> from = names(directory);
    List<String> to = names(target);
    int common = 0;
    while (common < from.size() && common < to.size() && from.get(common).equals(to.get(common))) {
      common++;
    }
    List<String> names = new ArrayList<>();
    for (int i = common; i < from.size(); i++) {
      names.add("..");
    }
    names.addAll(to.subList(common, to.size()));
    return names.isEmpty() ? "." : String.join("/", names);
  }

  private static List<String> names(String path) {
    return Arrays.stream(path.split("/", -1)).filter(name -> !name.isEmpty()).toList();
  }
}
