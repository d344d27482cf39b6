package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./netfs demo}, as a user starts it: the launcher, the all jar, a JVM of its own. */
class DemoIT {
  private static final int LIMIT_SECONDS = 120;

  @TempDir private Path directory;

  @Test
  void printsItsTableAndIsContent() throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    Process process = start(out, err, "demo");
    try {
      assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("ends in time").isTrue();
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(out);
    assertThat(text).as(Files.readString(err)).endsWith("\ndemo: OK\n");
    assertThat(Files.readString(err)).isEmpty();
    assertThat(process.exitValue()).isZero();
    assertThat(row(text, "read big.bin, cold")).contains(" server (");
    assertThat(row(text, "read big.bin again, warm")).contains(" memory (1 close, 1 open)");
    assertThat(row(text, "write 1000 bytes")).contains("1000 B", "1 write");
    assertThat(row(text, "a second reader")).contains(" memory (1 close, 1 open)");
    assertThat(row(text, "walk it")).contains("111 names", "11 list");
    assertThat(row(text, "compare all 101 files")).isNotEmpty();
    Matcher files = Pattern.compile("its files are in (\\S+)\\.\n").matcher(text);
    assertThat(files.find()).isTrue();
    assertThat(Path.of(files.group(1)).getParent()).as("is tidied up").doesNotExist();
  }

  private static Process start(Path out, Path err, String... arguments) throws IOException {
    // Beside the target directory that the jar is in.
    Path jar = Path.of(System.getProperty("netfs.all.jar"));
    List<String> command = new java.util.ArrayList<>();
    command.add(jar.getParent().resolveSibling("netfs").toString());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("JAVA_TOOL_OPTIONS"); // which print a line of their own
    return builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
  }

  private static String row(String text, String operation) {
    return text.lines().filter(line -> line.startsWith(operation)).findFirst().orElse("");
  }
}
