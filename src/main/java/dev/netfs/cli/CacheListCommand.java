package dev.netfs.cli;

import dev.netfs.cli.CacheObjects.Entry;
import dev.netfs.cli.CacheObjects.Names;
import dev.netfs.fscache.CachedVolume;
import dev.netfs.fscache.CachedVolume.StoredFile;
import dev.netfs.fscache.DirectoryRecord;
import java.io.IOException;
import java.nio.file.attribute.FileTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code netfs cache ls}. */
@Command(
    name = "ls",
    description = {
      "Lists the shares that a cache holds something of, or what it holds of one: files, and"
          + " directories of which names and attributes are known.",
      "Without the key of a share it says how many files there are, and what they take."
    },
    footer = {
      "",
      "Example: netfs cache ls /var/cache/app netfs+sftp://me@server/data/logs",
    })
final class CacheListCommand extends CacheSubcommand {
  static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm").withZone(ZoneId.systemDefault());

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "URI",
      description = "Shares, directories, files or globs below a share. Without it: all shares.")
  private List<String> uris = new ArrayList<>();

  /** Some files: how many there are, what they take, and when one was last of use. */
  private record Stored(int count, long bytes, @Nullable FileTime lastUsed) {
    static Stored of(List<StoredFile> files) {
      return new Stored(
          files.size(),
          files.stream().mapToLong(StoredFile::storedBytes).sum(),
          files.stream().map(StoredFile::lastUsed).max(Comparator.naturalOrder()).orElse(null));
    }
  }

  /** What is printed of a path. */
  private record Row(String path, String text) {}

  @Override
  void run(List<CachedVolume> volumes) throws IOException {
    if (uris.isEmpty()) {
      listVolumes(volumes);
      return;
    }
    List<Row> rows = new ArrayList<>();
    for (String uri : uris) {
      CacheNames names = CacheNames.of(uri, volumes);
      int before = rows.size();
      for (CachedVolume volume : names.volumes()) {
        for (Entry entry : CacheObjects.of(volume, names::holds)) {
          rows.add(new Row(entry.path(), row(entry)));
        }
        for (Names known : CacheObjects.names(volume, names::holds)) {
          rows.add(new Row(known.record().path(), row(known)));
        }
      }
      if (rows.size() == before && !names.holds("/")) {
        failed(Terminal.visible(uri) + ": nothing of it is cached");
      }
    }
    rows.sort(Comparator.comparing(Row::path));
    StringBuilder text = new StringBuilder();
    if (!json()) {
      text.append(format("size", "cached", "", "unsent", "last use", "path"));
    }
    rows.forEach(row -> text.append(row.text));
    terminal().print(text);
  }

  private void listVolumes(List<CachedVolume> volumes) throws IOException {
    StringBuilder text = new StringBuilder();
    if (!json()) {
      text.append(
          volumeRow(
              "objects",
              "stored",
              "names of",
              "stored",
              "unsent",
              "encrypted",
              "last use",
              "share"));
    }
    for (CachedVolume volume : volumes) {
      text.append(row(volume));
    }
    terminal().print(text);
  }

  private String row(CachedVolume volume) throws IOException {
    Stored objects = Stored.of(volume.files());
    Stored records = Stored.of(volume.recordFiles());
    int unsent = volume.dirtyLogs();
    FileTime last =
        Stream.of(objects, records)
            .map(Stored::lastUsed)
            .filter(Objects::nonNull)
            .max(Comparator.naturalOrder())
            .orElse(null);
    return either(
        () ->
            volumeRow(
                Integer.toString(objects.count),
                Sizes.of(objects.bytes),
                Integer.toString(records.count),
                Sizes.of(records.bytes),
                Integer.toString(unsent),
                volume.isEncrypted() ? "yes" : "no",
                time(last),
                volume.identity() == null
                    ? volume.name() + (volume.isEncrypted() ? " (another key)" : " (damaged)")
                    : terminal().name(volume.identity())),
        json -> {
          json.writeStringField("volume", volume.name());
          json.writeStringField("share", volume.identity());
          json.writeBooleanField("encrypted", volume.isEncrypted());
          json.writeNumberField("objects", objects.count);
          json.writeNumberField("storedBytes", objects.bytes);
          json.writeNumberField("records", records.count);
          json.writeNumberField("recordBytes", records.bytes);
          json.writeNumberField("unsentLogs", unsent);
          json.writeStringField("lastUsed", Objects.toString(last, null));
        });
  }

  private static String volumeRow(
      String objects,
      String stored,
      String records,
      String recordBytes,
      String unsent,
      String encrypted,
      String used,
      String share) {
    return String.format(
        Locale.ROOT,
        "%8s %10s %8s %10s %6s  %-9s  %-16s  %s%n",
        objects,
        stored,
        records,
        recordBytes,
        unsent,
        encrypted,
        used,
        share);
  }

  private String row(Entry entry) throws IOException {
    StoredFile file = entry.file();
    return either(
        () ->
            format(
                Long.toString(entry.size()),
                Long.toString(entry.cachedBytes()),
                entry.percent() + "%",
                Long.toString(entry.dirtyBytes()),
                time(file == null ? null : file.lastUsed()),
                terminal().name(entry.path())),
        json -> {
          json.writeStringField("share", entry.volume().identity());
          json.writeStringField("path", entry.path());
          json.writeNumberField("size", entry.size());
          json.writeNumberField("cachedBytes", entry.cachedBytes());
          json.writeNumberField("storedBytes", file == null ? 0 : file.storedBytes());
          json.writeNumberField("unsentBytes", entry.dirtyBytes());
          json.writeStringField("lastUsed", file == null ? null : file.lastUsed().toString());
        });
  }

  private String row(Names known) throws IOException {
    DirectoryRecord record = known.record();
    StoredFile file = known.file();
    int count = CacheObjects.count(record);
    return either(
        () ->
            format(
                "-",
                "-",
                "",
                "-",
                time(file.lastUsed()),
                terminal().name(record.path()) + "  (" + count + " names)"),
        json -> {
          json.writeStringField("share", known.volume().identity());
          json.writeStringField("path", record.path());
          json.writeNumberField("names", count);
          json.writeNumberField("recordBytes", file.storedBytes());
          json.writeStringField("lastUsed", file.lastUsed().toString());
        });
  }

  private static String time(@Nullable FileTime time) {
    return time == null ? "-" : TIME.format(time.toInstant());
  }

  private static String format(
      String size, String cached, String percent, String unsent, String used, String path) {
    return String.format(
        Locale.ROOT, "%13s %13s %4s %10s  %-16s  %s%n", size, cached, percent, unsent, used, path);
  }
}
