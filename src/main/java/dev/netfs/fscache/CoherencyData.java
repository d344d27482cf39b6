package dev.netfs.fscache;

import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which state of a remote object cached bytes belong to: what the server showed of it, and what an
 * open compares (C2).
 *
 * @param type what the object is
 * @param size its size in bytes, 0 or more
 * @param modified when its content last changed
 * @param version what the server changes with every change of the content, or null
 * @param fileKey what identifies the object on its server, as text, or null
 */
public record CoherencyData(
    FileType type,
    long size,
    FileTime modified,
    @Nullable String version,
    @Nullable String fileKey) {

  public CoherencyData {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(modified, "modified");
    if (size < 0) {
      throw new IllegalArgumentException("negative size " + size);
    }
  }

  /** Returns what attributes say. */
  public static CoherencyData of(FileInfo info) {
    Object key = info.fileKey();
    return new CoherencyData(
        info.type(),
        info.size(),
        info.modified(),
        info.version(),
        key == null ? null : key.toString());
  }

  /**
   * Returns whether bytes of an object in this state are those of one in another. Where both show a
   * version it decides, since equal versions of one path prove equal content.
   */
  public boolean matches(CoherencyData other) {
    if (type != other.type || size != other.size) {
      return false;
    }
    return version != null || other.version != null
        ? Objects.equals(version, other.version)
        : modified.equals(other.modified) && Objects.equals(fileKey, other.fileKey);
  }
}
