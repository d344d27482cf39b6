package dev.netfs.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.netfs.cli.CacheObjects.Entry;
import dev.netfs.cli.GranulePicture.Granule;
import dev.netfs.fscache.CachedVolume;
import dev.netfs.fscache.CachedVolume.DirtyRange;
import dev.netfs.fscache.CachedVolume.ObjectFile;
import dev.netfs.fscache.CoherencyData;
import dev.netfs.fscache.Cookie;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code netfs cache stat}. */
@Command(
    name = "stat",
    description = {
      "Shows what a cache holds of a file: of which state of the server's file it is, and a picture"
          + " of its granules, the units in which it is kept. What is there is not opened:"
          + " 'netfs cache verify' does that."
    },
    footer = {
      "",
      "Example: netfs cache stat /var/cache/app netfs+sftp://me@server/data/logs/today",
    })
final class CacheStatCommand extends CacheSubcommand {
  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "URI",
      description = "Files, or globs of them.")
  private List<String> uris;

  @Override
  void run(List<CachedVolume> volumes) throws IOException {
    boolean first = true;
    for (String uri : uris) {
      CacheNames names = CacheNames.of(uri, volumes);
      int found = 0;
      for (CachedVolume volume : names.volumes()) {
        for (Entry entry : CacheObjects.of(volume, names::isNamed)) {
          terminal().print(first || json() ? "" : "\n");
          show(entry);
          first = false;
          found++;
        }
      }
      if (found == 0) {
        failed(Terminal.visible(uri) + ": nothing of it is cached");
      }
    }
  }

  private void show(Entry entry) throws IOException {
    ObjectFile file = entry.file();
    try (Cookie cookie = file == null ? null : entry.volume().open(file)) {
      int width = terminal().width();
      GranulePicture picture =
          cookie == null ? null : new GranulePicture(cookie, entry.dirty(), width);
      terminal().print(json() ? json(entry, cookie, picture) : text(entry, cookie, picture, width));
    }
  }

  private String text(
      Entry entry, @Nullable Cookie cookie, @Nullable GranulePicture picture, int width) {
    StringBuilder text = new StringBuilder();
    CoherencyData state = entry.state();
    ObjectFile file = entry.file();
    line(text, "Share", entry.volume().identity());
    line(text, "Path", entry.path());
    if (state != null && file != null) {
      line(text, "Type", state.type().name().toLowerCase(Locale.ROOT));
      line(text, "Size", state.size() + " bytes");
      line(text, "Modified", state.modified().toString());
      line(text, "Version", state.version());
      line(text, "File key", state.fileKey());
      line(text, "Cached", entry.cachedBytes() + " bytes (" + entry.percent() + " %)");
      line(text, "Stored", file.storedBytes() + " bytes" + encrypted(entry));
      line(text, "Last use", CacheListCommand.TIME.format(file.lastUsed().toInstant()));
    } else {
      line(text, "Cached", "nothing");
    }
    if (entry.dirtyBytes() > 0) {
      line(text, "Not sent", entry.dirtyBytes() + " bytes");
    }
    if (cookie != null && picture != null) {
      String granules = cookie.granules() + " of " + Sizes.of(cookie.granule());
      line(text, "Granules", cookie.granules() == 0 ? "0" : granules + ": " + picture.counts());
      if (cookie.granules() > 0) {
        text.append('\n').append(picture.draw(width, GranulePicture.hasBlocks(terminal())));
      }
    }
    return text.toString();
  }

  private static String encrypted(Entry entry) {
    return entry.volume().isEncrypted() ? ", encrypted" : "";
  }

  private void line(StringBuilder text, String label, @Nullable String value) {
    if (value != null) {
      text.append(String.format("%-10s %s%n", label + ":", terminal().name(value)));
    }
  }

  private static String json(Entry entry, @Nullable Cookie cookie, @Nullable GranulePicture picture)
      throws IOException {
    ObjectFile file = entry.file();
    CoherencyData state = entry.state();
    return line(
        json -> {
          json.writeStringField("share", entry.volume().identity());
          json.writeBooleanField("encrypted", entry.volume().isEncrypted());
          json.writeStringField("path", entry.path());
          json.writeNumberField("size", entry.size());
          if (state != null && file != null) {
            json.writeStringField("type", state.type().name().toLowerCase(Locale.ROOT));
            json.writeStringField("modified", state.modified().toString());
            json.writeStringField("version", state.version());
            json.writeStringField("fileKey", state.fileKey());
            json.writeNumberField("storedBytes", file.storedBytes());
            json.writeStringField("lastUsed", file.lastUsed().toString());
          }
          json.writeNumberField("cachedBytes", entry.cachedBytes());
          json.writeNumberField("unsentBytes", entry.dirtyBytes());
          List<DirtyRange> cached = new ArrayList<>();
          if (cookie != null && picture != null) {
            json.writeNumberField("granule", cookie.granule());
            json.writeObjectFieldStart("granules");
            for (Granule each : Granule.values()) {
              json.writeNumberField(each.name().toLowerCase(Locale.ROOT), picture.count(each));
            }
            json.writeEndObject();
            long end = cookie.granulesInFile() * cookie.granule();
            cookie.probe(0, end, (from, to) -> cached.add(new DirtyRange(from, to)));
          }
          ranges(json, "cached", cached);
          ranges(json, "unsent", entry.dirty());
        });
  }

  /** Writes ranges as pairs of the first byte and the byte after the last one. */
  private static void ranges(JsonGenerator json, String name, List<DirtyRange> ranges)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (DirtyRange range : ranges) {
      json.writeArray(new long[] {range.start(), range.end()}, 0, 2);
    }
    json.writeEndArray();
  }
}
