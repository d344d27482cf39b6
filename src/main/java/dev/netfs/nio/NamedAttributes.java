package dev.netfs.nio;

import dev.netfs.engine.Mount;
import dev.netfs.share.AttributeChange;
import dev.netfs.share.FileInfo;
import dev.netfs.share.ShareAcl;
import java.io.IOException;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Attributes by name, {@code "view:name,name"}: the views {@code basic}, {@code dos}, {@code
 * posix}, {@code owner}, {@code acl} and {@code unix}, with the names that the JDK's provider gives
 * them. A value that the server does not tell is left out of what {@code "*"} returns, and is null
 * when it is asked for by name.
 */
final class NamedAttributes {
  private static final Map<String, Function<FileInfo, @Nullable Object>> BASIC = basic();
  private static final Map<String, Function<FileInfo, @Nullable Object>> DOS = dos();
  private static final Map<String, Function<ShareAcl, @Nullable Object>> ACL =
      Map.of("acl", ShareAcl::entries, "owner", ShareAcl::owner);
  private static final Map<String, Function<FileInfo, @Nullable Object>> POSIX = posix();
  private static final Map<String, Function<FileInfo, @Nullable Object>> UNIX = unix();

  private NamedAttributes() {}

  /** What {@code "view:names"} stands for. */
  private record Request(String view, String names) {
    static Request of(NetfsPath path, String attributes) {
      int colon = attributes.indexOf(':');
      if (colon == 0) {
        throw new IllegalArgumentException("no view is named in '" + attributes + "'");
      }
      String view = colon < 0 ? "basic" : attributes.substring(0, colon);
      Mount mount = path.getFileSystem().mount();
      if (!AttributeViews.supports(mount, view)) {
        throw new UnsupportedOperationException(
            "view '"
                + view
                + "' is not available on "
                + path.getFileSystem().uri()
                + "; there are "
                + String.join(", ", AttributeViews.supported(mount)));
      }
      return new Request(view, attributes.substring(colon + 1));
    }
  }

  /**
   * Returns attributes by name.
   *
   * @throws UnsupportedOperationException if the mount does not have the view
   * @throws IllegalArgumentException if the view does not have an attribute, or none is named
   */
  static Map<String, @Nullable Object> read(NetfsPath path, String attributes, boolean follow)
      throws IOException {
    Request request = Request.of(path, attributes);
    if (request.names().isEmpty()) {
      throw new IllegalArgumentException("no attribute is named in '" + attributes + "'");
    }
    if (request.view().equals("acl")) {
      return values(request, ACL, () -> AttributeViews.acl(path, follow));
    }
    if (request.view().equals("owner")) {
      return values(
          request, Map.of("owner", Function.identity()), () -> AttributeViews.owner(path, follow));
    }
    return values(request, names(request.view()), () -> AttributeViews.info(path, follow));
  }

  /** Asks the server for what attributes come from. */
  private interface Source<T> {
    T ask() throws IOException;
  }

  private static <T> Map<String, @Nullable Object> values(
      Request request, Map<String, Function<T, @Nullable Object>> known, Source<T> source)
      throws IOException {
    List<String> wanted = new ArrayList<>();
    boolean all = false;
    for (String name : request.names().split(",", -1)) {
      all |= name.equals("*");
      if (!name.equals("*") && !known.containsKey(name)) {
        throw unknown(request, name);
      }
      wanted.add(name);
    }
    T info = source.ask();
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    if (all) {
      known.forEach(
          (name, getter) -> {
            Object value = getter.apply(info);
            if (value != null || name.equals("fileKey")) {
              values.put(name, value);
            }
          });
    } else {
      for (String name : wanted) {
        values.put(name, Objects.requireNonNull(known.get(name)).apply(info));
      }
    }
    return values;
  }

