package dev.netfs.nio;

import java.io.IOException;
import java.net.URI;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A path of one mount: text, with the rules of the JDK's paths on Unix. A relative path is seen
 * from the mount's root.
 *
 * <p>What goes to the server is {@link #remote()}: absolute and without {@code "."} and {@code
 * ".."}, which are taken out by name alone, before anybody looks whether a symbolic link is on the
 * way. Immutable.
 */
final class NetfsPath implements Path {
  private final MountedFileSystem fs;
  private final String text;

  /** Where the elements start in {@link #text}; computed when first asked for. */
  private volatile int @Nullable [] starts;

  /** See {@link #remote()}. Computed when first asked for, by several threads at worst. */
  private @Nullable String remote;

  /**
   * Creates a path.
   *
   * @param text its text, {@linkplain PathSyntax#clean clean}
   */
  NetfsPath(MountedFileSystem fs, String text) {
    this.fs = fs;
    this.text = text;
  }

  /**
   * Returns a path as one of ours.
   *
   * @throws ProviderMismatchException if it is another provider's
   */
  static NetfsPath of(Path path) {
    if (Objects.requireNonNull(path, "path") instanceof NetfsPath ours) {
      return ours;
    }
    throw new ProviderMismatchException(
        "a path of netfs is needed, not a " + path.getClass().getName());
  }

  /** Returns the path as the engine takes it: absolute, normalised. */
  String remote() {
    String known = remote;
    if (known == null) {
      known = PathSyntax.normalize(PathSyntax.resolve("/", text));
      remote = known;
    }
    return known;
  }

  @Override
  public MountedFileSystem getFileSystem() {
    return fs;
  }

  @Override
  public boolean isAbsolute() {
    return text.startsWith("/");
  }

  @Override
  public @Nullable NetfsPath getRoot() {
    return isAbsolute() ? with("/") : null;
  }

  @Override
  public @Nullable NetfsPath getFileName() {
    int slash = text.lastIndexOf('/');
    if (slash < 0) {
      return this;
    }
    return slash == text.length() - 1 ? null : with(text.substring(slash + 1));
  }

  @Override
  public @Nullable NetfsPath getParent() {
    int slash = text.lastIndexOf('/');
    if (slash > 0) {
      return with(text.substring(0, slash));
    }
    return slash == 0 && text.length() > 1 ? with("/") : null;
  }

  @Override
  public int getNameCount() {
    return starts().length;
  }

  @Override
  public NetfsPath getName(int index) {
    if (index < 0 || index >= getNameCount()) {
      throw new IllegalArgumentException("no element " + index + " in '" + text + "'");
    }
    return subpath(index, index + 1);
  }

  @Override
  public NetfsPath subpath(int beginIndex, int endIndex) {
    int[] at = starts();
    if (beginIndex < 0 || endIndex > at.length || beginIndex >= endIndex) {
      throw new IllegalArgumentException(
          "no elements from " + beginIndex + " to " + endIndex + " in '" + text + "'");
    }
    int end = endIndex == at.length ? text.length() : at[endIndex] - 1;
    return with(text.substring(at[beginIndex], end));
  }

  @Override
  public boolean startsWith(Path other) {
    if (!(Objects.requireNonNull(other, "other") instanceof NetfsPath that) || that.fs != fs) {
      return false;
    }
    if (that.text.isEmpty() || !text.startsWith(that.text)) {
      return that.text.equals(text);
    }
    int end = that.text.length();
    return end == text.length() || text.charAt(end) == '/' || that.text.equals("/");
  }

  @Override
  public boolean endsWith(Path other) {
    if (!(Objects.requireNonNull(other, "other") instanceof NetfsPath that) || that.fs != fs) {
      return false;
    }
    if (that.text.isEmpty() || that.isAbsolute() || !text.endsWith(that.text)) {
      return that.text.equals(text);
    }
    int start = text.length() - that.text.length();
    return start == 0 || text.charAt(start - 1) == '/';
  }

  @Override
  public NetfsPath normalize() {
    return with(PathSyntax.normalize(text));
  }

