package dev.netfs.share.smb;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The envelopes of SPNEGO (RFC 4178) that NTLM's messages travel in, in DER. */
final class Spnego {
  private static final byte[] SPNEGO_OID = {0x2B, 6, 1, 5, 5, 2};

  /** 1.3.6.1.4.1.311.2.2.10. */
  private static final byte[] NTLM_OID = {0x2B, 6, 1, 4, 1, (byte) 0x82, 0x37, 2, 2, 0x0A};

  private static final int OID = 0x06;
  private static final int OCTETS = 0x04;
  private static final int SEQUENCE = 0x30;
  private static final int APPLICATION = 0x60;
  private static final int CONTEXT = 0xA0;

  private Spnego() {}

  /** Returns the list of what is offered: NTLM only. */
  static byte[] mechanisms() {
    return der(SEQUENCE, der(OID, NTLM_OID));
  }

  /** Returns a NegTokenInit with the first message. */
  static byte[] first(byte[] token) {
    byte[] init = der(SEQUENCE, der(CONTEXT, mechanisms()), der(CONTEXT + 2, der(OCTETS, token)));
    return der(APPLICATION, der(OID, SPNEGO_OID), der(CONTEXT, init));
  }

  /**
   * Returns a NegTokenResp with a further message.
   *
   * @param signature the signature of {@link #mechanisms}, or null
   */
  static byte[] next(byte[] token, byte @Nullable [] signature) {
    byte[] response = der(CONTEXT + 2, der(OCTETS, token));
    return der(
        CONTEXT + 1,
        signature == null
            ? der(SEQUENCE, response)
            : der(SEQUENCE, response, der(CONTEXT + 3, der(OCTETS, signature))));
  }

  /** Returns the message in a server's NegTokenResp, or null if there is none. */
  static byte @Nullable [] responseToken(byte[] token) throws IOException {
    try {
      ByteBuffer fields = inside(ByteBuffer.wrap(token), CONTEXT + 1);
      fields = inside(fields, SEQUENCE);
      while (fields.hasRemaining()) {
        int tag = fields.get() & 0xFF;
        ByteBuffer value = value(fields);
        if (tag == CONTEXT + 2) {
          ByteBuffer octets = inside(value, OCTETS);
          byte[] bytes = new byte[octets.remaining()];
          octets.get(bytes);
          return bytes;
        }
      }
      return null;
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw new IOException("the server's sign-on message is malformed", e);
    }
  }

  private static ByteBuffer inside(ByteBuffer in, int tag) {
    int found = in.get() & 0xFF;
    if (found != tag) {
      throw new IllegalArgumentException("tag " + found + " instead of " + tag);
    }
    return value(in);
  }

  /** Reads a length and takes so many bytes. */
  private static ByteBuffer value(ByteBuffer in) {
    int length = in.get() & 0xFF;
    if (length > 0x80) {
      int bytes = length - 0x80;
      length = 0;
      for (int i = 0; i < bytes; i++) {
        if (length >= 1 << 23) {
          throw new BufferUnderflowException();
        }
        length = length << 8 | in.get() & 0xFF;
      }
    }
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    ByteBuffer value = in.slice(in.position(), length);
    in.position(in.position() + length);
    return value;
  }

  private static byte[] der(int tag, byte[]... parts) {
    int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    ByteArrayOutputStream out = new ByteArrayOutputStream(length + 6);
    out.write(tag);
    if (length < 0x80) {
      out.write(length);
    } else if (length < 0x100) {
      out.write(0x81);
      out.write(length);
    } else {
      out.write(0x82);
      out.write(length >>> 8);
      out.write(length);
    }
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
