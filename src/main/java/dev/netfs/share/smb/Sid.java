package dev.netfs.share.smb;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A security identifier (MS-DTYP 2.4.2): who somebody is to Windows.
 *
 * @param authority who gave it out, 48 bits
 * @param parts its other numbers, at most {@value #MOST_PARTS}, unsigned
 */
record Sid(long authority, List<Integer> parts) {
  private static final int MOST_PARTS = 15;
  private static final long MOST_AUTHORITY = (1L << 48) - 1;
  private static final Pattern TEXT =
      Pattern.compile("[Ss]-1-([0-9]{1,15}|0[xX][0-9a-fA-F]{1,12})((?:-[0-9]{1,10}){0,15})");

  /** Everybody. */
  static final Sid EVERYONE = new Sid(1, List.of(0));

  Sid {
    parts = List.copyOf(parts);
  }

  /**
   * Reads one from a buffer's position on, which is moved behind it.
   *
   * @throws BufferUnderflowException if it leads out of the buffer
   * @throws IllegalArgumentException if it is none
   */
  static Sid read(ByteBuffer in) {
    int revision = in.get() & 0xFF;
    int count = in.get() & 0xFF;
    if (revision != 1 || count > MOST_PARTS) {
      throw new IllegalArgumentException("a security identifier that is none");
    }
    long authority = 0;
    for (int i = 0; i < 6; i++) {
      authority = authority << 8 | in.get() & 0xFF;
    }
    List<Integer> parts = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      parts.add(in.getInt());
    }
    return new Sid(authority, parts);
  }

  /** Returns the one that a text such as {@code S-1-5-32-544} names, or null if it names none. */
  static @Nullable Sid of(String text) {
    var match = TEXT.matcher(text);
    if (!match.matches()) {
      return null;
    }
    long authority = Long.decode(match.group(1).replaceFirst("^0+(?=[0-9])", ""));
    List<Integer> parts = new ArrayList<>();
    for (String part : match.group(2).split("-", -1)) {
      if (!part.isEmpty()) {
        long number = Long.parseLong(part);
        if (number > 0xFFFFFFFFL) {
          return null;
        }
        parts.add((int) number);
      }
    }
    return authority > MOST_AUTHORITY ? null : new Sid(authority, parts);
  }

  byte[] toBytes() {
    PacketWriter out = new PacketWriter().u8(1).u8(parts.size());
    for (int shift = 40; shift >= 0; shift -= 8) {
      out.u8((int) (authority >>> shift));
    }
    parts.forEach(out::u32);
    return out.toBytes();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("S-1-");
    // As MS-DTYP 2.4.2.1 has it.
    text.append(
        authority < 1L << 32 ? Long.toString(authority) : String.format("0x%012x", authority));
    parts.forEach(part -> text.append('-').append(Integer.toUnsignedString(part)));
    return text.toString();
  }
}