  @Override
  public NetfsPath resolve(Path other) {
    NetfsPath that = sameFileSystem(other);
    String resolved = PathSyntax.resolve(text, that.text);
    return resolved.equals(that.text) ? that : with(resolved);
  }

  @Override
  public NetfsPath resolve(String other) {
    return with(PathSyntax.resolve(text, PathSyntax.clean(other)));
  }

  @Override
  public Path resolveSibling(Path other) {
    NetfsPath parent = getParent();
    return parent == null ? Objects.requireNonNull(other, "other") : parent.resolve(other);
  }

  /** Returns the path of a directory's entry, whose name the share vouches for. */
  NetfsPath entry(String name) {
    return with(PathSyntax.resolve(text, name));
  }

  @Override
  public NetfsPath relativize(Path other) {
    NetfsPath that = sameFileSystem(other);
    if (that.text.equals(text)) {
      return with("");
    }
    if (that.isAbsolute() != isAbsolute()) {
      throw new IllegalArgumentException(
          "of '" + text + "' and '" + that.text + "' only one is absolute");
    }
    if (text.isEmpty()) {
      return that;
    }
    boolean dots = PathSyntax.hasDots(text) || PathSyntax.hasDots(that.text);
    List<String> from = namesOf(dots ? PathSyntax.normalize(text) : text);
    List<String> to = namesOf(dots ? PathSyntax.normalize(that.text) : that.text);
    int common = 0;
    while (common < Math.min(from.size(), to.size()) && from.get(common).equals(to.get(common))) {
      common++;
    }
    List<String> steps = new ArrayList<>(from.size() + to.size());
    for (String element : from.subList(common, from.size())) {
      if (element.equals("..")) {
        // Which directory a leading ".." comes from, nobody knows.
        throw new IllegalArgumentException(
            "no path leads from '" + text + "' to '" + that.text + "'");
      }
      steps.add("..");
    }
    steps.addAll(to.subList(common, to.size()));
    return with(PathSyntax.join(false, steps));
  }

  /** Returns the elements; of the empty path none. */
  private static List<String> namesOf(String text) {
    return text.isEmpty() ? List.of() : PathSyntax.elements(text);
  }

  @Override
  public URI toUri() {
    return fs.shown().uriOf(PathSyntax.elements(toAbsolutePath().text));
  }

  @Override
  public NetfsPath toAbsolutePath() {
    return with(PathSyntax.resolve("/", text));
  }

  @Override
  public NetfsPath toRealPath(LinkOption... options) throws IOException {
    boolean follow = true;
    for (LinkOption option : options) {
      follow &= Objects.requireNonNull(option, "option") != LinkOption.NOFOLLOW_LINKS;
    }
    return with(RealPaths.resolve(this, follow));
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers)
      throws IOException {
    if (!(Objects.requireNonNull(watcher, "watcher") instanceof NetfsWatchService ours)) {
      throw new ProviderMismatchException("a watch service of netfs is needed");
    }
    return ours.register(this, events, modifiers);
  }

  @Override
  public int compareTo(Path other) {
    NetfsPath that = (NetfsPath) other;
    if (that.fs == fs) {
      return PathSyntax.compare(text, that.text);
    }
    int byRoot = fs.uri().compareTo(that.fs.uri());
    if (byRoot != 0) {
      return byRoot;
    }
    int byText = PathSyntax.compare(text, that.text);
    // Of two mounts of one root, the one closed before the other was made.
    return byText != 0
        ? byText
        : Integer.compare(System.identityHashCode(fs), System.identityHashCode(that.fs));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof NetfsPath that && that.fs == fs && that.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }

  private NetfsPath with(String newText) {
    return newText.equals(text) ? this : new NetfsPath(fs, newText);
  }

  private NetfsPath sameFileSystem(Path other) {
    NetfsPath that = of(other);
    if (that.fs != fs) {
      throw new ProviderMismatchException(
          "'" + that.text + "' is a path of " + that.fs.uri() + ", not of " + fs.uri());
    }
    return that;
  }

  private int[] starts() {
    int[] known = starts;
    if (known == null) {
      known = PathSyntax.starts(text);
      starts = known;
    }
    return known;
  }
}
