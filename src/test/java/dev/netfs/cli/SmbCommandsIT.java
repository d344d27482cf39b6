package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is mounted of a real Samba server, which has no directory above its shares. */
@Timeout(120)
class SmbCommandsIT {
  private static SambaServer server;

  @BeforeAll
  static void start() throws IOException {
    server = SambaServer.builder().share("other", "comment = another").start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  private static Cli.Result run(String... arguments) {
    return new Cli().env("NETFS_PASSWORD", server.password()).run(arguments);
  }

  @Test
  void theShareItselfAndWhatIsBelowItAreNamed() throws IOException {
    Path directory = Files.createDirectories(server.data().resolve("named/below"));
    Files.writeString(directory.resolve("file"), "content\n");
    assertThat(run("ls", server.uri("").toString()).out().lines()).contains("named");
    assertThat(run("ls", server.uri("/").toString()).out().lines()).contains("named");
    assertThat(run("ls", server.uri("/named").toString()).out()).isEqualTo("below\n");
    Cli.Result cat = run("cat", server.uri("/named/below/file").toString());
    assertThat(cat.err()).isEmpty();
    assertThat(cat.out()).isEqualTo("content\n");
  }

  @Test
  void filesAreCopiedThereBackAndToAnotherShare(@TempDir Path local) throws IOException {
    Path source = Files.writeString(local.resolve("source"), "to be copied\n");
    String there = server.uri("/copy").toString();
    String other = server.uri(server.port(), "other", "/copy").toString();
    assertThat(run("cp", source.toString(), there).err()).isEmpty();
    assertThat(server.data().resolve("copy")).hasContent("to be copied\n");
    assertThat(run("cp", there, other).err()).isEmpty();
    assertThat(server.data("other").resolve("copy")).hasContent("to be copied\n");
    assertThat(run("cp", other, local.resolve("back").toString()).err()).isEmpty();
    assertThat(local.resolve("back")).hasContent("to be copied\n");
  }

  @Test
  void aUriWithoutAShareSaysWhatIsMissing() {
    Cli.Result result = run("ls", "netfs+smb://somebody@127.0.0.1:" + server.port() + "/");
    assertThat(result.status()).isEqualTo(2);
    assertThat(result.err()).contains("/share/");
  }
}
