package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Two mounts of a Samba share, which take the leases on one file from each other: whoever opens it
 * finds what the file is to have by then, whichever of the two has written it last.
 *
 * <p>{@code -Dnetfs.clients.seed=N} runs one seed, {@code -Dnetfs.clients.seeds=N} more of them.
 */
@Timeout(180)
class TwoClientsIT {
  private static final int MOST = 200_000;
  private static final int STEPS = 150;

  private static SambaServer server;
  private static CountingProxy proxy;

  @BeforeAll
  static void start() throws IOException {
    server = SambaServer.start();
    proxy = CountingProxy.to(server.host(), server.port());
  }

  @AfterAll
  static void stop() {
    if (proxy != null) {
      proxy.close();
    }
    if (server != null) {
      server.close();
    }
  }

  static LongStream seeds() {
    Long one = Long.getLong("netfs.clients.seed");
    return one != null
        ? LongStream.of(one)
        : LongStream.range(0, Long.getLong("netfs.clients.seeds", 6));
  }

  private static FileSystem mount(int port, String cache, String delay) throws IOException {
    Map<String, Object> options = new HashMap<>(server.options());
    options.put("cache", cache);
    options.put("closeDelay", delay);
    options.put("pageSize", "4KiB");
    return FileSystems.newFileSystem(server.uri(port, ""), options);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("L3")
  @Tag("C2")
  void whoOpensAFileFindsWhatTheOtherHasWritten(long seed) throws Exception {
    Random random = new Random(seed);
    String name = "/f" + seed;
    byte[] expected = {};
    try (FileSystem one = mount(server.port(), mode(random), delay(random));
        FileSystem two = mount(proxy.port(), mode(random), delay(random))) {
      List<Path> files = List.of(one.getPath(name), two.getPath(name));
      for (int step = 0; step < STEPS; step++) {
        int client = random.nextInt(2);
        boolean writes = step == 0 || random.nextInt(3) == 0;
        String what = "seed " + seed + ", step " + step + ", client " + client;
        try (FileChannel channel = open(files.get(client), writes)) {
          if (random.nextBoolean()) {
            check(channel, random, expected, what);
          }
          for (int i = writes ? 1 + random.nextInt(3) : 0; i > 0; i--) {
            expected = change(channel, random, expected);
          }
          check(channel, random, expected, what);
        }
      }
    }
    assertThat(server.data().resolve(name.substring(1))).hasBinaryContent(expected);
  }

  private static String mode(Random random) {
    return random.nextBoolean() ? "strict" : "close-to-open";
  }

  private static String delay(Random random) {
    return random.nextInt(3) == 0 ? "0s" : "1h";
  }

  private static FileChannel open(Path file, boolean writes) throws IOException {
    return writes
        ? FileChannel.open(
            file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE)
        : FileChannel.open(file);
  }

  private static byte[] change(FileChannel channel, Random random, byte[] before)
      throws IOException {
    if (random.nextInt(5) == 0) {
      int size = random.nextInt(before.length + 1);
      channel.truncate(size);
      return Arrays.copyOf(before, size);
    }
    byte[] bytes = new byte[1 + random.nextInt(random.nextBoolean() ? 20 : 10_000)];
    random.nextBytes(bytes);
    int at = random.nextInt(MOST);
    assertThat(channel.write(ByteBuffer.wrap(bytes), at)).isEqualTo(bytes.length);
    byte[] after = Arrays.copyOf(before, Math.max(before.length, at + bytes.length));
    System.arraycopy(bytes, 0, after, at, bytes.length);
    return after;
  }

  private static void check(FileChannel channel, Random random, byte[] expected, String what)
      throws IOException {
    assertThat(channel.size()).as(what).isEqualTo(expected.length);
    int from = random.nextInt(3) == 0 ? 0 : random.nextInt(expected.length + 1);
    int to =
        random.nextInt(3) == 0
            ? expected.length
            : Math.min(expected.length, from + 1 + random.nextInt(9_000));
    ByteBuffer read = ByteBuffer.allocate(to - from);
    while (read.hasRemaining()) {
      assertThat(channel.read(read, from + read.position())).as(what).isPositive();
    }
    assertThat(Arrays.mismatch(read.array(), Arrays.copyOfRange(expected, from, to)))
        .as("%s: the first wrong byte after %s", what, from)
        .isEqualTo(-1);
  }
}
