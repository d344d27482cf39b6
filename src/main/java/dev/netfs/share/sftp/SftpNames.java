package dev.netfs.share.sftp;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Names between Java's text and the server's bytes.
 *
 * <p>SFTP version 3 has names of bytes without an encoding; UTF-8 is what servers' file systems
 * hold in practice. A byte that is not UTF-8 becomes a lone surrogate of U+DC80 to U+DCFF, which no
 * valid UTF-8 decodes to, and becomes the same byte again on its way back: such a file can still be
 * read, renamed and deleted by the name that its listing showed (the idea of Python's PEP 383).
 */
final class SftpNames {
  private static final char ESCAPE = '\udc00';

  private SftpNames() {}

  static byte[] encode(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return encodeEscaped(text);
      }
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String decode(byte[] bytes, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      if (bytes[i] < 0) {
        return decodeStrictly(bytes, offset, length);
      }
    }
    return new String(bytes, offset, length, StandardCharsets.ISO_8859_1);
  }

  private static byte[] encodeEscaped(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length() + 16);
    int i = 0;
    while (i < text.length()) {
      int point = text.codePointAt(i);
      i += Character.charCount(point);
      if (point >= ESCAPE + 0x80 && point <= ESCAPE + 0xff) {
        bytes.write(point - ESCAPE);
      } else {
        bytes.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
      }
    }
    return bytes.toByteArray();
  }

  private static String decodeStrictly(byte[] bytes, int offset, int length) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes, offset, length);
    try {
      return decoder.decode(in).toString();
    } catch (CharacterCodingException e) {
      // Falls through to the slow way, which keeps what is not UTF-8.
    }
    in = ByteBuffer.wrap(bytes, offset, length);
    CharBuffer out = CharBuffer.allocate(length);
    decoder.reset();
    while (in.hasRemaining()) {
      CoderResult result = decoder.decode(in, out, true);
      if (result.isError()) {
        for (int i = 0; i < result.length(); i++) {
          out.put((char) (ESCAPE + (in.get() & 0xff)));
        }
        decoder.reset();
      }
    }
    return out.flip().toString();
  }
}
