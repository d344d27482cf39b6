package dev.netfs.cli;

import dev.netfs.fscache.CachedVolume;
import dev.netfs.fscache.CachedVolume.DirtyRange;
import dev.netfs.fscache.CachedVolume.StoredFile;
import dev.netfs.fscache.CoherencyData;
import dev.netfs.fscache.Cookie;
import dev.netfs.fscache.DirectoryRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What a volume has of objects: what is cached, and what is not sent yet. */
final class CacheObjects {
  private CacheObjects() {}

  /**
   * What a volume has of one object.
   *
   * @param file where it is cached; null if nothing of it is
   * @param state the state of the server's object that is cached; null if nothing is
   * @param dirty what was written and may not have reached the server
   */
  record Entry(
      CachedVolume volume,
      String path,
      @Nullable StoredFile file,
      @Nullable CoherencyData state,
      long cachedBytes,
      List<DirtyRange> dirty) {
    /** Returns the object's size, or how far it is written to if nothing of it is cached. */
    long size() {
      return state != null
          ? state.size()
          : dirty.stream().mapToLong(DirtyRange::end).max().orElse(0);
    }

    long dirtyBytes() {
      return bytes(dirty);
    }

    /** Returns how much of the object is cached; all of an empty one is. */
    int percent() {
      return size() == 0 ? 100 : (int) (cachedBytes * 100.0 / size());
    }
  }

  /**
   * What a volume knows of a directory's names.
   *
   * @param file where it is kept
   */
  record Names(CachedVolume volume, StoredFile file, DirectoryRecord record) {}

  /** Returns what a volume knows of the names in directories that are wanted. */
  static List<Names> names(CachedVolume volume, Predicate<String> wanted) throws IOException {
    List<Names> all = new ArrayList<>();
    for (StoredFile file : volume.recordFiles()) {
      DirectoryRecord record = volume.openRecord(file);
      if (record != null && wanted.test(record.path())) {
        all.add(new Names(volume, file, record));
      }
    }
    return all;
  }

  /** Returns how many names a directory is known to have. */
  static int count(DirectoryRecord record) {
    return record.objects().size() - (record.get(DirectoryRecord.ITSELF) == null ? 0 : 1);
  }

  /** Returns ranges in order, as few as there can be. */
  static List<DirtyRange> merged(List<DirtyRange> ranges) {
    List<DirtyRange> sorted = new ArrayList<>(ranges);
    sorted.sort(Comparator.comparingLong(DirtyRange::start));
    List<DirtyRange> merged = new ArrayList<>();
    for (DirtyRange range : sorted) {
      DirtyRange last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
      if (last != null && range.start() <= last.end()) {
        long end = Math.max(last.end(), range.end());
        merged.set(merged.size() - 1, new DirtyRange(last.start(), end));
      } else if (range.start() < range.end()) {
        merged.add(range);
      }
    }
    return merged;
  }

  private static long bytes(List<DirtyRange> ranges) {
    return ranges.stream().mapToLong(range -> range.end() - range.start()).sum();
  }

  /** Returns what a volume has of the objects whose paths are wanted, in their order. */
  static List<Entry> of(CachedVolume volume, Predicate<String> wanted) throws IOException {
    Map<String, List<DirtyRange>> dirty = volume.dirty();
    Set<String> cached = new HashSet<>();
    List<Entry> entries = new ArrayList<>();
    for (StoredFile file : volume.files()) {
      try (Cookie cookie = volume.open(file)) {
        if (cookie != null && wanted.test(cookie.path())) {
          String path = cookie.path();
          cached.add(path);
          List<DirtyRange> ranges = merged(dirty.getOrDefault(path, List.of()));
          entries.add(
              new Entry(volume, path, file, cookie.coherency(), cookie.cachedBytes(), ranges));
        }
      }
    }
    dirty.forEach(
        (path, ranges) -> {
          if (!cached.contains(path) && wanted.test(path)) {
            entries.add(new Entry(volume, path, null, null, 0, merged(ranges)));
          }
        });
    entries.sort(Comparator.comparing(Entry::path));
    return entries;
  }
}
