package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code write=deferred} over Samba, which gives a file that was written to another time when its
 * handle is closed.
 */
@Timeout(60)
class SambaDeferredIT {

  private static SambaServer samba;

  @TempDir Path temp;

  @BeforeAll
  static void start() throws IOException {
    samba = SambaServer.start();
  }

  @AfterAll
  static void stop() {
    if (samba != null) {
      samba.close();
    }
  }

  private Map<String, Object> options() throws IOException {
    Path key = temp.resolve("key");
    Files.write(key, new byte[32]);
    return new HashMap<>(
        Map.of(
            "write",
            "deferred",
            "disk",
            temp.resolve("cache"),
            "encryptionKeyFile",
            key,
            "writebackAge",
            "1h",
            "uploadDeadline",
            "1h"));
  }

  @Test
  @Tag("W4")
  void closingTheHandleThatWasSentByIsNoConflict() throws Exception {
    try (LiveServer server = new LiveServer(samba, "close", new Behaviour(), 1);
        Mount mount = server.mount("a", options())) {
      try (OpenFile file = mount.open("/f", OpenModes.CREATE)) {
        file.write(ByteBuffer.wrap("Hello".getBytes()), 0);
        mount.sync();
        Thread.sleep(50);
        file.write(ByteBuffer.wrap("J".getBytes()), 0);
      }
      Thread.sleep(100);
      mount.sync();
      assertThat(mount.stats().conflicts()).isZero();
      assertThat(server.content("/f").toArray()).asString().isEqualTo("Jello");
    }
  }

  @Test
  @Tag("W4")
  void theEndOfTheJvmIsNoConflict() throws Exception {
    try (LiveServer server = new LiveServer(samba, "killed", new Behaviour(), 1)) {
      Mount killed = server.mount("a", options());
      OpenFile file = killed.open("/f", OpenModes.CREATE);
      file.write(ByteBuffer.wrap("Hello".getBytes()), 0);
      killed.sync();
      Thread.sleep(50);
      file.write(ByteBuffer.wrap("J".getBytes()), 0);
      file.force(false);
      DeferredMounts.kill(killed, temp.resolve("cache"));
      Thread.sleep(100);
      try (Mount mount = server.mount("a", options())) {
        mount.sync();
        assertThat(mount.stats().conflicts()).isZero();
        assertThat(server.content("/f").toArray()).asString().isEqualTo("Jello");
      }
    }
  }
}
