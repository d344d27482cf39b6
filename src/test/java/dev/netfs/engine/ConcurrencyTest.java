package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Threads that share the pages of one file but no byte of it: each owns every n-th strip, writes
 * it, and reads back what it wrote, while pages are evicted, caches dropped and connections broken
 * under all of them.
 */
@Timeout(120)
class ConcurrencyTest {
  private static final int THREADS = 4;
  private static final int STRIP = 1_000;
  private static final int STRIPS = 400;

  @ParameterizedTest
  @CsvSource({
    "1, 0, 0.2, false",
    "2, 300, 0.2, false",
    "3, 100, 0, false",
    "4, 50, 0.5, false",
    "5, 0, 0.2, true",
    "6, 100, 0.2, true"
  })
  @Tag("C1")
  @Tag("R3")
  @Tag("W1")
  @Tag("W3")
  void eachThreadFindsWhatItWrote(long seed, int maxDelayMicros, double shortRate, boolean mixed)
      throws Exception {
    SimServer server = new SimServer(seed);
    server.maxDelayMicros = maxDelayMicros;
    server.shortRate = shortRate;
    server.disconnectRate = 0.001;
    server.rsize = 10_000;
    server.wsize = 7_000;
    server.put("/f", new byte[STRIP * STRIPS]);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS + 1);
    AtomicBoolean stop = new AtomicBoolean();
    byte[] expected = new byte[STRIP * STRIPS];
    try (Mount mount =
        server.mount(
            Map.of("pageSize", 4096, "memory", 40 * 4096, "dirtyLimit", 60_000, "retries", 100))) {
      List<CompletableFuture<Void>> owners = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int owner = i;
        owners.add(
            CompletableFuture.runAsync(
                () -> own(mount, new Random(seed * 100 + owner), owner, expected, mixed), threads));
      }
      CompletableFuture<Void> dropper =
          CompletableFuture.runAsync(
              () -> {
                while (!stop.get()) {
                  mount.dropCaches();
                  Thread.yield();
                }
              },
              threads);
      CompletableFuture.allOf(owners.toArray(new CompletableFuture<?>[0])).join();
      stop.set(true);
      dropper.join();
      mount.sync();
      assertThat(Arrays.mismatch(server.get("/f"), expected)).isEqualTo(-1);
    } finally {
      stop.set(true);
      threads.shutdownNow();
    }
  }

  private static void own(Mount mount, Random random, int owner, byte[] expected, boolean mixed) {
    try (OpenFile cached = open(mount, OpenMode.Caching.CACHED);
        OpenFile unbuffered = open(mount, OpenMode.Caching.UNBUFFERED);
        OpenFile direct = open(mount, OpenMode.Caching.DIRECT)) {
      OpenFile[] files = {cached, cached, unbuffered, direct};
      for (int i = 0; i < 300; i++) {
        OpenFile file = files[mixed ? random.nextInt(files.length) : 0];
        int at = (random.nextInt(STRIPS / THREADS) * THREADS + owner) * STRIP;
        if (random.nextBoolean()) {
          int from = random.nextInt(STRIP);
          byte[] bytes = new byte[1 + random.nextInt(STRIP - from)];
          random.nextBytes(bytes);
          System.arraycopy(bytes, 0, expected, at + from, bytes.length);
          file.write(ByteBuffer.wrap(bytes), at + from);
        }
        file = files[mixed ? random.nextInt(files.length) : 0];
        ByteBuffer strip = ByteBuffer.allocate(STRIP);
        assertThat(file.read(strip, at)).isEqualTo(STRIP);
        int mismatch = Arrays.mismatch(strip.array(), 0, STRIP, expected, at, at + STRIP);
        assertThat(mismatch).as("owner %d, strip at %d, step %d", owner, at, i).isEqualTo(-1);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static OpenFile open(Mount mount, OpenMode.Caching caching) throws IOException {
    return mount.open(
        "/f",
        new OpenMode(
            true, true, Disposition.OPEN_EXISTING, false, -1, OpenMode.Durability.BACK, caching));
  }
}
