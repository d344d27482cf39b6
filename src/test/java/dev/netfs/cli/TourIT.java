package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.EmbeddedSftpServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's first example, as it stands there, with the drop-in jar and nothing else. */
class TourIT {
  private static final Pattern FIRST_EXAMPLE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @TempDir private Path directory;

  @Test
  void theExampleOfTheReadmeRuns() throws Exception {
    Matcher example = FIRST_EXAMPLE.matcher(Files.readString(Path.of("README.md")));
    assertThat(example.find()).isTrue();
    Path tour = Files.writeString(directory.resolve("Tour.java"), example.group(1));
    Path password = Files.writeString(directory.resolve("password.txt"), "secret\n");
    try (EmbeddedSftpServer server = EmbeddedSftpServer.start(directory)) {
      Path data = Files.createDirectories(server.root().resolve("data"));
      String out = run(tour, server.uri("/data").toString(), password, server.knownHosts());
      assertThat(out.lines().toList()).startsWith("Jello", "2 names");
      assertThat(data.resolve("hello.txt")).hasContent("Jello\n");
      assertThat(data.resolve("copy.txt")).hasContent("Jello\n");
      assertThat(directory.resolve("hello.txt")).hasContent("Jello\n");
    }
  }

  private String run(Path tour, String uri, Path password, Path knownHosts)
      throws IOException, InterruptedException {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("netfs.all.jar"),
                    tour.toString(),
                    uri,
                    password.toString(),
                    knownHosts.toString()))
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    Process process = builder.start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ends in time").isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(err)).isZero();
    return Files.readString(out);
  }
}
