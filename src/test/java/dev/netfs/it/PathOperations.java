package dev.netfs.it;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;

import dev.netfs.testing.Directories;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Random operations of {@link Files}. */
final class PathOperations {
  private final Random random;
  private final Names names;
  private final boolean fileKeys;
  private final boolean climbing;
  private final boolean posix;

  /**
   * @param fileKeys whether netfs is shown which names are those of one file; if not, it cannot
   *     know hard links for what they are
   * @param climbing whether relative links may be made, which may come to lead out of the tree
   * @param posix whether there are permissions and symbolic links; if not, open files also stand in
   *     the way of what moves or goes around them
   */
  PathOperations(Random random, Names names, boolean fileKeys, boolean climbing, boolean posix) {
    this.climbing = climbing;
    this.posix = posix;
    this.random = random;
    this.names = names;
    this.fileKeys = fileKeys;
  }

  private static Operation of(String text, String name, Side.Deed deed) {
    return new Operation(text + " " + name, List.of(name), false, deed);
  }

  Operation next() throws IOException {
    if (names.crowded() && random.nextInt(2) == 0) {
      return deleteTree(names.any());
    }
    return switch (random.nextInt(14)) {
      case 0, 1, 2 -> make();
      case 3, 4 -> write();
      case 5, 6 -> read();
      case 7 -> delete();
      case 8, 9 -> copyOrMove();
      case 10 -> change();
      case 11, 12 -> ask();
      default -> list();
    };
  }

  private Operation make() throws IOException {
    String name = random.nextInt(4) == 0 ? names.any() : names.fresh();
    Set<PosixFilePermission> permissions = permissions(true);
    int kind = random.nextInt(8);
    return switch (posix ? kind : kind == 1 ? 0 : kind == 3 ? 2 : kind == 5 ? 6 : kind) {
      case 0 -> of("create file", name, side -> Files.createFile(side.at(name)));
      case 1 ->
          of(
              "create file " + PosixFilePermissions.toString(permissions),
              name,
              side ->
                  Files.createFile(
                      side.at(name), PosixFilePermissions.asFileAttribute(permissions)));
      case 2 -> of("create directory", name, side -> Files.createDirectory(side.at(name)));
      case 3 ->
          of(
              "create directory " + PosixFilePermissions.toString(permissions),
              name,
              side ->
                  Files.createDirectory(
                      side.at(name), PosixFilePermissions.asFileAttribute(permissions)));
      case 4 -> {
        String deep = names.fresh();
        yield of("create directories", deep, side -> Files.createDirectories(side.at(deep)));
      }
      case 5 -> symbolicLink(name);
      case 6 -> hardLink(name);
      default -> temporary(names.directory());
    };
  }

  private Operation symbolicLink(String name) throws IOException {
    String target = names.any();
    boolean absolute = random.nextInt(3) == 0 || !climbing;
    return new Operation(
        "link " + name + " to " + (absolute ? "/" : "") + target,
        List.of(name),
        true,
        side -> {
          Path link = side.at(name);
          Path leadsTo = side.at(target);
          if (!absolute) {
            leadsTo = link.getParent().relativize(leadsTo);
          }
          Files.createSymbolicLink(link, leadsTo);
          return Files.readSymbolicLink(link);
        });
  }

  private Operation hardLink(String name) throws IOException {
    String file = names.file();
    return new Operation(
        "hard link " + name + " to " + file,
        List.of(name, file),
        true,
        side -> Files.createLink(side.at(name), side.at(file)));
  }

  private static Operation temporary(String directory) {
    return of(
        "temporary file and directory in",
        directory,
        side -> {
          Path file = Files.createTempFile(side.at(directory), "t-", ".tmp");
          Path made = Files.createTempDirectory(side.at(directory), "d-");
          // Their permissions differ: the JDK makes them private on its own file system only.
          String what = Files.size(file) + " " + Files.isDirectory(made);
          Files.delete(file);
          Files.delete(made);
          return what;
        });
  }

  private Operation write() throws IOException {
    String name = random.nextInt(3) == 0 ? names.fresh() : names.file();
    byte[] bytes = bytes();
    OpenOption[] options =
        switch (random.nextInt(4)) {
          case 0 -> new OpenOption[] {CREATE, APPEND};
          case 1 -> new OpenOption[] {CREATE_NEW};
          default -> new OpenOption[0];
        };
    if (random.nextBoolean()) {
      return of(
          "write " + bytes.length + " " + Arrays.toString(options) + " to",
          name,
          side -> Files.write(side.at(name), bytes, options));
    }
    int step = 1 + random.nextInt(20_000);
    return of(
        "stream " + bytes.length + " " + Arrays.toString(options) + " to",
        name,
        side -> {
          try (OutputStream out = Files.newOutputStream(side.at(name), options)) {
            for (int at = 0; at < bytes.length; at += step) {
              out.write(bytes, at, Math.min(step, bytes.length - at));
            }
          }
          return null;
        });
  }

