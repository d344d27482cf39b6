package dev.netfs.it;

import dev.netfs.testing.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Chooses names for random operations, and knows which of them are further names for something: a
 * way through a symbolic link, or one of several hard links.
 *
 * <p>A mount without inode numbers, as SFTP's, knows files by their names: two names of one file
 * are to it as two clients, whose data meet when one closes and the other opens. So a run closes
 * everything before it goes on by another name.
 */
final class Names {
  private static final String[] ALPHABET = {"a", "b", "c", "f", "g.txt", "h h", "x#%41?", "[y]"};

  /** Names that Windows takes too. */
  private static final String[] PLAIN = {"a", "b", "c", "f", "g.txt", "h h", "x#%41!", "[y]"};

  private static final int DEPTH = 3;
  private static final int CROWDED = 40;
  private static final int MAX_LINKS = 40;

  private final Random random;
  private final Path oracle;
  private final String[] alphabet;
  private final Set<Object> linked = new HashSet<>();

  /**
   * @param oracle the directory whose content says what there is
   * @param plain whether no name has what Windows forbids
   */
  Names(Random random, Path oracle, boolean plain) {
    this.alphabet = plain ? PLAIN : ALPHABET;
    this.random = random;
    this.oracle = oracle;
  }

  /** Returns a name, more often than not of something that exists. */
  String any() throws IOException {
    if (random.nextInt(10) < 6) {
      String existing = existing();
      if (!existing.isEmpty()) {
        return random.nextInt(12) == 0 ? existing + "/" + element() : existing;
      }
    }
    return fresh();
  }

  /** Returns a name, often of nothing that exists. */
  String fresh() throws IOException {
    String directory = directory();
    return directory.isEmpty() ? element() : directory + "/" + element();
  }

  /** Returns a name of a regular file if there is one. */
  String file() throws IOException {
    for (int attempt = 0; attempt < 8; attempt++) {
      String name = existing();
      if (Files.isRegularFile(at(name))) {
        return name;
      }
    }
    return any();
  }

  /** Returns the root or a name of a directory, perhaps by a link. */
  String directory() throws IOException {
    if (random.nextInt(3) == 0) {
      return "";
    }
    for (int attempt = 0; attempt < 5; attempt++) {
      String name = existing();
      if (Files.isDirectory(at(name)) && depth(name) < DEPTH) {
        return name;
      }
    }
    return "";
  }

  /** Returns whether a name is that of a directory. */
  boolean isDirectory(String name) {
    return Files.isDirectory(at(name));
  }

  /** Returns whether there are more names than are good for a fast run. */
  boolean crowded() throws IOException {
    return all().size() > CROWDED;
  }

  private String existing() throws IOException {
    List<String> all = all();
    return all.isEmpty() ? "" : all.get(random.nextInt(all.size()));
  }

  private List<String> all() throws IOException {
    try (Stream<Path> walk = Files.walk(oracle)) {
      return walk.skip(1).map(path -> oracle.relativize(path).toString()).sorted().toList();
    }
  }

  private String element() {
    return alphabet[random.nextInt(alphabet.length)];
  }

  private static int depth(String name) {
    return name.split("/").length;
  }

  private Path at(String name) {
    return oracle.resolve(name);
  }

  /** Returns whether a name is, or passes through, a further name. */
  boolean isFurther(String name) throws IOException {
    Path path = oracle;
    for (Path element : oracle.getFileSystem().getPath(name)) {
      path = path.resolve(element);
      if (Files.isSymbolicLink(path)) {
        return true;
      }
    }
    if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    return linked.contains(key(path));
  }

  /**
   * Returns whether a name, or a link on its way, has something on its way that is there and not a
   * directory.
   */
  boolean isInFile(String name) throws IOException {
    return isInFile(oracle, oracle.getFileSystem().getPath(name), MAX_LINKS);
  }

  private static boolean isInFile(Path from, Path name, int links) throws IOException {
    Path path = from;
    for (Path element : name) {
      if (Files.exists(path) && !Files.isDirectory(path)) {
        return true;
      }
      path = path.resolve(element);
      if (Files.isSymbolicLink(path) && !Files.exists(path) && links > 0) {
        Path target = Files.readSymbolicLink(path);
        Path start = target.isAbsolute() ? target.getRoot() : path.getParent();
        return isInFile(start, target, links - 1);
      }
    }
    return false;
  }

  /** Notes that a file has several names now, if it is there. */
  void linked(String name) throws IOException {
    if (Files.isRegularFile(at(name), LinkOption.NOFOLLOW_LINKS)) {
      linked.add(key(at(name)));
    }
  }

  /** Returns whether two names are those of one file without a symbolic link being the reason. */
  boolean areHardLinks(String name, String other) throws IOException {
    Path path = at(name);
    Path second = at(other);
    return Files.isRegularFile(path)
        && Files.isRegularFile(second)
        && Files.isSameFile(path, second)
        && !path.toRealPath().equals(second.toRealPath());
  }

  /**
   * Deletes what an operation made, through a link, beside the directory that is compared: a mount
   * cannot tell the real path of what is not in it.
   *
   * @param backing the server's directory, in as many directories of its own as the oracle
   */
  void deleteOutside(Path backing, int depth) throws IOException {
    Path outside = oracle;
    Path onServer = backing;
    for (int i = 0; i < depth; i++) {
      Path inside = outside;
      outside = outside.getParent();
      onServer = onServer.getParent();
      try (Stream<Path> entries = Files.list(outside)) {
        for (Path entry : entries.filter(entry -> !entry.equals(inside)).toList()) {
          Directories.delete(entry);
          Directories.delete(onServer.resolve(entry.getFileName()));
        }
      }
    }
  }

  private static Object key(Path path) throws IOException {
    return Files.readAttributes(
            path, java.nio.file.attribute.BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }
}
