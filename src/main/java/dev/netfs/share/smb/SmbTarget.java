package dev.netfs.share.smb;

import dev.netfs.share.ShareConfig;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where to connect to, as a mount's URI says: {@code netfs+smb://user@host:port/share/directory}.
 *
 * @param host the host's name or address, IPv6 without brackets
 * @param port the port, 445 unless the URI says another
 * @param user the user's name, or empty where the URI says none
 * @param domain the user's domain where the URI says one ({@code DOMAIN;user@host}), or empty
 * @param share the share's name
 * @param directory the directory in it, with backslashes and without one at its ends; empty for the
 *     share's root
 */
record SmbTarget(
    String host, int port, String user, String domain, String share, String directory) {
  static final String SCHEME = "netfs+smb";
  private static final int DEFAULT_PORT = 445;

  /**
   * Reads a mount's URI.
   *
   * @throws IllegalArgumentException if it is not of this form
   */
  static SmbTarget of(ShareConfig config) {
    URI uri = config.uri();
    String host = uri.getHost();
    String path = uri.getRawPath() == null ? "" : decode(uri.getRawPath());
    String[] parts = path.replaceAll("^/+|/+$", "").split("/+", 2);
    if (!SCHEME.equals(uri.getScheme()) || host == null || parts[0].isEmpty()) {
      throw new IllegalArgumentException(
          "an SMB mount's URI looks like "
              + SCHEME
              + "://user@host:port/share/directory, not "
              + uri);
    }
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("the port of " + uri + " has to be from 1 to 65535");
    }
    String directory = parts.length == 1 ? "" : parts[1];
    if (path.indexOf('\\') >= 0) {
      throw new IllegalArgumentException(
          "the path of " + uri + " has a backslash in it, which SMB has no way to name");
    }
    String user = uri.getUserInfo() == null ? "" : uri.getUserInfo();
    int semicolon = user.indexOf(';');
    String domain = semicolon < 0 ? "" : user.substring(0, semicolon);
    return new SmbTarget(
        host,
        port,
        user.substring(semicolon + 1),
        domain,
        parts[0],
        directory.replace('/', '\\').replaceAll("\\\\+", "\\\\"));
  }

  /**
   * Returns the one that a path such as {@code \\server\share\directory} names, for the same user.
   * Such paths name no ports: it is the same one there. Null if it is no such path.
   */
  private @Nullable SmbTarget at(String path) {
    String[] parts = path.replaceAll("^\\\\+|\\\\+$", "").split("\\\\+", 3);
    if (parts.length < 2 || parts[0].isEmpty()) {
      return null;
    }
    return new SmbTarget(parts[0], port, user, domain, parts[1], parts.length == 2 ? "" : parts[2]);
  }

  /** Returns those that paths name, as {@link #at} does; without this one itself. */
  List<SmbTarget> atAll(List<String> paths) {
    return paths.stream().map(this::at).filter(each -> each != null && !each.equals(this)).toList();
  }

  /** Returns it as DFS has it: {@code \\server\share\directory}. */
  String path() {
    String root = "\\" + host + "\\" + share;
    return directory.isEmpty() ? root : root + "\\" + directory;
  }

  /** Returns how messages call the server: {@code smb://host:port}. */
  String server() {
    return "smb://" + hostAndPort();
  }

  /** Returns how messages call the share: {@code smb://host:port/share}. */
  String shareName() {
    return server() + "/" + share;
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