  private Operation read() throws IOException {
    String name = random.nextInt(4) == 0 ? names.any() : names.file();
    int skip = random.nextInt(5000);
    return switch (random.nextInt(3)) {
      case 0 -> of("read all of", name, side -> Files.readAllBytes(side.at(name)));
      case 1 -> {
        String other = names.file();
        yield new Operation(
            "mismatch of " + name + " and " + other,
            List.of(name, other),
            false,
            side -> Files.mismatch(side.at(name), side.at(other)));
      }
      default ->
          of(
              "skip " + skip + " and read",
              name,
              side -> {
                try (InputStream in = Files.newInputStream(side.at(name))) {
                  int available = in.available();
                  // At the end the JDK's stream skips on; ours stays there.
                  in.skipNBytes(Math.min(skip, available));
                  return available + " " + Arrays.hashCode(in.readNBytes(70_000));
                }
              });
    };
  }

  private Operation delete() throws IOException {
    String name = names.any();
    return switch (random.nextInt(3)) {
      case 0 ->
          new Operation(
              "delete " + name,
              List.of(name),
              !posix && names.isDirectory(name),
              side -> deleted(side.at(name)));
      case 1 ->
          new Operation(
              "delete if it exists " + name,
              List.of(name),
              !posix && names.isDirectory(name),
              side -> Files.deleteIfExists(side.at(name)));
      default -> deleteTree(name);
    };
  }

  private static Object deleted(Path path) throws IOException {
    Files.delete(path);
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  private Operation deleteTree(String name) {
    return new Operation(
        "delete tree " + name,
        List.of(name),
        !posix,
        side -> {
          Directories.delete(side.at(name));
          return null;
        });
  }

  private Operation copyOrMove() throws IOException {
    String source = random.nextInt(3) == 0 ? names.any() : names.file();
    String target = random.nextInt(3) == 0 ? names.any() : names.fresh();
    if ((target + "/").startsWith(source + "/") || (source + "/").startsWith(target + "/")) {
      // The JDK deletes what is at the target before it finds out that nothing can take its place.
      target = names.fresh() + "2";
    }
    while (!fileKeys && names.areHardLinks(source, target)) {
      // The JDK does nothing then, and netfs takes them for two files.
      target += "2";
    }
    return copyOrMove(source, target);
  }

  private Operation copyOrMove(String source, String target) {
    boolean move = random.nextBoolean();
    Set<CopyOption> options = new HashSet<>();
    if (random.nextInt(2) == 0) {
      options.add(REPLACE_EXISTING);
    }
    if (random.nextInt(4) == 0) {
      options.add(move ? ATOMIC_MOVE : COPY_ATTRIBUTES);
    }
    if (random.nextInt(6) == 0) {
      options.add(LinkOption.NOFOLLOW_LINKS);
    }
    if (random.nextInt(40) == 0) {
      options.add(move ? COPY_ATTRIBUTES : ATOMIC_MOVE);
    }
    CopyOption[] array = options.toArray(new CopyOption[0]);
    return new Operation(
        (move ? "move " : "copy ") + source + " to " + target + " " + options,
        List.of(source, target),
        !posix,
        side ->
            move
                ? Files.move(side.at(source), side.at(target), array)
                : Files.copy(side.at(source), side.at(target), array));
  }

  private Operation change() throws IOException {
    String name = names.any();
    FileTime time = FileTime.from(1_000_000_000L + random.nextInt(1000), TimeUnit.SECONDS);
    Set<PosixFilePermission> permissions = permissions(true);
    return switch (random.nextInt(posix ? 4 : 2)) {
      case 0 ->
          new Operation(
              "modified at " + time + " " + name,
              List.of(name),
              !posix,
              side -> Files.getLastModifiedTime(Files.setLastModifiedTime(side.at(name), time)));
      case 1 ->
          new Operation(
              "times " + time + " " + name,
              List.of(name),
              !posix,
              side -> {
                BasicFileAttributeView view =
                    Files.getFileAttributeView(side.at(name), BasicFileAttributeView.class);
                view.setTimes(time, time, null);
                return view.readAttributes().lastAccessTime()
                    + " "
                    + view.readAttributes().lastModifiedTime();
              });
      case 2 ->
          of(
              "permissions " + PosixFilePermissions.toString(permissions),
              name,
              side ->
                  Files.getPosixFilePermissions(
                      Files.setPosixFilePermissions(side.at(name), permissions)));
      default ->
          of(
              "attribute " + PosixFilePermissions.toString(permissions),
              name,
              side ->
                  PosixFilePermissions.toString(
                      Files.readAttributes(
                              Files.setAttribute(side.at(name), "posix:permissions", permissions),
                              java.nio.file.attribute.PosixFileAttributes.class)
                          .permissions()));
    };
  }

  private Operation ask() throws IOException {
    String name = names.any();
    boolean follow = random.nextInt(3) > 0;
    LinkOption[] links = follow ? new LinkOption[0] : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
    int kind = random.nextInt(8);
    return switch (posix || kind != 2 && kind != 4 ? kind : 7) {
      case 0 ->
          of(
              "exists " + follow,
              name,
              side ->
                  Files.exists(side.at(name), links)
                      + " "
                      + Files.isDirectory(side.at(name), links)
                      + " "
                      + Files.isRegularFile(side.at(name), links)
                      + " "
                      + Files.isSymbolicLink(side.at(name))
                      + " "
                      + Files.isReadable(side.at(name)));
      case 1 -> of("attributes " + follow, name, side -> attributes(side.at(name), links));
      case 2 ->
          of(
              "named attributes " + follow,
              name,
              side -> {
                var values =
                    Files.readAttributes(side.at(name), "posix:permissions,isDirectory", links);
                return values.get("permissions").hashCode() + " " + values.get("isDirectory");
              });
      case 3 -> of("real path " + follow, name, side -> side.at(name).toRealPath(links));
      case 4 -> of("symbolic link's target of", name, side -> leadsTo(side, side.at(name)));
      case 5 -> {
        String other = names.any();
        yield new Operation(
            "same file " + name + " and " + other,
            List.of(name, other),
            false,
            side -> isSameFile(side, name, other));
      }
      case 6 -> of("modified when", name, side -> when(side.at(name), links));
      default -> of("size", name, side -> sizeOfFile(side.at(name)));
    };
  }

  private boolean isSameFile(Side side, String name, String other) throws IOException {
    return Files.isSameFile(side.at(name), side.at(other))
        && (side.netfs || fileKeys || !names.areHardLinks(name, other));
  }

  private static String leadsTo(Side side, Path link) throws IOException {
    Path target = Files.readSymbolicLink(link);
    return target.isAbsolute() ? "/" + side.name(target) : target.toString();
  }

  private static Object sizeOfFile(Path path) throws IOException {
    long size = Files.size(path);
    return Files.isRegularFile(path) ? size : "no file";
  }

  private static String when(Path path, LinkOption... links) throws IOException {
    FileTime time = Files.getLastModifiedTime(path, links);
    return Trees.isOld(time) ? time.toString() : "recently";
  }

  private static String attributes(Path path, LinkOption... links) throws IOException {
    BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class, links);
    return found.isDirectory()
        + " "
        + found.isRegularFile()
        + " "
        + found.isSymbolicLink()
        + " "
        + (found.isRegularFile() ? found.size() : 0)
        + " "
        + (Trees.isOld(found.lastModifiedTime()) ? found.lastModifiedTime() : "recent");
  }

