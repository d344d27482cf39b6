package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.LeaseState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code cache=strict} on a share with leases. */
@Timeout(120)
class LeaseTest {

  static LongStream seeds() {
    Long one = Long.getLong("netfs.leases.seed");
    return one != null
        ? LongStream.of(one)
        : LongStream.range(0, Long.getLong("netfs.leases.seeds", 30));
  }

  /** Mounts a server with leases and a file of zeros; strictly, if the options do not say else. */
  static Mount mount(SimServer server, String... options) throws IOException {
    server.leased = true;
    server.put("/f", ByteBuffer.allocate(100_000).array());
    Map<String, Object> all = new HashMap<>(Map.of("cache", "strict"));
    for (int i = 0; i < options.length; i += 2) {
      all.put(options[i], options[i + 1]);
    }
    return server.mount(all);
  }

  static long read(OpenFile file, long position) throws IOException {
    ByteBuffer value = ByteBuffer.allocate(8);
    assertThat(file.read(value, position)).isEqualTo(8);
    return value.getLong(0);
  }

  static void write(OpenFile file, long position, long value) throws IOException {
    file.write(ByteBuffer.allocate(8).putLong(0, value), position);
  }

  static CompletableFuture<Boolean> otherWrites(SimServer server, long at, long value) {
    return server.leases.other(
        "/f",
        LeaseState.NONE,
        () -> {
          server.putRange("/f", at, ByteBuffer.allocate(8).putLong(0, value).array());
          return true;
        });
  }

  static CompletableFuture<Long> otherReads(SimServer server, long at) {
    return server.leases.other(
        "/f",
        LeaseState.READ_HANDLE,
        () -> ByteBuffer.wrap(Objects.requireNonNull(server.get("/f"))).getLong((int) at));
  }

  @Test
  @Tag("L3")
  void strictCachesExactlyWhileALeaseIsHeld() throws Exception {
    VirtualTime time = new VirtualTime(1);
    time.run(
        () -> {
          SimServer server = new SimServer(1, time);
          try (Mount mount = mount(server);
              OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            assertThat(read(file, 1000)).isZero();
            assertThat(read(file, 80_000)).isZero();
            int reads = server.count("read");
            time.sleep(1, TimeUnit.HOURS);
            assertThat(read(file, 1000)).isZero();
            assertThat(file.size()).isEqualTo(100_000);
            assertThat(server.count("read")).isEqualTo(reads);
            assertThat(server.count("fstat")).isZero();
            Await.result(otherWrites(server, 1000, 7));
            assertThat(mount.stats().cachedBytes()).isZero();
            server.onRead = (path, offset, count) -> assertThat(count).isEqualTo(8);
            assertThat(read(file, 1000)).isEqualTo(7);
            assertThat(read(file, 1000)).isEqualTo(7);
            assertThat(server.count("read")).isEqualTo(reads + 2);
            assertThat(mount.stats().cachedBytes()).isZero();
            server.onRead = null;
            try (OpenFile again = mount.open("/f", OpenModes.UPDATE)) {
              assertThat(read(again, 1000)).isEqualTo(7);
              assertThat(read(file, 1000)).isEqualTo(7);
              assertThat(server.count("read")).as("leased again").isEqualTo(reads + 3);
            }
          }
        });
  }

  @Test
  @Tag("L3")
  void whatIsKeptBackUnderALeaseIsSentBeforeItIsGivenUp() throws Exception {
    VirtualTime time = new VirtualTime(2);
    time.run(
        () -> {
          SimServer server = new SimServer(2, time);
          try (Mount mount = mount(server);
              OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            write(file, 1003, 5);
            assertThat(server.count("write")).isZero();
            assertThat(Await.result(otherReads(server, 1003))).isEqualTo(5);
            int reads = server.count("read");
            assertThat(read(file, 1003)).isEqualTo(5);
            assertThat(server.count("read")).as("reading is still cached").isEqualTo(reads);
            write(file, 1003, 6);
            assertThat(server.count("write")).as("writing is not").isEqualTo(2);
            assertThat(Await.result(otherReads(server, 1003))).isEqualTo(6);
          }
        });
  }

