package dev.netfs.nio;

import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.List;

/**
 * The text of paths: elements with {@code /} between them, absolute if it begins with one. In the
 * one spelling that paths keep, no slash follows another and none stands at the end, but for the
 * root, {@code "/"}. The empty text is a path too, of one empty element.
 */
final class PathSyntax {
  private PathSyntax() {}

  /**
   * Returns a path's text in its one spelling.
   *
   * @throws InvalidPathException if it holds the NUL character or half of a surrogate pair, which
   *     no server's name can hold
   */
  static String clean(String input) {
    int length = input.length();
    boolean clean = true;
    for (int i = 0; i < length; i++) {
      char c = input.charAt(i);
      if (c == '/') {
        clean &= i == 0 ? length == 1 || input.charAt(1) != '/' : input.charAt(i - 1) != '/';
        clean &= i == 0 || i != length - 1;
      } else if (c == '\0') {
        throw new InvalidPathException(input, "Nul character not allowed", i);
      } else if (Character.isSurrogate(c)) {
        if (!Character.isHighSurrogate(c)
            || i + 1 == length
            || !Character.isLowSurrogate(input.charAt(i + 1))) {
          throw new InvalidPathException(input, "Unpaired surrogate", i);
        }
        i++;
      }
    }
    return clean ? input : withoutRedundantSlashes(input);
  }

  private static String withoutRedundantSlashes(String input) {
    StringBuilder text = new StringBuilder(input.length());
    for (int i = 0; i < input.length(); i++) {
      char c = input.charAt(i);
      if (c != '/' || text.length() == 0 || text.charAt(text.length() - 1) != '/') {
        text.append(c);
      }
    }
    if (text.length() > 1 && text.charAt(text.length() - 1) == '/') {
      text.setLength(text.length() - 1);
    }
    return text.toString();
  }

  /** Returns where each element of a clean text starts. The root has none. */
  static int[] starts(String text) {
    if (text.equals("/")) {
      return new int[0];
    }
    int count = 1;
    for (int i = text.indexOf('/', 1); i >= 0; i = text.indexOf('/', i + 1)) {
      count++;
    }
    int[] starts = new int[count];
    int start = text.startsWith("/") ? 1 : 0;
    for (int i = 0; i < count; i++) {
      starts[i] = start;
      start = text.indexOf('/', start) + 1;
    }
    return starts;
  }

  /** Returns the elements of a clean text. */
  static List<String> elements(String text) {
    List<String> elements = new ArrayList<>();
    int start = text.startsWith("/") ? 1 : 0;
    if (text.length() == 1 && start == 1) {
      return elements;
    }
    for (int end = text.indexOf('/', start); end >= 0; end = text.indexOf('/', start)) {
      elements.add(text.substring(start, end));
      start = end + 1;
    }
    elements.add(text.substring(start));
    return elements;
  }

  /** Returns the text of a path with the given elements, none of them empty. */
  static String join(boolean absolute, List<String> elements) {
    String joined = String.join("/", elements);
    return absolute ? "/" + joined : joined;
  }

  /** Returns whether an element of a clean text is {@code "."} or {@code ".."}. */
  static boolean hasDots(String text) {
    for (int dot = text.indexOf('.'); dot >= 0; dot = text.indexOf('.', dot + 1)) {
      if (dot == 0 || text.charAt(dot - 1) == '/') {
        int end = dot + 1;
        if (end < text.length() && text.charAt(end) == '.') {
          end++;
        }
        if (end == text.length() || text.charAt(end) == '/') {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Returns a clean text without {@code "."} elements and without the elements that a {@code ".."}
   * takes back. Above the root is the root; of a relative path a leading {@code ".."} stays.
   */
  static String normalize(String text) {
    if (!hasDots(text)) {
      return text;
    }
    boolean absolute = text.startsWith("/");
    List<String> kept = new ArrayList<>();
    for (String element : elements(text)) {
      switch (element) {
        case "." -> {}
        case ".." -> {
          if (!kept.isEmpty() && !kept.get(kept.size() - 1).equals("..")) {
            kept.remove(kept.size() - 1);
          } else if (!absolute) {
            kept.add(element);
          }
        }
        default -> kept.add(element);
      }
    }
    return join(absolute, kept);
  }

  /** Returns what a clean text means seen from a directory with a clean text. */
  static String resolve(String base, String text) {
    if (text.isEmpty()) {
      return base;
    }
    if (base.isEmpty() || text.startsWith("/")) {
      return text;
    }
    return base.endsWith("/") ? base + text : base + "/" + text;
  }

  /**
   * Compares by code points, which is the order of the names' UTF-8 bytes, as the JDK compares; the
   * order of Java's chars differs beyond the Basic Multilingual Plane.
   */
  static int compare(String a, String b) {
    int common = Math.min(a.length(), b.length());
    for (int i = 0; i < common; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        boolean highX = Character.isSurrogate(x);
        boolean highY = Character.isSurrogate(y);
        return highX == highY ? x - y : highX ? 1 : -1;
      }
    }
    return a.length() - b.length();
  }
}
