package dev.netfs.cli;

import dev.netfs.fscache.CacheKey;
import dev.netfs.fscache.CachedVolume;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code netfs cache rekey}. */
@Command(
    name = "rekey",
    description = {
      "Changes the key that a cache is opened with. What is cached stays as it is, and is there"
          + " with the new key at once; the old one opens it no more. JVMs that have it open go"
          + " on.",
      "If it is interrupted, each share is left to the old key, to the new one, or to either: say"
          + " it again."
    },
    footer = {
      "",
      "Example: netfs cache rekey /var/cache/app --encryption-key-file old.key --new-pass-phrase",
    })
final class CacheRekeyCommand extends CacheSubcommand {
  @Option(
      names = "--new-encryption-key-file",
      paramLabel = "FILE",
      description = "The file with the new key, or a key store.")
  private @Nullable Path file;

  @Option(names = "--new-pass-phrase", description = "Ask for the new pass phrase, twice.")
  private boolean ask;

  @Option(
      names = "--new-pass-phrase-file",
      paramLabel = "FILE",
      description = "The file that the new pass phrase is in.")
  private @Nullable Path passPhraseFile;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "URI",
      description = "The shares to change the key of. Without it: all.")
  private List<String> uris = new ArrayList<>();

  @Override
  void run(List<CachedVolume> volumes) throws IOException {
    CacheKey from = key();
    if (from == null) {
      throw new UsageException(
          "there is no key to change: give the one that the cache has with --encryption-key-file,"
              + " --pass-phrase or --pass-phrase-file");
    }
    Set<CachedVolume> wanted = new LinkedHashSet<>(uris.isEmpty() ? volumes : List.of());
    for (String uri : uris) {
      wanted.addAll(CacheNames.of(uri, volumes).volumes());
    }
    wanted.removeIf(volume -> !volume.isEncrypted());
    if (wanted.isEmpty()) {
      failed("nothing in " + directory() + " is encrypted");
      return;
    }
    CacheKey to = KeyArguments.given(file, ask, passPhraseFile, "new ", terminal());
    if (to == null) {
      throw new UsageException(
          "give the new key with --new-encryption-key-file, --new-pass-phrase or"
              + " --new-pass-phrase-file");
    }
    for (CachedVolume volume : wanted) {
      try {
        said(volume, volume.rekey(from, to));
      } catch (IOException e) {
        failed(ErrorText.of(e), e);
      }
    }
  }

  private void said(CachedVolume volume, boolean changed) throws IOException {
    String name = Objects.requireNonNullElse(volume.identity(), volume.name());
    print(
        () -> terminal().name(name) + (changed ? ": has the new key\n" : ": had it already\n"),
        json -> {
          json.writeStringField("volume", volume.name());
          json.writeStringField("share", volume.identity());
          json.writeBooleanField("changed", changed);
        });
  }
}
