package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.Directories;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Two directories that should always be alike: one of the JDK's default file system, one of a netfs
 * mount over another directory of it. Whatever is done to both has to come to the same.
 */
final class Twins implements AutoCloseable {
  /** Something done to the files below a root. */
  interface Deed {
    @Nullable Object doBelow(Path root) throws Exception;
  }

  final Path base;
  final Path jdk;
  final NetfsFileSystem fs;
  final Path netfs;

  Twins() throws IOException {
    base = Files.createTempDirectory("netfs-twins-");
    jdk = Files.createDirectory(base.resolve("jdk"));
    fs = Netfs.mount(Files.createDirectory(base.resolve("netfs"))).open();
    netfs = fs.getPath("/");
  }

  private Twins(Twins of, String name) throws IOException {
    base = of.base;
    fs = of.fs;
    jdk = Files.createDirectory(of.jdk.resolve(name));
    netfs = of.netfs.resolve(name);
    Files.createDirectory(netfs);
  }

  /** Returns twins below these, of the same mount. They need no closing. */
  Twins below(String name) throws IOException {
    return new Twins(this, name);
  }

  /** What a deed came to: what it returned, or the class of what it threw and the paths in it. */
  private record Outcome(@Nullable String value, @Nullable Throwable failure, Path root) {
    @Override
    public String toString() {
      if (failure == null) {
        return "returned " + value;
      }
      String text = "threw " + failure.getClass().getName();
      if (failure instanceof FileSystemException e) {
        text += " about " + below(e.getFile()) + " and " + below(e.getOtherFile());
      }
      return text;
    }

    /**
     * Whether this is the same, or a failure that says more than a plain IOException or
     * FileSystemException of the JDK's does.
     */
    boolean isAsGoodAs(Outcome jdk) {
      if (jdk.failure instanceof FileSystemException e
          && (String.valueOf(e.getReason()).startsWith("Not a directory")
              || (e instanceof NotDirectoryException && isBelowFile(Path.of(e.getFile()))))) {
        // A name below a file's: few servers say more than that there is no such thing.
        return failure instanceof NoSuchFileException
            || failure instanceof NotDirectoryException
            || (failure != null && failure.getClass() == FileSystemException.class)
            || "false".equals(value);
      }
      if (failure == null || jdk.failure == null) {
        return toString().equals(jdk.toString());
      }
      if (jdk.failure.getClass() == IOException.class) {
        return failure instanceof IOException;
      }
      boolean vague = jdk.failure.getClass() == FileSystemException.class;
      boolean sameType =
          vague
              ? failure instanceof FileSystemException
              : failure.getClass() == jdk.failure.getClass();
      return sameType && namesPathsOf(jdk);
    }

    /** Of two paths, the JDK names both; ours may name the one that it is about. */
    private boolean namesPathsOf(Outcome jdk) {
      if (!(failure instanceof FileSystemException e)
          || !(jdk.failure instanceof FileSystemException jdkE)) {
        return true;
      }
      List<@Nullable String> allowed =
          Arrays.asList(jdk.below(jdkE.getFile()), jdk.below(jdkE.getOtherFile()));
      return allowed.contains(below(e.getFile()))
          && (e.getOtherFile() == null || allowed.contains(below(e.getOtherFile())));
    }

    private @Nullable String below(@Nullable String file) {
      String prefix = root.toString();
      return file == null || !file.startsWith(prefix)
          ? file
          : file.substring(prefix.length()).replaceFirst("^/", "");
    }
  }

  /** Does the same to both, JDK first, and checks that it came to the same; returns ours. */
  @Nullable Object both(String what, Deed deed) {
    Outcome expected = outcome(deed, jdk);
    Outcome actual = outcome(deed, netfs);
    if (!actual.isAsGoodAs(expected)) {
      AssertionError error =
          new AssertionError(what + ":\n  the JDK's " + expected + "\n  netfs " + actual);
      if (actual.failure != null) {
        error.addSuppressed(actual.failure);
      }
      if (expected.failure != null) {
        error.addSuppressed(expected.failure);
      }
      throw error;
    }
    return actual.value;
  }

  /** Returns whether a path goes through something that is a file. */
  static boolean isBelowFile(Path path) {
    for (Path above = path.getParent(); above != null; above = above.getParent()) {
      if (Files.exists(above) && !Files.isDirectory(above)) {
        return true;
      }
    }
    return false;
  }

  private static Outcome outcome(Deed deed, Path root) {
    try {
      return new Outcome(text(deed.doBelow(root)), null, root);
    } catch (Throwable e) {
      return new Outcome(null, e, root);
    }
  }

  private static String text(@Nullable Object value) {
    if (value instanceof Set<?> set && !set.isEmpty()) {
      return new TreeSet<>(set.stream().map(Twins::text).toList()).toString();
    }
    if (value instanceof Map<?, ?> map) {
      TreeMap<String, String> sorted = new TreeMap<>();
      map.forEach((key, of) -> sorted.put(text(key), text(of)));
      return sorted.toString();
    }
    return value instanceof byte[] bytes ? Arrays.toString(bytes) : Objects.toString(value);
  }

  /** Checks that both trees are alike, looking at the mount's directory past the mount. */
  void assertAlike(String when) throws IOException {
    fs.sync();
    Path behind = base.resolve("netfs").resolve(netfs.toString().substring(1));
    assertThat(tree(behind)).as(when).isEqualTo(tree(jdk));
  }

  static TreeMap<String, String> tree(Path root) throws IOException {
    TreeMap<String, String> tree = new TreeMap<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attrs)
              throws IOException {
            tree.put(root.relativize(dir).toString(), "directory " + permissions(dir));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attrs)
              throws IOException {
            tree.put(
                root.relativize(file).toString(),
                attrs.isSymbolicLink()
                    ? "link"
                    : "file "
                        + permissions(file)
                        + " "
                        + Arrays.hashCode(Files.readAllBytes(file))
                        + " "
                        + attrs.size());
            return FileVisitResult.CONTINUE;
          }
        });
    return tree;
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Override
  public void close() throws IOException {
    fs.close();
    Directories.delete(base);
  }
}
