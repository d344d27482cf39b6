package dev.netfs.share.smb;

import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import java.nio.ByteBuffer;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/** Reads what servers say about files (MS-FSCC 2.4). */
final class FileFacts {
  private static final FileTime NEVER = FileTime.fromMillis(0);

  private static final int DOS =
      Smb2.ATTRIBUTE_READONLY
          | Smb2.ATTRIBUTE_HIDDEN
          | Smb2.ATTRIBUTE_SYSTEM
          | Smb2.ATTRIBUTE_ARCHIVE;

  private FileFacts() {}

  /** Reads the answer to a query for FileAllInformation. */
  static FileInfo of(Response answer) {
    ByteBuffer all = answer.output();
    return of(
        all.getLong(0),
        all.getLong(8),
        all.getLong(16),
        all.getLong(24),
        all.getInt(32),
        all.getLong(48),
        all.getLong(64));
  }

  /** Returns all attributes in the answer to a query for FileAllInformation. */
  static int attributesOf(Response answer) {
    return answer.output().getInt(32);
  }

  /**
   * Reads an entry of FileIdBothDirectoryInformation.
   *
   * @param entry its bytes, from its first on
   */
  static FileInfo ofEntry(ByteBuffer entry) {
    return of(
        entry.getLong(8),
        entry.getLong(16),
        entry.getLong(24),
        entry.getLong(32),
        entry.getInt(56),
        entry.getLong(40),
        entry.getLong(96));
  }

  private static FileInfo of(
      long created, long accessed, long written, long changed, int attributes, long size, long id) {
    boolean directory = (attributes & Smb2.ATTRIBUTE_DIRECTORY) != 0;
    FileTime modified = FileTimes.of(written);
    return FileInfo.of(directory ? FileType.DIRECTORY : FileType.REGULAR)
        .size(directory ? 0 : Math.max(0, size))
        .modified(modified == null ? NEVER : modified)
        .accessed(FileTimes.of(accessed))
        .created(FileTimes.of(created))
        .changed(FileTimes.of(changed))
        .fileKey(key(id))
        .dos(attributes & DOS)
        .build();
  }

  /** Of a file system without numbers of files, the server says 0 or -1. */
  private static @Nullable Long key(long id) {
    return id == 0 || id == -1 ? null : id;
  }
}
