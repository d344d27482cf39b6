package dev.netfs.share.path;

import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;

/** Connects shares for the tests. */
final class Connecting {
  private Connecting() {}

  static Share to(Path root) throws IOException {
    return to("netfs+path:///test", Map.of("path", root));
  }

  static Share to(String uri, Map<String, ?> options) throws IOException {
    return new PathShareProvider()
        .connect(new ShareConfig(URI.create(uri), ShareOptions.of(options)));
  }
}
