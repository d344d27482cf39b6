package dev.netfs.nio;

import dev.netfs.engine.Mount;
import dev.netfs.share.AttributeChange;
import dev.netfs.share.FileInfo;
import dev.netfs.share.ShareAcl;
import java.io.IOException;
import java.nio.file.LinkOption;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.DosFileAttributeView;
import java.nio.file.attribute.DosFileAttributes;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The attribute views of an object: typed doors to {@link Mount#stat} and its counterpart. */
final class AttributeViews {
  private AttributeViews() {}

  /** Returns the names of the views that a mount has. */
  static Set<String> supported(Mount mount) {
    Set<String> views = new TreeSet<>(mount.capabilities().attributeViews());
    views.add("basic");
    if (views.contains("posix")) {
      views.add("owner");
      views.add("unix");
    }
    if (views.contains("acl")) {
      views.add("owner");
    }
    return Set.copyOf(views);
  }

  /** Returns whether a mount has a view. */
  static boolean supports(Mount mount, String view) {
    Set<String> views = mount.capabilities().attributeViews();
    return switch (view) {
      case "basic" -> true;
      case "posix", "unix" -> views.contains("posix");
      case "dos" -> views.contains("dos");
      case "acl" -> views.contains("acl");
      case "owner" -> views.contains("posix") || views.contains("acl") || views.contains("owner");
      default -> false;
    };
  }

  /** Returns whether the given options follow symbolic links. */
  static boolean follows(LinkOption... options) {
    boolean follow = true;
    for (LinkOption option : options) {
      follow &= Objects.requireNonNull(option, "option") != LinkOption.NOFOLLOW_LINKS;
    }
    return follow;
  }

  /** Returns a view of an object, or null if its mount has none of this type. */
  static <V extends FileAttributeView> @Nullable V of(
      NetfsPath path, Class<V> type, boolean follow) {
    Mount mount = path.getFileSystem().mount();
    if (type == BasicFileAttributeView.class) {
      return type.cast(new Basic(path, follow));
    }
    if (type == PosixFileAttributeView.class) {
      return supports(mount, "posix") ? type.cast(new Posix(path, follow)) : null;
    }
    if (type == DosFileAttributeView.class) {
      return supports(mount, "dos") ? type.cast(new Dos(path, follow)) : null;
    }
    if (type == FileOwnerAttributeView.class) {
      return supports(mount, "owner") ? type.cast(new Owner(path, follow)) : null;
    }
    if (Objects.requireNonNull(type, "type") == AclFileAttributeView.class) {
      return supports(mount, "acl") ? type.cast(new Acl(path, follow)) : null;
    }
    return null;
  }

  /** Returns an object's owner and access control list. */
  static ShareAcl acl(NetfsPath path, boolean follow) throws IOException {
    try {
      return path.getFileSystem().mount().acl(path.remote(), follow);
    } catch (IOException e) {
      throw PathErrors.shown(e, path);
    }
  }

  /** Returns an object's owner. */
  static UserPrincipal owner(NetfsPath path, boolean follow) throws IOException {
    return supports(path.getFileSystem().mount(), "acl")
        ? acl(path, follow).owner()
        : Principals.owner(info(path, follow));
  }

  /** Returns what the server says of an object. */
  static FileInfo info(NetfsPath path, boolean follow) throws IOException {
    try {
      return path.getFileSystem().mount().stat(path.remote(), follow);
    } catch (IOException e) {
      throw PathErrors.shown(e, path);
    }
  }

  /**
   * Returns an object's attributes of a type.
   *
   * @throws UnsupportedOperationException if the mount does not have them
   */
  static <A extends BasicFileAttributes> A read(NetfsPath path, Class<A> type, boolean follow)
      throws IOException {
    if (type == BasicFileAttributes.class) {
      return type.cast(shown(path, info(path, follow)));
    }
    if (Objects.requireNonNull(type, "type") == PosixFileAttributes.class
        && supports(path.getFileSystem().mount(), "posix")) {
      return type.cast(new NetfsFileAttributes.Posix(info(path, follow)));
    }
    if (type == DosFileAttributes.class && supports(path.getFileSystem().mount(), "dos")) {
      return type.cast(new NetfsFileAttributes.Dos(info(path, follow)));
    }
    throw new UnsupportedOperationException(
        path.getFileSystem().uri() + " has no attributes of type " + type.getName());
  }

  /** Returns attributes as the richest type that the mount has, as the JDK's provider does. */
  private static NetfsFileAttributes shown(NetfsPath path, FileInfo info) {
    Mount mount = path.getFileSystem().mount();
    if (supports(mount, "posix")) {
      return new NetfsFileAttributes.Posix(info);
    }
    return supports(mount, "dos")
        ? new NetfsFileAttributes.Dos(info)
        : new NetfsFileAttributes(info);
  }

  /** Changes attributes. */
  static void change(NetfsPath path, AttributeChange change, boolean follow) throws IOException {
    try {
      path.getFileSystem().writableMount().setAttributes(path.remote(), change, follow);
    } catch (IOException e) {
      throw PathErrors.shown(e, path);
    }
  }

  /**
   * Changes times. A creation time is left out where the share cannot store it, as the JDK's
   * provider does: {@code Files.copy} always passes one, and programs that unpack archives do.
   */
  static void changeTimes(
      NetfsPath path,
      @Nullable FileTime modified,
      @Nullable FileTime accessed,
      @Nullable FileTime created,
      boolean follow)
      throws IOException {
    if (modified == null && accessed == null && created == null) {
      return;
    }
    try {
      change(path, AttributeChange.ofTimes(modified, accessed, created), follow);
    } catch (UnsupportedOperationException e) {
      if (created == null) {
        throw e;
      }
      if (modified != null || accessed != null) {
        change(path, AttributeChange.ofTimes(modified, accessed, null), follow);
      }
    }
  }

  /** What the views have in common. */
  private abstract static class View implements FileAttributeView {
    final NetfsPath path;
    final boolean follow;

    View(NetfsPath path, boolean follow) {
      this.path = path;
      this.follow = follow;
    }

    FileInfo info() throws IOException {
      return AttributeViews.info(path, follow);
    }

    void change(AttributeChange change) throws IOException {
      AttributeViews.change(path, change, follow);
    }

    void changeOwner(UserPrincipal owner) throws IOException {
      change(Principals.ownerChange(path, owner));
    }
  }

  private static class Basic extends View implements BasicFileAttributeView {
    Basic(NetfsPath path, boolean follow) {
      super(path, follow);
    }

    @Override
    public String name() {
      return "basic";
    }

    @Override
    public BasicFileAttributes readAttributes() throws IOException {
      return shown(path, info());
    }

    @Override
    public void setTimes(
        @Nullable FileTime lastModifiedTime,
        @Nullable FileTime lastAccessTime,
        @Nullable FileTime createTime)
        throws IOException {
      changeTimes(path, lastModifiedTime, lastAccessTime, createTime, follow);
    }
  }

  private static final class Posix extends Basic implements PosixFileAttributeView {
    Posix(NetfsPath path, boolean follow) {
      super(path, follow);
    }

    @Override
    public String name() {
      return "posix";
    }

    @Override
    public PosixFileAttributes readAttributes() throws IOException {
      return new NetfsFileAttributes.Posix(info());
    }

    @Override
    public UserPrincipal getOwner() throws IOException {
      return Principals.owner(info());
    }

    @Override
    public void setOwner(UserPrincipal owner) throws IOException {
      changeOwner(owner);
    }

    @Override
    public void setGroup(GroupPrincipal group) throws IOException {
      Principals.Group ours = Principals.group(group);
      change(
          ours.id() != -1
              ? AttributeChange.ofOwner(-1, ours.id())
              : AttributeChange.ofOwner(null, ours.name()));
    }

    @Override
    public void setPermissions(Set<PosixFilePermission> permissions) throws IOException {
      change(AttributeChange.ofMode(NetfsFileAttributes.mode(permissions)));
    }
  }

  private static final class Dos extends Basic implements DosFileAttributeView {
    Dos(NetfsPath path, boolean follow) {
      super(path, follow);
    }

    @Override
    public String name() {
      return "dos";
    }

    @Override
    public DosFileAttributes readAttributes() throws IOException {
      return new NetfsFileAttributes.Dos(info());
    }

    @Override
    public void setReadOnly(boolean value) throws IOException {
      change(AttributeChange.ofDos(FileInfo.READ_ONLY, value));
    }

    @Override
    public void setHidden(boolean value) throws IOException {
      change(AttributeChange.ofDos(FileInfo.HIDDEN, value));
    }

    @Override
    public void setSystem(boolean value) throws IOException {
      change(AttributeChange.ofDos(FileInfo.SYSTEM, value));
    }

    @Override
    public void setArchive(boolean value) throws IOException {
      change(AttributeChange.ofDos(FileInfo.ARCHIVE, value));
    }
  }

  private static class Owner extends View implements FileOwnerAttributeView {
    Owner(NetfsPath path, boolean follow) {
      super(path, follow);
    }

    @Override
    public String name() {
      return "owner";
    }

    @Override
    public UserPrincipal getOwner() throws IOException {
      return AttributeViews.owner(path, follow);
    }

    @Override
    public void setOwner(UserPrincipal owner) throws IOException {
      changeOwner(owner);
    }
  }

  private static final class Acl extends Owner implements AclFileAttributeView {
    Acl(NetfsPath path, boolean follow) {
      super(path, follow);
    }

    @Override
    public String name() {
      return "acl";
    }

    @Override
    public List<AclEntry> getAcl() throws IOException {
      return new ArrayList<>(acl(path, follow).entries()); // the caller's to change
    }

    @Override
    public void setAcl(List<AclEntry> acl) throws IOException {
      List<AclEntry> entries = Principals.acl(acl);
      try {
        path.getFileSystem().writableMount().setAcl(path.remote(), entries, follow);
      } catch (IOException e) {
        throw PathErrors.shown(e, path);
      }
    }
  }
}
