package dev.netfs.cli;

import dev.netfs.fscache.CachedVolume;
import dev.netfs.fscache.CachedVolume.StoredFile;
import dev.netfs.fscache.Codec;
import dev.netfs.fscache.Cookie;
import dev.netfs.fscache.DirectoryRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code netfs cache verify}. */
@Command(
    name = "verify",
    description = {
      "Opens all that a cache holds, and reports what does not prove itself. Nothing is changed:"
          + " what is damaged is no harm to a mount, which fetches it again and replaces it. On a"
          + " terminal a progress bar shows how far it is.",
      "The exit code is 1 if something is damaged, or cannot be opened with the key."
    },
    footer = {
      "",
      "Example: netfs cache verify /var/cache/app",
    })
final class CacheVerifyCommand extends CacheSubcommand {
  /** So often what a JVM may just be writing is looked at until it counts as damaged. */
  private static final int LOOKS = 3;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "URI",
      description = "Shares, directories, files or globs below a share. Without it: everything.")
  private List<String> uris = new ArrayList<>();

  private long objects;
  private long granules;
  private long records;
  private long damagedObjects;
  private long damagedRecords;
  private long unreadable;

  /** The files of a volume. */
  private record Contents(List<StoredFile> objects, List<StoredFile> records) {
    long storedBytes() {
      return Stream.concat(objects.stream(), records.stream())
          .mapToLong(StoredFile::storedBytes)
          .sum();
    }
  }

  @Override
  void run(List<CachedVolume> volumes) throws IOException {
    List<CacheNames> names = new ArrayList<>();
    for (String uri : uris) {
      names.add(CacheNames.of(uri, volumes));
    }
    Map<CachedVolume, Contents> wanted = new LinkedHashMap<>();
    long total = 0;
    for (CachedVolume volume : volumes) {
      boolean isWanted =
          names.isEmpty() || names.stream().anyMatch(each -> each.volumes().contains(volume));
      if (isWanted && volume.failure() == null) {
        Contents contents = new Contents(volume.files(), volume.recordFiles());
        wanted.put(volume, contents);
        total += contents.storedBytes();
      }
    }
    if (names.isEmpty()) {
      reportLocked(volumes);
    }
    try (Progress progress =
        new Progress(terminal().err(), terminal().errShown(), total, System::nanoTime)) {
      for (Map.Entry<CachedVolume, Contents> each : wanted.entrySet()) {
        CachedVolume volume = each.getKey();
        List<CacheNames> here =
            names.stream().filter(name -> name.volumes().contains(volume)).toList();
        for (StoredFile file : each.getValue().objects) {
          verify(volume, file, here, progress);
        }
        for (StoredFile file : each.getValue().records) {
          verifyRecord(volume, file, here, progress);
        }
        verifyLogs(volume, here);
        if (here.isEmpty()) {
          progress.clear();
          verifyMarks(volume);
        }
      }
    }
    summary();
  }

  private void verify(
      CachedVolume volume, StoredFile file, List<CacheNames> names, Progress progress)
      throws IOException {
    long left = file.storedBytes();
    try (Cookie cookie = volume.open(file)) {
      if (cookie == null) {
        if (names.isEmpty() && volume.isThere(file)) {
          objects++;
          damagedObjects++;
          damaged(volume, null, "its header in " + file.path(), List.of());
        }
      } else if (names.isEmpty() || names.stream().anyMatch(each -> each.holds(cookie.path()))) {
        progress.label(cookie.path());
        objects++;
        List<Long> damaged = new ArrayList<>();
        long end = cookie.granulesInFile();
        for (long number = 0; number < end; number++) {
          Cookie.State state = state(cookie, number);
          if (state == Cookie.State.DAMAGED) {
            damaged.add(number);
          } else if (state == Cookie.State.UNREADABLE) {
            unreadable++;
          } else if (state != Cookie.State.ABSENT) {
            granules++;
            long done = Math.min(left, cookie.granule());
            left -= done;
            progress.add(done);
          }
        }
        if (!damaged.isEmpty()) {
          progress.clear();
          damagedObjects++;
          damaged(
              volume,
              cookie.path(),
              "granules " + ranges(damaged) + " of " + cookie.granules(),
              damaged);
        }
      }
    } catch (IOException e) {
      progress.clear();
      failed(ErrorText.of(file.path().toString(), e), e);
    }
    progress.add(left);
  }

  private static Cookie.State state(Cookie cookie, long number) throws IOException {
    Cookie.State state = cookie.state(number, true);
    for (int i = 1; state == Cookie.State.DAMAGED && i < LOOKS; i++) {
      Thread.yield();
      state = cookie.state(number, true);
    }
    return state;
  }

  /** Returns numbers, which are in their order, as text: {@code 1-3, 7}. */
  static String ranges(List<Long> numbers) {
    StringJoiner text = new StringJoiner(", ");
    for (int i = 0; i < numbers.size(); ) {
      int last = i;
      while (last + 1 < numbers.size() && numbers.get(last + 1) == numbers.get(last) + 1) {
        last++;
      }
      text.add(last == i ? numbers.get(i).toString() : numbers.get(i) + "-" + numbers.get(last));
      i = last + 1;
    }
    return text.toString();
  }

  private void verifyLogs(CachedVolume volume, List<CacheNames> names) throws IOException {
    for (String path : volume.damagedLogs()) {
      if (names.isEmpty() || names.stream().anyMatch(each -> each.holds(path))) {
        damagedObjects++;
        damaged(volume, path, "what was written and is not sent yet", List.of());
      }
    }
  }

  private void verifyRecord(
      CachedVolume volume, StoredFile file, List<CacheNames> names, Progress progress)
      throws IOException {
    DirectoryRecord record = volume.openRecord(file);
    if (record == null) {
      if (names.isEmpty() && volume.isThere(file)) {
        records++;
        damagedRecords++;
        progress.clear();
        damaged(volume, null, "what is known of a directory's names in " + file.path(), List.of());
      }
    } else if (names.isEmpty() || names.stream().anyMatch(each -> isOf(record, each))) {
      progress.label(record.path());
      records++;
    }
    progress.add(file.storedBytes());
  }

  /** Returns whether a directory is named, or something that is known to be in it. */
  private static boolean isOf(DirectoryRecord record, CacheNames names) {
    return names.holds(record.path())
        || record.objects().keySet().stream().map(record::pathOf).anyMatch(names::holds);
  }

  /** Times are changed in place: what a JVM may just be writing is looked at again. */
  private void verifyMarks(CachedVolume volume) throws IOException {
    int damaged = volume.damagedMarks();
    for (int i = 1; damaged > 0 && i < LOOKS; i++) {
      Thread.yield();
      damaged = volume.damagedMarks();
    }
    if (damaged > 0) {
      damagedRecords++;
      damaged(volume, null, damaged + " times of changes in directories", List.of());
    }
  }

  private void damaged(CachedVolume volume, @Nullable String path, String what, List<Long> numbers)
      throws IOException {
    String share = Objects.requireNonNullElse(volume.identity(), volume.name());
    String name = path == null ? share : share + " " + path;
    print(
        () -> "damaged: " + terminal().name(name + ": " + what) + "\n",
        json -> {
          json.writeStringField("share", share);
          json.writeStringField("path", path);
          json.writeStringField("damaged", what);
          json.writeArrayFieldStart("granules");
          for (long number : numbers) {
            json.writeNumber(number);
          }
          json.writeEndArray();
        });
  }

  private void summary() throws IOException {
    long damaged = damagedObjects + damagedRecords;
    print(
        () ->
            String.format(
                "%d objects, %d granules, names of %d directories: %s%n",
                objects,
                granules,
                records,
                damaged + unreadable == 0 ? "all sound" : damaged + " damaged"),
        json -> {
          json.writeNumberField("objects", objects);
          json.writeNumberField("granules", granules);
          json.writeNumberField("records", records);
          json.writeNumberField("damagedObjects", damagedObjects);
          json.writeNumberField("damagedRecords", damagedRecords);
        });
    if (unreadable > 0) {
      failed(
          unreadable
              + " granules are compressed with Zstandard, and can be opened with "
              + Codec.ZSTD_LIBRARY
              + " on the class path only");
    }
    if (damaged > 0) {
      failed();
    }
  }
}
