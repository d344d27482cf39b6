package dev.netfs.nio;

import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.DosFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of one object at one moment, as the JDK shows them. A time that the server does
 * not tell is the modification time, as {@link BasicFileAttributes} demands.
 */
class NetfsFileAttributes implements BasicFileAttributes {
  private static final PosixFilePermission[] BITS = {
    PosixFilePermission.OTHERS_EXECUTE,
    PosixFilePermission.OTHERS_WRITE,
    PosixFilePermission.OTHERS_READ,
    PosixFilePermission.GROUP_EXECUTE,
    PosixFilePermission.GROUP_WRITE,
    PosixFilePermission.GROUP_READ,
    PosixFilePermission.OWNER_EXECUTE,
    PosixFilePermission.OWNER_WRITE,
    PosixFilePermission.OWNER_READ
  };

  final FileInfo info;

  NetfsFileAttributes(FileInfo info) {
    this.info = info;
  }

  /** The attributes of a share that has POSIX ones. */
  static final class Posix extends NetfsFileAttributes implements PosixFileAttributes {
    Posix(FileInfo info) {
      super(info);
    }

    @Override
    public UserPrincipal owner() {
      return Principals.owner(info);
    }

    @Override
    public GroupPrincipal group() {
      return Principals.group(info);
    }

    @Override
    public Set<PosixFilePermission> permissions() {
      return NetfsFileAttributes.permissions(Math.max(0, info.mode()));
    }
  }

  /** The attributes of a share that has those that DOS knew. */
  static final class Dos extends NetfsFileAttributes implements DosFileAttributes {
    Dos(FileInfo info) {
      super(info);
    }

    private boolean has(int attribute) {
      return info.dos() != -1 && (info.dos() & attribute) != 0;
    }

    @Override
    public boolean isReadOnly() {
      return has(FileInfo.READ_ONLY);
    }

    @Override
    public boolean isHidden() {
      return has(FileInfo.HIDDEN);
    }

    @Override
    public boolean isArchive() {
      return has(FileInfo.ARCHIVE);
    }

    @Override
    public boolean isSystem() {
      return has(FileInfo.SYSTEM);
    }
  }

  @Override
  public FileTime lastModifiedTime() {
    return info.modified();
  }

  @Override
  public FileTime lastAccessTime() {
    return Objects.requireNonNullElse(info.accessed(), info.modified());
  }

  @Override
  public FileTime creationTime() {
    return Objects.requireNonNullElse(info.created(), info.modified());
  }

  @Override
  public boolean isRegularFile() {
    return info.isRegularFile();
  }

  @Override
  public boolean isDirectory() {
    return info.isDirectory();
  }

  @Override
  public boolean isSymbolicLink() {
    return info.isSymbolicLink();
  }

  @Override
  public boolean isOther() {
    return info.type() == FileType.OTHER;
  }

  @Override
  public long size() {
    return info.size();
  }

  @Override
  public @Nullable Object fileKey() {
    return info.fileKey();
  }

  @Override
  public String toString() {
    return info.toString();
  }

  /** Returns the permissions that a POSIX mode stands for; a new set. */
  static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    for (int bit = 0; bit < BITS.length; bit++) {
      if ((mode & 1 << bit) != 0) {
        permissions.add(BITS[bit]);
      }
    }
    return permissions;
  }

  /**
   * Returns the POSIX mode of permissions.
   *
   * @param permissions a set of {@link PosixFilePermission}
   * @throws ClassCastException if it is something else
   */
  static int mode(@Nullable Object permissions) {
    Set<?> set = (Set<?>) Objects.requireNonNull(permissions, "permissions");
    for (Object permission : set) {
      if (!(Objects.requireNonNull(permission, "permission") instanceof PosixFilePermission)) {
        throw new ClassCastException(permission.getClass().getName());
      }
    }
    int mode = 0;
    for (int bit = 0; bit < BITS.length; bit++) {
      if (set.contains(BITS[bit])) {
        mode |= 1 << bit;
      }
    }
    return mode;
  }
}
