package dev.netfs.share.sftp;

import java.io.IOException;
import java.util.Arrays;

/**
 * Reads the fields of one answer, in the representation of RFC 4251 section 5. Looks at memory that
 * belongs to the receiver: of no use once the answer has been taken.
 */
final class PacketReader {
  private final byte[] bytes;
  private final int end;
  private int position;

  PacketReader(byte[] bytes, int offset, int length) {
    this.bytes = bytes;
    this.position = offset;
    this.end = offset + length;
  }

  int int32() throws IOException {
    need(4);
    int value = getInt(bytes, position);
    position += 4;
    return value;
  }

  long uint32() throws IOException {
    return Integer.toUnsignedLong(int32());
  }

  long int64() throws IOException {
    long high = uint32();
    return high << 32 | uint32();
  }

  /** Reads a string of bytes into an array of its own. */
  byte[] string() throws IOException {
    int length = int32();
    need(length);
    byte[] value = Arrays.copyOfRange(bytes, position, position + length);
    position += length;
    return value;
  }

  /** Reads a name, a path or a message. */
  String text() throws IOException {
    int length = int32();
    need(length);
    String value = SftpNames.decode(bytes, position, length);
    position += length;
    return value;
  }

  boolean hasRemaining() {
    return position < end;
  }

  private void need(int count) throws IOException {
    if (count < 0 || count > end - position) {
      throw new ProtocolViolation("an answer is cut short");
    }
  }

  static int getInt(byte[] bytes, int at) {
    return (bytes[at] & 0xff) << 24
        | (bytes[at + 1] & 0xff) << 16
        | (bytes[at + 2] & 0xff) << 8
        | bytes[at + 3] & 0xff;
  }

  /** The server does not keep to the protocol; the connection is of no more use. */
  static final class ProtocolViolation extends IOException {
    private static final long serialVersionUID = 1L;

    ProtocolViolation(String what) {
      super("the server breaks the SFTP protocol: " + what);
    }
  }
}