  /**
   * Sets an attribute by name.
   *
   * @throws UnsupportedOperationException if the mount does not have the view
   * @throws IllegalArgumentException if the view does not have the attribute, or it cannot be set
   * @throws ClassCastException if the value is of another type
   */
  static void set(NetfsPath path, String attribute, @Nullable Object value, boolean follow)
      throws IOException {
    Request request = Request.of(path, attribute);
    String name = request.names();
    boolean unix = request.view().equals("unix");
    boolean posix = unix || request.view().equals("posix");
    boolean dos = request.view().equals("dos");
    boolean basic = posix || dos || request.view().equals("basic");
    switch (name) {
      case "lastModifiedTime", "lastAccessTime", "creationTime" -> {
        if (!basic) {
          throw unknown(request, name);
        }
        FileTime time = (FileTime) value; // null leaves it as it is
        view(path, BasicFileAttributeView.class, follow)
            .setTimes(
                name.equals("lastModifiedTime") ? time : null,
                name.equals("lastAccessTime") ? time : null,
                name.equals("creationTime") ? time : null);
      }
      case "readonly", "hidden", "system", "archive" -> {
        if (!dos) {
          throw unknown(request, name);
        }
        AttributeViews.change(
            path,
            AttributeChange.ofDos(dosBit(name), (Boolean) Objects.requireNonNull(value, name)),
            follow);
      }
      case "permissions" -> {
        if (!posix) {
          throw unknown(request, name);
        }
        AttributeViews.change(
            path, AttributeChange.ofMode(NetfsFileAttributes.mode(value)), follow);
      }
      case "acl" -> {
        if (!request.view().equals("acl")) {
          throw unknown(request, name);
        }
        view(path, AclFileAttributeView.class, follow).setAcl(Principals.acl(value));
      }
      case "owner" -> {
        if (!posix && !request.view().equals("owner") && !request.view().equals("acl")) {
          throw unknown(request, name);
        }
        AttributeViews.change(path, Principals.ownerChange(path, value), follow);
      }
      case "group" -> {
        if (!posix) {
          throw unknown(request, name);
        }
        view(path, PosixFileAttributeView.class, follow).setGroup(Principals.group(value));
      }
      case "mode", "uid", "gid" -> {
        if (!unix) {
          throw unknown(request, name);
        }
        int number = (Integer) Objects.requireNonNull(value, name);
        AttributeViews.change(
            path,
            switch (name) {
              case "mode" -> AttributeChange.ofMode(number & 07777);
              case "uid" -> AttributeChange.ofOwner(number, -1);
              default -> AttributeChange.ofOwner(-1, number);
            },
            follow);
      }
      default -> throw unknown(request, name);
    }
  }

  private static <V extends java.nio.file.attribute.FileAttributeView> V view(
      NetfsPath path, Class<V> type, boolean follow) {
    return Objects.requireNonNull(AttributeViews.of(path, type, follow));
  }

  private static IllegalArgumentException unknown(Request request, String name) {
    return new IllegalArgumentException(
        "'" + name + "' is not an attribute of the view '" + request.view() + "' that this can do");
  }

  private static Map<String, Function<FileInfo, @Nullable Object>> names(String view) {
    return switch (view) {
      case "dos" -> DOS;
      case "posix" -> POSIX;
      case "unix" -> UNIX;
      default -> BASIC;
    };
  }

  private static Map<String, Function<FileInfo, @Nullable Object>> basic() {
    Map<String, Function<FileInfo, @Nullable Object>> names = new LinkedHashMap<>();
    names.put("lastAccessTime", info -> new NetfsFileAttributes(info).lastAccessTime());
    names.put("lastModifiedTime", FileInfo::modified);
    names.put("size", FileInfo::size);
    names.put("creationTime", info -> new NetfsFileAttributes(info).creationTime());
    names.put("isSymbolicLink", FileInfo::isSymbolicLink);
    names.put("isRegularFile", FileInfo::isRegularFile);
    names.put("fileKey", FileInfo::fileKey);
    names.put("isOther", info -> new NetfsFileAttributes(info).isOther());
    names.put("isDirectory", FileInfo::isDirectory);
    return names;
  }

  private static int dosBit(String name) {
    return switch (name) {
      case "readonly" -> FileInfo.READ_ONLY;
      case "hidden" -> FileInfo.HIDDEN;
      case "system" -> FileInfo.SYSTEM;
      default -> FileInfo.ARCHIVE;
    };
  }

  private static Map<String, Function<FileInfo, @Nullable Object>> dos() {
    Map<String, Function<FileInfo, @Nullable Object>> names = basic();
    names.put("readonly", info -> new NetfsFileAttributes.Dos(info).isReadOnly());
    names.put("hidden", info -> new NetfsFileAttributes.Dos(info).isHidden());
    names.put("system", info -> new NetfsFileAttributes.Dos(info).isSystem());
    names.put("archive", info -> new NetfsFileAttributes.Dos(info).isArchive());
    return names;
  }

  private static Map<String, Function<FileInfo, @Nullable Object>> posix() {
    Map<String, Function<FileInfo, @Nullable Object>> names = basic();
    names.put("permissions", info -> new NetfsFileAttributes.Posix(info).permissions());
    names.put("owner", Principals::owner);
    names.put("group", Principals::group);
    return names;
  }

  private static Map<String, Function<FileInfo, @Nullable Object>> unix() {
    Map<String, Function<FileInfo, @Nullable Object>> names = posix();
    names.put("mode", NamedAttributes::fullMode);
    names.put("ino", info -> info.fileKey() instanceof Number number ? number.longValue() : null);
    names.put("nlink", info -> known(info.links()));
    names.put("uid", info -> known(info.uid()));
    names.put("gid", info -> known(info.gid()));
    names.put("ctime", FileInfo::changed);
    return names;
  }

  private static @Nullable Integer known(int number) {
    return number == -1 ? null : number;
  }

  /** Returns the mode with the bits that say what the object is, as {@code stat} does. */
  private static @Nullable Integer fullMode(FileInfo info) {
    if (info.mode() == -1) {
      return null;
    }
    int type =
        switch (info.type()) {
          case REGULAR -> 0100000;
          case DIRECTORY -> 0040000;
          case SYMBOLIC_LINK -> 0120000;
          case OTHER -> 0;
        };
    return type | info.mode();
  }
}
