package dev.netfs.share.sftp;

import dev.netfs.share.ShareConfig;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/**
 * Where to connect to, as a mount's URI says: {@code netfs+sftp://user@host:port/root}.
 *
 * <p>The path is an absolute one on the server; without one it is the server's root. A path that
 * begins with {@code /~} is relative to the user's home directory there, {@code /~/data} its
 * directory {@code data}; so a directory whose name is {@code ~} cannot be reached in the root.
 *
 * @param host the host's name or address, IPv6 without brackets
 * @param port the port, 22 unless the URI says another
 * @param user the user's name, that of the system property {@code user.name} unless the URI says
 *     one
 * @param path the root on the server, absolute or, where {@code inHome}, relative
 * @param inHome whether the path is relative to the home directory
 */
record SftpTarget(String host, int port, String user, String path, boolean inHome) {
  static final String SCHEME = "netfs+sftp";
  private static final int DEFAULT_PORT = 22;

  /**
   * Reads a mount's URI.
   *
   * @throws IllegalArgumentException if it is not of this form
   */
  static SftpTarget of(ShareConfig config) {
    URI uri = config.uri();
    String host = uri.getHost();
    if (!SCHEME.equals(uri.getScheme()) || host == null) {
      throw new IllegalArgumentException(
          "an SFTP mount's URI looks like " + SCHEME + "://user@host:port/directory, not " + uri);
    }
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("the port of " + uri + " has to be from 1 to 65535");
    }
    String user = uri.getUserInfo();
    if (user == null || user.isEmpty()) {
      user = System.getProperty("user.name", "");
    }
    String path = uri.getRawPath() == null ? "" : decode(uri.getRawPath());
    while (path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    if (path.equals("/~") || path.startsWith("/~/")) {
      return new SftpTarget(host, port, user, path.substring(2).replaceFirst("^/+", ""), true);
    }
    return new SftpTarget(host, port, user, path.isEmpty() ? "/" : path, false);
  }

  /** Returns how messages call the server and its user: {@code sftp://user@host:port}. */
  String server() {
    return "sftp://" + user + "@" + hostAndPort();
  }

  /** Returns {@code host} or {@code host:port}. */
  String hostAndPort() {
    String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return port == DEFAULT_PORT ? name : name + ":" + port;
  }

  /** Decodes %xx, without turning {@code +} into a space. */
  private static String decode(String raw) {
    return java.net.URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
