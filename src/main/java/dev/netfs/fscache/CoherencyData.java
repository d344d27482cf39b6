package dev.netfs.fscache;

import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import java.io.IOException;
import java.nio.file.attribute.FileTime;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
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

  /** Puts it into a record's fields. */
  void put(Map<String, Object> fields) {
    Instant time = modified.toInstant();
    fields.put("type", type.name());
    fields.put("size", size);
    fields.put("modified", time.getEpochSecond());
    fields.put("nanos", time.getNano());
    if (version != null) {
      fields.put("version", version);
    }
    if (fileKey != null) {
      fields.put("fileKey", fileKey);
    }
  }

  /**
   * Reads what {@link #put} has put into a record.
   *
   * @throws IOException if the fields make no sense
   */
  static CoherencyData of(Records.Fields fields) throws IOException {
    try {
      return new CoherencyData(
          FileType.valueOf(fields.text("type")),
          fields.number("size", 0, Long.MAX_VALUE),
          FileTime.from(Instant.ofEpochSecond(fields.number("modified"), fields.number("nanos"))),
          fields.optionalText("version"),
          fields.optionalText("fileKey"));
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      throw new IOException("a state that makes no sense", e);
    }
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
