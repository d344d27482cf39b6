package dev.netfs.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.netfs.cli.CacheObjects.Entry;
import dev.netfs.cli.CacheObjects.Names;
import dev.netfs.cli.GranulePicture.Granule;
import dev.netfs.fscache.CachedVolume;
import dev.netfs.fscache.CachedVolume.DirtyRange;
import dev.netfs.fscache.CachedVolume.StoredFile;
import dev.netfs.fscache.CoherencyData;
import dev.netfs.fscache.Cookie;
import dev.netfs.fscache.DirectoryRecord;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code netfs cache stat}. */
@Command(
    name = "stat",
    description = {
      "Shows what a cache holds of a directory's names, or of a file: of which state of the"
          + " server's file it is, and a picture of its granules, the units in which it is kept."
          + " What is there is not opened: 'netfs cache verify' does that."
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
      List<String> found = new ArrayList<>();
      for (CachedVolume volume : names.volumes()) {
        for (Entry entry : CacheObjects.of(volume, names::isNamed)) {
          found.add(text(entry));
        }
        for (Names known : CacheObjects.names(volume, names::isNamed)) {
          found.add(text(known));
        }
      }
      for (String text : found) {
        terminal().print((first || json() ? "" : "\n") + text);
        first = false;
      }
      if (found.isEmpty()) {
        failed(Terminal.visible(uri) + ": nothing of it is cached");
      }
    }
  }

  private String text(Entry entry) throws IOException {
    StoredFile file = entry.file();
    try (Cookie cookie = file == null ? null : entry.volume().open(file)) {
      int width = terminal().width();
      GranulePicture picture =
          cookie == null ? null : new GranulePicture(cookie, entry.dirty(), width);
      return either(
          () -> text(entry, cookie, picture, width), json -> write(json, entry, cookie, picture));
    }
  }

  private String text(Names known) throws IOException {
    DirectoryRecord record = known.record();
    StoredFile file = known.file();
    CachedVolume volume = known.volume();
    int count = CacheObjects.count(record);
    Instant listed = record.isListed() ? Instant.ofEpochMilli(record.listedMillis()) : null;
    return either(
        () -> {
          StringBuilder text = new StringBuilder();
          line(text, "Share", volume.identity());
          line(text, "Path", record.path());
          line(text, "Names", Integer.toString(count));
          line(text, "Listed", listed == null ? "no: only names asked for" : listed.toString());
          stored(text, volume, file);
          return text.toString();
        },
        json -> {
          json.writeStringField("share", volume.identity());
          json.writeBooleanField("encrypted", volume.isEncrypted());
          json.writeStringField("path", record.path());
          json.writeNumberField("names", count);
          json.writeStringField("listed", Objects.toString(listed, null));
          json.writeNumberField("recordBytes", file.storedBytes());
          json.writeStringField("lastUsed", file.lastUsed().toString());
        });
  }

  private String text(
      Entry entry, @Nullable Cookie cookie, @Nullable GranulePicture picture, int width) {
    StringBuilder text = new StringBuilder();
    CoherencyData state = entry.state();
    StoredFile file = entry.file();
    line(text, "Share", entry.volume().identity());
    line(text, "Path", entry.path());
    if (state != null && file != null) {
      line(text, "Type", state.type().name().toLowerCase(Locale.ROOT));
      line(text, "Size", state.size() + " bytes");
      line(text, "Modified", state.modified().toString());
      line(text, "Version", state.version());
      line(text, "File key", state.fileKey());
      line(text, "Cached", entry.cachedBytes() + " bytes (" + entry.percent() + " %)");
      stored(text, entry.volume(), file);
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

  private void stored(StringBuilder text, CachedVolume volume, StoredFile file) {
    String encrypted = volume.isEncrypted() ? ", encrypted" : "";
    line(text, "Stored", file.storedBytes() + " bytes" + encrypted);
    line(text, "Last use", CacheListCommand.TIME.format(file.lastUsed().toInstant()));
  }

  private void line(StringBuilder text, String label, @Nullable String value) {
    if (value != null) {
      text.append(String.format("%-10s %s%n", label + ":", terminal().name(value)));
    }
  }

  private static void write(
      JsonGenerator json, Entry entry, @Nullable Cookie cookie, @Nullable GranulePicture picture)
      throws IOException {
    StoredFile file = entry.file();
    CoherencyData state = entry.state();
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
