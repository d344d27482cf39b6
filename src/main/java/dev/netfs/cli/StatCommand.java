package dev.netfs.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code netfs stat}. */
@Command(name = "stat", description = "Shows what is known of a file or directory.")
final class StatCommand extends MountingCommand {
  @Option(names = "-L", description = "Show what a symbolic link leads to, not the link itself.")
  private boolean follow;

  @Option(names = "--json", description = "Print one JSON object a line.")
  private boolean json;

  @Parameters(arity = "1..*", paramLabel = "URI", description = "What to show.")
  private List<String> uris;

  @Override
  void run(Mounts mounts) throws IOException {
    for (Path path : mounts.paths(uris)) {
      try {
        Facts facts = follow ? Facts.of(path) : Facts.of(path, LinkOption.NOFOLLOW_LINKS);
        terminal().print(json ? json(path, facts) : text(path, facts));
      } catch (IOException e) {
        failed(path, e);
      }
    }
  }

  private static String json(Path path, Facts facts) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("uri", path.toUri().toString());
      facts.writeTo(json);
      json.writeEndObject();
    }
    return text + "\n";
  }

  private String text(Path path, Facts facts) {
    StringBuilder text = new StringBuilder();
    line(text, "File", Mounts.name(path));
    line(text, "Type", facts.type().text);
    line(text, "Target", facts.target());
    line(text, "Size", facts.size() + " bytes");
    line(text, "Permissions", facts.permissions() == null ? null : facts.mode());
    line(text, "Owner", facts.owner());
    line(text, "Group", facts.group());
    line(text, "Modified", facts.modified().toString());
    line(text, "Accessed", facts.accessed().toString());
    line(text, "Created", facts.created().toString());
    return text.toString();
  }

  private void line(StringBuilder text, String label, @Nullable String value) {
    if (value != null) {
      text.append(String.format("%-12s %s%n", label + ":", terminal().name(value)));
    }
  }
}
