package dev.netfs.cli;

import dev.netfs.fscache.CachedVolume;
import dev.netfs.fscache.CachedVolume.Eviction;
import dev.netfs.fscache.CachedVolume.StoredFile;
import dev.netfs.fscache.Cookie;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code netfs cache evict}. */
@Command(
    name = "evict",
    description = {
      "Removes files from a cache, with what is known of their names and attributes. What a JVM"
          + " has open stays, and so does what was written and is not sent yet, with the file that"
          + " it was written to; the exit code is 1 then. No server is asked, and no server's file"
          + " is touched."
    },
    footer = {
      "",
      "Example: netfs cache evict /var/cache/app 'netfs+sftp://me@server/data/logs/*.gz'",
    })
final class CacheEvictCommand extends CacheSubcommand {
  @Option(names = "--all", description = "Remove whatever is there, of all shares.")
  private boolean all;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "URI",
      description = "Shares, directories, files or globs below a share.")
  private List<String> uris = new ArrayList<>();

  private long objects;
  private long bytes;
  private long directories;

  @Override
  void run(List<CachedVolume> volumes) throws IOException {
    if (all == !uris.isEmpty()) {
      throw new UsageException("name what is to be removed by URIs, or say --all, not both");
    }
    if (all) {
      reportLocked(volumes);
      for (CachedVolume volume : volumes) {
        if (volume.failure() == null) {
          evict(volume, null);
        }
      }
    }
    for (String uri : uris) {
      CacheNames names = CacheNames.of(uri, volumes);
      long found = 0;
      for (CachedVolume volume : names.volumes()) {
        found += evict(volume, names);
      }
      if (found == 0) {
        failed(Terminal.visible(uri) + ": nothing of it is cached");
      }
    }
    summary();
  }

  /** Removes what is named, or everything; returns how much of it there was. */
  private long evict(CachedVolume volume, @Nullable CacheNames names) throws IOException {
    Set<String> dirty = volume.dirty().keySet();
    long found = 0;
    for (StoredFile file : volume.files()) {
      String path;
      try (Cookie cookie = volume.open(file)) {
        path = cookie == null ? null : cookie.path();
      }
      // What does not prove itself has no path, and is of no use to anybody.
      if (path == null ? names != null : names != null && !names.holds(path)) {
        continue;
      }
      found++;
      if (path != null && dirty.contains(path)) {
        stays(volume, path, "what was written to it is not sent yet");
        continue;
      }
      Eviction eviction = volume.evict(file);
      if (eviction == Eviction.EVICTED) {
        objects++;
        bytes += file.storedBytes();
      } else if (eviction == Eviction.IN_USE) {
        stays(volume, path == null ? file.path().toString() : path, "a JVM has it open");
      }
    }
    for (StoredFile record : volume.recordFiles()) {
      if (volume.forget(record, names == null ? null : names::holds)) {
        found++;
        directories++;
      }
    }
    return found;
  }

  private void stays(CachedVolume volume, String path, String why) {
    failed(volume.identity() + " " + path + ": stays, since " + why);
  }

  private void summary() throws IOException {
    print(
        () ->
            String.format(
                "%d objects evicted, %s; names forgotten in %d directories%n",
                objects, Sizes.of(bytes), directories),
        json -> {
          json.writeNumberField("evictedObjects", objects);
          json.writeNumberField("evictedBytes", bytes);
          json.writeNumberField("directoriesForgotten", directories);
        });
  }
}
