package dev.netfs.cli;

import dev.netfs.engine.UserDirectories;
import dev.netfs.fscache.CacheKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The key of a cache on disk: options that all of its commands have. */
final class KeyArguments {
  /** The option {@code encryptionKey} of a mount, as it is given to a command. */
  private static final String VARIABLE = "NETFS_ENCRYPTION_KEY";

  @Option(
      names = "--encryption-key-file",
      paramLabel = "FILE",
      description =
          "The file with the cache's key, or a key store (.p12, .pfx, .jceks): a mount's option"
              + " 'encryptionKeyFile'. Without it, and without a pass phrase, the file that netfs"
              + " has made, if it has made one.")
  private @Nullable Path file;

  @Option(
      names = "--pass-phrase",
      description =
          "Ask for the pass phrase, a mount's option 'encryptionKey'. It may also be in the"
              + " environment variable "
              + VARIABLE
              + ".")
  private boolean ask;

  @Option(
      names = "--pass-phrase-file",
      paramLabel = "FILE",
      description = "The file that the pass phrase is in.")
  private @Nullable Path passPhraseFile;

  /**
   * Returns the key; null if there is none.
   *
   * @throws UsageException if what is given is no key
   * @throws IOException if a file cannot be read
   */
  @Nullable CacheKey key(Terminal terminal) throws IOException {
    CacheKey given = given(file, ask, passPhraseFile, "", terminal);
    if (given != null) {
      return given;
    }
    String phrase = terminal.environment(VARIABLE);
    if (phrase != null && !phrase.isEmpty()) {
      return CacheKey.passPhrase(phrase::toCharArray);
    }
    for (Path directory : UserDirectories.config(System::getProperty, terminal::environment)) {
      Path made = directory.resolve(CacheKey.GENERATED_NAME);
      if (Files.exists(made)) {
        return file(made, null);
      }
    }
    return null;
  }

  /**
   * Returns the key that options give; null if they give none.
   *
   * @param which distinguishes it from another key where the user is asked: empty or {@code "new "}
   */
  static @Nullable CacheKey given(
      @Nullable Path file,
      boolean ask,
      @Nullable Path passPhraseFile,
      String which,
      Terminal terminal)
      throws IOException {
    if (ask && passPhraseFile != null) {
      throw new UsageException("the pass phrase can be asked for or be in a file, not both");
    }
    char[] phrase = null;
    if (passPhraseFile != null) {
      phrase = Files.readString(passPhraseFile).replaceFirst("[\r\n]+$", "").toCharArray();
    } else if (ask) {
      phrase = answer("The cache's " + which + "pass phrase: ", terminal);
      if (!which.isEmpty()
          && !Arrays.equals(
              phrase, answer("The same " + which + "pass phrase again: ", terminal))) {
        throw new UsageException("the two pass phrases differ; nothing was changed");
      }
    }
    if (file != null) {
      if (phrase == null && CacheKey.isKeyStore(file)) {
        phrase = answer("Password of the key store " + file + ": ", terminal);
      }
      return file(file, phrase);
    }
    if (phrase == null) {
      return null;
    }
    if (phrase.length == 0) {
      throw new UsageException("the " + which + "pass phrase is empty");
    }
    return CacheKey.passPhrase(phrase::clone);
  }

  private static CacheKey file(Path file, char @Nullable [] storePassword) throws IOException {
    try {
      return CacheKey.file(file, storePassword);
    } catch (IllegalArgumentException e) {
      UsageException usage = new UsageException(ErrorText.of(e));
      usage.initCause(e);
      throw usage;
    }
  }

  private static char[] answer(String question, Terminal terminal) {
    char[] answer = terminal.secret(question);
    if (answer == null) {
      throw new UsageException(
          "nobody is there to answer '" + question.strip() + "'; give the file that it is in");
    }
    return answer;
  }
}
