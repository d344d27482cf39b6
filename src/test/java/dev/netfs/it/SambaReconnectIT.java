package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.FileServer;
import dev.netfs.testing.SambaServer;
import dev.netfs.testing.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Connections to a real Samba server that break in the middle of things. */
class SambaReconnectIT extends ReconnectContract {
  @Override
  FileServer startServer() throws IOException {
    return SambaServer.start();
  }

  @Test
  @Tag("W3")
  void aServerThatIsKilledAndStartedAgainLosesNothing() throws Exception {
    SambaServer samba = (SambaServer) server;
    put("f");
    AtomicInteger rounds = new AtomicInteger();
    try (NetfsFileSystem fs =
        (NetfsFileSystem) FileSystems.newFileSystem(server.uri(""), server.options())) {
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(
              () -> {
                try {
                  do {
                    Files.write(fs.getPath("/g"), data);
                    fs.dropCaches();
                    assertReads(fs, "/f");
                  } while (rounds.incrementAndGet() < 3 || fs.stats().reconnects() < 2);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              },
              Threads.EACH);
      for (int i = 0; i < 2; i++) {
        TimeUnit.MILLISECONDS.sleep(300 + 400 * i);
        samba.kill();
        samba.restart();
        long seen = fs.stats().reconnects();
        while (fs.stats().reconnects() == seen && !writing.isDone()) {
          TimeUnit.MILLISECONDS.sleep(5);
        }
      }
      writing.get(90, TimeUnit.SECONDS);
    }
    assertThat(Arrays.mismatch(Files.readAllBytes(server.data().resolve("g")), data)).isEqualTo(-1);
  }
}
