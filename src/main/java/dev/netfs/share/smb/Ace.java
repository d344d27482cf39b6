package dev.netfs.share.smb;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclEntryFlag;
import java.nio.file.attribute.AclEntryPermission;
import java.nio.file.attribute.AclEntryType;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An entry of an access control list (MS-DTYP 2.4.4): its bytes, and what they say where that can
 * be said by an {@link AclEntry}.
 *
 * @param bytes all of it, header included; nobody changes them
 * @param who whom it is about, or null if {@link AclEntry} has no words for it
 */
@SuppressWarnings("ArrayRecordComponent") // compared by none
record Ace(byte[] bytes, @Nullable Sid who) {
  private static final int HEADER = 4;
  private static final int ALLOWED = 0;
  private static final int DENIED = 1;

  private static final int GENERIC_ALL = 0x10000000;
  private static final int GENERIC_EXECUTE = 0x20000000;
  private static final int GENERIC_WRITE = 0x40000000;
  private static final int GENERIC_READ = 0x80000000;

  // What the generic rights are of a file (MS-SMB2 2.2.13.1.1).
  private static final int FILE_ALL = 0x1F01FF;
  private static final int FILE_READ = 0x120089;
  private static final int FILE_WRITE = 0x120116;
  private static final int FILE_EXECUTE = 0x1200A0;

  private static final Map<AclEntryPermission, Integer> RIGHTS =
      new EnumMap<>(
          Map.ofEntries(
              Map.entry(AclEntryPermission.READ_DATA, Smb2.FILE_READ_DATA),
              Map.entry(AclEntryPermission.WRITE_DATA, Smb2.FILE_WRITE_DATA),
              Map.entry(AclEntryPermission.APPEND_DATA, Smb2.FILE_APPEND_DATA),
              Map.entry(AclEntryPermission.READ_NAMED_ATTRS, 0x8),
              Map.entry(AclEntryPermission.WRITE_NAMED_ATTRS, 0x10),
              Map.entry(AclEntryPermission.EXECUTE, 0x20),
              Map.entry(AclEntryPermission.DELETE_CHILD, 0x40),
              Map.entry(AclEntryPermission.READ_ATTRIBUTES, Smb2.FILE_READ_ATTRIBUTES),
              Map.entry(AclEntryPermission.WRITE_ATTRIBUTES, Smb2.FILE_WRITE_ATTRIBUTES),
              Map.entry(AclEntryPermission.DELETE, Smb2.DELETE),
              Map.entry(AclEntryPermission.READ_ACL, Smb2.READ_CONTROL),
              Map.entry(AclEntryPermission.WRITE_ACL, Smb2.WRITE_DAC),
              Map.entry(AclEntryPermission.WRITE_OWNER, Smb2.WRITE_OWNER),
              Map.entry(AclEntryPermission.SYNCHRONIZE, Smb2.SYNCHRONIZE)));

  private static final Map<AclEntryFlag, Integer> FLAGS =
      new EnumMap<>(
          Map.of(
              AclEntryFlag.FILE_INHERIT, 1,
              AclEntryFlag.DIRECTORY_INHERIT, 2,
              AclEntryFlag.NO_PROPAGATE_INHERIT, 4,
              AclEntryFlag.INHERIT_ONLY, 8));

  /** It came from the directory above, which {@link AclEntry} cannot say and need not. */
  private static final int INHERITED = 0x10;

  private static final int KNOWN_FLAGS = 0x1F;

  /**
   * Takes an entry in.
   *
   * @param bytes all of it, at least its header
   */
  static Ace of(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    boolean plain = bytes[0] == ALLOWED || bytes[0] == DENIED;
    if (!plain || (bytes[1] & ~KNOWN_FLAGS) != 0) {
      return new Ace(bytes, null);
    }
    try {
      int mask = in.getInt(HEADER);
      int words = FILE_ALL | GENERIC_ALL | GENERIC_EXECUTE | GENERIC_WRITE | GENERIC_READ;
      Sid who = Sid.read(in.position(HEADER + 4));
      return new Ace(bytes, (mask & ~words) == 0 && !in.hasRemaining() ? who : null);
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      return new Ace(bytes, null); // the server knows what it means
    }
  }

  /** An entry that allows somebody all there is. */
  static Ace allowingAll(Sid who) {
    return of(bytes(ALLOWED, 0, FILE_ALL, who));
  }

  /**
   * Returns the entry that says what one of Java's says.
   *
   * @throws IllegalArgumentException if its type is one that such lists do not have
   */
  static Ace of(AclEntry entry, Sid who) {
    if (entry.type() != AclEntryType.ALLOW && entry.type() != AclEntryType.DENY) {
      throw new IllegalArgumentException(
          "an entry of type " + entry.type() + ": only ALLOW and DENY can be set here");
    }
    int mask = 0;
    for (AclEntryPermission permission : entry.permissions()) {
      mask |= RIGHTS.getOrDefault(permission, 0);
    }
    int flags = 0;
    for (AclEntryFlag flag : entry.flags()) {
      flags |= FLAGS.getOrDefault(flag, 0);
    }
    return of(bytes(entry.type() == AclEntryType.ALLOW ? ALLOWED : DENIED, flags, mask, who));
  }

  private static byte[] bytes(int type, int flags, int mask, Sid who) {
    byte[] sid = who.toBytes();
    return new PacketWriter()
        .u8(type)
        .u8(flags)
        .u16(HEADER + 4 + sid.length)
        .u32(mask)
        .bytes(sid)
        .toBytes();
  }

  /** Returns whether two entries say the same, whether inherited or not, in whatever words. */
  boolean saysTheSame(Ace other) {
    return who != null
        && who.equals(other.who)
        && bytes[0] == other.bytes[0]
        && ((bytes[1] ^ other.bytes[1]) & ~INHERITED) == 0
        && mask() == other.mask();
  }

  /**
   * Returns it in Java's words.
   *
   * @param principal whom it is about
   */
  AclEntry toEntry(UserPrincipal principal) {
    int mask = mask();
    Set<AclEntryPermission> permissions = EnumSet.noneOf(AclEntryPermission.class);
    RIGHTS.forEach(
        (permission, bit) -> {
          if ((mask & bit) != 0) {
            permissions.add(permission);
          }
        });
    Set<AclEntryFlag> flags = EnumSet.noneOf(AclEntryFlag.class);
    FLAGS.forEach(
        (flag, bit) -> {
          if ((bytes[1] & bit) != 0) {
            flags.add(flag);
          }
        });
    return AclEntry.newBuilder()
        .setType(bytes[0] == ALLOWED ? AclEntryType.ALLOW : AclEntryType.DENY)
        .setPrincipal(principal)
        .setPermissions(permissions)
        .setFlags(flags)
        .build();
  }

  /** Returns the rights it is about, generic ones spelt out. */
  private int mask() {
    int mask = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(HEADER);
    return mask & FILE_ALL
        | ((mask & GENERIC_ALL) != 0 ? FILE_ALL : 0)
        | ((mask & GENERIC_EXECUTE) != 0 ? FILE_EXECUTE : 0)
        | ((mask & GENERIC_WRITE) != 0 ? FILE_WRITE : 0)
        | ((mask & GENERIC_READ) != 0 ? FILE_READ : 0);
  }
}
