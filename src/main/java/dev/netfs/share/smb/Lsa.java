package dev.netfs.share.smb;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The messages by which a server is asked for the names of security identifiers and the other way
 * round (MS-LSAT, over MS-RPCE's connection-oriented messages, in NDR). Offsets that lead out of a
 * message throw {@link BufferUnderflowException} or {@link IndexOutOfBoundsException}.
 */
final class Lsa {
  private static final UUID INTERFACE = UUID.fromString("12345778-1234-abcd-ef00-0123456789ab");
  private static final UUID NDR = UUID.fromString("8a885d04-1ceb-11c9-9fe8-08002b104860");

  // Kinds of messages.
  private static final int REQUEST = 0;
  private static final int RESPONSE = 2;
  private static final int FAULT = 3;
  private static final int BIND = 11;
  private static final int BIND_ACK = 12;

  private static final int FIRST_AND_LAST = 3;
  private static final int LAST = 2;
  private static final int LITTLE_ENDIAN_ASCII = 0x10;
  private static final int HEADER = 16;
  private static final int RESPONSE_HEADER = HEADER + 8;
  private static final int FRAGMENT = 4280;

  // Operations.
  static final int OPEN_POLICY = 44;
  static final int LOOKUP_SIDS = 57;
  static final int LOOKUP_NAMES = 68;

  private static final int POLICY_LOOKUP_NAMES = 0x800;
  private static final int HANDLE = 20;
  private static final int POINTER = 0x20000;
  private static final int LOCAL = 1;
  private static final int CLIENT_REVISION = 2;

  private static final int SOME_NOT_MAPPED = 0x107;
  private static final int NONE_MAPPED = 0xC0000073;

  /**
   * Somebody the server knows.
   *
   * @param domain what his name is said in, or empty
   * @param group whether he is a group
   */
  record Account(Sid sid, String domain, String name, boolean group) {}

  private Lsa() {}

  // ---------------------------------------------------------------- messages of the pipe

  /** The first message: which interface this is about. */
  static byte[] bind() {
    PacketWriter body =
        new PacketWriter().u16(FRAGMENT).u16(FRAGMENT).u32(0).u32(1).u16(0).u8(1).u8(0);
    uuid(body, INTERFACE).u32(0);
    uuid(body, NDR).u32(2);
    return message(BIND, body.toBytes());
  }

  static byte[] request(int operation, byte[] arguments) {
    return message(
        REQUEST,
        new PacketWriter().u32(arguments.length).u16(0).u16(operation).bytes(arguments).toBytes());
  }

  private static byte[] message(int kind, byte[] body) {
    return new PacketWriter()
        .u8(5)
        .u8(0)
        .u8(kind)
        .u8(FIRST_AND_LAST)
        .u32(LITTLE_ENDIAN_ASCII)
        .u16(HEADER + body.length)
        .u16(0)
        .u32(1)
        .bytes(body)
        .toBytes();
  }

  private static PacketWriter uuid(PacketWriter out, UUID id) {
    long high = id.getMostSignificantBits();
    out.u32((int) (high >>> 32)).u16((int) (high >>> 16)).u16((int) high);
    return out.bytes(ByteBuffer.allocate(8).putLong(id.getLeastSignificantBits()).array());
  }

  /**
   * Takes a message apart.
   *
   * @return its fragments, or null if there has to be more of it
   */
  static @Nullable List<ByteBuffer> fragments(byte[] begun) throws IOException {
    List<ByteBuffer> fragments = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(begun).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (begun.length - at >= HEADER) {
      int length = in.getShort(at + 8) & 0xFFFF;
      if (length < HEADER) {
        throw new IOException("the server's pipe says what is no message");
      }
      if (length > begun.length - at) {
        return null;
      }
      fragments.add(in.slice(at, length));
      if ((in.get(at + 3) & LAST) != 0) {
        return fragments;
      }
      at += length;
    }
    return null;
  }

  /** Checks the answer to {@link #bind()}. */
  static void bound(ByteBuffer answer) throws IOException {
    ByteBuffer in = answer.slice().order(ByteOrder.LITTLE_ENDIAN);
    int address = in.getShort(HEADER + 8) & 0xFFFF;
    int results = HEADER + 10 + address + 3 & ~3;
    if (in.get(2) != BIND_ACK || in.getShort(results + 4) != 0) {
      throw new IOException("the server does not look up names");
    }
  }

  /** Returns the results in an answer's fragments. */
  static ByteBuffer results(List<ByteBuffer> fragments) throws IOException {
    PacketWriter all = new PacketWriter();
    for (ByteBuffer fragment : fragments) {
      ByteBuffer in = fragment.slice().order(ByteOrder.LITTLE_ENDIAN);
      if (in.get(2) != RESPONSE) {
        throw new IOException(
            "the server does not look up names: "
                + (in.get(2) == FAULT
                    ? String.format("fault 0x%08X", in.getInt(RESPONSE_HEADER))
                    : "a message of kind " + in.get(2)));
      }
      byte[] part = new byte[in.position(RESPONSE_HEADER).remaining()];
      in.get(part);
      all.bytes(part);
    }
    return ByteBuffer.wrap(all.toBytes());
  }

  // ---------------------------------------------------------------- operations

  static byte[] openPolicy() {
    return new PacketWriter()
        .u32(0) // the server's own name
        .u32(24)
        .zeros(20) // attributes that nobody reads
        .u32(POLICY_LOOKUP_NAMES)
        .toBytes();
  }

  /** Returns the handle that {@link #openPolicy()} brought. */
  static byte[] policy(ByteBuffer results) throws IOException {
    byte[] handle = new byte[HANDLE];
    results.order(ByteOrder.LITTLE_ENDIAN).get(handle);
    check(results.getInt());
    return handle;
  }

  static byte[] lookupSids(byte[] policy, List<Sid> sids) {
    PacketWriter out = new PacketWriter().bytes(policy).u32(sids.size()).u32(POINTER);
    out.u32(sids.size());
    for (int i = 0; i < sids.size(); i++) {
      out.u32(POINTER + 4 * (i + 1));
    }
    for (Sid sid : sids) {
      out.u32(sid.parts().size()).bytes(sid.toBytes());
    }
    return options(out.u32(0).u32(0)).toBytes();
  }

  static byte[] lookupName(byte[] policy, String name) {
    byte[] text = PacketWriter.utf16(name);
    PacketWriter out = new PacketWriter().bytes(policy).u32(1).u32(1);
    out.u16(text.length).u16(text.length).u32(POINTER);
    out.u32(name.length()).u32(0).u32(name.length()).bytes(text);
    out.zeros(-out.size() & 3);
    return options(out.u32(0).u32(0)).toBytes();
  }

  private static PacketWriter options(PacketWriter out) {
    return out.u16(LOCAL).u16(0).u32(0).u32(0).u32(CLIENT_REVISION);
  }

  /**
   * Reads the answer to {@link #lookupSids}.
   *
   * @param asked the identifiers that were asked for
   * @return whom the server knows of them
   */
  static List<Account> accounts(ByteBuffer results, List<Sid> asked) throws IOException {
    Ndr in = new Ndr(results);
    List<String> domains = in.domains();
    int count = in.number();
    boolean some = in.number() != 0;
    if (count > asked.size() || !some && count > 0 || some && in.number() != count) {
      throw new IOException("the server tells more names than it was asked for");
    }
    List<int[]> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      // What it is, the name's lengths, whether it has one, its domain, flags.
      entries.add(
          new int[] {in.number() & 0xFFFF, in.number(), in.number(), in.number(), in.number()});
    }
    List<Account> known = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] entry = entries.get(i);
      String name = entry[2] == 0 ? "" : in.text();
      Account account = account(asked.get(i), entry[0], name, entry[3], domains);
      if (account != null) {
        known.add(account);
      }
    }
    in.number(); // how many there are
    check(in.number());
    return known;
  }

  /** Reads the answer to {@link #lookupName}; null if the server knows no such name. */
  static @Nullable Account account(ByteBuffer results, String asked) throws IOException {
    Ndr in = new Ndr(results);
    List<String> domains = in.domains();
    int count = in.number();
    boolean some = in.number() != 0;
    if (count > 1 || some && in.number() != count) {
      throw new IOException("the server tells more names than it was asked for");
    }
    Account account = null;
    if (some && count == 1) {
      int use = in.number() & 0xFFFF;
      boolean known = in.number() != 0;
      int domain = in.number();
      in.number(); // flags
      if (known) {
        Sid sid = in.sid();
        account = account(sid, use, asked.substring(asked.lastIndexOf('\\') + 1), domain, domains);
      }
    }
    in.number(); // how many there are
    check(in.number());
    return account;
  }

  private static @Nullable Account account(
      @Nullable Sid sid, int use, String name, int domain, List<String> domains) {
    boolean user = use == 1 || use == 9;
    boolean group = use == 2 || use == 4 || use == 5;
    if (sid == null || !user && !group || name.isEmpty()) {
      return null;
    }
    return new Account(
        sid, domain >= 0 && domain < domains.size() ? domains.get(domain) : "", name, group);
  }

  private static void check(int status) throws IOException {
    if (status != NtStatus.SUCCESS && status != SOME_NOT_MAPPED && status != NONE_MAPPED) {
      throw new SmbStatus(status);
    }
  }

  /** Reads what NDR has written: every number is at a multiple of 4 here. */
  private static final class Ndr {
    private final ByteBuffer in;
    private final int start;

    Ndr(ByteBuffer results) {
      in = results.order(ByteOrder.LITTLE_ENDIAN);
      start = in.position();
    }

    int number() {
      in.position(in.position() + (-(in.position() - start) & 3));
      return in.getInt();
    }

    String text() {
      number(); // what it has room for
      number(); // where it begins
      int length = number();
      if (length < 0 || length > in.remaining() / 2) {
        throw new BufferUnderflowException();
      }
      String text = SmbListing.text(in, in.position(), 2 * length);
      in.position(in.position() + 2 * length);
      int end = text.indexOf('\0');
      return end < 0 ? text : text.substring(0, end);
    }

    /**
     * Returns an identifier, or null: for what the server does not know it makes up half of one.
     */
    @Nullable Sid sid() {
      int parts = number();
      if (parts < 0 || parts > in.remaining() / 4) {
        throw new BufferUnderflowException();
      }
      int end = in.position() + 8 + 4 * parts;
      ByteBuffer bytes = in.slice(in.position(), 8 + 4 * parts).order(ByteOrder.LITTLE_ENDIAN);
      in.position(end);
      try {
        return Sid.read(bytes);
      } catch (IllegalArgumentException e) {
        return null;
      }
    }

    /** The names of the domains that accounts are of. */
    List<String> domains() {
      List<String> names = new ArrayList<>();
      if (number() == 0) {
        return names;
      }
      int count = number();
      boolean some = number() != 0;
      number(); // what there is room for
      if (!some || count == 0) {
        return names;
      }
      number();
      if (count < 0 || count > in.remaining() / 12) {
        throw new BufferUnderflowException();
      }
      boolean[] named = new boolean[count];
      boolean[] identified = new boolean[count];
      for (int i = 0; i < count; i++) {
        number(); // two lengths
        named[i] = number() != 0;
        identified[i] = number() != 0;
      }
      for (int i = 0; i < count; i++) {
        names.add(named[i] ? text() : "");
        if (identified[i]) {
          sid();
        }
      }
      return names;
    }
  }
}
