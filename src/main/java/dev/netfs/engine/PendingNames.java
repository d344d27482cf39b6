package dev.netfs.engine;

import dev.netfs.fscache.DirectoryRecord;
import dev.netfs.fscache.KnownObject;
import dev.netfs.share.DirectoryEntry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What was learned of one directory and is not on disk yet: a listing, what was learned of single
 * names since, or that nothing is known any more. Guarded by its owner's lock, until it is taken to
 * be written.
 */
final class PendingNames {
  /**
   * Something learned of a name.
   *
   * @param object what it stands for, or null
   * @param target where it leads, or null; with neither, it stands for nothing
   */
  private record Learned(@Nullable KnownObject object, @Nullable String target, long millis) {}

  /**
   * All that is in the directory.
   *
   * @param shared the names whose objects have others
   */
  private record Listed(List<DirectoryEntry> entries, Set<String> shared, long millis) {}

  private final String directory;
  private final Map<String, Learned> names = new LinkedHashMap<>();
  private @Nullable Listed listed;
  private boolean forgotten;

  PendingNames(String directory) {
    this.directory = directory;
  }

  String directory() {
    return directory;
  }

  /** Returns how many names this has, and so about how much memory it takes. */
  int size() {
    return 1 + names.size() + (listed == null ? 0 : listed.entries.size());
  }

  /** Takes in a listing; what was learned of names after it was asked for stays. */
  void listed(List<DirectoryEntry> entries, Set<String> shared, long askedMillis) {
    listed = new Listed(entries, shared, askedMillis);
    names
        .entrySet()
        .removeIf(
            learned ->
                learned.getValue().millis < askedMillis
                    && !learned.getKey().equals(DirectoryRecord.ITSELF));
  }

  void put(String name, KnownObject object) {
    names.put(name, new Learned(object, null, object.saidMillis()));
  }

  void target(String name, String target, long askedMillis) {
    Learned before = names.get(name);
    KnownObject object = before == null ? null : before.object;
    names.put(name, new Learned(object, target, askedMillis));
  }

  void gone(String name, long millis) {
    names.put(name, new Learned(null, null, millis));
  }

  /** Takes in that nothing that is known so far is of use. */
  void forget() {
    names.clear();
    listed = null;
    forgotten = true;
  }

  /** Takes in what was learned after this. */
  void add(PendingNames later) {
    if (later.forgotten) {
      forget();
    }
    if (later.listed != null) {
      listed(later.listed.entries, later.listed.shared, later.listed.millis);
    }
    later.names.forEach(
        (name, learned) -> {
          names.remove(name);
          names.put(name, learned);
        });
  }

  /** Returns what is known with this, of what was known before. */
  DirectoryRecord apply(@Nullable DirectoryRecord before) {
    DirectoryRecord.Builder record = DirectoryRecord.builder(directory, forgotten ? null : before);
    Listed all = listed;
    if (all != null) {
      Map<String, KnownObject> objects = new LinkedHashMap<>();
      for (DirectoryEntry entry : all.entries) {
        boolean shared = all.shared.contains(entry.name());
        objects.put(entry.name(), KnownObject.of(entry.info(), all.millis, shared));
      }
      record.listing(all.millis, objects);
    }
    names.forEach(
        (name, learned) -> {
          if (learned.object != null) {
            record.put(name, learned.object);
          }
          if (learned.target != null) {
            record.target(name, learned.target);
          }
          if (learned.object == null && learned.target == null) {
            record.remove(name);
          }
        });
    return record.build();
  }
}
