package dev.netfs.share.sftp;

import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import java.io.IOException;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.TimeUnit;

/**
 * The attributes of a file as SFTP version 3 has them (draft-ietf-secsh-filexfer-02, section 5).
 * What the flags do not announce is 0. Sizes are unsigned in the protocol; one beyond {@link
 * Long#MAX_VALUE} counts as that.
 *
 * @param flags which of the others are there, {@link SftpProtocol#ATTR_SIZE} and so on
 * @param size the size in bytes
 * @param uid the owner's number
 * @param gid the group's number
 * @param permissions type and mode, as POSIX's {@code st_mode}
 * @param accessed in unsigned seconds since 1970
 * @param modified in unsigned seconds since 1970
 */
record SftpAttributes(
    int flags, long size, int uid, int gid, int permissions, int accessed, int modified) {
  static final SftpAttributes NONE = new SftpAttributes(0, 0, 0, 0, 0, 0, 0);

  /** The latest time that the protocol can hold: 2106-02-07T06:28:15Z. */
  static final long MAX_SECONDS = 0xffff_ffffL;

  private static final int TYPE_MASK = 0170000;
  private static final int DIRECTORY = 0040000;
  private static final int REGULAR = 0100000;
  private static final int SYMBOLIC_LINK = 0120000;
  private static final int MODE_MASK = 07777;

  static SftpAttributes read(PacketReader fields) throws IOException {
    int flags = fields.int32();
    long size = 0;
    int uid = 0;
    int gid = 0;
    int permissions = 0;
    int accessed = 0;
    int modified = 0;
    if ((flags & SftpProtocol.ATTR_SIZE) != 0) {
      size = fields.int64();
      size = size < 0 ? Long.MAX_VALUE : size;
    }
    if ((flags & SftpProtocol.ATTR_IDS) != 0) {
      uid = fields.int32();
      gid = fields.int32();
    }
    if ((flags & SftpProtocol.ATTR_PERMISSIONS) != 0) {
      permissions = fields.int32();
    }
    if ((flags & SftpProtocol.ATTR_TIMES) != 0) {
      accessed = fields.int32();
      modified = fields.int32();
    }
    if ((flags & SftpProtocol.ATTR_EXTENDED) != 0) {
      int count = fields.int32();
      for (int i = 0; i < count; i++) {
        fields.string();
        fields.string();
      }
    }
    return new SftpAttributes(flags, size, uid, gid, permissions, accessed, modified);
  }

  /** Only a size. */
  static SftpAttributes ofSize(long size) {
    return new SftpAttributes(SftpProtocol.ATTR_SIZE, size, 0, 0, 0, 0, 0);
  }

  /** Only a mode, or nothing where it is negative. */
  static SftpAttributes ofMode(int mode) {
    return mode < 0
        ? NONE
        : new SftpAttributes(SftpProtocol.ATTR_PERMISSIONS, 0, 0, 0, mode & MODE_MASK, 0, 0);
  }

  /** Appends the attributes that the flags announce. */
  PacketWriter write(PacketWriter packet) {
    packet.int32(flags);
    if (has(SftpProtocol.ATTR_SIZE)) {
      packet.int64(size);
    }
    if (has(SftpProtocol.ATTR_IDS)) {
      packet.int32(uid).int32(gid);
    }
    if (has(SftpProtocol.ATTR_PERMISSIONS)) {
      packet.int32(permissions);
    }
    if (has(SftpProtocol.ATTR_TIMES)) {
      packet.int32(accessed).int32(modified);
    }
    return packet;
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  FileType type() {
    return switch (permissions & TYPE_MASK) {
      case DIRECTORY -> FileType.DIRECTORY;
      case SYMBOLIC_LINK -> FileType.SYMBOLIC_LINK;
      // Some servers tell the permissions only; then it is most likely a file.
      case REGULAR, 0 -> FileType.REGULAR;
      default -> FileType.OTHER;
    };
  }

  /**
   * Returns whether two looks at one path saw the same object in the same state, as far as one can
   * tell. When it was last read does not count.
   */
  boolean sameAs(SftpAttributes other) {
    return flags == other.flags
        && size == other.size
        && uid == other.uid
        && gid == other.gid
        && permissions == other.permissions
        && modified == other.modified;
  }

  /** Returns a builder with these attributes; the owner's and the group's names are left out. */
  FileInfo.Builder toInfo() {
    FileInfo.Builder info = FileInfo.of(type()).size(size);
    if (has(SftpProtocol.ATTR_IDS)) {
      info.uid(uid).gid(gid);
    }
    if (has(SftpProtocol.ATTR_PERMISSIONS)) {
      info.mode(permissions & MODE_MASK);
    }
    if (has(SftpProtocol.ATTR_TIMES)) {
      info.modified(time(modified)).accessed(time(accessed));
    }
    return info;
  }

  private static FileTime time(int seconds) {
    return FileTime.from(Integer.toUnsignedLong(seconds), TimeUnit.SECONDS);
  }
}
