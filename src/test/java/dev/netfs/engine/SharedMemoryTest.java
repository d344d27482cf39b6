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
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How many files of different sizes, read in different ways, share a mount's memory. */
@Timeout(60)
class SharedMemoryTest {
  private static final int KIB = 1024;
  private static final int PAGE = 64 * KIB;

  private final SimServer server = new SimServer(1);
  private final Map<String, byte[]> contents = new HashMap<>();
  private Mount mount;

  private void mount(int memory, Object... options) throws IOException {
    Map<String, Object> map = new HashMap<>(Map.of("pageSize", PAGE, "memory", memory));
    for (int i = 0; i < options.length; i += 2) {
      map.put((String) options[i], options[i + 1]);
    }
    mount = server.mount(map);
  }

  @AfterEach
  void unmount() throws IOException {
    if (mount != null) {
      mount.close();
    }
  }

  private void put(String path, int size) {
    byte[] data = new byte[size];
    new Random(path.hashCode()).nextBytes(data);
    contents.put(path, data);
    server.put(path, data);
  }

  private void check(OpenFile file, String path, long position, int length) throws IOException {
    byte[] expected = contents.get(path);
    ByteBuffer buffer = ByteBuffer.allocate(length);
    int count = file.read(buffer, position);
    assertThat(count).isEqualTo((int) Math.min(length, expected.length - position));
    assertThat(
            Arrays.mismatch(
                buffer.array(), 0, count, expected, (int) position, (int) position + count))
        .as("where %s differs after %s", path, position)
        .isEqualTo(-1);
  }

  private void checkAll(String path) throws IOException {
    try (OpenFile file = mount.open(path, OpenMode.READ)) {
      check(file, path, 0, contents.get(path).length);
    }
  }

  private long downloaded() {
    return mount.stats().bytesFromServer();
  }

  @Test
  void smallFilesTakeTheMemoryThatTheyNeed() throws IOException {
    mount(KIB * KIB);
    for (int i = 0; i < 200; i++) {
      put("/" + i, 4 * KIB - i);
    }
    for (int i = 0; i < 200; i++) {
      checkAll("/" + i);
    }
    assertThat(mount.stats().cachedBytes()).isBetween(800L * KIB, 832L * KIB);
    long before = downloaded();
    for (int i = 0; i < 200; i++) {
      checkAll("/" + i);
    }
    assertThat(downloaded()).isEqualTo(before);
  }

  @Test
  void theEndOfAFileTakesTheMemoryThatItNeeds() throws IOException {
    mount(KIB * KIB);
    for (int i = 0; i < 10; i++) {
      put("/" + i, PAGE + 7 * KIB);
      checkAll("/" + i);
    }
    // Ten whole pages, and ten of 8 KiB in two more frames.
    assertThat(mount.stats().cachedBytes()).isEqualTo(12L * PAGE);
  }

