package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One file, a few channels, random operations, against an array of bytes: what fsx does. Each seed
 * chooses its own page size, request sizes and faults; a failure prints the seed and the last
 * operations, and {@code -Dnetfs.fsx.seed=N} runs that seed alone.
 */
@Timeout(120)
class FileModelTest {
  private static final int MAX_SIZE = 300_000;

  static LongStream seeds() {
    Long one = Long.getLong("netfs.fsx.seed");
    return one != null
        ? LongStream.of(one)
        : LongStream.range(0, Long.getLong("netfs.fsx.seeds", 60));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("R1")
  @Tag("R3")
  @Tag("S1")
  @Tag("S3")
  @Tag("S5")
  @Tag("W1")
  void readsWhatWasWritten(long seed) throws IOException {
    new Run(seed, false).execute(Integer.getInteger("netfs.fsx.operations", 400));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("R1")
  @Tag("W3")
  void readsWhatWasWrittenOverBrokenConnections(long seed) throws IOException {
    new Run(seed, true).execute(Integer.getInteger("netfs.fsx.operations", 400) / 2);
  }

  private static final class Run {
    private final long seed;
    private final Random random;
    private final SimServer server;
    private final Mount mount;
    private final List<OpenFile> files = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private byte[] expected = new byte[0];

    Run(long seed, boolean faults) throws IOException {
      this.seed = seed;
      random = new Random(seed);
      server = new SimServer(seed);
      int[] sizes = {1, 511, 4096, 10_000, 65_537, 261_120};
      server.rsize = sizes[1 + random.nextInt(sizes.length - 1)];
      server.wsize = sizes[1 + random.nextInt(sizes.length - 1)];
      server.shortRate = random.nextInt(3) * 0.2;
      server.maxDelayMicros = random.nextBoolean() ? 0 : 200;
      server.disconnectRate = faults ? 0.03 : 0;
      Map<String, Object> options = new HashMap<>();
      options.put("pageSize", 4096 << random.nextInt(3));
      options.put("memory", random.nextBoolean() ? 128 * 1024 : 4 << 20);
      options.put("retries", 50);
      if (random.nextInt(4) == 0) {
        options.put("dirtyLimit", 20_000);
      }
      if (random.nextInt(4) == 0) {
        options.put("writebackAge", "1ms");
      }
      if (random.nextInt(6) == 0) {
        options.put("cache", "none");
      }
      if (random.nextInt(4) == 0) {
        options.put("readahead", 0);
      }
      mount = server.mount(options);
      log.add("options " + options + " rsize " + server.rsize + " wsize " + server.wsize);
    }

    void execute(int operations) throws IOException {
      try {
        files.add(open(Disposition.OPEN_OR_CREATE));
        for (int i = 0; i < operations; i++) {
          step();
        }
        for (OpenFile file : List.copyOf(files)) {
          file.close();
        }
        compare("on the server at the end", server.get("/f"), expected);
        mount.close();
        SimServer.eventually("all handles closed", () -> true);
        assertThat(mount.stats().dirtyBytes()).isZero();
      } catch (IOException | RuntimeException | AssertionError e) {
        int from = Math.max(0, log.size() - 25);
        log.add(String.valueOf(files.isEmpty() ? "" : files.get(0).inode()));
        throw new AssertionError(
            "seed "
                + seed
                + ":\n"
                + log.get(0)
                + "\n"
                + String.join("\n", log.subList(from, log.size())),
            e);
      }
    }

    private OpenFile open(Disposition disposition) throws IOException {
      OpenMode.Caching[] modes = OpenMode.Caching.values();
      OpenMode.Caching caching = random.nextInt(4) == 0 ? modes[random.nextInt(3)] : modes[0];
      return mount.open(
          "/f",
          new OpenMode(true, true, disposition, false, -1, OpenMode.Durability.BACK, caching));
    }

    private void step() throws IOException {
      OpenFile file = files.get(random.nextInt(files.size()));
      switch (random.nextInt(20)) {
        case 0, 1, 2, 3, 4, 5 -> read(file);
        case 6, 7, 8, 9, 10, 11 -> write(file);
        case 12 -> append(file);
        case 13 -> truncate(file);
        case 14 -> {
          log.add("force");
          file.force(true);
          compare("on the server after force", server.get("/f"), expected);
        }
        case 15 -> {
          log.add("size");
          assertThat(file.size()).isEqualTo(expected.length);
        }
        case 16 -> {
          log.add("drop caches");
          mount.dropCaches();
        }
        case 17 -> {
          log.add("stat");
          assertThat(mount.stat("/f", true).size()).isEqualTo(expected.length);
        }
        case 18 -> {
          if (files.size() < 4) {
            log.add("open another");
            files.add(open(Disposition.OPEN_EXISTING));
          }
        }
        default -> {
          log.add("reopen");
          file.close();
          files.remove(file);
          if (files.isEmpty()) {
            compare("on the server after close", server.get("/f"), expected);
          }
          files.add(open(Disposition.OPEN_EXISTING));
        }
      }
    }

    private void read(OpenFile file) throws IOException {
      int position = random.nextInt(expected.length + 100);
      int length = 1 + random.nextInt(random.nextInt(4) == 0 ? 100_000 : 5_000);
      log.add("read " + position + " + " + length + " of " + expected.length + " by " + file);
      ByteBuffer buffer =
          random.nextBoolean() ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
      int count = file.read(buffer, position);
      int wanted = Math.min(length, expected.length - position);
      assertThat(count).isEqualTo(wanted <= 0 ? -1 : wanted);
      if (wanted > 0) {
        byte[] got = new byte[wanted];
        buffer.flip().get(got);
        compare("read", got, Arrays.copyOfRange(expected, position, position + wanted));
      }
    }

    private void write(OpenFile file) throws IOException {
      int length = 1 + random.nextInt(random.nextInt(4) == 0 ? 60_000 : 3_000);
      int position = random.nextInt(Math.min(MAX_SIZE, expected.length + 20_000));
      log.add("write " + position + " + " + length + " of " + expected.length + " by " + file);
      byte[] bytes = bytes(length);
      expected = Arrays.copyOf(expected, Math.max(expected.length, position + length));
      System.arraycopy(bytes, 0, expected, position, length);
      assertThat(file.write(ByteBuffer.wrap(bytes), position)).isEqualTo(length);
    }

    private void append(OpenFile file) throws IOException {
      byte[] bytes = bytes(1 + random.nextInt(3_000));
      log.add("append " + bytes.length + " to " + expected.length);
      int end = expected.length;
      expected = Arrays.copyOf(expected, end + bytes.length);
      System.arraycopy(bytes, 0, expected, end, bytes.length);
      assertThat(file.append(ByteBuffer.wrap(bytes))).isEqualTo(expected.length);
    }

    private void truncate(OpenFile file) throws IOException {
      int size = random.nextInt(expected.length + 10);
      log.add("truncate " + size + " of " + expected.length);
      file.truncate(size);
      expected = Arrays.copyOf(expected, Math.min(size, expected.length));
    }

    private byte[] bytes(int length) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      return bytes;
    }

    private static void compare(String what, byte[] got, byte[] wanted) {
      int at = Arrays.mismatch(got, wanted);
      if (at >= 0) {
        throw new AssertionError(
            what + ": differs at " + at + " (sizes " + got.length + " and " + wanted.length + ")");
      }
    }
  }
}
