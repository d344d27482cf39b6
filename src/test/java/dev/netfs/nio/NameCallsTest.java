package dev.netfs.nio;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.OVERFLOW;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchService;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Names: making, deleting, copying, moving, listing and watching. */
class NameCallsTest extends CallsDifferential {
  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  @Tag("J6")
  @Tag("J8")
  @Tag("J10")
  void nameCallsAreAsTheJdks(String name) throws Exception {
    check(name, nameCalls());
  }

  static Set<String> names() {
    return nameCalls().keySet();
  }

  private static Map<String, Twins.Deed> nameCalls() {
    Map<String, Twins.Deed> calls = new LinkedHashMap<>();
    List<String> names =
        List.of("file", "dir", "empty", "link", "dangling", "loop", "missing", "missing/x", "");
    for (String a : names) {
      calls.put("createDirectory " + a, r -> Files.createDirectory(r.resolve(a)) != null);
      calls.put("createDirectories " + a, r -> Files.createDirectories(r.resolve(a)) != null);
      calls.put("createFile " + a, r -> Files.createFile(r.resolve(a)) != null);
      calls.put("readSymbolicLink " + a, r -> Files.readSymbolicLink(r.resolve(a)));
      calls.put("toRealPath " + a, r -> r.toRealPath().relativize(r.resolve(a).toRealPath()));
      calls.put(
          "toRealPath nofollow " + a,
          r -> r.toRealPath().relativize(r.resolve(a).toRealPath(NOFOLLOW_LINKS)));
      calls.put("isHidden " + a, r -> Files.isHidden(r.resolve(a)));
      calls.put(
          "list " + a,
          r -> {
            try (Stream<Path> entries = Files.list(r.resolve(a))) {
              return new TreeSet<>(entries.map(p -> r.relativize(p).toString()).toList());
            }
          });
      if (!a.isEmpty()) {
        calls.put(
            "delete " + a,
            r -> {
              Files.delete(r.resolve(a));
              return "deleted";
            });
        calls.put("deleteIfExists " + a, r -> Files.deleteIfExists(r.resolve(a)));
      }
      for (String b : names) {
        calls.put("isSameFile " + a + " " + b, r -> Files.isSameFile(r.resolve(a), r.resolve(b)));
        if (a.isEmpty() || b.isEmpty() || b.startsWith(a + "/")) {
          continue;
        }
        if (!a.equals("dir") && !a.equals("empty")) {
          calls.put(
              "link " + a + " " + b, r -> Files.createLink(r.resolve(b), r.resolve(a)) != null);
        }
        for (CopyOption[] options :
            new CopyOption[][] {
              {},
              {java.nio.file.StandardCopyOption.REPLACE_EXISTING},
              {NOFOLLOW_LINKS},
              {
                java.nio.file.StandardCopyOption.COPY_ATTRIBUTES,
                java.nio.file.StandardCopyOption.REPLACE_EXISTING,
                NOFOLLOW_LINKS
              },
              {java.nio.file.StandardCopyOption.ATOMIC_MOVE}
            }) {
          String with = a + " " + b + " " + List.of(options);
          calls.put("copy " + with, r -> Files.copy(r.resolve(a), r.resolve(b), options) != null);
          calls.put("move " + with, r -> Files.move(r.resolve(a), r.resolve(b), options) != null);
        }
      }
    }
    calls.put(
        "copy with null option",
        r -> Files.copy(r.resolve("file"), r.resolve("x"), (CopyOption) null));
    calls.put(
        "move with null option",
        r -> Files.move(r.resolve("file"), r.resolve("x"), (CopyOption) null));
    calls.put(
        "copy with unknown option",
        r -> Files.copy(r.resolve("file"), r.resolve("x"), Unknown.UNKNOWN));
    calls.put(
        "move with unknown option",
        r -> Files.move(r.resolve("file"), r.resolve("x"), Unknown.UNKNOWN));
    calls.put("copy null", r -> Files.copy(r.resolve("file"), (Path) null));
    calls.put(
        "copy keeps times",
        r -> {
          Files.setLastModifiedTime(r.resolve("file"), T);
          Files.setPosixFilePermissions(
              r.resolve("file"), PosixFilePermissions.fromString("rwxr-xr--"));
          Files.copy(
              r.resolve("file"), r.resolve("x"), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
          return Files.getLastModifiedTime(r.resolve("x")).toMillis()
              + " "
              + PosixFilePermissions.toString(Files.getPosixFilePermissions(r.resolve("x")));
        });
    calls.put(
        "copy of a directory keeps times",
        r -> {
          Files.setLastModifiedTime(r.resolve("dir"), T);
          Files.copy(
              r.resolve("dir"), r.resolve("x"), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
          return Files.getLastModifiedTime(r.resolve("x")).toMillis();
        });
    calls.put(
        "move over a directory that is not empty",
        r ->
            Files.move(
                r.resolve("empty"),
                r.resolve("dir"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING));
    calls.put(
        "copy of a stream",
        r -> {
          try (InputStream in = Files.newInputStream(r.resolve("file"))) {
            return Files.copy(in, r.resolve("x"));
          }
        });
    calls.put(
        "copy to a stream",
        r -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          return Files.copy(r.resolve("file"), out) + out.toString();
        });
    FileAttribute<?> mode =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    FileAttribute<?> unknown =
        new FileAttribute<Object>() {
          @Override
          public String name() {
            return "unknown:x";
          }

          @Override
          public Object value() {
            return 1;
          }
        };
    calls.put(
        "createDirectory with mode",
        r -> Files.getPosixFilePermissions(Files.createDirectory(r.resolve("x"), mode)));
    calls.put(
        "createFile with mode",
        r -> Files.getPosixFilePermissions(Files.createFile(r.resolve("x"), mode)));
    calls.put("createFile existing with mode", r -> Files.createFile(r.resolve("file"), mode));
    calls.put("createDirectory with unknown", r -> Files.createDirectory(r.resolve("x"), unknown));
    calls.put("createFile with unknown", r -> Files.createFile(r.resolve("x"), unknown));
    calls.put(
        "createFile with null", r -> Files.createFile(r.resolve("x"), (FileAttribute<?>) null));
    calls.put(
        "createSymbolicLink with mode",
        r -> Files.createSymbolicLink(r.resolve("x"), r.getFileSystem().getPath("file"), mode));
    calls.put(
        "createSymbolicLink over file",
        r -> Files.createSymbolicLink(r.resolve("file"), r.getFileSystem().getPath("x")));
    calls.put("createSymbolicLink null", r -> Files.createSymbolicLink(r.resolve("x"), null));
    calls.put(
        "createTempFile",
        r -> {
          Path temp = Files.createTempFile(r.resolve("dir"), "pre", ".suf");
          String name = temp.getFileName().toString();
          Files.delete(temp);
          return name.startsWith("pre") && name.endsWith(".suf");
        });
    calls.put(
        "createTempDirectory",
        r -> {
          Path temp = Files.createTempDirectory(r.resolve("dir"), null);
          Files.delete(temp);
          return temp.getParent().equals(r.resolve("dir"));
        });
    calls.put(
        "glob",
        r -> {
          try (DirectoryStream<Path> entries =
              Files.newDirectoryStream(r.resolve("dir"), "*.{txt,md}")) {
            Set<String> found = new TreeSet<>();
            entries.forEach(p -> found.add(p.getFileName().toString()));
            return found;
          }
        });
    calls.put(
        "two iterators",
        r -> {
          try (DirectoryStream<Path> entries = Files.newDirectoryStream(r.resolve("dir"))) {
            entries.iterator();
            return entries.iterator();
          }
        });
    calls.put(
        "iterator after close",
        r -> {
          DirectoryStream<Path> entries = Files.newDirectoryStream(r.resolve("dir"));
          entries.close();
          entries.close();
          return entries.iterator();
        });
    calls.put(
        "next after close",
        r -> {
          DirectoryStream<Path> entries = Files.newDirectoryStream(r.resolve("dir"));
          Iterator<Path> iterator = entries.iterator();
          entries.close();
          return iterator.hasNext() + " " + iterator.next();
        });
    calls.put(
        "next of one looked at after close",
        r -> {
          DirectoryStream<Path> entries = Files.newDirectoryStream(r.resolve("dir/sub/.."), "sub");
          Iterator<Path> iterator = entries.iterator();
          boolean had = iterator.hasNext();
          entries.close();
          return had + " " + iterator.next().getFileName();
        });
    calls.put(
        "next at the end",
        r -> {
          try (DirectoryStream<Path> entries = Files.newDirectoryStream(r.resolve("empty"))) {
            return entries.iterator().next();
          }
        });
    calls.put(
        "remove",
        r -> {
          try (DirectoryStream<Path> entries = Files.newDirectoryStream(r.resolve("dir"))) {
            Iterator<Path> iterator = entries.iterator();
            iterator.next();
            iterator.remove();
            return "removed";
          }
        });
    calls.put(
        "filter that fails",
        r -> {
          try (DirectoryStream<Path> entries =
              Files.newDirectoryStream(
                  r.resolve("dir"),
                  p -> {
                    throw new java.io.IOException("no");
                  })) {
            return entries.iterator().hasNext();
          } catch (DirectoryIteratorException e) {
            return "DirectoryIteratorException " + e.getCause().getMessage();
          }
        });
    calls.put(
        "filter that throws",
        r -> {
          try (DirectoryStream<Path> entries =
              Files.newDirectoryStream(
                  r.resolve("dir"),
                  p -> {
                    throw new IllegalStateException("no");
                  })) {
            return entries.iterator().hasNext();
          }
        });
    calls.put(
        "null filter",
        r -> Files.newDirectoryStream(r.resolve("dir"), (DirectoryStream.Filter<Path>) null));
    calls.put("bad glob", r -> Files.newDirectoryStream(r.resolve("dir"), "[a"));
    calls.put(
        "walk following a loop",
        r -> {
          Files.createSymbolicLink(r.resolve("dir/up"), r.getFileSystem().getPath("..", "dir"));
          try (Stream<Path> paths = Files.walk(r.resolve("dir"), FileVisitOption.FOLLOW_LINKS)) {
            return paths.count();
          } catch (java.io.UncheckedIOException e) {
            return e.getCause().getClass();
          }
        });
    calls.put(
        "find",
        r -> {
          try (Stream<Path> paths = Files.find(r, 9, (p, a) -> a.isRegularFile())) {
            return new TreeSet<>(paths.map(p -> r.relativize(p).toString()).toList());
          }
        });
    calls.put(
        "watch for nothing",
        r -> {
          try (WatchService watcher = r.getFileSystem().newWatchService()) {
            return r.register(watcher);
          }
        });
    calls.put(
        "watch for overflow only",
        r -> {
          try (WatchService watcher = r.getFileSystem().newWatchService()) {
            return r.register(watcher, OVERFLOW);
          }
        });
    calls.put(
        "watch a file",
        r -> {
          try (WatchService watcher = r.getFileSystem().newWatchService()) {
            return r.resolve("file").register(watcher, ENTRY_CREATE);
          }
        });
    calls.put(
        "watch a missing directory",
        r -> {
          try (WatchService watcher = r.getFileSystem().newWatchService()) {
            return r.resolve("missing").register(watcher, ENTRY_CREATE);
          }
        });
    calls.put(
        "watch for null",
        r -> {
          try (WatchService watcher = r.getFileSystem().newWatchService()) {
            return r.register(watcher, (java.nio.file.WatchEvent.Kind<?>) null);
          }
        });
    calls.put(
        "closed watcher",
        r -> {
          WatchService watcher = r.getFileSystem().newWatchService();
          watcher.close();
          watcher.close();
          return r.register(watcher, ENTRY_CREATE);
        });
    return calls;
  }
}
