package dev.netfs.it;

import dev.netfs.NetfsFileSystem;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A mount, and another client that changes names and files behind its back: what the mount may say
 * then, and what not.
 *
 * <p>The server is a directory of this machine, which the other client changes by the JDK's
 * provider, and which is at the same time the oracle. The mount's attributes never expire, so that
 * time plays no part: they are as old as the last {@link NetfsFileSystem#dropCaches}, which stands
 * for all {@code attrTtl} long. Since then
 *
 * <ul>
 *   <li>an object's attributes are those of some moment since: never a mixture, and never older
 *       than a change of our own;
 *   <li>a listing has every name that was there all the time, and none that never was;
 *   <li>opening, reading and changing is what the server says at that moment, whatever is cached.
 * </ul>
 *
 * After it, everything is exact, whatever was asked for before and answered later.
 */
final class SecondClientRun {
  private static final String MISSING = "missing";
  private static final String[] NAMES = {"a", "b", "c", "a/x", "a/y", "b/x", "b/x/1", "l", "a/l"};
  private static final int LOGGED = 60;

  private final long seed;
  private final Random random = new Random();
  private final NetfsFileSystem fs;
  private final boolean cached;
  private final boolean links;
  private final Path mine;
  private final Path theirs;
  private final List<String> log = new ArrayList<>();

  /** What may be said of names: of those that the other client has changed since the last drop. */
  private final Map<String, Set<String>> allowed = new HashMap<>();

  /**
   * @param fs a mount whose attributes do not expire, or are not cached at all
   * @param cached which of the two
   * @param backing its directory, as the server has it
   * @param links whether the server has symbolic links
   */
  SecondClientRun(long seed, NetfsFileSystem fs, boolean cached, Path backing, boolean links) {
    this.links = links;
    this.seed = seed;
    this.cached = cached;
    this.fs = fs;
    this.mine = fs.getPath("/");
    this.theirs = backing;
  }

  void execute(List<Integer> steps) throws IOException {
    try {
      for (int number : steps) {
        random.setSeed(new SplittableRandom(seed * 1_000_003 + number).nextLong());
        step();
      }
    } catch (IOException | RuntimeException | AssertionError e) {
      int from = Math.max(0, log.size() - LOGGED);
      throw new AssertionError(
          "  " + String.join("\n  ", log.subList(from, log.size())) + "\n\n" + e.getMessage(), e);
    }
  }

  private void step() throws IOException {
    String name = NAMES[random.nextInt(NAMES.length)];
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> change(name, false);
      case 3, 4 -> change(name, true);
      case 5, 6 -> attributes(name);
      case 7 -> list(random.nextInt(3) == 0 ? "" : name);
      case 8 -> read(name);
      default -> {
        if (random.nextInt(4) == 0) {
          drop();
        } else {
          walk();
        }
      }
    }
  }

  // ---- what is there

  private static String describe(Path path) {
    try {
      BasicFileAttributes found =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      FileTime time = found.lastModifiedTime();
      return (found.isDirectory() ? "directory" : found.isSymbolicLink() ? "link" : "file")
          + (found.isRegularFile() ? " " + found.size() : "")
          + (Trees.isOld(time) && !found.isSymbolicLink() ? " " + time.to(TimeUnit.SECONDS) : "");
    } catch (IOException e) {
      return MISSING;
    }
  }

  private Map<String, String> describeAll() {
    Map<String, String> all = new TreeMap<>();
    for (String name : NAMES) {
      all.put(name, describe(theirs.resolve(name)));
    }
    return all;
  }

  /** Whether a name leads through a link: then others are its names too, which are not followed. */
  private boolean isThroughLink(String name) {
    for (Path path = Path.of(name).getParent(); path != null; path = path.getParent()) {
      if (Files.isSymbolicLink(theirs.resolve(path.toString()))) {
        return true;
      }
    }
    return false;
  }

  private Set<String> allowed(String name) {
    Set<String> values = new TreeSet<>(allowed.getOrDefault(name, Set.of()));
    values.add(describe(theirs.resolve(name)));
    return values;
  }

  // ---- changes

  private interface Change {
    Object in(Path root) throws IOException;
  }

  /** Changes a name: behind the mount's back, or through it, which has to come to the same. */
  private void change(String name, boolean ours) throws IOException {
    String other = NAMES[random.nextInt(NAMES.length)];
    byte[] bytes = new byte[1 + random.nextInt(5000)];
    random.nextBytes(bytes);
    FileTime time = FileTime.from(1_000_000_000L + random.nextInt(1000), TimeUnit.SECONDS);
    String what;
    Change change;
    int kind = random.nextInt(9);
    switch (kind == 7 && !links ? 8 : kind) {
      case 0, 1 -> {
        what = "write " + bytes.length + " to";
        change = root -> Files.write(root.resolve(name), bytes);
      }
      case 2, 3 -> {
        what = "make directory";
        change = root -> Files.createDirectory(root.resolve(name));
      }
      case 4, 5 -> {
        what = "delete";
        change = root -> Files.deleteIfExists(root.resolve(name));
      }
      case 6 -> {
        what = "rename " + other + " to";
        change = root -> Files.move(root.resolve(other), root.resolve(name));
      }
      case 7 -> {
        what = "link to " + other;
        change =
            root -> {
              Path link = root.resolve(name);
              Path target = link.getParent().relativize(root.resolve(other));
              return Files.createSymbolicLink(link, target);
            };
      }
      default -> {
        what = "time of";
        change = root -> Files.setLastModifiedTime(root.resolve(name), time);
      }
    }
    boolean follows = what.startsWith("write") || what.startsWith("time");
    if (follows && Files.isSymbolicLink(theirs.resolve(name))) {
      return; // nobody tells the mount which names a link that somebody else has made leads to
    }
    carryOut((ours ? "we " : "they ") + what + " " + name, ours, change, name, other);
  }

  private void carryOut(String text, boolean ours, Change change, String name, String other)
      throws IOException {
    log.add(text);
    if (isThroughLink(name) || isThroughLink(other)) {
      return;
    }
    if (ours && (text.contains("rename") || text.contains("time")) && !allowed.isEmpty()) {
      drop(); // a failed move, and a link on the way, are looked at through the cache
    }
    Map<String, String> before = describeAll();
    boolean possible = !ours || isPossible(text, name, other);
    String failure = null;
    try {
      change.in(ours ? mine : theirs);
    } catch (IOException e) {
      failure = e.toString();
    }
    log.set(log.size() - 1, text + (failure == null ? "" : ": " + failure));
    if (ours && possible != (failure == null)) {
      throw new AssertionError(text + (possible ? " failed" : " was possible"));
    }
    Map<String, String> after = describeAll();
    for (String changed : NAMES) {
      String old = before.get(changed);
      String now = after.get(changed);
      if (ours && !old.equals(now)) {
        allowed.remove(changed); // what we do we see at once
      } else if (cached && !old.equals(now)) {
        Set<String> values = allowed.computeIfAbsent(changed, key -> new HashSet<>());
        values.add(old);
        values.add(now);
      }
    }
  }

  /** Returns whether the server will do what we ask of it. */
  private boolean isPossible(String text, String name, String other) throws IOException {
    Path path = theirs.resolve(name);
    Path parent = path.getParent();
    boolean there = Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    boolean place = Files.isDirectory(parent);
    if (text.contains("write")) {
      return place && !Files.isDirectory(path);
    } else if (text.contains("link to")) {
      // From within a directory to itself the way is empty, and nothing links to that.
      return place && !there && !parent.equals(theirs.resolve(other));
    } else if (text.contains("make directory")) {
      return place && !there;
    } else if (text.contains("delete")) {
      return !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) || isEmpty(path);
    } else if (text.contains("rename")) {
      boolean source = Files.exists(theirs.resolve(other), LinkOption.NOFOLLOW_LINKS);
      boolean same = name.equals(other);
      boolean inside = name.startsWith(other + "/");
      return source && (same || (!there && place && !inside));
    }
    return Files.exists(path); // for a time
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.allMatch(SecondClientRun::isMovedAside);
    }
  }

  /**
   * Returns whether a name that the server has is none that a mount shows: over SMB, what is
   * deleted while it is open has such a one until it is closed.
   */
  private static boolean isMovedAside(Path path) {
    return path.getFileName().toString().startsWith(".netfs-deleted-");
  }

  // ---- questions

  private void attributes(String name) {
    if (isThroughLink(name)) {
      return;
    }
    Set<String> possible = allowed(name);
    String found = describe(mine.resolve(name));
    log.add("attributes of " + name + ": " + found);
    if (!possible.contains(found)) {
      throw new AssertionError("attributes of " + name + ": " + found + ", not " + possible);
    }
  }

  private void list(String name) throws IOException {
    if (isThroughLink(name.isEmpty() ? "a" : name)
        || Files.isSymbolicLink(theirs.resolve(name))
        || (!name.isEmpty() && allowed(name).size() > 1)) {
      return;
    }
    Set<String> found = new TreeSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(mine.resolve(name))) {
      entries.forEach(entry -> found.add(mine.relativize(entry).toString()));
    } catch (IOException e) {
      if (Files.isDirectory(theirs.resolve(name))) {
        throw new AssertionError("list " + name + ": " + e, e);
      }
      return;
    }
    log.add("list " + name + ": " + found);
    assertListing("list " + name, name, found);
  }

  private void assertListing(String what, String directory, Set<String> found) {
    for (String child : NAMES) {
      Path parent = Path.of(child).getParent();
      if (!(parent == null ? "" : parent.toString()).equals(directory)) {
        continue;
      }
      Set<String> possible = allowed(child);
      if (found.contains(child) ? possible.equals(Set.of(MISSING)) : !possible.contains(MISSING)) {
        throw new AssertionError(what + ": " + found + ", but " + child + " is " + possible);
      }
    }
  }

  private void walk() throws IOException {
    Set<String> found = new TreeSet<>();
    try (Stream<Path> all = Files.walk(mine)) {
      all.skip(1).forEach(path -> found.add(mine.relativize(path).toString()));
    } catch (java.io.UncheckedIOException | NoSuchFileException e) {
      // A directory was there when its parent was listed, and is not now.
      if (allowed.isEmpty()) {
        throw e;
      }
      return;
    }
    log.add("walk: " + found);
    assertListing("walk", "", found);
    if (allowed.isEmpty()) {
      Set<String> there = new TreeSet<>();
      try (Stream<Path> all = Files.walk(theirs)) {
        all.skip(1)
            .filter(path -> !isMovedAside(path))
            .forEach(path -> there.add(theirs.relativize(path).toString()));
      }
      if (!found.equals(there)) {
        throw new AssertionError("walk: " + found + ", not " + there);
      }
    }
  }

  /** An open asks the server, whatever is cached. */
  private void read(String name) throws IOException {
    if (isThroughLink(name)) {
      return;
    }
    byte[] wanted = content(theirs.resolve(name));
    byte[] found = content(mine.resolve(name));
    log.add("read " + name + ": " + (found == null ? "nothing" : found.length));
    if (!java.util.Arrays.equals(found, wanted)) {
      throw new AssertionError("read " + name + ": not what is there");
    }
  }

  private static byte[] content(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      return null;
    }
  }

  private void drop() throws IOException {
    log.add("drop caches");
    fs.dropCaches();
    allowed.clear();
    for (String name : NAMES) {
      attributes(name);
    }
  }
}
