package dev.netfs.share.smb;

import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The share's paths and the server's: {@code /a/b} and {@code root\a\b}.
 *
 * <p>What Windows forbids in names (MS-FSCC 2.1.5.2, and what its own programs cannot open) is not
 * made here, wherever the server runs: on Windows it would be refused or, worse, become another
 * name. What cannot be in a name at all is not there either.
 */
final class SmbNames {
  private static final String FORBIDDEN = "\"*:<>?|\\";
  private static final Set<String> DEVICES = Set.of("con", "prn", "aux", "nul");

  private final String root;
  private final String prefix;

  /**
   * @param root the directory in the server's share, with backslashes and without one at its ends
   * @param prefix where that is in the mount: empty, or a path, which all paths begin with
   */
  SmbNames(String root, String prefix) {
    this.root = root;
    this.prefix = prefix;
  }

  /**
   * Returns what names are compared by: each character by itself, as servers map them. ({@link
   * String#toUpperCase} makes two of some.)
   */
  static String upperCase(String name) {
    char[] characters = name.toCharArray();
    for (int i = 0; i < characters.length; i++) {
      characters[i] = Character.toUpperCase(characters[i]);
    }
    return new String(characters);
  }

  String prefix() {
    return prefix;
  }

  /**
   * Returns a path as the server takes it, of what is to be found.
   *
   * @throws NoSuchFileException if nothing can have such a name
   */
  String find(String path) throws NoSuchFileException {
    String why = impossible(path);
    if (why != null) {
      throw new NoSuchFileException(path, null, why);
    }
    return join(path);
  }

  /**
   * Returns a path as the server takes it, of what is to be made.
   *
   * @throws FileSystemException if nothing may get such a name
   */
  String make(String path) throws FileSystemException {
    String why = impossible(path);
    if (why == null) {
      why = unwise(path.substring(path.lastIndexOf('/') + 1));
    }
    if (why != null) {
      throw new FileSystemException(path, null, why);
    }
    return join(path);
  }

  private String join(String path) {
    String inside = path.substring(prefix.length());
    String below = inside.isEmpty() ? "" : inside.substring(1).replace('/', '\\');
    return root.isEmpty() || below.isEmpty() ? root + below : root + "\\" + below;
  }

  private static @Nullable String impossible(String path) {
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c < ' ' || FORBIDDEN.indexOf(c) >= 0) {
        return "SMB has no names with "
            + (c < ' ' ? String.format("the control character U+%04X", (int) c) : "'" + c + "'")
            + "; none of \" * : < > ? | \\ and control characters may be in one";
      }
    }
    return null;
  }

  private static @Nullable String unwise(String name) {
    if (name.endsWith(".") || name.endsWith(" ")) {
      return "Windows takes no names that end with a dot or a space";
    }
    int dot = name.indexOf('.');
    String base = (dot < 0 ? name : name.substring(0, dot)).stripTrailing();
    String lower = base.toLowerCase(Locale.ROOT);
    boolean numbered =
        lower.length() == 4
            && (lower.startsWith("com") || lower.startsWith("lpt"))
            && Character.isDigit(lower.charAt(3));
    return DEVICES.contains(lower) || numbered
        ? "on Windows '" + base + "' is a device, with or without a suffix"
        : null;
  }
}
