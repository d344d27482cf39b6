package dev.netfs.nio;

import java.net.URI;
import java.util.Map;

/**
 * A mount as {@code netfs.json} describes it.
 *
 * @param name its name
 * @param uri the share's root, without query
 * @param options its options, all as text, with the paths of files made absolute; no secrets
 * @param origin where it is described, for messages: file and line
 */
record NamedMount(String name, URI uri, Map<String, String> options, String origin) {
  NamedMount {
    options = Map.copyOf(options);
  }
}