  @Test
  @Tag("L3")
  void aBreakWaitsForAWriteThatIsUnderWay() throws Exception {
    VirtualTime time = new VirtualTime(4);
    time.run(
        () -> {
          SimServer server = new SimServer(4, time);
          server.maxDelayMicros = 5_000;
          try (Mount mount = mount(server, "dirtyLimit", "8KiB", "wsize", "4KiB");
              OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            CompletableFuture<?> writing =
                time.start("writer", () -> file.write(ByteBuffer.allocate(64 << 10), 0));
            time.sleep(8, TimeUnit.MILLISECONDS);
            assertThat(writing).isNotDone();
            long unsent =
                Await.result(
                    server.leases.other("/f", LeaseState.NONE, () -> mount.stats().dirtyBytes()));
            assertThat(unsent).isZero();
            Await.untilDone(writing);
          }
        });
  }

  @Test
  void withoutALeaseExactBytesGoToAndFromTheServer() throws Exception {
    VirtualTime time = new VirtualTime(3);
    time.run(
        () -> {
          SimServer server = new SimServer(3, time);
          server.leases.most = LeaseState.NONE;
          try (Mount mount = mount(server);
              OpenFile file = mount.open("/f", OpenModes.UPDATE)) {
            server.onRead = (path, offset, count) -> assertThat(count).isEqualTo(8);
            write(file, 1003, 5);
            server.putRange("/f", 1003, ByteBuffer.allocate(8).putLong(0, 9).array());
            assertThat(read(file, 1003)).isEqualTo(9);
            assertThat(server.count("write")).isEqualTo(1);
            assertThat(mount.stats().cachedBytes()).isZero();
          }
        });
  }

  /** A write, or a read, of one register, and when it was under way. */
  record Event(int register, boolean write, long value, long from, long to) {}

  /**
   * Threads of a mount and another client write and read registers at random: each read must show a
   * value that was not overwritten, by a write that was over, before it began.
   */
  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("L3")
  @Tag("C1")
  void nobodySeesAnythingOld(long seed) throws Exception {
    VirtualTime time = new VirtualTime(seed);
    time.run(
        () -> {
          Random random = new Random(seed);
          SimServer server = new SimServer(seed, time);
          server.maxDelayMicros = random.nextBoolean() ? 5_000 : 0;
          server.shortRate = random.nextInt(3) * 0.2;
          List<Event> events = new ArrayList<>();
          long[] last = {0};
          try (Mount mount =
              mount(
                  server,
                  "pageSize",
                  "4KiB",
                  "writebackAge",
                  random.nextBoolean() ? "1ms" : "30s")) {
            List<CompletableFuture<?>> actors = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
              int number = i;
              actors.add(
                  time.start(
                      "actor " + i,
                      () -> {
                        OpenFile file = mount.open("/f", OpenModes.UPDATE);
                        for (int step = 0; step < 60; step++) {
                          int register = random.nextInt(4);
                          long at = 4090L * register;
                          boolean write = random.nextInt(3) == 0;
                          long value = write ? ++last[0] : 0;
                          long from = time.nanoTime();
                          if (number == 0) {
                            if (write) {
                              Await.result(otherWrites(server, at, value));
                            } else {
                              value = Await.result(otherReads(server, at));
                            }
                            time.sleep(random.nextInt(10), TimeUnit.MILLISECONDS);
                          } else if (write) {
                            write(file, at, value);
                          } else {
                            value = read(file, at);
                          }
                          events.add(new Event(register, write, value, from, time.nanoTime()));
                          time.sleep(random.nextInt(2_000), TimeUnit.MICROSECONDS);
                          if (number > 0 && random.nextInt(10) == 0) {
                            file.close();
                            file = mount.open("/f", OpenModes.UPDATE);
                          }
                        }
                        file.close();
                      }));
            }
            actors.forEach(Await::untilDone);
          }
          check(events);
        });
  }

  /** Sees that no read shows what was overwritten before it began. */
  static void check(List<Event> events) {
    int warm = 0;
    for (Event read : events) {
      if (read.write) {
        continue;
      }
      warm++;
      Event source = null;
      for (Event write : events) {
        if (write.write && write.register == read.register && write.value == read.value) {
          source = write;
        }
      }
      assertThat(source != null || read.value == 0).as("%s reads what was written", read).isTrue();
      long written = source == null ? 0 : source.to;
      if (source != null) {
        assertThat(source.from).isLessThanOrEqualTo(read.to);
      }
      for (Event write : events) {
        boolean between =
            write.write
                && write.register == read.register
                && write.from > written
                && write.to < read.from;
        assertThat(between).as("%s was overwritten by %s", read, write).isFalse();
      }
    }
    assertThat(warm).isPositive();
  }
}
