package dev.netfs.share.smb;

import java.util.Arrays;

/** Collects the little-endian bytes of a request. */
final class PacketWriter {
  private byte[] bytes = new byte[128];
  private int size;

  PacketWriter u8(int value) {
    room(1);
    bytes[size++] = (byte) value;
    return this;
  }

  PacketWriter u16(int value) {
    return u8(value).u8(value >>> 8);
  }

  PacketWriter u32(int value) {
    return u16(value).u16(value >>> 16);
  }

  PacketWriter u64(long value) {
    return u32((int) value).u32((int) (value >>> 32));
  }

  PacketWriter bytes(byte[] value) {
    room(value.length);
    System.arraycopy(value, 0, bytes, size, value.length);
    size += value.length;
    return this;
  }

  PacketWriter zeros(int count) {
    room(count);
    size += count;
    return this;
  }

  /** Adds zeros up to a multiple of 8 from the beginning of these bytes. */
  PacketWriter align8() {
    return zeros(-size & 7);
  }

  int size() {
    return size;
  }

  byte[] toBytes() {
    return Arrays.copyOf(bytes, size);
  }

  /**
   * Returns text as the protocol has it: UTF-16, without an end mark. Half surrogate pairs, which
   * names on a server may have, stay as they are.
   */
  static byte[] utf16(String text) {
    byte[] bytes = new byte[2 * text.length()];
    for (int i = 0; i < text.length(); i++) {
      bytes[2 * i] = (byte) text.charAt(i);
      bytes[2 * i + 1] = (byte) (text.charAt(i) >>> 8);
    }
    return bytes;
  }

  private void room(int count) {
    if (bytes.length - size < count) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + count));
    }
  }
}
