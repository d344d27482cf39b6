package dev.netfs.share.smb;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who owns something, and who may do what with it (MS-DTYP 2.4.6), as far as it was asked for.
 *
 * @param control what there is, and how it came about
 * @param owner the owner, or null if it was not asked for
 * @param revision of the list: which kinds of entries it may have
 * @param dacl the access control list, or null if there is none: everybody may do everything then
 */
record SecurityDescriptor(
    int control, @Nullable Sid owner, int revision, @Nullable List<Ace> dacl) {
  // Which parts a request is about (MS-SMB2 2.2.37).
  static final int OWNER = 1;
  static final int DACL = 4;

  private static final int HEADER = 20;
  private static final int LIST_HEADER = 8;

  private static final int DACL_PRESENT = 0x4;
  private static final int DACL_AUTO_INHERIT_REQ = 0x100;
  private static final int DACL_AUTO_INHERITED = 0x400;
  private static final int DACL_PROTECTED = 0x1000;
  private static final int SELF_RELATIVE = 0x8000;

  private static final int LIST_REVISION = 2;
  private static final int MOST_LIST_BYTES = 0xFFFF;

  SecurityDescriptor {
    dacl = dacl == null ? null : List.copyOf(dacl);
  }

  /** One of a list only. */
  static SecurityDescriptor of(List<Ace> dacl) {
    return new SecurityDescriptor(0, null, LIST_REVISION, dacl);
  }

  /**
   * Reads a server's answer.
   *
   * @throws IOException if it is malformed
   */
  static SecurityDescriptor parse(ByteBuffer answer) throws IOException {
    try {
      ByteBuffer in = answer.slice().order(ByteOrder.LITTLE_ENDIAN);
      int control = in.getShort(2) & 0xFFFF;
      int owner = in.getInt(4);
      int list = in.getInt(16);
      if (in.get(0) != 1 || (control & SELF_RELATIVE) == 0) {
        throw new IllegalArgumentException("no descriptor");
      }
      boolean listed = (control & DACL_PRESENT) != 0 && list != 0;
      return new SecurityDescriptor(
          control,
          owner == 0 ? null : Sid.read(in.duplicate().order(in.order()).position(owner)),
          listed ? in.get(list) : LIST_REVISION,
          listed ? list(in, list) : null);
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new IOException("the server's security descriptor is malformed: " + e.getMessage(), e);
    }
  }

  private static List<Ace> list(ByteBuffer in, int at) {
    int bytes = in.getShort(Math.addExact(at, 2)) & 0xFFFF;
    int count = in.getShort(at + 4) & 0xFFFF;
    ByteBuffer list = in.slice(at, bytes).order(ByteOrder.LITTLE_ENDIAN);
    int from = LIST_HEADER;
    List<Ace> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int size = list.getShort(from + 2) & 0xFFFF;
      if (size < 4) {
        throw new IllegalArgumentException("an entry of " + size + " bytes");
      }
      byte[] entry = new byte[size];
      list.get(from, entry);
      entries.add(Ace.of(entry));
      from += size;
    }
    return entries;
  }

  /** Returns the list's entries, or what it means that there is no list. */
  List<Ace> entries() {
    return dacl == null ? List.of(Ace.allowingAll(Sid.EVERYONE)) : dacl;
  }

  /** Returns what sets an owner. */
  static byte[] ofOwner(Sid owner) {
    return header(0, HEADER, 0).bytes(owner.toBytes()).toBytes();
  }

  /**
   * Returns what sets the list.
   *
   * @throws IOException if it is too long for any server
   */
  byte[] toBytes() throws IOException {
    List<Ace> entries = entries();
    int bytes = LIST_HEADER;
    for (Ace entry : entries) {
      bytes += entry.bytes().length;
    }
    if (bytes > MOST_LIST_BYTES) {
      throw new IOException(
          "an access control list of " + entries.size() + " entries is longer than 64 KiB");
    }
    int kept = control & (DACL_PROTECTED | DACL_AUTO_INHERITED);
    // Whether entries are inherited stays as it was only for those who ask for it (MS-DTYP
    // 2.5.3.4).
    int asked = (kept & DACL_AUTO_INHERITED) == 0 ? 0 : DACL_AUTO_INHERIT_REQ;
    PacketWriter out =
        header(kept | asked | DACL_PRESENT, 0, HEADER)
            .u8(revision)
            .u8(0)
            .u16(bytes)
            .u16(entries.size())
            .u16(0);
    entries.forEach(entry -> out.bytes(entry.bytes()));
    return out.toBytes();
  }

  private static PacketWriter header(int control, int owner, int list) {
    return new PacketWriter()
        .u8(1)
        .u8(0)
        .u16(control | SELF_RELATIVE)
        .u32(owner)
        .u32(0)
        .u32(0)
        .u32(list);
  }

  /**
   * Returns this with other entries in its list, in place of those that {@link
   * java.nio.file.attribute.AclEntry} has words for. The others stay, each where it was. An entry
   * that says the same as one that is there leaves that one as it is, inherited or not.
   */
  SecurityDescriptor with(List<Ace> wanted) {
    List<Ace> before = entries();
    List<Ace> left = new ArrayList<>(before);
    List<Ace> after = new ArrayList<>();
    for (Ace entry : wanted) {
      Ace same = left.stream().filter(entry::saysTheSame).findFirst().orElse(null);
      left.remove(same);
      after.add(same == null ? entry : same);
    }
    for (int i = 0; i < before.size(); i++) {
      if (before.get(i).who() == null) {
        after.add(Math.min(i, after.size()), before.get(i));
      }
    }
    return new SecurityDescriptor(control, owner, revision, after);
  }
}
