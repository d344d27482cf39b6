package dev.netfs.share;

import java.net.URI;
import java.util.Objects;

/**
 * Where a share is, and how to connect to it. Immutable, holds no secret in the open: {@link
 * #toString} may be logged.
 *
 * @param uri the mount's root: without query, fragment or password, its path normalised and without
 *     a slash at the end
 * @param options the options, the mount's and the transport's own
 */
public record ShareConfig(URI uri, ShareOptions options) {
  public ShareConfig {
    Objects.requireNonNull(uri, "uri");
    Objects.requireNonNull(options, "options");
    if (uri.getRawUserInfo() != null && uri.getRawUserInfo().indexOf(':') >= 0) {
      throw new IllegalArgumentException("a mount's URI must not hold a password");
    }
  }
}
