package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.Threads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is downloaded ahead of readers, and what is not: seen by how often a reader finds something
 * missing, which is when it would wait for a round trip.
 */
@Timeout(60)
class ReadaheadTest {
  private static final int PAGE = 4096;
  private static final int SIZE = 2 << 20;

  private final SimServer server = new SimServer(1);
  private final byte[] data = new byte[SIZE];
  private final List<Mount> mounts = new ArrayList<>();

  @BeforeEach
  void file() {
    new Random(1).nextBytes(data);
    server.put("/f", data);
  }

  @AfterEach
  void unmount() throws IOException {
    for (Mount mount : mounts) {
      mount.close();
    }
  }

  private Mount mount(Object... options) throws IOException {
    Map<String, Object> map = new HashMap<>(Map.of("pageSize", PAGE, "memory", 4 * SIZE));
    for (int i = 0; i < options.length; i += 2) {
      map.put((String) options[i], options[i + 1]);
    }
    Mount mount = server.mount(map);
    mounts.add(mount);
    return mount;
  }

  private static OpenFile open(Mount mount) throws IOException {
    return mount.open("/f", OpenMode.READ);
  }

  /** Reads, checks what was read, and returns whether the first byte was in memory. */
  private boolean read(OpenFile file, long position, int length) throws IOException {
    ByteBuffer warm = ByteBuffer.allocate(1);
    boolean there = file.readFromMemory(warm, position) == 1;
    ByteBuffer buffer = ByteBuffer.allocate(length);
    int count = file.read(buffer, position);
    int expected = (int) Math.min(length, SIZE - position);
    assertThat(count).isEqualTo(expected);
    assertThat(Arrays.copyOf(buffer.array(), count))
        .isEqualTo(Arrays.copyOfRange(data, (int) position, (int) position + count));
    return there;
  }

  private int misses(OpenFile file, long first, long step, int count, int length)
      throws IOException {
    int misses = 0;
    for (int i = 0; i < count; i++) {
      misses += read(file, first + i * step, length) ? 0 : 1;
    }
    return misses;
  }

  @ParameterizedTest
  @ValueSource(ints = {511, 65_537, 64 * 1024})
  void aFileReadFromItsBeginningIsMissedOnce(int rsize) throws IOException {
    Mount mount = mount("rsize", rsize);
    try (OpenFile file = open(mount)) {
      assertThat(misses(file, 0, 1000, SIZE / 1000, 1000)).isEqualTo(1);
    }
    assertThat(mount.stats().bytesFromServer()).isEqualTo(SIZE);
    assertThat(server.count("read")).isLessThan(SIZE / rsize + SIZE / PAGE / 4);
  }

  @Test
  void readsFromTheMiddleOnAreSequentialFromTheSecondOn() throws IOException {
    try (OpenFile file = open(mount())) {
      assertThat(misses(file, 200 * PAGE, PAGE, 200, PAGE)).isEqualTo(2);
    }
  }

  @Test
  void backwardReadsAreDownloadedAheadToo() throws IOException {
    Mount mount = mount();
    try (OpenFile file = open(mount)) {
      assertThat(misses(file, SIZE - PAGE, -PAGE, SIZE / PAGE, PAGE)).isLessThanOrEqualTo(2);
    }
    assertThat(mount.stats().bytesFromServer()).isEqualTo(SIZE);
  }

  @ParameterizedTest
  @ValueSource(ints = {5 * PAGE, 100_000, -7 * PAGE, 12_345})
  void stridedReadsAreDownloadedAheadWithoutWhatIsBetween(int stride) throws IOException {
    Mount mount = mount();
    int count = (SIZE - 20_000) / Math.abs(stride);
    long first = stride > 0 ? 4 * PAGE : SIZE - 20_000;
    try (OpenFile file = open(mount)) {
      assertThat(misses(file, first, stride, count, 1000)).isLessThanOrEqualTo(count / 10 + 4);
    }
    // Blocks are fetched whole, and the chunk ahead of the last read was not used.
    assertThat(mount.stats().bytesFromServer()).isLessThan((count + 40) * 2L * Reads.BLOCK);
  }

