package dev.netfs.nio;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attributes and their views. */
class AttributeCallsTest extends CallsDifferential {
  @ParameterizedTest(name = "{0}")
  @MethodSource("attributes")
  @Tag("J6")
  @Tag("J10")
  void attributeCallsAreAsTheJdks(String name) throws Exception {
    check(name, attributeCalls());
  }

  static Set<String> attributes() {
    return attributeCalls().keySet();
  }

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
        "creationTime alone",
        r -> {
          Path file = r.resolve("file");
          Files.getFileAttributeView(file, BasicFileAttributeView.class).setTimes(null, null, T);
          return Files.setAttribute(file, "creationTime", T).getFileName();
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
}
