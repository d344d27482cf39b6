package dev.netfs.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code netfs ls}. */
@Command(
    name = "ls",
    description = "Lists a directory, or shows a file.",
    footer = {
      "",
      "Example: netfs ls -l netfs+sftp://me@server/data",
    })
final class ListCommand extends MountingCommand {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm").withZone(ZoneId.systemDefault());

  @Option(names = "-l", description = "Show permissions, owner, group, size and time.")
  private boolean details;

  @Option(names = "-R", description = "List directories within directories too.")
  private boolean recursive;

  @Option(names = "--json", description = "Print one JSON object a line, with all that is known.")
  private boolean json;

  @Parameters(arity = "1..*", paramLabel = "URI", description = "What to list.")
  private List<String> uris;

  private boolean first = true;

  private record Entry(Path path, String name, Facts facts) {}

  @Override
  void run(Mounts mounts) throws IOException {
    boolean titles = recursive || uris.size() > 1;
    for (Path path : mounts.paths(uris)) {
      try {
        if (Files.isDirectory(path)) {
          listTree(path, titles);
        } else {
          Facts facts = Facts.of(path, LinkOption.NOFOLLOW_LINKS);
          print(List.of(new Entry(path, fileName(path), facts)));
          first = false;
        }
      } catch (IOException e) {
        failed(path, e);
      }
    }
  }

  private void listTree(Path top, boolean titles) throws IOException {
    Deque<Path> left = new ArrayDeque<>();
    left.add(top);
    while (!left.isEmpty()) {
      Path directory = left.removeFirst();
      List<Entry> entries;
      try {
        entries = entries(directory);
      } catch (DirectoryIteratorException e) {
        failed(directory, Objects.requireNonNull(e.getCause()));
        continue;
      } catch (IOException e) {
        failed(directory, e);
        continue;
      }
      if (titles && !json) {
        terminal().print((first ? "" : "\n") + terminal().name(Mounts.name(directory)) + ":\n");
      }
      first = false;
      print(entries);
      if (recursive) {
        List<Path> below = new ArrayList<>();
        for (Entry entry : entries) {
          if (entry.facts().type() == Facts.Type.DIRECTORY) {
            below.add(entry.path());
          }
        }
        for (int i = below.size() - 1; i >= 0; i--) {
          left.addFirst(below.get(i));
        }
      }
    }
  }

  private List<Entry> entries(Path directory) throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      for (Path path : stream) {
        try {
          // The listing has brought them: netfs asks the server for nothing here.
          Facts facts = Facts.of(path, LinkOption.NOFOLLOW_LINKS);
          entries.add(new Entry(path, fileName(path), facts));
        } catch (IOException e) {
          failed(path, e);
        }
      }
    }
    entries.sort(Comparator.comparing(Entry::name));
    return entries;
  }

  private static String fileName(Path path) {
    @Nullable Path name = path.getFileName();
    return name == null ? path.toString() : name.toString();
  }

  private void print(List<Entry> entries) throws IOException {
    StringBuilder text = new StringBuilder();
    if (json) {
      for (Entry entry : entries) {
        text.append(json(entry)).append('\n');
      }
    } else if (details) {
      int owner = width(entries, Facts::owner);
      int group = width(entries, Facts::group);
      int size = width(entries, facts -> Long.toString(facts.size()));
      String format = "%s %-" + owner + "s %-" + group + "s %" + size + "d %s %s%s%n";
      for (Entry entry : entries) {
        Facts facts = entry.facts();
        text.append(
            String.format(
                format,
                facts.mode(),
                terminal().name(orQuestionMark(facts.owner())),
                terminal().name(orQuestionMark(facts.group())),
                facts.size(),
                TIME.format(facts.modified().toInstant()),
                terminal().name(entry.name()),
                facts.target() == null ? "" : " -> " + terminal().name(facts.target())));
      }
    } else {
      for (Entry entry : entries) {
        text.append(terminal().name(entry.name())).append('\n');
      }
    }
    terminal().print(text);
  }

  private static String json(Entry entry) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("name", entry.name());
      json.writeStringField("uri", entry.path().toUri().toString());
      entry.facts().writeTo(json);
      json.writeEndObject();
    }
    return text.toString();
  }

  private interface Column {
    @Nullable String of(Facts facts);
  }

  private static int width(List<Entry> entries, Column column) {
    int width = 1;
    for (Entry entry : entries) {
      width = Math.max(width, orQuestionMark(column.of(entry.facts())).length());
    }
    return width;
  }

  private static String orQuestionMark(@Nullable String text) {
    return text == null ? "?" : text;
  }
}
