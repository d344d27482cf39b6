package dev.netfs.share.path;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
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
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Reads and changes attributes, through the richest of the views that the backing store has: {@code
 * unix} (one call tells everything; the names of owners are looked up once a number), {@code posix}
 * or {@code basic}. Safe for use by several threads.
 */
final class Attributes {
  private static final String UNIX =
      "unix:mode,nlink,uid,gid,ctime,fileKey,size,lastModifiedTime,lastAccessTime,creationTime";
  private static final int MODE_BITS = 07777;
  private static final int PERMISSION_BITS = 0777;
  private static final int TYPE_BITS = 0170000;
  private static final LinkOption[] FOLLOW = {};
  private static final LinkOption[] NOFOLLOW = {LinkOption.NOFOLLOW_LINKS};

  private final Backing backing;
  private final Set<String> views;
  private final boolean posix;
  private final boolean unix;
  private final boolean setsCreationTime;

  /** The names of the owners' and groups' numbers seen so far. */
  private final Map<Integer, String> owners = new ConcurrentHashMap<>();

  private final Map<Integer, String> groups = new ConcurrentHashMap<>();

  /**
   * Finds out what the store has.
   *
   * @throws IOException if the root's attributes cannot be read
   */
  Attributes(Backing backing) throws IOException {
    this.backing = backing;
    Set<String> supported = backing.fileSystem.supportedFileAttributeViews();
    posix = supported.contains("posix") && storeHasPosix(backing);
    unix = posix && supported.contains("unix") && unixWorks(backing);
    Set<String> found = new HashSet<>(Set.of("basic"));
    if (posix) {
      found.addAll(Set.of("owner", "posix"));
    }
    if (unix) {
      found.add("unix");
    }
    views = Collections.unmodifiableSet(found);
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    setsCreationTime = !backing.isDefault || os.contains("windows") || os.contains("mac");
  }

  private static boolean storeHasPosix(Backing backing) throws IOException {
    try {
      return Files.getFileStore(backing.root)
          .supportsFileAttributeView(PosixFileAttributeView.class);
    } catch (UnsupportedOperationException e) {
      return true; // a provider without stores: its word for the file system has to do
    }
  }

  private static boolean unixWorks(Backing backing) throws IOException {
    try {
      Map<String, Object> values = Files.readAttributes(backing.root, UNIX);
      return values.get("mode") instanceof Integer
          && values.get("nlink") instanceof Integer
          && values.get("uid") instanceof Integer
          && values.get("gid") instanceof Integer
          && values.get("size") instanceof Long
          && values.get("ctime") instanceof FileTime
          && values.get("lastAccessTime") instanceof FileTime
          && values.get("creationTime") instanceof FileTime
          && values.get("lastModifiedTime") instanceof FileTime;
    } catch (UnsupportedOperationException | IllegalArgumentException e) {
      return false; // a "unix" view of another making
    }
  }

  /** Returns the names of the views that {@link #read} can fill. */
  Set<String> views() {
    return views;
  }

  /** Reads an object's attributes. */
  FileInfo read(Path path, boolean followLinks) throws IOException {
    LinkOption[] links = followLinks ? FOLLOW : NOFOLLOW;
    if (unix) {
      return readUnix(path, links);
    }
    if (posix) {
      PosixFileAttributes found = Files.readAttributes(path, PosixFileAttributes.class, links);
      return basic(found)
          .mode(bits(found.permissions()))
          .owner(found.owner().getName())
          .group(found.group().getName())
          .build();
    }
    return basic(Files.readAttributes(path, BasicFileAttributes.class, links)).build();
  }

  private FileInfo readUnix(Path path, LinkOption[] links) throws IOException {
    Map<String, Object> values = Files.readAttributes(path, UNIX, links);
    int mode = value(values, "mode", Integer.class);
    int uid = value(values, "uid", Integer.class);
    int gid = value(values, "gid", Integer.class);
    String owner = owners.get(uid);
    String group = groups.get(gid);
    if (owner == null || group == null) {
      PosixFileAttributes named = Files.readAttributes(path, PosixFileAttributes.class, links);
      owner = named.owner().getName();
      group = named.group().getName();
      owners.put(uid, owner);
      groups.put(gid, group);
    }
    return FileInfo.of(type(path, mode, links))
        .size(value(values, "size", Long.class))
        .modified(value(values, "lastModifiedTime", FileTime.class))
        .accessed(value(values, "lastAccessTime", FileTime.class))
        .created(value(values, "creationTime", FileTime.class))
        .changed(value(values, "ctime", FileTime.class))
        .mode(mode & MODE_BITS)
        .uid(uid)
        .gid(gid)
        .owner(owner)
        .group(group)
        .links(value(values, "nlink", Integer.class))
        .fileKey(values.get("fileKey"))
        .build();
  }

  /** Returns a value that the view has shown to have, when it was probed. */
  private static <T> T value(Map<String, Object> values, String name, Class<T> type) {
    return type.cast(java.util.Objects.requireNonNull(values.get(name), name));
  }

  private static FileType type(Path path, int mode, LinkOption[] links) throws IOException {
    return switch (mode & TYPE_BITS) {
      case 0100000 -> FileType.REGULAR;
      case 0040000 -> FileType.DIRECTORY;
      case 0120000 -> FileType.SYMBOLIC_LINK;
      case 0 -> type(Files.readAttributes(path, BasicFileAttributes.class, links));
      default -> FileType.OTHER;
    };
  }

