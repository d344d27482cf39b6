package dev.netfs.nio;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Translates globs, as {@link java.nio.file.FileSystem#getPathMatcher} describes them, into regular
 * expressions that match the same texts.
 */
final class Globs {
  private static final String REGEX_SPECIAL = ".^$+{[]|()*?\\}";
  private static final int END = -1;

  private final String glob;
  private final StringBuilder regex = new StringBuilder("^");
  private int at;
  private boolean inGroup;

  private Globs(String glob) {
    this.glob = glob;
  }

  /**
   * Returns the regular expression of a glob.
   *
   * @throws PatternSyntaxException if the glob is malformed
   */
  static Pattern pattern(String glob) {
    return Pattern.compile(new Globs(glob).translate(), Pattern.DOTALL);
  }

  private String translate() {
    while (at < glob.length()) {
      char c = glob.charAt(at++);
      switch (c) {
        case '\\' -> {
          if (at == glob.length()) {
            throw error("No character to escape");
          }
          literal(glob.charAt(at++));
        }
        case '*' -> {
          if (peek() == '*') {
            at++;
            regex.append(".*");
          } else {
            regex.append("[^/]*");
          }
        }
        case '?' -> regex.append("[^/]");
        case '[' -> bracket();
        case '{' -> {
          if (inGroup) {
            throw error("Cannot nest groups");
          }
          inGroup = true;
          regex.append("(?:(?:");
        }
        case '}' -> {
          if (inGroup) {
            inGroup = false;
            regex.append("))");
          } else {
            literal(c);
          }
        }
        case ',' -> {
          if (inGroup) {
            regex.append(")|(?:");
          } else {
            literal(c);
          }
        }
        default -> literal(c);
      }
    }
    if (inGroup) {
      throw error("Missing '}'");
    }
    return regex.append('$').toString();
  }

  /** Translates a bracket expression; the opening bracket has been read. */
  private void bracket() {
    // A bracket never matches the separator, not even a negated one or a range across it.
    regex.append("[[^/]&&[");
    if (peek() == '!') {
      regex.append('^');
      at++;
      if (peek() == '-') {
        regex.append("\\-");
        at++;
      }
    } else if (peek() == '^') {
      // Negates in regular expressions, not in globs.
      regex.append("\\^");
      at++;
    } else if (peek() == '-') {
      regex.append("\\-");
      at++;
    }
    boolean canBeginRange = false;
    char last = 0;
    while (at < glob.length()) {
      char c = glob.charAt(at++);
      if (c == ']') {
        regex.append("]]");
        return;
      }
      if (c == '/') {
        throw error("Explicit 'name separator' in class");
      }
      if (c != '-') {
        member(c);
        last = c;
        canBeginRange = true;
        continue;
      }
      if (!canBeginRange) {
        throw error("Invalid range");
      }
      int end = peek();
      if (end == END || end == ']') {
        regex.append("\\-");
        continue;
      }
      at++;
      if (end == '/') {
        throw error("Explicit 'name separator' in class");
      }
      if (end < last) {
        throw error("Invalid range");
      }
      regex.append('-');
      member((char) end);
      canBeginRange = false;
    }
    throw error("Missing ']'");
  }

  private void member(char c) {
    if (c == '\\' || c == '[' || c == '&' || c == '^' || c == '-') {
      regex.append('\\');
    }
    regex.append(c);
  }

  private void literal(char c) {
    if (REGEX_SPECIAL.indexOf(c) >= 0) {
      regex.append('\\');
    }
    regex.append(c);
  }

  private int peek() {
    return at < glob.length() ? glob.charAt(at) : END;
  }

  private PatternSyntaxException error(String what) {
    return new PatternSyntaxException(what, glob, at - 1);
  }
}