  @Test
  void stridesThatLeaveOutNextToNothingAreSequential() throws IOException {
    try (OpenFile file = open(mount())) {
      assertThat(misses(file, 4 * PAGE, 6000, 300, 4000)).isLessThanOrEqualTo(4);
    }
  }

  @Test
  void severalStreamsThroughOneChannelDoNotDisturbEachOther() throws IOException {
    Mount mount = mount();
    int streams = 6;
    int misses = 0;
    try (OpenFile file = open(mount)) {
      for (int i = 0; i < 60; i++) {
        for (int stream = 0; stream < streams; stream++) {
          long first = (70L * stream + 3L * stream * stream + 5) * PAGE;
          misses += read(file, first + (long) i * PAGE, PAGE) ? 0 : 1;
        }
      }
    }
    assertThat(misses).isLessThanOrEqualTo(3 * streams);
  }

  @Test
  void randomReadsFetchNothingInVain() throws IOException {
    Mount mount = mount();
    Random random = new Random(7);
    int reads = 400;
    int length = 2 * PAGE;
    try (OpenFile file = open(mount)) {
      for (int i = 0; i < reads; i++) {
        read(file, (long) random.nextInt(SIZE / length) * length, length);
      }
    }
    assertThat(server.count("read")).isLessThanOrEqualTo(reads);
    // By accident some reads follow one another; the file is small.
    assertThat(mount.stats().bytesFromServer()).isLessThan((long) (1.1 * reads * length));
  }

  @Test
  void withoutReadaheadExactlyWhatIsReadIsFetched() throws IOException {
    Mount mount = mount("readahead", 0);
    try (OpenFile file = open(mount)) {
      assertThat(misses(file, 0, PAGE, 50, PAGE)).isEqualTo(50);
    }
    assertThat(mount.stats().bytesFromServer()).isEqualTo(50 * PAGE);
  }

  @Test
  @Tag("R6")
  void aSecondReaderGoesOnWhereTheFirstOneClosed() throws IOException {
    Mount mount = mount();
    try (OpenFile second = open(mount)) {
      try (OpenFile first = open(mount)) {
        misses(first, 0, PAGE, 20, PAGE);
      }
      assertThat(misses(second, 0, PAGE, SIZE / PAGE, PAGE)).isLessThanOrEqualTo(1);
    }
    assertThat(mount.stats().bytesFromServer()).isEqualTo(SIZE);
  }

  @Test
  void whatNobodyWaitsForIsNotSentAnyMore() throws Exception {
    Mount mount = mount("rsize", PAGE, "depth", 1);
    int requests = SIZE / 4 / PAGE;
    OpenFile file = open(mount);
    server.maxDelayMicros = 4000;
    CompletableFuture<Throwable> reader =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                read(file, 0, SIZE / 4);
                return new AssertionError("read although it was closed");
              } catch (IOException e) {
                return e;
              }
            },
            Threads.EACH);
    SimServer.eventually("the reader waits", () -> server.count("read") > 1);
    file.close();
    assertThat(reader.get()).isInstanceOf(AsynchronousCloseException.class);
    server.maxDelayMicros = 0;
    try (OpenFile again = open(mount)) {
      assertThat(server.count("read")).isLessThan(requests);
      assertThat(misses(again, 0, PAGE, SIZE / PAGE, PAGE)).isLessThan(SIZE / PAGE / 8);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {PAGE, 100 * PAGE})
  void manyFilesAreReadAheadWithinTheBudget(int length) throws IOException {
    Mount mount = mount("memory", SIZE);
    List<OpenFile> files = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      server.put("/" + i, data);
    }
    try {
      for (int i = 0; i < 40; i++) {
        OpenFile file = mount.open("/" + i, OpenMode.READ);
        files.add(file);
        int count = Math.min(10, SIZE / 2 / length);
        misses(file, 0, length, count, length);
        misses(file, SIZE - length, -length, count, length);
      }
      assertThat(mount.stats().cachedBytes()).isLessThanOrEqualTo(SIZE);
    } finally {
      for (OpenFile file : files) {
        file.close();
      }
    }
  }
}
