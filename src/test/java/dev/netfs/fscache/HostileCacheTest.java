package dev.netfs.fscache;

import static dev.netfs.fscache.CacheFixture.SHARE;
import static dev.netfs.fscache.CacheFixture.bytes;
import static dev.netfs.fscache.CacheFixture.readAndCompare;
import static dev.netfs.fscache.CacheFixture.state;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Somebody changes the cache's files: flips a byte, cuts one off, swaps two, brings back an older
 * copy, or writes noise. Never a wrong byte, never an exception, and what is damaged is replaced.
 * Each seed is one directory and {@value #CASES} cases; {@code -Dnetfs.hostile.seeds=N} runs more
 * seeds, and {@code -Dnetfs.hostile.seed=S} one.
 */
@Timeout(600)
class HostileCacheTest {
  private static final int CASES = 40;
  private static final int FILES = 4;

  @TempDir Path temp;

  private static final Logger LOG = Logger.getLogger("dev.netfs.fscache");

  @BeforeAll
  static void quiet() {
    LOG.setLevel(Level.OFF); // each of hundreds of caches warns once
  }

  @AfterAll
  static void loud() {
    LOG.setLevel(null);
  }

  static LongStream seeds() {
    Long one = Long.getLong("netfs.hostile.seed");
    return one != null
        ? LongStream.of(one)
        : LongStream.range(0, Long.getLong("netfs.hostile.seeds", 12));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("C7")
  @Tag("C2")
  void noDamageShows(long seed) throws IOException {
    new Run(seed).execute();
  }

  private final class Run {
    final long seed;
    final Random random;
    final Path directory = temp.resolve("cache");
    final CacheKey key;
    final boolean encrypted;
    final int granule;
    final byte[][] content = new byte[FILES][];
    final int[] time = new int[FILES];
    final Map<Path, List<byte[]>> older = new HashMap<>();
    final Map<String, List<Map<String, KnownObject>>> everSaid = new HashMap<>();

    Run(long seed) throws IOException {
      this.seed = seed;
      this.random = new Random(seed);
      this.key = CacheFixture.keyFile(temp, 1);
      this.encrypted = seed % 3 != 0;
      this.granule = 4096 << random.nextInt(5);
    }

    void execute() throws IOException {
      for (int i = 0; i < FILES; i++) {
        change(i, 1_000 + random.nextInt(120_000));
      }
      readAndFill();
      for (int i = 0; i < CASES; i++) {
        List<Path> all = files();
        remember(all);
        String damage = damage(all);
        try {
          readAndFill();
        } catch (IOException | RuntimeException | AssertionError e) {
          throw new AssertionError("seed " + seed + ", case " + i + ": " + damage, e);
        }
        if (random.nextInt(4) == 0) {
          change(random.nextInt(FILES), 0);
        }
      }
    }

    /** The server's file changes; its size stays, mostly, so that only its time tells. */
    void change(int file, int size) {
      int length = size > 0 ? size : content[file].length + random.nextInt(2) * 100;
      content[file] = bytes(random.nextLong(), length);
      for (int at = 3_000; seed % 2 != 0 && at < length; at += 1_000) {
        // So that it can be compressed.
        System.arraycopy(content[file], at - 3_000, content[file], at, Math.min(900, length - at));
      }
      time[file]++;
    }

    /** Each mount has an option of its own, and half of the caches are compressed, all in all. */
    Codec codec() {
      Codec[] all = Codec.values();
      return seed % 2 == 0 ? Codec.NONE : all[random.nextInt(all.length)];
    }

    /** As a mount does after a start: opens the cache, reads what is there, fills in the rest. */
    void readAndFill() throws IOException {
      try (FsCache cache = CacheFixture.cache(directory);
          Volume volume = cache.volume(SHARE, encrypted ? key : null, granule, codec())) {
        for (int i = 0; i < FILES; i++) {
          CoherencyData state = state(content[i].length, time[i]);
          try (Cookie cookie = Objects.requireNonNull(volume.open("/f" + i, state, true))) {
            readAndCompare(cookie, content[i]);
            CacheFixture.write(cookie, content[i], 0, content[i].length);
            assertThat(readAndCompare(cookie, content[i])).isEqualTo(content[i].length);
          }
          readAndReplace(volume.metadata(), "/d" + i, i);
        }
        cache.maintain();
      }
    }

    /** What is known of a directory is something that was once said of it, or nothing. */
    void readAndReplace(Metadata metadata, String path, int file) throws IOException {
      List<Map<String, KnownObject>> said = everSaid.computeIfAbsent(path, p -> new ArrayList<>());
      DirectoryRecord found = metadata.read(path);
      if (found != null) {
        assertThat(said).contains(found.objects());
        assertThat(found.get("f" + file)).isNotNull();
      }
      KnownObject object =
          MetadataTest.file(content[file].length, 1000L * time[file]).withTarget("t" + said.size());
      Map<String, KnownObject> objects = Map.of("f" + file, object);
      said.add(objects);
      assertThat(metadata.update(path, 0, b -> MetadataTest.record(path, 5, objects))).isNotNull();
      assertThat(Objects.requireNonNull(metadata.read(path)).objects()).isEqualTo(objects);
      metadata.changed(metadata.slot(path), 1000L * time[file]);
      assertThat(metadata.changedMillis(metadata.slot(path)))
          .isGreaterThanOrEqualTo(1000L * time[file]);
    }

    List<Path> files() throws IOException {
      try (Stream<Path> all = Files.walk(directory, FileVisitOption.FOLLOW_LINKS)) {
        // Both headers of a volume at once are another matter: all of it is gone then.
        return new ArrayList<>(
            all.filter(Files::isRegularFile)
                .filter(file -> !file.getFileName().toString().equals("volume.bak"))
                .sorted()
                .toList());
      }
    }

    void remember(List<Path> all) throws IOException {
      for (Path file : all) {
        if (isKeyed(file) && random.nextInt(3) == 0) {
          older.computeIfAbsent(file, f -> new ArrayList<>()).add(Files.readAllBytes(file));
        }
      }
    }

    String damage(List<Path> all) throws IOException {
      Path file = all.get(random.nextInt(all.size()));
      byte[] bytes = Files.readAllBytes(file);
      switch (random.nextInt(6)) {
        case 0, 1 -> {
          if (bytes.length == 0) {
            return "nothing";
          }
          int at =
              random.nextInt(3) == 0
                  ? random.nextInt(Math.min(200, bytes.length))
                  : random.nextInt(bytes.length);
          bytes[at] ^= (byte) (1 << random.nextInt(8));
          Files.write(file, bytes);
          return file + " flipped at " + at;
        }
        case 2 -> {
          int length = random.nextInt(bytes.length + 1);
          Files.write(file, Arrays.copyOf(bytes, length));
          return file + " cut to " + length;
        }
        case 3 -> {
          Path other = all.get(random.nextInt(all.size()));
          byte[] others = Files.readAllBytes(other);
          if (isKeyed(file) && isKeyed(other)) {
            Files.write(file, others);
            Files.write(other, bytes);
          }
          return file + " swapped with " + other;
        }
        case 4 -> {
          List<byte[]> copies = older.get(file);
          if (copies == null) {
            return "nothing";
          }
          byte[] copy = copies.get(random.nextInt(copies.size()));
          if (random.nextBoolean()) {
            Files.write(file, copy);
            return file + " replaced by an older copy";
          }
          // A slot of an older copy, in the place of the one that is there now.
          int slot = new Slots(granule, 1, new byte[16]).slotSize();
          int count = (bytes.length - CookieHeader.REGION) / slot;
          int from = CookieHeader.REGION + slot * (count <= 0 ? 0 : random.nextInt(count));
          int to = Math.min(Math.min(bytes.length, copy.length), from + slot);
          if (from < to) {
            System.arraycopy(copy, from, bytes, from, to - from);
            Files.write(file, bytes);
          }
          return file + " has an older slot at " + from;
        }
        default -> {
          byte[] noise = bytes(random.nextLong(), 1 + random.nextInt(300));
          int at = random.nextInt(bytes.length + 1);
          byte[] longer = Arrays.copyOf(bytes, Math.max(bytes.length, at + noise.length));
          System.arraycopy(noise, 0, longer, at, noise.length);
          Files.write(file, longer);
          return file + " has noise at " + at;
        }
      }
    }

    private boolean isKeyed(Path file) {
      return file.toString().contains("/objects/") || file.toString().contains("/meta/");
    }
  }
}
