package dev.netfs.cli;

import dev.netfs.cli.CacheObjects.Entry;
import dev.netfs.fscache.CachedVolume;
import dev.netfs.fscache.CachedVolume.ObjectFile;
import java.io.IOException;
import java.nio.file.attribute.FileTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code netfs cache ls}. */
@Command(
    name = "ls",
    description = {
      "Lists the shares that a cache holds something of, or what it holds of one.",
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

  /** What is known of a volume. */
  private record Summary(
      CachedVolume volume, int objects, long bytes, int unsent, @Nullable FileTime lastUsed) {}

  @Override
  void run(List<CachedVolume> volumes) throws IOException {
    if (uris.isEmpty()) {
      listVolumes(volumes);
      return;
    }
    List<Entry> entries = new ArrayList<>();
    for (String uri : uris) {
      CacheNames names = CacheNames.of(uri, volumes);
      int before = entries.size();
      for (CachedVolume volume : names.volumes()) {
        entries.addAll(CacheObjects.of(volume, names::holds));
      }
      if (entries.size() == before && !names.holds("/")) {
        failed(Terminal.visible(uri) + ": nothing of it is cached");
      }
    }
    print(entries);
  }

  private void listVolumes(List<CachedVolume> volumes) throws IOException {
    StringBuilder text = new StringBuilder();
    if (!json()) {
      row(text, "objects", "stored", "unsent", "encrypted", "last use", "share");
    }
    for (CachedVolume volume : volumes) {
      Summary summary = summary(volume);
      if (json()) {
        text.append(json(summary));
      } else {
        row(
            text,
            Integer.toString(summary.objects),
            Sizes.of(summary.bytes),
            Integer.toString(summary.unsent),
            volume.isEncrypted() ? "yes" : "no",
            summary.lastUsed == null ? "-" : TIME.format(summary.lastUsed.toInstant()),
            volume.identity() == null
                ? volume.name() + (volume.isEncrypted() ? " (another key)" : " (damaged)")
                : terminal().name(volume.identity()));
      }
    }
    terminal().print(text);
  }

  private static void row(
      StringBuilder text,
      String objects,
      String stored,
      String unsent,
      String encrypted,
      String used,
      String share) {
    text.append(
        String.format(
            Locale.ROOT,
            "%8s %10s %6s  %-9s  %-16s  %s%n",
            objects,
            stored,
            unsent,
            encrypted,
            used,
            share));
  }

  private static Summary summary(CachedVolume volume) throws IOException {
    List<ObjectFile> files = volume.files();
    long bytes = 0;
    FileTime last = null;
    for (ObjectFile file : files) {
      bytes += file.storedBytes();
      last = last == null || file.lastUsed().compareTo(last) > 0 ? file.lastUsed() : last;
    }
    return new Summary(volume, files.size(), bytes, volume.dirtyLogs(), last);
  }

  private static String json(Summary summary) throws IOException {
    CachedVolume volume = summary.volume;
    return line(
        json -> {
          json.writeStringField("volume", volume.name());
          json.writeStringField("share", volume.identity());
          json.writeBooleanField("encrypted", volume.isEncrypted());
          json.writeNumberField("objects", summary.objects);
          json.writeNumberField("storedBytes", summary.bytes);
          json.writeNumberField("unsentLogs", summary.unsent);
          json.writeStringField("lastUsed", Objects.toString(summary.lastUsed, null));
        });
  }

  private void print(List<Entry> entries) throws IOException {
    StringBuilder text = new StringBuilder();
    if (!json()) {
      text.append(format("size", "cached", "", "unsent", "last use", "path"));
    }
    for (Entry entry : entries) {
      ObjectFile file = entry.file();
      if (json()) {
        text.append(json(entry));
      } else {
        text.append(
            format(
                Long.toString(entry.size()),
                Long.toString(entry.cachedBytes()),
                entry.percent() + "%",
                Long.toString(entry.dirtyBytes()),
                file == null ? "-" : TIME.format(file.lastUsed().toInstant()),
                terminal().name(entry.path())));
      }
    }
    terminal().print(text);
  }

  private static String format(
      String size, String cached, String percent, String unsent, String used, String path) {
    return String.format(
        Locale.ROOT, "%13s %13s %4s %10s  %-16s  %s%n", size, cached, percent, unsent, used, path);
  }

  private static String json(Entry entry) throws IOException {
    ObjectFile file = entry.file();
    return line(
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
}
