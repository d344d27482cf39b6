package dev.netfs.jar;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a program in a JVM of its own: the same JDK, nothing else in common. */
final class Jvm {

  /** What it printed and returned. */
  record Result(int status, String out, String err) {}

  private Jvm() {}

  /**
   * Runs {@code java ARGUMENTS} and waits for its end.
   *
   * @throws AssertionError if it did not end within a minute; it is killed then
   */
  static Result java(List<String> arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx256m");
    command.addAll(arguments);
    Path out = Files.createTempFile("netfs-jvm", ".out");
    Path err = Files.createTempFile("netfs-jvm", ".err");
    try {
      var builder = new ProcessBuilder(command);
      // Options that the caller's environment adds print a line of their own.
      builder.environment().remove("JAVA_TOOL_OPTIONS");
      Process process =
          builder
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      boolean ended;
      try {
        ended = process.waitFor(60, TimeUnit.SECONDS);
      } finally {
        process.destroyForcibly();
      }
      if (!ended) {
        throw new AssertionError(
            "No end after 60 s: %s%n%s%n%s".formatted(command, read(out), read(err)));
      }
      return new Result(process.exitValue(), read(out), read(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }
}
