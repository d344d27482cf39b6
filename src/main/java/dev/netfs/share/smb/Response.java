package dev.netfs.share.smb;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A message from the server: a copy of its own, header included, and read by offsets into its body.
 *
 * <p>Offsets that lead out of the message throw {@link BufferUnderflowException}: what the server
 * says is never believed.
 */
final class Response {
  private final byte[] message;
  private final ByteBuffer view;

  /** How many bytes went into the request's memory. */
  private final int filled;

  Response(byte[] message, int filled) {
    this.message = message;
    this.view = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    this.filled = filled;
  }

  int status() {
    return view.getInt(Smb2.AT_STATUS);
  }

  int command() {
    return view.getShort(Smb2.AT_COMMAND) & 0xFFFF;
  }

  long sessionId() {
    return view.getLong(Smb2.AT_SESSION_ID);
  }

  int treeId() {
    return view.getInt(Smb2.AT_TREE_ID);
  }

  int filled() {
    return filled;
  }

  /** The whole message, which nobody changes. */
  byte[] message() {
    return message;
  }

  int u8(int at) {
    return view.get(at(at, 1)) & 0xFF;
  }

  int u16(int at) {
    return view.getShort(at(at, 2)) & 0xFFFF;
  }

  int i32(int at) {
    return view.getInt(at(at, 4));
  }

  long i64(int at) {
    return view.getLong(at(at, 8));
  }

  byte[] bytes(int at, int length) {
    int from = at(at, length);
    return Arrays.copyOfRange(message, from, from + length);
  }

  /** Returns the bytes that an offset from the header's first byte and a length name. */
  ByteBuffer buffer(int offset, int length) {
    if (length == 0) {
      return ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
    }
    int from = at(offset - Smb2.HEADER, length);
    return ByteBuffer.wrap(message, from, length).slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns the output of a QUERY_INFO, QUERY_DIRECTORY or CHANGE_NOTIFY (all alike). */
  ByteBuffer output() {
    return buffer(u16(2), i32(4));
  }

  private int at(int bodyOffset, int length) {
    if (bodyOffset < 0 || length < 0 || bodyOffset > message.length - Smb2.HEADER - length) {
      throw new BufferUnderflowException();
    }
    return Smb2.HEADER + bodyOffset;
  }
}
