package dev.netfs.nio;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything that {@code Files} does to names, done at random to a small tree of ours and to one of
 * the JDK's: every outcome, down to the paths in the exceptions, and both trees have to be the
 * same.
 */
class TreeDifferentialTest {
  private static final String[] NAMES = {
    "a",
    "b",
    "c",
    "d",
    "a/x",
    "a/y",
    "b/x",
    "b/y",
    "a/x/1",
    "b/y/1",
    "link",
    ".h",
    "a/link",
    "weird %#?é+"
  };
  private static final int STEPS = 400;

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("J6")
  @Tag("J8")
  void deedsComeToTheSame(long seed) throws Exception {
    Random random = new Random(seed);
    try (Twins twins = new Twins()) {
      List<String> log = new ArrayList<>();
      for (int step = 0; step < STEPS; step++) {
        Deed deed = deed(random);
        log.add(deed.name);
        String what =
            "seed "
                + seed
                + ", step "
                + step
                + ", after "
                + log.subList(Math.max(0, log.size() - 25), log.size());
        twins.both(what, deed.deed);
        if (step % 20 == 0) {
          twins.assertAlike(what);
        }
      }
      twins.assertAlike("seed " + seed);
    }
  }

  static LongStream seeds() {
    return LongStream.rangeClosed(1, Long.getLong("netfs.test.seeds", 12));
  }

  private record Deed(String name, Twins.Deed deed) {}

