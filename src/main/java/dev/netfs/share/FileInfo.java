package dev.netfs.share;

import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of one remote object at one moment. Immutable. What a server does not tell is
 * null, or -1 for numbers.
 *
 * @param type what the object is
 * @param size its size in bytes, 0 or more
 * @param modified when its content last changed
 * @param accessed when it was last read, or null
 * @param created when it came to be, or null
 * @param changed when its inode last changed ({@code ctime}), or null
 * @param mode the POSIX mode's low twelve bits (permissions, set-id, sticky), or -1
 * @param uid the owner's number, or -1
 * @param gid the group's number, or -1
 * @param owner the owner's name, or null
 * @param group the group's name, or null
 * @param links how many names the object has, or -1
 * @param fileKey what identifies the object through renames on this server, or null; equal keys, by
 *     {@link Object#equals}, mean the same object
 * @param version a token that the server changes with every change of the content (an entity tag, a
 *     change number), or null. Two equal, non-null versions of one path prove equal content.
 * @param dos the attributes that DOS knew, a sum of {@link #READ_ONLY} and so on, or -1
 */
public record FileInfo(
    FileType type,
    long size,
    FileTime modified,
    @Nullable FileTime accessed,
    @Nullable FileTime created,
    @Nullable FileTime changed,
    int mode,
    int uid,
    int gid,
    @Nullable String owner,
    @Nullable String group,
    int links,
    @Nullable Object fileKey,
    @Nullable String version,
    int dos) {

  /** Of {@link #dos}: the file is not to be changed. */
  public static final int READ_ONLY = 0x1;

  /** Of {@link #dos}: it is not to be shown. */
  public static final int HIDDEN = 0x2;

  /** Of {@link #dos}: it belongs to the operating system. */
  public static final int SYSTEM = 0x4;

  /** Of {@link #dos}: it was changed since the last backup. */
  public static final int ARCHIVE = 0x20;

  public FileInfo {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(modified, "modified");
    if (size < 0) {
      throw new IllegalArgumentException("negative size " + size);
    }
  }

  /** Returns a builder for an object of the given type, with size 0, modified at the epoch. */
  public static Builder of(FileType type) {
    return new Builder(type);
  }

  /** Returns a builder that begins with this object's values. */
  public Builder toBuilder() {
    Builder builder = new Builder(type);
    builder.size = size;
    builder.modified = modified;
    builder.accessed = accessed;
    builder.created = created;
    builder.changed = changed;
    builder.mode = mode;
    builder.uid = uid;
    builder.gid = gid;
    builder.owner = owner;
    builder.group = group;
    builder.links = links;
    builder.fileKey = fileKey;
    builder.version = version;
    builder.dos = dos;
    return builder;
  }

  /** Whether this is a regular file. */
  public boolean isRegularFile() {
    return type == FileType.REGULAR;
  }

  /** Whether this is a directory. */
  public boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  /** Whether this is a symbolic link. */
  public boolean isSymbolicLink() {
    return type == FileType.SYMBOLIC_LINK;
  }

  /** Collects the values of a {@link FileInfo}; each setter returns this builder. */
  public static final class Builder {
    private FileType type;
    private long size;
    private FileTime modified = FileTime.fromMillis(0);
    private @Nullable FileTime accessed;
    private @Nullable FileTime created;
    private @Nullable FileTime changed;
    private int mode = -1;
    private int uid = -1;
    private int gid = -1;
    private @Nullable String owner;
    private @Nullable String group;
    private int links = -1;
    private @Nullable Object fileKey;
    private @Nullable String version;
    private int dos = -1;

    private Builder(FileType type) {
      this.type = type;
    }

    /** Sets {@link FileInfo#type()}. */
    public Builder type(FileType value) {
      type = value;
      return this;
    }

    /** Sets {@link FileInfo#size()}. */
    public Builder size(long value) {
      size = value;
      return this;
    }

    /** Sets {@link FileInfo#modified()}. */
    public Builder modified(FileTime value) {
      modified = value;
      return this;
    }

    /** Sets {@link FileInfo#accessed()}. */
    public Builder accessed(@Nullable FileTime value) {
      accessed = value;
      return this;
    }

    /** Sets {@link FileInfo#created()}. */
    public Builder created(@Nullable FileTime value) {
      created = value;
      return this;
    }

    /** Sets {@link FileInfo#changed()}. */
    public Builder changed(@Nullable FileTime value) {
      changed = value;
      return this;
    }

    /** Sets {@link FileInfo#mode()}. */
    public Builder mode(int value) {
      mode = value;
      return this;
    }

    /** Sets {@link FileInfo#uid()}. */
    public Builder uid(int value) {
      uid = value;
      return this;
    }

    /** Sets {@link FileInfo#gid()}. */
    public Builder gid(int value) {
      gid = value;
      return this;
    }

    /** Sets {@link FileInfo#owner()}. */
    public Builder owner(@Nullable String value) {
      owner = value;
      return this;
    }

    /** Sets {@link FileInfo#group()}. */
    public Builder group(@Nullable String value) {
      group = value;
      return this;
    }

    /** Sets {@link FileInfo#links()}. */
    public Builder links(int value) {
      links = value;
      return this;
    }

    /** Sets {@link FileInfo#fileKey()}. */
    public Builder fileKey(@Nullable Object value) {
      fileKey = value;
      return this;
    }

    /** Sets {@link FileInfo#version()}. */
    public Builder version(@Nullable String value) {
      version = value;
      return this;
    }

    /** Sets {@link FileInfo#dos()}. */
    public Builder dos(int value) {
      dos = value;
      return this;
    }

    /** Returns the attributes collected. */
    public FileInfo build() {
      return new FileInfo(
          type, size, modified, accessed, created, changed, mode, uid, gid, owner, group, links,
          fileKey, version, dos);
    }
  }
}
