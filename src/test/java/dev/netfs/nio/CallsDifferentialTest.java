package dev.netfs.nio;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.OVERFLOW;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.WatchService;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Single calls, good and bad, against the JDK's own provider: results, classes of exceptions and
 * the paths in them have to be the same.
 */
class CallsDifferentialTest {
  private static final FileTime T = FileTime.fromMillis(1_234_567_890_000L);

  /** An option that nobody knows. */
  private enum Unknown implements OpenOption, CopyOption {
    UNKNOWN
  }

  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static Twins all;
  private Twins twins;

  @BeforeAll
  static void mount() throws Exception {
    all = new Twins();
  }

  @AfterAll
  static void unmount() throws Exception {
    all.close();
  }

  @BeforeEach
  void make() throws Exception {
    twins = all.below("n" + NUMBER.incrementAndGet());
    twins.both(
        "prepare",
        root -> {
          Files.writeString(root.resolve("file"), "0123456789");
          Files.createDirectories(root.resolve("dir/sub"));
          Files.writeString(root.resolve("dir/a.txt"), "a");
          Files.writeString(root.resolve("dir/b.md"), "bb");
          Files.createDirectory(root.resolve("empty"));
          Files.createSymbolicLink(root.resolve("link"), root.getFileSystem().getPath("file"));
          Files.createSymbolicLink(root.resolve("dangling"), root.getFileSystem().getPath("gone"));
          Files.createSymbolicLink(root.resolve("loop"), root.getFileSystem().getPath("loop"));
          return "prepared";
        });
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("attributes")
  @Tag("J6")
  @Tag("J10")
  void attributeCallsAreAsTheJdks(String name) throws Exception {
    check(name, attributeCalls());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  @Tag("J6")
  @Tag("J8")
  @Tag("J10")
  void nameCallsAreAsTheJdks(String name) throws Exception {
    check(name, nameCalls());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("channels")
  @Tag("J2")
  @Tag("J3")
  @Tag("J4")
  @Tag("J5")
  @Tag("J7")
  @Tag("J10")
  @Tag("J11")
  void channelCallsAreAsTheJdks(String name) throws Exception {
    check(name, channelCalls());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("streams")
  @Tag("J6")
  @Tag("J10")
  void streamCallsAreAsTheJdks(String name) throws Exception {
    check(name, streamCalls());
  }

  private void check(String name, Map<String, Twins.Deed> calls) throws Exception {
    twins.both(name, calls.get(name));
    twins.assertAlike(name);
  }

  static Set<String> attributes() {
    return attributeCalls().keySet();
  }

  static Set<String> names() {
    return nameCalls().keySet();
  }

  static Set<String> channels() {
    return channelCalls().keySet();
  }

  static Set<String> streams() {
    return streamCalls().keySet();
  }

  // ---- attributes

  private static Map<String, Twins.Deed> attributeCalls() {
    Map<String, Twins.Deed> calls = new LinkedHashMap<>();
    for (String names :
        List.of(
            "size",
            "basic:size",
            "size,isDirectory",
            "posix:permissions",
            "owner:owner",
            "unix:mode",
            "unix:nlink,uid,gid",
            "nonsense",
            "basic:nonsense",
            "size,nonsense",
            "posix:nonsense",
            "nonsense:size",
            "nonsense:*",
            "",
            "basic:",
            "owner:size",
            "basic:permissions",
            "posix:size",
            "unix:size,permissions",
            ":size",
            "size,,isDirectory",
            "basic:size,size",
            "isRegularFile,isOther,isSymbolicLink",
            "acl:acl")) {
      calls.put("readAttributes " + names, r -> Files.readAttributes(r.resolve("file"), names));
      calls.put("getAttribute " + names, r -> Files.getAttribute(r.resolve("file"), names));
    }
    for (String names : List.of("*", "basic:*", "posix:*", "owner:*", "size,*", "*,size")) {
      calls.put(
          "readAttributes " + names,
          r -> new TreeSet<>(Files.readAttributes(r.resolve("file"), names).keySet()));
    }
    for (String name : List.of("file", "dir", "link", "dangling", "loop", "missing", "file/x")) {
      calls.put(
          "isDirectory of " + name,
          r ->
              Files.getAttribute(r.resolve(name), "isDirectory")
                  + " "
                  + Files.getAttribute(r.resolve(name), "isDirectory", NOFOLLOW_LINKS));
      calls.put(
          "isSymbolicLink of " + name,
          r -> Files.readAttributes(r.resolve(name), "isSymbolicLink,isOther", NOFOLLOW_LINKS));
      calls.put(
          "exists " + name,
          r -> Files.exists(r.resolve(name)) + " " + Files.exists(r.resolve(name), NOFOLLOW_LINKS));
      calls.put(
          "times of " + name,
          r -> {
            Files.getFileAttributeView(r.resolve(name), BasicFileAttributeView.class)
                .setTimes(T, T, T);
            return Files.getLastModifiedTime(r.resolve(name)).toMillis();
          });
      calls.put(
          "permissions of " + name,
          r -> {
            Files.setPosixFilePermissions(
                r.resolve(name), PosixFilePermissions.fromString("rwxr-x---"));
            return Files.getPosixFilePermissions(r.resolve(name));
          });
      calls.put("store of " + name, r -> Files.getFileStore(r.resolve(name)).getTotalSpace() > 0);
      calls.put(
          "access of " + name,
          r ->
              Files.isReadable(r.resolve(name))
                  + " "
                  + Files.isWritable(r.resolve(name))
                  + " "
                  + Files.isExecutable(r.resolve(name)));
      calls.put(
          "key of " + name,
          r -> Files.readAttributes(r.resolve(name), BasicFileAttributes.class).fileKey() != null);
    }
    Object[][] sets = {
      {"lastModifiedTime", T},
      {"basic:lastModifiedTime", T},
      {"posix:lastModifiedTime", T},
      {"unix:lastModifiedTime", T},
      {"lastAccessTime", T},
      {"lastModifiedTime", null},
      {"lastModifiedTime", "x"},
      {"size", 5L},
      {"nonsense", 1},
      {"posix:permissions", Set.of(PosixFilePermission.OWNER_READ)},
      {"posix:permissions", Set.of()},
      {"posix:permissions", Set.of("x")},
      {"posix:permissions", null},
      {"posix:permissions", "rwx"},
      {"basic:permissions", Set.of()},
      {"unix:mode", 0640},
      {"unix:mode", "x"},
      {"unix:mode", null},
      {"unix:uid", 0},
      {"unix:gid", 0},
      {"posix:owner", null},
      {"posix:owner", "root"},
      {"owner:group", null},
      {"owner:nonsense", 1},
      {"posix:nonsense", 1},
      {"nonsense:x", 1},
      {"isDirectory", true},
      {"", 1},
      {"basic:", 1},
      {"unix:ino", 1L},
      {"posix:uid", 0},
      {"owner:owner", "root"},
      {"posix:group", "root"},
      {"owner:permissions", Set.of()}
    };
    for (Object[] set : sets) {
      calls.put(
          "setAttribute " + set[0] + " " + set[1],
          r -> {
            Files.setAttribute(r.resolve("file"), (String) set[0], set[1]);
            BasicFileAttributes read =
                Files.readAttributes(r.resolve("file"), BasicFileAttributes.class);
            return set[0].toString().endsWith("ModifiedTime") && set[1] != null
                ? read.lastModifiedTime().toMillis()
                : Files.getPosixFilePermissions(r.resolve("file"));
          });
    }
    calls.put(
        "creationTime with others",
        r -> {
          Files.getFileAttributeView(r.resolve("file"), BasicFileAttributeView.class)
              .setTimes(T, null, T);
          return Files.getLastModifiedTime(r.resolve("file")).toMillis();
        });
    calls.put(
        "setTimes of nothing",
        r -> {
          Files.getFileAttributeView(r.resolve("missing"), BasicFileAttributeView.class)
              .setTimes(null, null, null);
          return "done";
        });
    calls.put(
        "view names",
        r ->
            Files.getFileAttributeView(r, BasicFileAttributeView.class).name()
                + Files.getFileAttributeView(r, PosixFileAttributeView.class).name()
                + Files.getFileAttributeView(r, FileOwnerAttributeView.class).name());
    calls.put("no acl view", r -> Files.getFileAttributeView(r, AclFileAttributeView.class));
    calls.put("null view", r -> Files.getFileAttributeView(r, null));
    calls.put("null type", r -> Files.readAttributes(r, (Class<BasicFileAttributes>) null));
    calls.put("null names", r -> Files.readAttributes(r, (String) null));
    calls.put(
        "null link option", r -> Files.readAttributes(r, "*", (java.nio.file.LinkOption) null));
    calls.put(
        "posix attributes",
        r -> {
          PosixFileAttributes a =
              Files.readAttributes(r.resolve("file"), PosixFileAttributes.class);
          return a.owner().getName()
              + a.group().getName()
              + new TreeSet<>(a.permissions())
              + a.size();
        });
    calls.put(
        "times out of range",
        r -> {
          Files.setLastModifiedTime(r.resolve("file"), FileTime.from(-1, TimeUnit.SECONDS));
          return Files.getLastModifiedTime(r.resolve("file")).toMillis();
        });
    calls.put(
        "nanoseconds",
        r -> {
          FileTime time = FileTime.from(1_600_000_000_123_456_789L, TimeUnit.NANOSECONDS);
          Files.setLastModifiedTime(r.resolve("file"), time);
          return Files.getLastModifiedTime(r.resolve("file")).to(TimeUnit.MICROSECONDS);
        });
    calls.put(
        "set owner to itself",
        r -> {
          UserPrincipal owner = Files.getOwner(r.resolve("file"));
          Files.setOwner(r.resolve("file"), owner);
          return Files.getOwner(r.resolve("file")).equals(owner);
        });
    calls.put(
        "look up null",
        r -> r.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(null));
    calls.put(
        "link's own permissions",
        r -> {
          Files.getFileAttributeView(
                  r.resolve("link"), PosixFileAttributeView.class, NOFOLLOW_LINKS)
              .setTimes(T, null, null);
          return Files.getLastModifiedTime(r.resolve("link"), NOFOLLOW_LINKS).toMillis()
              + " "
              + Files.getLastModifiedTime(r.resolve("file")).equals(T);
        });
    calls.put(
        "look up root by name",
        r ->
            r.getFileSystem()
                .getUserPrincipalLookupService()
                .lookupPrincipalByName("root")
                .equals(Files.getOwner(r.resolve("file"))));
    return calls;
  }

  // ---- names

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

  // ---- channels

  private static Map<String, Twins.Deed> channelCalls() {
    Map<String, Twins.Deed> calls = new LinkedHashMap<>();
    for (Set<OpenOption> options :
        List.<Set<OpenOption>>of(
            Set.of(READ), Set.of(WRITE), Set.of(READ, WRITE), Set.of(APPEND))) {
      Map<String, ChannelCall> with = channelUses();
      with.forEach(
          (name, use) -> {
            calls.put(
                name + " of " + new TreeSet<>(options.stream().map(Object::toString).toList()),
                r -> {
                  try (FileChannel channel = FileChannel.open(r.resolve("file"), options)) {
                    return use.use(channel) + " at " + channel.position() + " of " + channel.size();
                  }
                });
            calls.put(
                name
                    + " of closed "
                    + new TreeSet<>(options.stream().map(Object::toString).toList()),
                r -> {
                  FileChannel channel = FileChannel.open(r.resolve("file"), options);
                  channel.close();
                  channel.close();
                  return use.use(channel);
                });
          });
    }
    calls.put("unknown option", r -> FileChannel.open(r.resolve("file"), Unknown.UNKNOWN));
    calls.put(
        "null option",
        r -> {
          Set<OpenOption> options = new HashSet<>();
          options.add(null);
          return FileChannel.open(r.resolve("file"), options);
        });
    calls.put("null options", r -> FileChannel.open(r.resolve("file"), (Set<OpenOption>) null));
    calls.put(
        "null attribute",
        r -> FileChannel.open(r.resolve("file"), Set.of(READ), (FileAttribute<?>) null));
    calls.put(
        "bytes channel is a file channel",
        r -> {
          try (SeekableByteChannel channel = Files.newByteChannel(r.resolve("file"))) {
            return channel instanceof FileChannel;
          }
        });
    calls.put(
        "new with mode",
        r -> {
          FileAttribute<?> mode =
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
          Files.newByteChannel(r.resolve("x"), Set.of(CREATE_NEW, WRITE), mode).close();
          return Files.getPosixFilePermissions(r.resolve("x"));
        });
    calls.put(
        "mode of an existing file",
        r -> {
          FileAttribute<?> mode =
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
          Files.newByteChannel(r.resolve("file"), Set.of(CREATE, WRITE), mode).close();
          return Files.getPosixFilePermissions(r.resolve("file"));
        });
    calls.put(
        "delete on close",
        r -> {
          FileChannel channel = FileChannel.open(r.resolve("file"), READ, DELETE_ON_CLOSE);
          ByteBuffer dst = ByteBuffer.allocate(4);
          int count = channel.read(dst);
          channel.close();
          return count + " " + Files.exists(r.resolve("file"));
        });
    calls.put(
        "delete a new one on close",
        r -> {
          FileChannel channel =
              FileChannel.open(r.resolve("x"), CREATE_NEW, WRITE, DELETE_ON_CLOSE);
          int count = channel.write(ByteBuffer.allocate(4));
          channel.close();
          return count + " " + Files.exists(r.resolve("x"));
        });
    calls.put(
        "delete a link on close", r -> FileChannel.open(r.resolve("link"), READ, DELETE_ON_CLOSE));
    calls.put(
        "truncate existing when reading",
        r -> {
          FileChannel.open(r.resolve("file"), READ, TRUNCATE_EXISTING).close();
          return Files.size(r.resolve("file"));
        });
    // J11
    calls.put(
        "directory",
        r -> {
          try (FileChannel channel = FileChannel.open(r.resolve("dir"))) {
            channel.force(true);
            return channel.position() + " " + channel.isOpen();
          }
        });
    calls.put(
        "read a directory",
        r -> {
          try (FileChannel channel = FileChannel.open(r.resolve("dir"))) {
            return channel.read(ByteBuffer.allocate(1));
          }
        });
    calls.put(
        "write a directory",
        r -> {
          try (FileChannel channel = FileChannel.open(r.resolve("dir"))) {
            return channel.write(ByteBuffer.allocate(1));
          }
        });
    calls.put(
        "closed directory",
        r -> {
          FileChannel channel = FileChannel.open(r.resolve("dir"));
          channel.close();
          channel.force(false);
          return "forced";
        });
    calls.put("read all of a directory", r -> Files.readAllBytes(r.resolve("dir")));
    // J7
    calls.put(
        "overlapping locks of one channel",
        r -> {
          try (FileChannel channel = FileChannel.open(r.resolve("file"), READ, WRITE)) {
            channel.lock(0, 10, false);
            return channel.tryLock(5, 10, false);
          }
        });
    calls.put(
        "overlapping locks of two channels",
        r -> {
          try (FileChannel one = FileChannel.open(r.resolve("file"), READ, WRITE);
              FileChannel two = FileChannel.open(r.resolve("file"), READ, WRITE)) {
            one.lock(0, 10, true);
            return two.lock(5, 10, true);
          }
        });
    calls.put(
        "overlapping locks by two names",
        r -> {
          try (FileChannel one = FileChannel.open(r.resolve("file"), READ, WRITE);
              FileChannel two = FileChannel.open(r.resolve("./dir/../file"), READ, WRITE)) {
            one.lock();
            return two.tryLock();
          }
        });
    calls.put(
        "locks side by side",
        r -> {
          try (FileChannel one = FileChannel.open(r.resolve("file"), READ, WRITE);
              FileChannel two = FileChannel.open(r.resolve("file"), READ, WRITE)) {
            FileLock a = one.lock(0, 5, false);
            FileLock b = two.lock(5, 5, false);
            String held = a.isValid() + " " + b.isValid() + " " + a.overlaps(5, 1);
            a.release();
            a.release();
            FileLock c = two.tryLock(0, 5, true);
            held += " " + a.isValid() + " " + c.isShared() + " " + c.position() + " " + c.size();
            two.close();
            return held + " " + c.isValid() + " " + (one.tryLock() != null);
          }
        });
    calls.put(
        "release after close",
        r -> {
          FileChannel channel = FileChannel.open(r.resolve("file"), READ, WRITE);
          FileLock lock = channel.lock();
          channel.close();
          lock.release();
          return "released";
        });
    for (Set<OpenOption> options :
        List.<Set<OpenOption>>of(
            Set.of(READ), Set.of(WRITE), Set.of(READ, WRITE), Set.of(APPEND), Set.of())) {
      asynchronousUses()
          .forEach(
              (name, use) -> {
                String with =
                    " asynchronously with "
                        + new TreeSet<>(options.stream().map(Object::toString).toList());
                calls.put(
                    name + with,
                    r -> {
                      try (AsynchronousFileChannel channel =
                          AsynchronousFileChannel.open(r.resolve("file"), options, null)) {
                        return use.use(channel) + " of " + channel.size();
                      }
                    });
                calls.put(
                    name + " closed" + with,
                    r -> {
                      AsynchronousFileChannel channel =
                          AsynchronousFileChannel.open(r.resolve("file"), options, null);
                      channel.close();
                      channel.close();
                      try {
                        return use.use(channel) + " " + channel.isOpen();
                      } catch (AsynchronousCloseException e) {
                        throw new ClosedChannelException(); // the JDK is not constant in which of
                        // the two
                      }
                    });
              });
    }
    return calls;
  }

  private interface ChannelCall {
    Object use(FileChannel channel) throws Exception;
  }

  private interface AsynchronousCall {
    Object use(AsynchronousFileChannel channel) throws Exception;
  }

  private static Map<String, ChannelCall> channelUses() {
    Map<String, ChannelCall> uses = new LinkedHashMap<>();
    uses.put("read null", c -> c.read((ByteBuffer) null));
    uses.put("read", c -> c.read(ByteBuffer.allocate(4)));
    uses.put("read nothing", c -> c.read(ByteBuffer.allocate(0)));
    uses.put("read nothing at the end", c -> c.position(10).read(ByteBuffer.allocate(0)));
    uses.put("read read-only", c -> c.read(ByteBuffer.allocate(4).asReadOnlyBuffer()));
    uses.put("read at", c -> c.read(ByteBuffer.allocate(4), 8));
    uses.put("read at end", c -> c.read(ByteBuffer.allocate(4), 10));
    uses.put("read nothing at end", c -> c.read(ByteBuffer.allocate(0), 10));
    uses.put("read negative", c -> c.read(ByteBuffer.allocate(4), -1));
    uses.put("read null at negative", c -> c.read(null, -1));
    uses.put(
        "scatter", c -> c.read(new ByteBuffer[] {ByteBuffer.allocate(3), ByteBuffer.allocate(30)}));
    uses.put(
        "scatter at end",
        c ->
            c.position(10).read(new ByteBuffer[] {ByteBuffer.allocate(3), ByteBuffer.allocate(3)}));
    uses.put("scatter nothing", c -> c.read(new ByteBuffer[] {ByteBuffer.allocate(0)}));
    uses.put("scatter none", c -> c.read(new ByteBuffer[0]));
    uses.put("scatter null", c -> c.read((ByteBuffer[]) null));
    uses.put("scatter out of bounds", c -> c.read(new ByteBuffer[2], 1, 2));
    uses.put(
        "scatter read-only",
        c -> c.read(new ByteBuffer[] {ByteBuffer.allocate(3).asReadOnlyBuffer()}));
    uses.put("write null", c -> c.write((ByteBuffer) null));
    uses.put("write", c -> c.write(ByteBuffer.allocate(4)));
    uses.put("write nothing", c -> c.write(ByteBuffer.allocate(0)));
    uses.put("write at", c -> c.write(ByteBuffer.allocate(4), 20));
    uses.put("write at negative", c -> c.write(ByteBuffer.allocate(4), -1));
    uses.put(
        "gather", c -> c.write(new ByteBuffer[] {ByteBuffer.allocate(3), ByteBuffer.allocate(4)}));
    uses.put("gather out of bounds", c -> c.write(new ByteBuffer[2], 0, 3));
    uses.put("gather none", c -> c.write(new ByteBuffer[0]));
    uses.put("position", c -> c.position(5).position());
    uses.put("position far", c -> c.position(1000).position() + " " + c.size());
    uses.put("position negative", c -> c.position(-1));
    uses.put("write past the end", c -> c.position(15).write(ByteBuffer.allocate(1)));
    uses.put("truncate", c -> c.position(9).truncate(4).position());
    uses.put("truncate to more", c -> c.position(30).truncate(20).position());
    uses.put("truncate negative", c -> c.truncate(-1));
    uses.put(
        "force",
        c -> {
          c.force(true);
          return "forced";
        });
    uses.put(
        "transferTo", c -> c.transferTo(2, 5, Channels.newChannel(new ByteArrayOutputStream())));
    uses.put(
        "transferTo past the end",
        c -> c.transferTo(11, 5, Channels.newChannel(new ByteArrayOutputStream())));
    uses.put(
        "transferTo negative",
        c -> c.transferTo(-1, 5, Channels.newChannel(new ByteArrayOutputStream())));
    uses.put(
        "transferTo negative count",
        c -> c.transferTo(1, -5, Channels.newChannel(new ByteArrayOutputStream())));
    uses.put("transferTo null", c -> c.transferTo(1, 5, null));
    uses.put(
        "transferTo closed",
        c -> {
          var out = Channels.newChannel(new ByteArrayOutputStream());
          out.close();
          return c.transferTo(1, 5, out);
        });
    uses.put("transferFrom null", c -> c.transferFrom(null, 1, 5));
    uses.put(
        "transferFrom negative",
        c -> c.transferFrom(Channels.newChannel(InputStream.nullInputStream()), -1, 5));
    uses.put(
        "transferFrom past the end",
        c ->
            c.transferFrom(
                Channels.newChannel(new java.io.ByteArrayInputStream(new byte[5])), 100, 5));
    uses.put("lock", c -> c.lock().isValid());
    uses.put("lock shared", c -> c.lock(0, 5, true).isShared());
    uses.put("tryLock", c -> c.tryLock(3, 4, false).size());
    uses.put("lock negative", c -> c.lock(-1, 5, false));
    uses.put("lock negative size", c -> c.lock(1, -5, false));
    uses.put("lock too far", c -> c.lock(2, Long.MAX_VALUE, false));
    uses.put("tryLock negative", c -> c.tryLock(-1, 5, false));
    return uses;
  }

  private static Map<String, AsynchronousCall> asynchronousUses() {
    Map<String, AsynchronousCall> uses = new LinkedHashMap<>();
    uses.put("read", c -> get(c.read(ByteBuffer.allocate(4), 8)));
    uses.put("read at end", c -> get(c.read(ByteBuffer.allocate(4), 10)));
    uses.put("read nothing", c -> get(c.read(ByteBuffer.allocate(0), 0)));
    uses.put("read negative", c -> get(c.read(ByteBuffer.allocate(4), -1)));
    uses.put("read read-only", c -> get(c.read(ByteBuffer.allocate(4).asReadOnlyBuffer(), 0)));
    uses.put("write", c -> get(c.write(ByteBuffer.allocate(4), 8)));
    uses.put("write nothing", c -> get(c.write(ByteBuffer.allocate(0), 0)));
    uses.put("write negative", c -> get(c.write(ByteBuffer.allocate(4), -1)));
    uses.put("truncate", c -> c.truncate(4).size());
    uses.put("truncate to more", c -> c.truncate(40).size());
    uses.put("truncate negative", c -> c.truncate(-4));
    uses.put(
        "force",
        c -> {
          c.force(false);
          return "forced";
        });
    uses.put("lock", c -> ((FileLock) get(c.lock())).isValid());
    uses.put("lock shared", c -> ((FileLock) get(c.lock(0, 3, true))).isShared());
    uses.put("tryLock", c -> c.tryLock(0, 3, false).isValid());
    uses.put(
        "lock twice",
        c -> {
          get(c.lock(0, 5, false));
          return get(c.lock(2, 5, false));
        });
    uses.put(
        "null handler",
        c -> {
          c.read(ByteBuffer.allocate(1), 0, null, (CompletionHandler<Integer, Object>) null);
          return "started";
        });
    uses.put(
        "handler",
        c -> {
          java.util.concurrent.CompletableFuture<String> outcome =
              new java.util.concurrent.CompletableFuture<>();
          Thread caller = Thread.currentThread();
          c.read(
              ByteBuffer.allocate(4),
              8,
              "attached",
              new CompletionHandler<Integer, String>() {
                @Override
                public void completed(Integer result, String attachment) {
                  outcome.complete(result + attachment + (Thread.currentThread() == caller));
                }

                @Override
                public void failed(Throwable exc, String attachment) {
                  outcome.complete(exc.getClass() + attachment);
                }
              });
          return outcome.get(30, TimeUnit.SECONDS);
        });
    return uses;
  }

  private static Object get(Future<?> future) throws Exception {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      return "failed with " + e.getCause().getClass();
    }
  }

  // ---- streams

  private interface StreamCall {
    Object use(InputStream in) throws Exception;
  }

  private static Map<String, Twins.Deed> streamCalls() {
    Map<String, Twins.Deed> calls = new LinkedHashMap<>();
    Map<String, StreamCall> uses = new LinkedHashMap<>();
    uses.put("read", in -> in.read() + " " + in.read());
    uses.put(
        "read array",
        in -> in.read(new byte[4]) + " " + in.read(new byte[40]) + " " + in.read(new byte[4]));
    uses.put("read nothing", in -> in.read(new byte[0]) + " " + in.read(new byte[3], 3, 0));
    uses.put("read out of bounds", in -> in.read(new byte[3], 2, 2));
    uses.put("read null", in -> in.read(null));
    uses.put("skip", in -> in.skip(3) + " " + in.read() + " " + in.skip(100) + " " + in.read());
    uses.put("skip back", in -> in.skip(-1));
    uses.put(
        "skip n",
        in -> {
          in.skipNBytes(4);
          return in.read();
        });
    uses.put(
        "skip too many",
        in -> {
          in.skipNBytes(40);
          return in.read();
        });
    uses.put("available", in -> in.available() + " " + in.read() + " " + in.available());
    uses.put(
        "all", in -> in.read() + " " + new String(in.readAllBytes()) + in.readAllBytes().length);
    uses.put(
        "n",
        in ->
            new String(in.readNBytes(4)) + in.readNBytes(0).length + new String(in.readNBytes(40)));
    uses.put("n negative", in -> in.readNBytes(-1));
    uses.put("n into", in -> in.readNBytes(new byte[20], 3, 15));
    uses.put(
        "transfer",
        in -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          in.read();
          return in.transferTo(out) + out.toString() + in.read();
        });
    uses.put("transfer null", in -> in.transferTo(null));
    uses.put("mark", in -> in.markSupported());
    uses.put(
        "reset",
        in -> {
          in.reset();
          return "reset";
        });
    uses.forEach(
        (name, use) -> {
          calls.put(
              name,
              r -> {
                try (InputStream in = Files.newInputStream(r.resolve("file"))) {
                  return use.use(in);
                }
              });
          if (!List.of("read nothing", "mark", "skip back", "n negative", "reset").contains(name)) {
            calls.put(
                name + " closed",
                r -> {
                  InputStream in = Files.newInputStream(r.resolve("file"));
                  in.close();
                  in.close();
                  return use.use(in);
                });
          }
        });
    for (OpenOption option :
        new OpenOption[] {
          READ,
          WRITE,
          APPEND,
          CREATE,
          CREATE_NEW,
          TRUNCATE_EXISTING,
          NOFOLLOW_LINKS,
          Unknown.UNKNOWN
        }) {
      for (String name : List.of("file", "missing", "link", "dir")) {
        calls.put(
            "in " + name + " " + option,
            r -> {
              try (InputStream in = Files.newInputStream(r.resolve(name), option)) {
                return in.read();
              }
            });
        calls.put(
            "out " + name + " " + option,
            r -> {
              try (OutputStream out = Files.newOutputStream(r.resolve(name), option)) {
                out.write(1);
                out.write(new byte[] {1, 2, 3, 4}, 1, 2);
                out.flush();
                return "written";
              }
            });
      }
    }
    calls.put("in null option", r -> Files.newInputStream(r.resolve("file"), (OpenOption) null));
    calls.put("out null option", r -> Files.newOutputStream(r.resolve("file"), (OpenOption) null));
    calls.put(
        "out",
        r -> {
          try (OutputStream out = Files.newOutputStream(r.resolve("x"))) {
            out.write("hello".getBytes());
            out.write(33);
          }
          return Files.readString(r.resolve("x"));
        });
    calls.put(
        "out out of bounds",
        r -> {
          try (OutputStream out = Files.newOutputStream(r.resolve("x"))) {
            out.write(new byte[3], 2, 2);
            return "written";
          }
        });
    calls.put(
        "out closed",
        r -> {
          OutputStream out = Files.newOutputStream(r.resolve("x"));
          out.close();
          out.close();
          out.write(1);
          return "written";
        });
    calls.put(
        "append twice",
        r -> {
          Files.writeString(r.resolve("file"), "a", APPEND);
          Files.writeString(r.resolve("file"), "b", APPEND);
          return Files.readString(r.resolve("file"));
        });
    calls.put("lines", r -> Files.readAllLines(r.resolve("file")));
    return calls;
  }
}