  @Test
  void smallAndLargeFilesShareOneBudget() throws IOException {
    int memory = 32 * PAGE;
    mount(memory);
    for (int i = 0; i < 400; i++) {
      put("/small" + i, 1 + i * 40);
    }
    put("/large", 4 * memory);
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 400; i++) {
        checkAll("/small" + i);
        assertThat(mount.stats().cachedBytes()).isLessThanOrEqualTo(memory + 2L * PAGE);
      }
      try (OpenFile file = mount.open("/large", OpenMode.READ)) {
        for (int at = 0; at < 4 * memory; at += 10_000) {
          check(file, "/large", at, 10_000);
          // Beside the budget, what is held ahead of the reader while nothing else can go.
          assertThat(mount.stats().cachedBytes()).isLessThanOrEqualTo(2L * memory);
        }
      }
      assertThat(mount.stats().cachedBytes()).isLessThanOrEqualTo(memory + 2L * PAGE);
    }
    mount.dropCaches();
    assertThat(mount.stats().cachedBytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 20_000, 1 << 20})
  void aStreamDoesNotEvictWhatOthersComeBackTo(int readahead) throws IOException {
    int memory = 64 * PAGE;
    mount(memory, "readahead", readahead);
    int size = 8 * memory;
    put("/stream", size);
    List<OpenFile> open = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      put("/hot" + i, 16 * KIB);
      OpenFile file = mount.open("/hot" + i, OpenMode.READ);
      open.add(file);
      check(file, "/hot" + i, 0, 16 * KIB);
    }
    int again = 0;
    try (OpenFile stream = mount.open("/stream", OpenMode.READ)) {
      // Each hot file comes back every 1.6 MiB of the stream.
      for (int at = 0, turn = 0; at < size; at += 4 * KIB) {
        check(stream, "/stream", at, 4 * KIB);
        if (at % (16 * KIB) == 0) {
          int hot = turn++ % 100;
          ByteBuffer first = ByteBuffer.allocate(1);
          again += open.get(hot).readFromMemory(first, 0) == 1 ? 0 : 1;
          check(open.get(hot), "/hot" + hot, 0, 16 * KIB);
        }
      }
    }
    for (OpenFile file : open) {
      file.close();
    }
    assertThat(again).as("of %s reads, those that found nothing", size / (16 * KIB)).isLessThan(20);
  }

  @Test
  void noneOfManyStreamsIsStarved() throws IOException {
    mount(32 * PAGE);
    int size = 10 * PAGE;
    List<OpenFile> open = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      put("/" + i, size);
      open.add(mount.open("/" + i, OpenMode.READ));
    }
    for (int at = 0; at < size; at += 8 * KIB) {
      for (int i = 0; i < open.size(); i++) {
        check(open.get(i), "/" + i, at, 8 * KIB);
      }
    }
    for (OpenFile file : open) {
      file.close();
    }
    assertThat(downloaded()).as("40 files").isLessThan(40L * size * 5 / 4);
  }

  @Test
  @Tag("W1")
  void aPageGrowsWhileItIsOnItsWay() throws IOException {
    mount(64 * PAGE);
    byte[] content = new byte[3 * PAGE];
    new Random(3).nextBytes(content);
    OpenMode create =
        new OpenMode(
            true,
            true,
            Disposition.CREATE_NEW,
            false,
            -1,
            OpenMode.Durability.BACK,
            OpenMode.Caching.CACHED);
    AtomicInteger written = new AtomicInteger();
    OpenFile file = mount.open("/f", create);
    server.beforeRequest =
        kind -> {
          int from = written.get();
          if (kind.equals("write") && from < content.length) {
            try {
              write(file, content, written, 3_001);
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          }
        };
    while (written.get() < content.length) {
      write(file, content, written, 1 + written.get() % 5_000);
      mount.sync();
      ByteBuffer all = ByteBuffer.allocate(content.length + 1);
      int size = file.read(all, 0);
      assertThat(size).isEqualTo(written.get());
      assertThat(Arrays.copyOf(all.array(), size)).isEqualTo(Arrays.copyOf(content, size));
    }
    file.close();
    assertThat(server.get("/f")).isEqualTo(content);
    mount.dropCaches();
    assertThat(mount.stats().cachedBytes()).isZero();
  }

  private static void write(OpenFile file, byte[] content, AtomicInteger written, int count)
      throws IOException {
    int from = written.get();
    int length = Math.min(count, content.length - from);
    file.write(ByteBuffer.wrap(content, from, length), from);
    written.addAndGet(length);
  }

  @Test
  @Tag("S5")
  void aSmallFileThatGrowsByAHoleReadsAsZerosThere() throws IOException {
    mount(64 * PAGE);
    for (int from : new int[] {0, 1, 4_000, 4_096, 5_000}) {
      for (int to : new int[] {4_095, 4_097, 20_000, PAGE - 1, PAGE, PAGE + 5_000}) {
        String path = "/" + from + "-" + to;
        put(path, from);
        byte[] expected = Arrays.copyOf(contents.get(path), Math.max(from, to + 1));
        expected[to] = 1;
        contents.put(path, expected);
        OpenMode update = OpenModes.UPDATE;
        try (OpenFile file = mount.open(path, update)) {
          file.read(ByteBuffer.allocate(1), 0);
          file.write(ByteBuffer.wrap(new byte[] {1}), to);
          check(file, path, 0, expected.length);
        }
        assertThat(server.get(path)).isEqualTo(expected);
        checkAll(path);
      }
    }
  }
}
