package dev.netfs.engine;

import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareOptions;
import dev.netfs.share.ShareProvider;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What to mount: a root's URI in its one spelling, and the options from its query and the caller,
 * checked.
 *
 * @param root the root: scheme and host in lower case, path normalised and without a slash at its
 *     end, no query, no fragment, no password
 * @param options the options
 */
public record MountSpec(URI root, ShareOptions options) {

  /**
   * Reads a mount's URI and options.
   *
   * @param uri the URI, with a scheme of netfs; options may stand in its query, secrets excepted
   * @param env options by name, which count more than the query's
   * @throws IllegalArgumentException if the URI is malformed or an option unknown or malformed;
   *     names it
   */
  public static MountSpec of(URI uri, Map<String, ?> env) {
    URI root = root(uri);
    ShareProvider provider = Shares.forScheme(root.getScheme());
    Map<String, Object> values = queryOptions(uri);
    values.putAll(env);
    for (String name : values.keySet()) {
      if (!MountOptions.NAMES.contains(name) && !provider.options().contains(name)) {
        TreeSet<String> known = new TreeSet<>(MountOptions.NAMES);
        known.addAll(provider.options());
        throw new IllegalArgumentException(
            "unknown option '"
                + name
                + "' for "
                + root
                + "; there are "
                + String.join(", ", known));
      }
    }
    ShareOptions options = ShareOptions.of(values);
    MountOptions.of(options); // for its checks, before anybody connects
    return new MountSpec(root, options);
  }

  /**
   * Returns the options in the query of a mount's URI, their names not yet checked, as a new map.
   *
   * @throws IllegalArgumentException if the query is malformed or holds a secret
   */
  public static Map<String, Object> queryOptions(URI uri) {
    Map<String, Object> values = new HashMap<>();
    String query = uri.getRawQuery();
    if (query != null && !query.isEmpty()) {
      for (String pair : query.split("&", -1)) {
        int equals = pair.indexOf('=');
        if (equals <= 0) {
          throw new IllegalArgumentException(
              "the query of a mount's URI is made of name=value pairs, '" + pair + "' is none");
        }
        String name = decode(pair.substring(0, equals));
        if (ShareOptions.SECRETS.contains(name)) {
          throw new IllegalArgumentException(
              "option '"
                  + name
                  + "' is a secret and must not stand in a URI, which gets logged;"
                  + " pass it in the env map");
        }
        values.put(name, decode(pair.substring(equals + 1)));
      }
    }
    return values;
  }

  /**
   * Returns the one spelling of the root, or of a file below it, that a URI names.
   *
   * @throws IllegalArgumentException if the URI is not absolute and hierarchical, or holds a
   *     password
   */
  public static URI root(URI uri) {
    String scheme = uri.getScheme();
    if (scheme == null || uri.isOpaque()) {
      throw new IllegalArgumentException(
          "a mount's URI looks like netfs+sftp://user@host/directory, not '" + redacted(uri) + "'");
    }
    if (uri.getRawFragment() != null) {
      throw new IllegalArgumentException(
          "a mount's URI has no fragment; write '#' as %23: " + redacted(uri));
    }
    String userInfo = userInfo(uri);
    if (userInfo != null && userInfo.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "the URI for "
              + uri.getRawAuthority().substring(userInfo.length() + 1)
              + " holds a password; pass it in the env map as the"
              + " option 'password' instead");
    }
    String path = uri.normalize().getRawPath();
    if (path == null) {
      path = "";
    }
    while (path.startsWith("/../") || path.equals("/..")) {
      path = path.substring(3);
    }
    path = path.replaceAll("/{2,}", "/");
    while (path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    StringBuilder text = new StringBuilder(scheme.toLowerCase(Locale.ROOT)).append("://");
    if (uri.getHost() != null) {
      if (userInfo != null) {
        text.append(userInfo).append('@');
      }
      text.append(uri.getHost().toLowerCase(Locale.ROOT));
      if (uri.getPort() >= 0) {
        text.append(':').append(uri.getPort());
      }
    } else if (uri.getRawAuthority() != null) {
      text.append(uri.getRawAuthority());
    }
    try {
      return new URI(text.append(path.isEmpty() ? "/" : path).toString());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  ShareConfig shareConfig() {
    return new ShareConfig(root, options);
  }

  /**
   * Returns what stands before the host, also where the host is none to {@link URI}, such as one
   * with an underscore: there {@link URI#getRawUserInfo} is null, whatever the URI holds.
   */
  private static @Nullable String userInfo(URI uri) {
    String authority = uri.getRawAuthority();
    int at = authority == null ? -1 : authority.lastIndexOf('@');
    return authority == null || at < 0 ? null : authority.substring(0, at);
  }

  private static String redacted(URI uri) {
    if (uri.isOpaque()) {
      // "me:password@server" is one, of the scheme "me".
      return uri.getScheme() + ":...";
    }
    String userInfo = userInfo(uri);
    return userInfo == null ? uri.toString() : uri.toString().replace(userInfo, "...");
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }
}
