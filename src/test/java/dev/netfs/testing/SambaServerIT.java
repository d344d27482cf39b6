package dev.netfs.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.cli.bench.SambaProcesses;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The server that tests have, and what becomes of it. */
@Timeout(120)
class SambaServerIT {
  @Test
  void nothingIsLeftOfAServerThatIsKilled() throws Exception {
    Path configuration;
    try (SambaServer server = SambaServer.start()) {
      configuration = server.configuration();
      try (FileSystem fs = FileSystems.newFileSystem(server.uri(""), server.options())) {
        Path file = fs.getPath("/f");
        Files.writeString(file, "its owner's name takes a remote procedure call");
        assertThat(Files.getOwner(file).getName()).isNotEmpty();
        assertThat(SambaProcesses.of(configuration))
            .anyMatch(each -> each.info().command().orElse("").endsWith("samba-dcerpcd"));
      }
      server.kill();
      assertThat(SambaProcesses.of(configuration)).isEmpty();
      server.restart();
    }
    assertThat(SambaProcesses.of(configuration)).isEmpty();
  }
}
