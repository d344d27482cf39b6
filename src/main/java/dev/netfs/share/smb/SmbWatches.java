package dev.netfs.share.smb;

import dev.netfs.share.DirectoryWatcher;
import dev.netfs.share.ShareWatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The watches of one connection. Each holds its directory open, which keeps the directory's name
 * from going and those above it from being renamed; so what this connection deletes or renames they
 * make way for, and end.
 */
final class SmbWatches {
  private final SmbClient client;
  private final Set<SmbWatch> all = ConcurrentHashMap.newKeySet();

  SmbWatches(SmbClient client) {
    this.client = client;
  }

  CompletableFuture<ShareWatch> watch(String path, DirectoryWatcher watcher) {
    class Entry {
      private final SmbWatch watch = new SmbWatch(client, path, watcher, this::remove);

      void remove() {
        all.remove(watch);
      }
    }
    SmbWatch watch = new Entry().watch;
    all.add(watch);
    return watch.start();
  }

  /** Does something after all watches at a path and below it have let go. */
  <T> CompletableFuture<T> without(String path, Supplier<CompletableFuture<T>> work) {
    if (all.isEmpty()) {
      return work.get();
    }
    String name = SmbNames.upperCase(path);
    List<SmbWatch> watches = new ArrayList<>();
    for (SmbWatch watch : all) {
      String watched = SmbNames.upperCase(watch.path());
      if (watched.equals(name) || watched.startsWith(name + "/")) {
        watches.add(watch);
      }
    }
    CompletableFuture<?>[] gone =
        watches.stream().map(SmbWatch::leave).toArray(CompletableFuture<?>[]::new);
    CompletableFuture<T> done = Steps.compose(CompletableFuture.allOf(gone), nothing -> work.get());
    done.whenComplete((value, failure) -> watches.forEach(SmbWatch::ended));
    return done;
  }
}
