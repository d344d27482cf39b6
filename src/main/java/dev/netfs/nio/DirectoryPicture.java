package dev.netfs.nio;

import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.DirectoryWatcher.Kind;
import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/** What a directory held at one moment. Immutable. */
final class DirectoryPicture {
  static final DirectoryPicture EMPTY = new DirectoryPicture(Map.of());

  private final Map<String, FileInfo> entries;

  private DirectoryPicture(Map<String, FileInfo> entries) {
    this.entries = entries;
  }

  /** Asks the server. */
  static DirectoryPicture of(NetfsPath directory) throws IOException {
    Map<String, FileInfo> entries = new HashMap<>();
    for (DirectoryEntry entry : directory.getFileSystem().mount().list(directory.remote())) {
      entries.put(entry.name(), entry.info());
    }
    return new DirectoryPicture(entries);
  }

  /** Tells what has become of each name that a later picture shows changed. */
  void compare(DirectoryPicture later, BiConsumer<Kind, String> teller) {
    later.entries.forEach(
        (name, info) -> {
          FileInfo before = entries.get(name);
          if (before == null) {
            teller.accept(Kind.CREATED, name);
          } else if (!same(before, info)) {
            teller.accept(Kind.MODIFIED, name);
          }
        });
    for (String name : entries.keySet()) {
      if (!later.entries.containsKey(name)) {
        teller.accept(Kind.DELETED, name);
      }
    }
  }

  /** Returns this picture with some names as a later one shows them. */
  DirectoryPicture updated(Set<String> names, DirectoryPicture later) {
    if (names.isEmpty()) {
      return this;
    }
    Map<String, FileInfo> updated = new HashMap<>(entries);
    updated.keySet().removeAll(names);
    for (String name : names) {
      FileInfo info = later.entries.get(name);
      if (info != null) {
        updated.put(name, info);
      }
    }
    return new DirectoryPicture(updated);
  }

  /** Compares what changes with content or attributes; being read does not count. */
  private static boolean same(FileInfo a, FileInfo b) {
    return a.toBuilder().accessed(null).build().equals(b.toBuilder().accessed(null).build());
  }
}
