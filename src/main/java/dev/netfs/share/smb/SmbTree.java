package dev.netfs.share.smb;

import org.jspecify.annotations.Nullable;

/**
 * A connected share and where it is.
 *
 * @param target where it is on the network
 * @param prefix where it is in the mount: empty, or the path of a DFS link
 * @param dfs whether the server says that it may have DFS links in it
 * @param pipes how its server is asked where things are
 */
record SmbTree(SmbShare share, SmbTarget target, String prefix, boolean dfs, SmbPipes pipes) {

  /** Returns a path of the mount as DFS has it: {@code \\server\share\directory\file}. */
  String serverPath(String path) {
    return target.path() + path.substring(prefix.length()).replace('/', '\\');
  }

  /**
   * Returns the part of a path of the mount that a link is.
   *
   * @param consumed how many characters of {@link #serverPath} that is
   * @return the part, or null if there is no such link on the path
   */
  @Nullable String prefixOf(String path, int consumed) {
    String below = path.substring(prefix.length());
    int end = consumed - target.path().length();
    boolean element =
        end > 1 && (end == below.length() || end < below.length() && below.charAt(end) == '/');
    return element ? prefix + below.substring(0, end) : null;
  }
}
