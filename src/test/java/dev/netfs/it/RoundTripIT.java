package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.OpenSshServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A file of a gibibyte through a JVM whose heap is an eighth of it. */
@Timeout(150)
class RoundTripIT {
  private static final long GIBIBYTE = 1L << 30;

  @TempDir Path directory;

  @Test
  void aGibibyteGoesThereAndBackWithin128MebibytesOfHeap() throws Exception {
    try (OpenSshServer server = OpenSshServer.start()) {
      Path output = directory.resolve("output");
      Process jvm =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx128m",
                  "-XX:+ExitOnOutOfMemoryError",
                  "-cp",
                  System.getProperty("java.class.path"),
                  RoundTrip.class.getName(),
                  server.uri("").toString(),
                  server.knownHosts().toString(),
                  server.privateKey().toString(),
                  Long.toString(GIBIBYTE))
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      try {
        assertThat(jvm.waitFor(140, TimeUnit.SECONDS)).as("it ends").isTrue();
      } finally {
        jvm.destroyForcibly();
      }
      assertThat(jvm.exitValue()).as(Files.readString(output)).isZero();
      assertThat(Files.size(server.data().resolve("big"))).isEqualTo(GIBIBYTE);
    }
  }
}
