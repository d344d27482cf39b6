package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** After everything is closed nothing is left: no page, handle, inode, permit, task or thread. */
@Timeout(60)
class LeakTest {
  private static final int FILES = 40;

  private final SimServer server = new SimServer(7);
  private final Counting background = new Counting();

  /** Counts what was begun and has not ended. */
  private static final class Counting extends ForwardingBackground {
    final AtomicInteger repeating = new AtomicInteger();
    final AtomicInteger running = new AtomicInteger();

    @Override
    public void execute(Runnable work) {
      running.incrementAndGet();
      SYSTEM.execute(
          () -> {
            try {
              work.run();
            } finally {
              running.decrementAndGet();
            }
          });
    }

    @Override
    public Task repeat(Runnable work, long pause, TimeUnit unit) {
      repeating.incrementAndGet();
      Task task = SYSTEM.repeat(work, pause, unit);
      return () -> {
        repeating.decrementAndGet();
        task.cancel();
      };
    }
  }

  private Mount mount() throws IOException {
    return new Mount(
        new MountSpec(
            URI.create("netfs+sim://server/"),
            ShareOptions.of(
                Map.of(
                    "pageSize", 4096, "memory", 64 * 4096, "dirtyLimit", 40_000, "retries", 100))),
        server,
        background);
  }

  private static OpenMode mode(OpenMode.Caching caching) {
    return new OpenMode(
        true, true, Disposition.OPEN_OR_CREATE, false, -1, OpenMode.Durability.BACK, caching);
  }

  /** Reads, writes, cuts and locks, and leaves some things to be interrupted by a close. */
  private void work(Mount mount, long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 60; i++) {
      String path = "/" + random.nextInt(FILES);
      OpenMode.Caching caching = OpenMode.Caching.values()[random.nextInt(3)];
      try (OpenFile file = mount.open(path, mode(caching))) {
        ByteBuffer buffer = ByteBuffer.allocate(1 + random.nextInt(30_000));
        switch (random.nextInt(6)) {
          case 0, 1 -> file.read(buffer, random.nextInt(50_000));
          case 2, 3 -> file.write(buffer, random.nextInt(50_000));
          case 4 -> file.truncate(random.nextInt(50_000));
          default -> {
            file.write(buffer, 0);
            file.abandon();
          }
        }
      } catch (IOException e) {
        // The server fails now and then; what that leaves behind is what this test is about.
      }
    }
  }

  @Test
  void nothingIsLeftWhenAllIsClosed() throws Exception {
    server.shortRate = 0.1;
    server.disconnectRate = 0.02;
    server.errorRate = 0.02;
    server.maxDelayMicros = 200;
    Mount mount = mount();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<CompletableFuture<Void>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        long seed = i;
        all.add(CompletableFuture.runAsync(() -> work(mount, seed), threads));
      }
      for (CompletableFuture<Void> one : all) {
        one.join();
      }
    } finally {
      threads.shutdown();
    }
    server.shortRate = 0;
    server.disconnectRate = 0;
    server.errorRate = 0;
    Leaks.assertNone(mount);
    SimServer.eventually("no handle is open", () -> server.openHandles() == 0);

    mount.close();
    assertThat(background.repeating).hasValue(0);
    SimServer.eventually("no work is left", () -> background.running.get() == 0);
    assertThat(
            Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("netfs-"))
                .filter(thread -> !thread.isDaemon()))
        .isEmpty();
  }
}
