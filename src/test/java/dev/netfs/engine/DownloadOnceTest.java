package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.fscache.CacheLimits;
import dev.netfs.fscache.Claim;
import dev.netfs.fscache.Codec;
import dev.netfs.fscache.FsCache;
import dev.netfs.fscache.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What several mounts with one cache on disk read at the same time crosses the wire once, as if
 * they were in several JVMs: it is the same locks on the same file that keep them apart.
 */
@Timeout(60)
class DownloadOnceTest {
  private static final int SIZE = 3_000_000;

  @TempDir Path temp;

  private Mount mount(SimServer server) throws IOException {
    return server.mount(
        Map.of("disk", temp.resolve("cache"), "encrypt", "off", "granule", "64KiB"));
  }

  private static SimServer server(VirtualTime time, byte[] content) {
    SimServer server = new SimServer(1, time);
    server.maxDelayMicros = 20_000;
    server.put("/f", content);
    return server;
  }

  private static byte[] content() {
    byte[] content = new byte[SIZE];
    new Random(1).nextBytes(content);
    return content;
  }

  private static void readAll(Mount mount, byte[] content) throws IOException {
    try (OpenFile file = mount.open("/f", OpenMode.READ)) {
      read(file, 0, content.length, content);
    }
  }

  private static void read(OpenFile file, int start, int end, byte[] content) throws IOException {
    for (int at = start; at < end; at += 50_000) {
      ByteBuffer found = ByteBuffer.allocate(Math.min(50_000, end - at));
      assertThat(file.read(found, at)).isEqualTo(found.capacity());
      assertThat(found.flip()).isEqualTo(ByteBuffer.wrap(content, at, found.capacity()));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  @Tag("C8")
  void whatTwoReadAtTheSameTimeIsDownloadedByOne(long seed) throws Exception {
    VirtualTime time = new VirtualTime(seed);
    byte[] content = content();
    time.run(
        () -> {
          SimServer server = server(time, content);
          try (Mount one = mount(server);
              Mount other = mount(server)) {
            CompletableFuture<?> reading = time.start("other", () -> readAll(other, content));
            readAll(one, content);
            Await.untilDone(reading);
            assertThat(one.stats().bytesFromServer() + other.stats().bytesFromServer())
                .isEqualTo(SIZE);
          }
        });
  }

  @Test
  @Tag("C8")
  @Tag("R2")
  void whoStandsStillIsNotWaitedForForLong() throws Exception {
    VirtualTime time = new VirtualTime(1);
    byte[] content = content();
    time.run(
        () -> {
          SimServer server = server(time, content);
          try (Mount mount = mount(server);
              FsCache cache = FsCache.open(temp.resolve("cache"), CacheLimits.of(1L << 30));
              Volume volume = cache.volume(mount.root().toString(), null, 65536, Codec.NONE);
              Claim claim = Objects.requireNonNull(volume.claim("/f", 1_000_000, 1_000_001))) {
            long begun = time.nanoTime();
            readAll(mount, content);
            assertThat(time.nanoTime() - begun)
                .isBetween(TimeUnit.SECONDS.toNanos(1), TimeUnit.SECONDS.toNanos(5));
            assertThat(volume.claim("/f", 0, SIZE)).as("while %s is held", claim).isNull();
          }
          try (Mount mount = mount(server)) {
            readAll(mount, content);
            assertThat(mount.stats().bytesFromServer()).as("all came to the disk").isZero();
          }
        });
  }

  @Test
  @Tag("C8")
  void aClaimEndsWhenWhatWasClaimedIsOnDisk() throws Exception {
    VirtualTime time = new VirtualTime(1);
    byte[] content = content();
    time.run(
        () -> {
          SimServer server = server(time, content);
          try (Mount mount = mount(server);
              FsCache cache = FsCache.open(temp.resolve("cache"), CacheLimits.of(1L << 30));
              Volume volume = cache.volume(mount.root().toString(), null, 65536, Codec.NONE)) {
            readAll(mount, content);
            mount.services().disk().drain();
            Claim claim = volume.claim("/f", 0, SIZE);
            assertThat(claim).isNotNull();
            claim.close();
          }
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void whatIsOnItsWayArrivesOnDiskThoughTheMemoryIsDropped(long seed) throws Exception {
    VirtualTime time = new VirtualTime(seed);
    byte[] content = content();
    time.run(
        () -> {
          SimServer server = server(time, content);
          try (Mount mount = mount(server);
              OpenFile file = mount.open("/f", OpenMode.READ)) {
            read(file, 0, 500_000, content); // so that more is being read ahead
            mount.dropCaches();
            assertThat(mount.stats().bytesFromServer()).isGreaterThan(500_000);
            assertThat(mount.stats().bytesToDisk()).isEqualTo(mount.stats().bytesFromServer());
          }
        });
  }
}
