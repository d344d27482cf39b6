package dev.netfs.nio;

import dev.netfs.engine.MountSpec;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A mount's root, or a place below one, as its URI names it: what mounts are known by. Two
 * spellings of one URI are equal, whatever they percent-encode.
 *
 * @param origin scheme and authority: {@code netfs+sftp://me@server:2222}
 * @param elements the path's elements, decoded; one may hold a slash
 */
record MountRoot(String origin, List<String> elements) {
  /** What a URI's path holds as it is, besides letters and digits (RFC 3986, {@code pchar}). */
  private static final String PLAIN = "-._~!$&'()*+,;=:@";

  private static final String HEX = "0123456789ABCDEF";

  MountRoot {
    elements = List.copyOf(elements);
  }

  /**
   * Reads a URI; its query does not count.
   *
   * @throws IllegalArgumentException if it cannot name a mount or a place below one
   */
  static MountRoot of(URI uri) {
    URI root = MountSpec.root(uri);
    String path = root.getRawPath();
    String text = root.toString();
    List<String> elements = new ArrayList<>();
    for (String element : path.split("/")) {
      if (!element.isEmpty()) {
        elements.add(decode(element, uri));
      }
    }
    return new MountRoot(text.substring(0, text.length() - path.length()), elements);
  }

  /** Returns the root with so many elements less. */
  MountRoot above(int levels) {
    return new MountRoot(origin, elements.subList(0, elements.size() - levels));
  }

  /** Returns the URI of a place below this root. */
  URI uriOf(List<String> below) {
    StringBuilder text = new StringBuilder(origin);
    for (String element : elements) {
      encode(element, text.append('/'));
    }
    for (String element : below) {
      encode(element, text.append('/'));
    }
    if (elements.isEmpty() && below.isEmpty()) {
      text.append('/');
    }
    return URI.create(text.toString());
  }

  private static void encode(String element, StringBuilder text) {
    // As they are, URI.normalize would take them out.
    boolean dots = element.equals(".") || element.equals("..");
    for (byte b : element.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean plain =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || PLAIN.indexOf(c) >= 0;
      if (plain && !dots) {
        text.append(c);
      } else {
        text.append('%').append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
      }
    }
  }

  private static String decode(String element, URI uri) {
    if (element.indexOf('%') < 0) {
      return element;
    }
    byte[] encoded = element.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(encoded.length);
    for (int i = 0; i < encoded.length; i++) {
      if (encoded[i] == '%') {
        // URI has checked that two hexadecimal digits follow.
        bytes.put(
            (byte)
                (Character.digit(encoded[i + 1], 16) << 4 | Character.digit(encoded[i + 2], 16)));
        i += 2;
      } else {
        bytes.put(encoded[i]);
      }
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "'" + element + "' in " + uri + " is not percent-encoded UTF-8", e);
    }
  }
}
