package dev.netfs.share;

import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/**
 * A change of an object's attributes. What is null, or -1 for numbers, stays as it is.
 *
 * @param mode the POSIX mode's low twelve bits, or -1
 * @param uid the new owner's number, or -1
 * @param gid the new group's number, or -1
 * @param owner the new owner's name, for shares that know names, or null; where there are access
 *     control lists, {@link SharePrincipal#id()} does as well
 * @param group the new group's name, for shares that know names, or null
 * @param modified the new modification time, or null
 * @param accessed the new access time, or null
 * @param created the new creation time, or null
 * @param dosSet which of {@link FileInfo#dos} to set, or 0
 * @param dosClear which of them to clear, or 0
 */
public record AttributeChange(
    int mode,
    int uid,
    int gid,
    @Nullable String owner,
    @Nullable String group,
    @Nullable FileTime modified,
    @Nullable FileTime accessed,
    @Nullable FileTime created,
    int dosSet,
    int dosClear) {

  /** A change of nothing. */
  public static final AttributeChange NONE =
      new AttributeChange(-1, -1, -1, null, null, null, null, null);

  /** A change of none of what DOS knew. */
  public AttributeChange(
      int mode,
      int uid,
      int gid,
      @Nullable String owner,
      @Nullable String group,
      @Nullable FileTime modified,
      @Nullable FileTime accessed,
      @Nullable FileTime created) {
    this(mode, uid, gid, owner, group, modified, accessed, created, 0, 0);
  }

  /** Whether anything that DOS knew is to be changed. */
  public boolean isOfDos() {
    return (dosSet | dosClear) != 0;
  }

  /** Whether any time is to be changed. */
  public boolean isOfTimes() {
    return modified != null || accessed != null || created != null;
  }

  /** A change of one of {@link FileInfo#dos}. */
  public static AttributeChange ofDos(int attribute, boolean value) {
    return new AttributeChange(
        -1, -1, -1, null, null, null, null, null, value ? attribute : 0, value ? 0 : attribute);
  }

  /** A change of all of {@link FileInfo#dos}. */
  public static AttributeChange ofAllDos(int attributes) {
    int all = FileInfo.READ_ONLY | FileInfo.HIDDEN | FileInfo.SYSTEM | FileInfo.ARCHIVE;
    return new AttributeChange(
        -1, -1, -1, null, null, null, null, null, attributes & all, ~attributes & all);
  }

  /** A change of the mode only. */
  public static AttributeChange ofMode(int mode) {
    return new AttributeChange(mode, -1, -1, null, null, null, null, null);
  }

  /** A change of the owner's and the group's numbers; -1 leaves one as it is. */
  public static AttributeChange ofOwner(int uid, int gid) {
    return new AttributeChange(-1, uid, gid, null, null, null, null, null);
  }

  /** A change of the owner's and the group's names; null leaves one as it is. */
  public static AttributeChange ofOwner(@Nullable String owner, @Nullable String group) {
    return new AttributeChange(-1, -1, -1, owner, group, null, null, null);
  }

  /** A change of times; null leaves one as it is. */
  public static AttributeChange ofTimes(
      @Nullable FileTime modified, @Nullable FileTime accessed, @Nullable FileTime created) {
    return new AttributeChange(-1, -1, -1, null, null, modified, accessed, created);
  }
}