  private static Deed deed(Random random) {
    String a = NAMES[random.nextInt(NAMES.length)];
    String b = NAMES[random.nextInt(NAMES.length)];
    String both = a + " " + b;
    int variant = random.nextInt(1 << 16);
    LinkOption[] links = variant % 3 == 0 ? new LinkOption[] {NOFOLLOW_LINKS} : new LinkOption[0];
    return switch (random.nextInt(33)) {
      case 0, 1, 2 ->
          new Deed("createDirectory " + a, r -> done(Files.createDirectory(r.resolve(a))));
      case 3 ->
          new Deed("createDirectories " + a, r -> done(Files.createDirectories(r.resolve(a))));
      case 4, 5 -> new Deed("createFile " + a, r -> done(Files.createFile(r.resolve(a))));
      case 6, 7, 8 -> {
        OpenOption[] options = writeOptions(random);
        yield new Deed(
            "write " + a + " " + List.of(options),
            r -> done(Files.writeString(r.resolve(a), "content " + variant, options)));
      }
      case 9, 10 ->
          new Deed(
              "delete " + a,
              r -> {
                Files.delete(r.resolve(a));
                return "deleted";
              });
      case 11 -> new Deed("deleteIfExists " + a, r -> Files.deleteIfExists(r.resolve(a)));
      case 12, 13, 14 -> {
        CopyOption[] options =
            options(
                random,
                REPLACE_EXISTING,
                REPLACE_EXISTING,
                COPY_ATTRIBUTES,
                NOFOLLOW_LINKS,
                ATOMIC_MOVE);
        yield new Deed(
            "copy " + both + " " + List.of(options),
            r -> done(Files.copy(r.resolve(a), r.resolve(b), options)));
      }
      case 15, 16, 17 -> {
        CopyOption[] options =
            options(random, REPLACE_EXISTING, REPLACE_EXISTING, ATOMIC_MOVE, COPY_ATTRIBUTES);
        yield new Deed(
            "move " + both + " " + List.of(options),
            r ->
                // Into itself: the JDK deletes what is there first, and then finds that it cannot.
                b.startsWith(a + "/")
                    ? "into itself"
                    : done(Files.move(r.resolve(a), r.resolve(b), options)));
      }
      case 18 ->
          new Deed(
              "symlink " + both,
              r -> done(Files.createSymbolicLink(r.resolve(a), r.getFileSystem().getPath(b))));
      case 19 ->
          new Deed(
              "link " + both,
              r ->
                  // Which comes first of all that is wrong then differs.
                  Files.isDirectory(r.resolve(b))
                      ? "directory"
                      : done(Files.createLink(r.resolve(a), r.resolve(b))));
      case 20 -> new Deed("readSymbolicLink " + a, r -> Files.readSymbolicLink(r.resolve(a)));
      case 21 ->
          new Deed(
              "list " + a,
              r -> {
                try (DirectoryStream<Path> entries =
                    Files.newDirectoryStream(r.resolve(variant % 4 == 0 ? "" : a))) {
                  Set<String> names = new TreeSet<>();
                  entries.forEach(entry -> names.add(r.relativize(entry).toString()));
                  return names;
                }
              });
      case 22 ->
          new Deed(
              "walk",
              r -> {
                try (Stream<Path> paths = Files.walk(r)) {
                  return new TreeSet<>(paths.map(p -> r.relativize(p).toString()).toList());
                }
              });
      case 23 ->
          new Deed(
              "what is " + a,
              r -> {
                Path p = r.resolve(a);
                return Files.exists(p, links)
                    + " "
                    + (Twins.isBelowFile(p) || Files.notExists(p, links))
                    + " "
                    + Files.isDirectory(p, links)
                    + " "
                    + Files.isRegularFile(p, links)
                    + " "
                    + Files.isSymbolicLink(p)
                    + " "
                    + Files.isHidden(p)
                    + " "
                    + Files.isReadable(p);
              });
      case 24 ->
          new Deed(
              "size " + a,
              r -> Files.isDirectory(r.resolve(a)) ? "directory" : Files.size(r.resolve(a)));
      case 25, 26 -> new Deed("read " + a, r -> Files.readString(r.resolve(a)));
      case 27 -> new Deed("isSameFile " + both, r -> Files.isSameFile(r.resolve(a), r.resolve(b)));
      case 28 ->
          new Deed(
              "times " + a,
              r -> {
                Path p = r.resolve(a);
                FileTime time = FileTime.fromMillis(1_600_000_000_000L + variant * 1000L);
                Files.setLastModifiedTime(p, time);
                return Files.getLastModifiedTime(p).toMillis();
              });
      case 29 ->
          new Deed(
              "permissions " + a,
              r -> {
                Path p = r.resolve(a);
                String mode = variant % 2 == 0 ? "rwxr-x--x" : "rw-rw-r--";
                Files.setPosixFilePermissions(p, PosixFilePermissions.fromString(mode));
                return PosixFilePermissions.toString(Files.getPosixFilePermissions(p));
              });
      case 30 ->
          new Deed(
              "attributes " + a,
              r -> {
                BasicFileAttributes basic =
                    Files.readAttributes(r.resolve(a), BasicFileAttributes.class, links);
                return basic.isDirectory()
                    + " "
                    + basic.isRegularFile()
                    + " "
                    + basic.isSymbolicLink()
                    + " "
                    + (basic.isRegularFile() ? basic.size() : 0);
              });
      case 31 ->
          new Deed("real " + a, r -> r.toRealPath().relativize(r.resolve(a).toRealPath(links)));
      default ->
          new Deed(
              "probe " + both,
              r -> {
                Path p = r.resolve(a);
                return switch (variant % 4) {
                  case 0 -> Files.mismatch(p, r.resolve(b));
                  case 1 -> Files.readAttributes(p, "posix:permissions,isDirectory,owner", links);
                  case 2 -> Files.getFileStore(p) != null;
                  default -> Files.getOwner(p, links);
                };
              });
    };
  }

  private static String done(Path path) {
    return path == null ? "null" : "done";
  }

  private static OpenOption[] writeOptions(Random random) {
    StandardOpenOption[] all = {
      StandardOpenOption.CREATE,
      StandardOpenOption.CREATE_NEW,
      StandardOpenOption.APPEND,
      StandardOpenOption.TRUNCATE_EXISTING,
      StandardOpenOption.SYNC
    };
    Set<OpenOption> options = new HashSet<>();
    for (StandardOpenOption option : all) {
      if (random.nextInt(4) == 0) {
        options.add(option);
      }
    }
    return options.toArray(new OpenOption[0]);
  }

  private static CopyOption[] options(Random random, CopyOption... all) {
    Set<CopyOption> options = new HashSet<>();
    for (CopyOption option : all) {
      if (random.nextInt(4) == 0) {
        options.add(option);
      }
    }
    return options.toArray(new CopyOption[0]);
  }
}
