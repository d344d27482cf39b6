package dev.netfs.cli;

import dev.netfs.fscache.CachedVolume;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Objects of a cache that an argument names: the URI of a share that is cached, and below it a path
 * or a glob. What is percent-encoded stands for itself, in a glob too.
 *
 * @param volumes the volumes of that share: an encrypted one, one that is not, or both
 * @param path the path as it is
 * @param glob matches the paths if the argument has a glob, else null
 */
record CacheNames(List<CachedVolume> volumes, String path, @Nullable PathMatcher glob) {
  private static final String GLOB = "*?[{";
  private static final String GLOB_SPECIAL = "*?[]{},-!\\";

  /**
   * Finds out what an argument names.
   *
   * @param volumes the volumes that there are
   * @throws UsageException if it is of none of them
   */
  static CacheNames of(String argument, List<CachedVolume> volumes) {
    List<CachedVolume> best = new ArrayList<>();
    String share = "";
    TreeSet<String> known = new TreeSet<>();
    for (CachedVolume volume : volumes) {
      String identity = volume.identity();
      if (identity == null) {
        continue;
      }
      known.add(identity);
      String root = withoutSlash(identity);
      if (isBelow(argument, root) && root.length() >= share.length()) {
        if (root.length() > share.length()) {
          best.clear();
        }
        best.add(volume);
        share = root;
      }
    }
    if (best.isEmpty()) {
      boolean locked = known.size() < volumes.size();
      throw new UsageException(
          Terminal.visible(argument)
              + ": nothing of it is here; "
              + (known.isEmpty() ? "no share can be read" : "there are " + String.join(", ", known))
              + (locked ? ", and what is encrypted with another key" : ""));
    }
    return of(best, argument, argument.substring(share.length()));
  }

  private static CacheNames of(List<CachedVolume> volumes, String argument, String rest) {
    StringBuilder glob = new StringBuilder("glob:");
    ByteArrayOutputStream plain = new ByteArrayOutputStream();
    boolean hasGlob = false;
    for (int i = 0; i < rest.length(); ) {
      int length = rest.startsWith("%", i) ? 3 : Character.charCount(rest.codePointAt(i));
      ByteArrayOutputStream encoded = new ByteArrayOutputStream();
      if (length == 3) {
        // All of a run, since only together they are characters.
        while (rest.startsWith("%", i)) {
          encoded.write(hex(rest, i, argument));
          i += 3;
        }
        String literal = encoded.toString(StandardCharsets.UTF_8);
        literal.codePoints().forEach(c -> appendLiteral(glob, c));
        plain.writeBytes(literal.getBytes(StandardCharsets.UTF_8));
        continue;
      }
      String next = rest.substring(i, i + length);
      hasGlob |= GLOB.contains(next);
      glob.append(next.equals("\\") ? "\\\\" : next);
      plain.writeBytes(next.getBytes(StandardCharsets.UTF_8));
      i += length;
    }
    String path = withoutSlash(plain.toString(StandardCharsets.UTF_8));
    try {
      return new CacheNames(
          volumes,
          path.isEmpty() ? "/" : path,
          hasGlob ? FileSystems.getDefault().getPathMatcher(glob.toString()) : null);
    } catch (PatternSyntaxException e) {
      throw new UsageException(
          Terminal.visible(argument)
              + ": is no glob: "
              + e.getDescription()
              + "; write %5B for [,"
              + " %7B for {, %2A for * and %3F for ? where they stand for themselves");
    }
  }

  private static void appendLiteral(StringBuilder glob, int c) {
    if (GLOB_SPECIAL.indexOf(c) >= 0) {
      glob.append('\\');
    }
    glob.appendCodePoint(c);
  }

  private static int hex(String text, int at, String argument) {
    try {
      return Integer.parseInt(text.substring(at + 1, at + 3), 16);
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw new UsageException(
          Terminal.visible(argument) + ": has a % that encodes nothing; write %25 for it");
    }
  }

  private static String withoutSlash(String text) {
    return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
  }

  private static boolean isBelow(String text, String root) {
    return text.startsWith(root)
        && (text.length() == root.length() || text.charAt(root.length()) == '/');
  }

  /** Returns whether a path is what is named, or matches the glob. */
  boolean isNamed(String other) {
    if (glob == null) {
      return other.equals(path);
    }
    try {
      return glob.matches(Path.of(other));
    } catch (InvalidPathException e) {
      return false; // no file of this system has such a name
    }
  }

  /** Returns whether a path is what is named, or below it, or matches the glob. */
  boolean holds(String other) {
    return isNamed(other) || (glob == null && isBelow(other, path.equals("/") ? "" : path));
  }

  /** Returns the share's root. */
  String share() {
    return Objects.requireNonNull(volumes.get(0).identity());
  }
}
