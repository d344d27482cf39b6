package dev.netfs.engine;

/** Splits the paths of the SPI: absolute, normalised, {@code /} between elements. */
final class Names {
  private Names() {}

  /** Returns the directory that holds a name; the root's is the root. */
  static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash <= 0 ? "/" : path.substring(0, slash);
  }

  /** Returns a name without its directory. */
  static String last(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** Returns whether a path is another or lies below it. */
  static boolean within(String path, String ancestor) {
    return path.equals(ancestor)
        || ancestor.equals("/")
        || (path.startsWith(ancestor) && path.charAt(ancestor.length()) == '/');
  }
}
