package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.HidingLoader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What applications see that leave an optional library out. */
@Timeout(120)
class MissingLibrariesTest {
  private static final String ZSTD = "com.github.luben.";
  private static final String MINA = "org.apache.sshd.";
  private static final String MINA_SFTP = "org.apache.sshd.sftp.";

  @TempDir private Path temp;

  /** Mounts the first argument, with options in pairs, and reads a file: what came from where. */
  static final class Reading implements Function<List<String>, String> {
    @Override
    public String apply(List<String> arguments) {
      Netfs.Builder mount = Netfs.mount(URI.create(arguments.get(0)));
      for (int i = 1; i < arguments.size(); i += 2) {
        mount.option(arguments.get(i), arguments.get(i + 1));
      }
      try (NetfsFileSystem fs = mount.open()) {
        byte[] bytes = Files.readAllBytes(fs.getPath("/file"));
        return Arrays.hashCode(bytes)
            + (fs.stats().bytesFromServer() > 0 ? " fetched" : " from disk")
            + ", failures: "
            + fs.stats().diskFailures();
      } catch (IOException | IllegalArgumentException e) {
        return e.toString();
      }
    }
  }

  /** Runs the command: its exit code, and what it says. */
  static final class Command implements Function<List<String>, String> {
    @Override
    public String apply(List<String> arguments) {
      Cli.Result result = new Cli().run(arguments.toArray(String[]::new));
      return result.status() + " " + result.out() + result.err();
    }
  }

  /** Runs something where classes are hidden. */
  @SuppressWarnings("unchecked") // it is one of the two above
  private static String without(
      String hidden, Class<? extends Function<List<String>, String>> what, String... arguments)
      throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (HidingLoader loader = new HidingLoader(hidden)) {
      thread.setContextClassLoader(loader);
      var constructor = loader.loadClass(what.getName()).getDeclaredConstructor();
      constructor.setAccessible(true);
      return ((Function<List<String>, String>) constructor.newInstance()).apply(List.of(arguments));
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private String[] share(String... options) throws IOException {
    Path share = Files.createDirectories(temp.resolve("share"));
    Path file = Files.writeString(share.resolve("file"), "netfs ".repeat(100_000));
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_600_000_000_000L));
    Path key = Files.write(temp.resolve("key"), new byte[32]);
    List<String> all = new ArrayList<>(List.of("netfs+" + share.toUri()));
    all.addAll(List.of("disk", temp.resolve("cache").toString()));
    all.addAll(List.of("encryptionKeyFile", key.toString()));
    all.addAll(List.of(options));
    return all.toArray(String[]::new);
  }

  @Test
  void compressionByAMissingLibraryIsRefusedAndTheLibraryNamed() throws Exception {
    assertThat(without(ZSTD, Reading.class, share("diskCompress", "zstd")))
        .startsWith("java.lang.IllegalArgumentException: option 'diskCompress=zstd' needs")
        .contains("com.github.luben:zstd-jni", "class path");
    assertThat(temp.resolve("cache")).as("nothing is made").doesNotExist();
  }

  @Test
  void whatIsCompressedWithAMissingLibraryIsFetchedAgain() throws Exception {
    List<String> warnings = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            warnings.add(record.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    String fetched = new Reading().apply(List.of(share("diskCompress", "zstd")));
    String again = new Reading().apply(List.of(share()));
    assertThat(again).isEqualTo(fetched.replace("fetched", "from disk"));
    Logger logger = Logger.getLogger("dev.netfs.fscache");
    logger.addHandler(handler);
    try {
      assertThat(without(ZSTD, Reading.class, share())).isEqualTo(fetched);
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(warnings)
        .singleElement()
        .asString()
        .contains("compressed with Zstandard", "com.github.luben:zstd-jni", "fetched again");
    assertThat(without(ZSTD, Reading.class, share())).as("replaced").isEqualTo(again);
  }

  @Test
  void aMountByAMissingClientSaysWhatToAdd() throws Exception {
    assertThat(without(MINA, Reading.class, "netfs+sftp://me@localhost/"))
        .startsWith("dev.netfs.share.ShareConnectException: netfs+sftp://me@localhost/ needs")
        .endsWith("class path; add org.apache.sshd:sshd-osgi:2.20.0");
    assertThat(without(MINA, Command.class, "ls", "netfs+sftp://me@localhost/"))
        .startsWith("3 netfs: ")
        .contains("add org.apache.sshd:sshd-osgi:2.20.0");
    // Other transports do without.
    assertThat(without(MINA, Reading.class, share())).contains(" fetched");
  }

  @Test
  void commandsThatStartAServerSayWhatTheyNeed() throws Exception {
    for (String hidden : List.of(MINA, MINA_SFTP)) {
      assertThat(without(hidden, Command.class, "demo"))
          .startsWith("1 ")
          .contains("add org.apache.sshd:sshd-osgi and org.apache.sshd:sshd-sftp");
      assertThat(without(hidden, Command.class, "bench", "--server", "embedded"))
          .startsWith("1 netfs: a library is missing")
          .contains("add org.apache.sshd:sshd-osgi and org.apache.sshd:sshd-sftp");
    }
  }
}