  private Operation list() throws IOException {
    String name = random.nextInt(4) == 0 ? names.any() : names.directory();
    String glob = List.of("*", "[a-f]*", "*.txt", "{a,b,*#*}", "\\[*", "?").get(random.nextInt(6));
    int depth = random.nextInt(4);
    return switch (random.nextInt(6)) {
      case 0 -> of("list", name, side -> paths(side, Files.list(side.at(name))));
      case 1 ->
          of(
              "list " + glob,
              name,
              side -> {
                List<String> found = new ArrayList<>();
                try (DirectoryStream<Path> stream = Files.newDirectoryStream(side.at(name), glob)) {
                  stream.forEach(path -> found.add(side.name(path)));
                }
                return found.stream().sorted().toList();
              });
      case 2 -> of("walk", name, side -> paths(side, Files.walk(side.at(name))));
      case 3 ->
          new Operation(
              "walk through links " + name,
              List.of(name),
              true,
              side -> paths(side, Files.walk(side.at(name), 6, FileVisitOption.FOLLOW_LINKS)));
      case 4 ->
          of(
              "find files, depth " + depth + ", in",
              name,
              side ->
                  paths(
                      side,
                      Files.find(
                          side.at(name),
                          depth,
                          (path, attributes) ->
                              attributes.isRegularFile() && attributes.size() > 1000)));
      default -> of("walk with attributes", name, side -> walk(side, name));
    };
  }

  private static List<String> paths(Side side, Stream<Path> stream) {
    try (stream) {
      return stream.map(side::name).sorted().toList();
    }
  }

  private static List<String> walk(Side side, String name) throws IOException {
    List<String> found = new ArrayList<>();
    Files.walkFileTree(
        side.at(name),
        EnumSet.noneOf(FileVisitOption.class),
        4,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            found.add(side.name(file) + " " + attributes(file, LinkOption.NOFOLLOW_LINKS));
            return FileVisitResult.CONTINUE;
          }
        });
    return found.stream().sorted().toList();
  }

  /** Returns permissions with which their owner can go on. */
  private Set<PosixFilePermission> permissions(boolean mine) {
    Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
    for (PosixFilePermission permission : PosixFilePermission.values()) {
      if (mine && permission.name().startsWith("OWNER_") || random.nextInt(3) == 0) {
        set.add(permission);
      }
    }
    return set;
  }

  private byte[] bytes() {
    int length =
        switch (random.nextInt(4)) {
          case 0 -> random.nextInt(50);
          case 1 -> random.nextInt(5000);
          case 2 -> random.nextInt(100_000);
          default -> random.nextInt(20) == 0 ? 2_500_000 : random.nextInt(300_000);
        };
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
