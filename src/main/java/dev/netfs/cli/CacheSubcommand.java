package dev.netfs.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.netfs.fscache.CacheDirectory;
import dev.netfs.fscache.CacheKey;
import dev.netfs.fscache.CachedVolume;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** A command that works on a cache directory: opens it, and closes it at the end. */
abstract class CacheSubcommand implements Callable<Integer> {
  @ParentCommand private CacheCommand cache;
  @Mixin private KeyArguments keys;

  @Option(names = "--json", description = "Print one JSON object a line.")
  private boolean json;

  @Parameters(
      index = "0",
      paramLabel = "DIR",
      description = "The cache's directory: a mount's option 'disk'.")
  private Path directory;

  private @Nullable CacheKey key;
  private boolean failed;

  @Override
  public final Integer call() throws IOException {
    key = keys.key(terminal());
    try (CacheDirectory opened = CacheDirectory.open(directory)) {
      run(opened.volumes(key));
    }
    return failed ? Main.FAILED : 0;
  }

  /** Does what the command does. */
  abstract void run(List<CachedVolume> volumes) throws IOException;

  Terminal terminal() {
    return cache.main().terminal();
  }

  Path directory() {
    return directory;
  }

  /** Returns the key that the volumes were opened with; null for none. */
  @Nullable CacheKey key() {
    return key;
  }

  boolean json() {
    return json;
  }

  /** Notes that something failed, says what, and lets the command go on with the rest. */
  void failed(String text, Throwable error) throws Terminal.OutputException {
    if (error instanceof Terminal.OutputException output) {
      throw output; // there is no use in going on
    }
    failed = true;
    cache.main().report(text, error);
  }

  /** Notes that something failed that has been said. */
  void failed() {
    failed = true;
  }

  /** Notes that something was not done, and says what and why. */
  void failed(String text) {
    failed = true;
    terminal().message("netfs: " + text);
  }

  /** Says that volumes cannot be opened, each. */
  void reportLocked(List<CachedVolume> volumes) throws Terminal.OutputException {
    for (CachedVolume volume : volumes) {
      IOException failure = volume.failure();
      if (failure != null) {
        failed(ErrorText.of(failure), failure);
      }
    }
  }

  /** Returns what is to be printed of one thing: a line of JSON, or text. */
  String either(Supplier<String> text, Fields fields) throws IOException {
    return json ? line(fields) : text.get();
  }

  /** Prints what there is to say of one thing: a line of JSON, or text. */
  void print(Supplier<String> text, Fields fields) throws IOException {
    terminal().print(either(text, fields));
  }

  /** Writes fields. */
  interface Fields {
    void writeTo(JsonGenerator json) throws IOException;
  }

  private static String line(Fields fields) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      fields.writeTo(json);
      json.writeEndObject();
    }
    return text + "\n";
  }
}
