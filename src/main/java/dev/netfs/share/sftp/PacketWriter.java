package dev.netfs.share.sftp;

import java.util.Arrays;

/**
 * Builds one request packet: length, type, request number, then the fields in the representation of
 * RFC 4251 section 5. The length and the number are filled in when the packet is sent.
 */
final class PacketWriter {
  /** Where the request's number stands: after the length and the type. */
  private static final int ID_POSITION = 5;

  private static final int HEADER = 9;

  private byte[] bytes;
  private int size = HEADER;

  /**
   * @param type the packet's type
   * @param expected how many bytes the fields will take, about
   */
  PacketWriter(int type, int expected) {
    bytes = new byte[HEADER + expected];
    bytes[4] = (byte) type;
  }

  /** Begins an extended request. */
  static PacketWriter extended(String name, int expected) {
    return new PacketWriter(SftpProtocol.EXTENDED, 4 + name.length() + expected)
        .string(SftpNames.encode(name));
  }

  PacketWriter int32(int value) {
    reserve(4);
    putInt(bytes, size, value);
    size += 4;
    return this;
  }

  PacketWriter int64(long value) {
    int32((int) (value >>> 32));
    return int32((int) value);
  }

  PacketWriter string(byte[] value) {
    int32(value.length);
    reserve(value.length);
    System.arraycopy(value, 0, bytes, size, value.length);
    size += value.length;
    return this;
  }

  /** Appends a name or a path. */
  PacketWriter path(String serverPath) {
    return string(SftpNames.encode(serverPath));
  }

  /**
   * Fills in the header.
   *
   * @param id the request's number
   * @param payload how many bytes follow in the same packet that are not written here
   */
  void finish(int id, int payload) {
    putInt(bytes, 0, size - 4 + payload);
    putInt(bytes, ID_POSITION, id);
  }

  /** Returns the packet's bytes, of which {@link #size()} count. */
  byte[] bytes() {
    return bytes;
  }

  int size() {
    return size;
  }

  private void reserve(int more) {
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(size + more, 2 * bytes.length));
    }
  }

  static void putInt(byte[] bytes, int at, int value) {
    bytes[at] = (byte) (value >>> 24);
    bytes[at + 1] = (byte) (value >>> 16);
    bytes[at + 2] = (byte) (value >>> 8);
    bytes[at + 3] = (byte) value;
  }
}