  private static FileType type(BasicFileAttributes found) {
    if (found.isRegularFile()) {
      return FileType.REGULAR;
    }
    if (found.isDirectory()) {
      return FileType.DIRECTORY;
    }
    return found.isSymbolicLink() ? FileType.SYMBOLIC_LINK : FileType.OTHER;
  }

  private static FileInfo.Builder basic(BasicFileAttributes found) {
    return FileInfo.of(type(found))
        .size(Math.max(0, found.size()))
        .modified(found.lastModifiedTime())
        .accessed(found.lastAccessTime())
        .created(found.creationTime())
        .fileKey(found.fileKey());
  }

  /**
   * Returns the attributes to create something with: the mode's permissions, where the store has
   * permissions. Set-id and sticky bits are not for new files.
   *
   * @param mode the mode, or -1
   */
  FileAttribute<?>[] creation(int mode) {
    return mode < 0 || !posix
        ? new FileAttribute<?>[0]
        : new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions(mode))};
  }

  /**
   * Changes attributes; what cannot be changed is refused before anything is.
   *
   * @throws UnsupportedOperationException if the store cannot change a part of it
   */
  void change(Path path, AttributeChange change, boolean followLinks) throws IOException {
    boolean link = !followLinks && read(path, false).isSymbolicLink();
    LinkOption[] links = link ? NOFOLLOW : FOLLOW;
    refuseUnsupported(change, link);
    changeOwner(path, change, links);
    if (change.mode() >= 0) {
      if (unix && backing.isDefault) {
        Files.setAttribute(path, "unix:mode", change.mode() & MODE_BITS, links);
      } else {
        posixView(path, links).setPermissions(permissions(change.mode()));
      }
    }
    changeTimes(path, change, links);
  }

  private void refuseUnsupported(AttributeChange change, boolean link) {
    if (change.isOfDos()) {
      throw new UnsupportedOperationException("DOS attributes cannot be set here");
    }
    if (change.mode() >= 0) {
      if (!posix) {
        throw unsupported("a mode");
      }
      if (link) {
        throw unsupported("a mode of a symbolic link's own");
      }
      if ((change.mode() & MODE_BITS & ~PERMISSION_BITS) != 0 && !(unix && backing.isDefault)) {
        throw unsupported("set-id and sticky bits");
      }
    }
    if ((change.uid() >= 0 || change.gid() >= 0) && !(unix && backing.isDefault)) {
      throw unsupported("owners by number");
    }
    if ((change.owner() != null || change.group() != null) && !posix) {
      throw unsupported("owners");
    }
    if (change.created() != null && !setsCreationTime) {
      throw unsupported("setting a creation time");
    }
  }

  private void changeOwner(Path path, AttributeChange change, LinkOption[] links)
      throws IOException {
    if (change.uid() >= 0) {
      Files.setAttribute(path, "unix:uid", change.uid(), links);
    }
    if (change.gid() >= 0) {
      Files.setAttribute(path, "unix:gid", change.gid(), links);
    }
    if (change.owner() == null && change.group() == null) {
      return;
    }
    UserPrincipalLookupService names = backing.fileSystem.getUserPrincipalLookupService();
    if (change.owner() != null) {
      UserPrincipal owner = names.lookupPrincipalByName(change.owner());
      FileOwnerAttributeView view =
          Files.getFileAttributeView(path, FileOwnerAttributeView.class, links);
      (view == null ? posixView(path, links) : view).setOwner(owner);
    }
    if (change.group() != null) {
      posixView(path, links).setGroup(names.lookupPrincipalByGroupName(change.group()));
    }
  }

  private void changeTimes(Path path, AttributeChange change, LinkOption[] links)
      throws IOException {
    if (change.modified() == null && change.accessed() == null && change.created() == null) {
      return;
    }
    BasicFileAttributeView view =
        Files.getFileAttributeView(path, BasicFileAttributeView.class, links);
    if (view == null) {
      throw unsupported("setting times");
    }
    view.setTimes(change.modified(), change.accessed(), change.created());
    FileTime created = change.created();
    if (created != null && !backing.isDefault && !sameMoment(created, view)) {
      throw unsupported("setting a creation time");
    }
  }

  /** Whether an unknown provider really set the creation time: some take it and do nothing. */
  private static boolean sameMoment(FileTime created, BasicFileAttributeView view)
      throws IOException {
    long differs = view.readAttributes().creationTime().toMillis() - created.toMillis();
    return Math.abs(differs) <= 2_000; // the coarsest that stores are
  }

  private static PosixFileAttributeView posixView(Path path, LinkOption[] links) {
    PosixFileAttributeView view =
        Files.getFileAttributeView(path, PosixFileAttributeView.class, links);
    if (view == null) {
      throw unsupported("POSIX attributes");
    }
    return view;
  }

  private static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException("the backing file system does not support " + what);
  }

  /** Returns whether a change opens the file for a moment, on the JDK's own POSIX provider. */
  static boolean opensFile(AttributeChange change) {
    return change.modified() != null || change.accessed() != null || change.created() != null;
  }

  private static int bits(Set<PosixFilePermission> permissions) {
    int bits = 0;
    for (PosixFilePermission permission : permissions) {
      bits |= bit(permission);
    }
    return bits;
  }

  private static Set<PosixFilePermission> permissions(int mode) {
    EnumSet<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    for (PosixFilePermission permission : PosixFilePermission.values()) {
      if ((mode & bit(permission)) != 0) {
        permissions.add(permission);
      }
    }
    return permissions;
  }

  /** The enum's constants stand in the order of the mode's bits, highest first. */
  private static int bit(PosixFilePermission permission) {
    return 0400 >> permission.ordinal();
  }
}
