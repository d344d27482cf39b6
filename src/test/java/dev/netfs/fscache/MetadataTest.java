package dev.netfs.fscache;

import static dev.netfs.fscache.CacheFixture.SHARE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import dev.netfs.testing.Directories;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a volume keeps of names: that it comes back as it was, or not at all. */
@Timeout(120)
class MetadataTest {
  private static final long NEVER = Long.MIN_VALUE;

  @TempDir Path temp;
  private Path directory;
  private CacheKey key;

  @BeforeEach
  void path() throws IOException {
    directory = temp.resolve("cache");
    key = CacheFixture.keyFile(temp, 1);
  }

  /** Does something with a volume's metadata, as a JVM does that starts and ends. */
  private interface Use {
    void of(Metadata metadata, FsCache cache) throws IOException;
  }

  private void use(boolean encrypted, Use use) throws IOException {
    try (FsCache cache = CacheFixture.cache(directory);
        Volume volume = cache.volume(SHARE, encrypted ? key : null, 65536, Codec.NONE)) {
      use.of(volume.metadata(), cache);
    }
  }

  static KnownObject file(long size, long said) {
    return KnownObject.of(
        FileInfo.of(FileType.REGULAR)
            .size(size)
            .modified(FileTime.from(Instant.ofEpochSecond(1_700_000_000L, 123_456_700)))
            .mode(0640)
            .build(),
        said,
        false);
  }

  static DirectoryRecord record(String path, long said, Map<String, KnownObject> objects) {
    return DirectoryRecord.builder(path, null).listing(said, objects).build();
  }

  private static final KnownObject FULL =
      KnownObject.of(
              FileInfo.of(FileType.SYMBOLIC_LINK)
                  .size(Long.MAX_VALUE)
                  .modified(FileTime.from(Instant.ofEpochSecond(-5, 7)))
                  .accessed(FileTime.fromMillis(1))
                  .created(FileTime.from(Instant.MAX))
                  .changed(FileTime.from(Instant.MIN))
                  .mode(07777)
                  .uid(4)
                  .gid(5)
                  .owner("ö")
                  .group("g")
                  .links(3)
                  .fileKey(77L)
                  .version("v")
                  .dos(FileInfo.HIDDEN)
                  .build(),
              12,
              true)
          .withTarget("../elsewhere");

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void allComesBackAsItWas(boolean encrypted) throws IOException {
    Map<String, KnownObject> objects = new TreeMap<>();
    objects.put("full", FULL);
    objects.put("plain", file(5, 1000));
    objects.put(
        "key", KnownObject.of(FileInfo.of(FileType.OTHER).fileKey("(1,2)").build(), 3, false));
    objects.put("\ud83d\ude00 \u0000", file(0, 1000));
    DirectoryRecord record =
        DirectoryRecord.builder("/a", null)
            .listing(1000, objects)
            .put(DirectoryRecord.ITSELF, file(1, 2))
            .build();
    use(
        encrypted,
        (metadata, cache) -> {
          assertThat(metadata.update("/a", NEVER, before -> record)).isSameAs(record);
          metadata.update(
              "/b",
              NEVER,
              before -> DirectoryRecord.builder("/b", before).put("x", file(1, 9)).build());
        });
    use(
        encrypted,
        (metadata, cache) -> {
          DirectoryRecord found = Objects.requireNonNull(metadata.read("/a"));
          assertThat(found.objects()).isEqualTo(record.objects());
          assertThat(found.isListed()).isTrue();
          assertThat(found.listedMillis()).isEqualTo(1000);
          DirectoryRecord other = Objects.requireNonNull(metadata.read("/b"));
          assertThat(other.isListed()).isFalse();
          assertThat(other.objects()).containsOnlyKeys("x");
          assertThat(metadata.read("/c")).isNull();
          assertThat(cache.refutedSlots()).isZero();
        });
  }

  @Test
  void aKeyOfAnUnknownKindTellsStatesApartAndIsNotShown() throws IOException {
    Object unknown = List.of("dev", 5);
    KnownObject object =
        KnownObject.of(FileInfo.of(FileType.REGULAR).fileKey(unknown).build(), 3, false);
    use(
        true,
        (metadata, cache) -> metadata.update("/", NEVER, b -> record("/", 5, Map.of("f", object))));
    use(
        true,
        (metadata, cache) -> {
          KnownObject found =
              Objects.requireNonNull(Objects.requireNonNull(metadata.read("/")).get("f"));
          assertThat(found.info().fileKey()).isNull();
          assertThat(found.coherency()).isEqualTo(CoherencyData.of(object.info()));
        });
  }

  @Test
  void aListingReplacesWhatWasThereAndLinksKeepTheirTargets() {
    KnownObject link =
        KnownObject.of(FileInfo.of(FileType.SYMBOLIC_LINK).size(4).build(), 5, false);
    KnownObject changed =
        KnownObject.of(
            FileInfo.of(FileType.SYMBOLIC_LINK).size(4).modified(FileTime.fromMillis(9)).build(),
            5,
            false);
    DirectoryRecord record =
        DirectoryRecord.builder("/", null)
            .listing(5, Map.of("same", link, "changed", link, "gone", link))
            .put(DirectoryRecord.ITSELF, file(1, 2))
            .target("same", "a")
            .target("changed", "b")
            .target("unknown", "c")
            .listing(6, Map.of("same", link, "changed", changed))
            .build();
    assertThat(record.objects()).containsOnlyKeys("", "same", "changed");
    assertThat(Objects.requireNonNull(record.get("same")).target()).isEqualTo("a");
    assertThat(Objects.requireNonNull(record.get("changed")).target()).isNull();
  }

  @Test
  @Tag("C7")
  void whatIsDamagedOrOfAnotherDirectoryIsAMissAndRemoved() throws IOException {
    for (boolean encrypted : new boolean[] {true, false}) {
      use(
          encrypted,
          (metadata, cache) -> {
            metadata.update("/a", NEVER, b -> record("/a", 5, Map.of("f", file(1, 5))));
            Path a = Objects.requireNonNull(files("/meta/").get(0));
            metadata.update("/b", NEVER, b -> record("/b", 5, Map.of("g", file(2, 5))));
            Path b = files("/meta/").stream().filter(f -> !f.equals(a)).findAny().orElseThrow();
            byte[] good = Files.readAllBytes(a);
            for (int i = 0; i < good.length; i++) {
              byte[] bad = good.clone();
              bad[i] ^= 16;
              Files.write(a, bad);
              DirectoryRecord found = metadata.read("/a");
              if (found != null) { // what only advises may be wrong
                assertThat(i < MetadataFormat.HEAD || !encrypted).isTrue();
                assertThat(found.objects()).isEqualTo(Map.of("f", file(1, 5)));
              } else {
                assertThat(a).doesNotExist();
              }
              Files.write(a, java.util.Arrays.copyOf(good, i));
              assertThat(metadata.read("/a")).isNull();
            }
            Files.copy(b, a);
            long before = cache.refutedSlots();
            assertThat(metadata.read("/a")).isNull();
            assertThat(cache.refutedSlots()).isEqualTo(before + 1);
            assertThat(metadata.read("/b")).isNotNull();
          });
      Directories.delete(directory);
    }
  }

  private List<Path> files(String kind) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> file.toString().contains(kind) && !file.endsWith("changed"))
          .sorted()
          .toList();
    }
  }

  @Test
  void nothingInTheDirectoryShowsNamesTargetsOrOwners() throws IOException {
    KnownObject link =
        KnownObject.of(
                FileInfo.of(FileType.SYMBOLIC_LINK).owner("mallory").group("accounting").build(),
                5,
                false)
            .withTarget("/hidden-target");
    use(
        true,
        (metadata, cache) -> {
          metadata.update(
              "/private-folder",
              NEVER,
              b -> record("/private-folder", 5, Map.of("salary-list", link)));
          metadata.changed(metadata.slot("/private-folder"), 7);
        });
    int looked = 0;
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        String shown =
            directory.relativize(file)
                + (Files.isRegularFile(file)
                    ? new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                    : "");
        looked += shown.contains("nfsM") ? 1 : 0;
        assertThat(shown)
            .doesNotContain("private")
            .doesNotContain("salary")
            .doesNotContain("hidden")
            .doesNotContain("mallory")
            .doesNotContain("accounting")
            .doesNotContain("SYMBOLIC");
      }
    }
    assertThat(looked).isEqualTo(1);
  }

  @Test
  void changesAreNotedForADirectoryOrForAll() throws IOException {
    use(
        true,
        (metadata, cache) -> {
          metadata.changed(metadata.slot("/a"), 300); // there are no records yet
          assertThat(metadata.changedMillis(metadata.slot("/a"))).isEqualTo(Long.MIN_VALUE);
          metadata.update("/", NEVER, b -> record("/", 5, Map.of()));
          int slot = metadata.slot("/a");
          int other = metadata.slot("/b");
          assertThat(slot).isBetween(1, Metadata.slots() - 1).isNotEqualTo(other);
          assertThat(metadata.changedMillis(slot)).isEqualTo(Long.MIN_VALUE);
          Thread.currentThread().interrupt();
          metadata.changed(slot, 500);
          assertThat(Thread.interrupted()).isTrue();
          metadata.changed(slot, 400);
        });
    use(
        true,
        (metadata, cache) -> {
          assertThat(metadata.changedMillis(metadata.slot("/a"))).isEqualTo(500);
          assertThat(metadata.changedMillis(metadata.slot("/b"))).isEqualTo(Long.MIN_VALUE);
          metadata.update("/c", 650, b -> record("/c", 5, Map.of()));
          assertThat(metadata.changedMillis(metadata.slot("/c"))).isEqualTo(650);
          metadata.changed(0, 700);
          assertThat(metadata.changedMillis(metadata.slot("/b"))).isEqualTo(700);
          Path marks = directory.resolve("volumes");
          try (Stream<Path> all = Files.walk(marks)) {
            marks = all.filter(file -> file.endsWith("changed")).findAny().orElseThrow();
          }
          byte[] bytes = Files.readAllBytes(marks);
          bytes[3] ^= 1;
          Files.write(marks, bytes);
          assertThat(metadata.changedMillis(metadata.slot("/b"))).isEqualTo(Long.MAX_VALUE);
          metadata.changed(0, 800);
          assertThat(metadata.changedMillis(metadata.slot("/b"))).isEqualTo(800);
        });
  }

  @Test
  void whatIsUnwantedIsRemoved() throws IOException {
    use(
        true,
        (metadata, cache) -> {
          for (String path : List.of("/a", "/a/b", "/ab", "/a/c")) {
            long said = path.equals("/a/c") ? 50 : 5;
            metadata.update(path, NEVER, b -> record(path, said, Map.of("f", file(1, said))));
          }
          metadata.removeIf(
              record -> Volume.isBelow(record.path(), "/a") && record.newestMillis() < 50);
          assertThat(metadata.read("/a")).isNull();
          assertThat(metadata.read("/a/b")).isNull();
          assertThat(metadata.read("/ab")).isNotNull();
          assertThat(metadata.read("/a/c")).isNotNull();
          metadata.removeIf(record -> record.path().equals("/ab"));
          assertThat(metadata.read("/ab")).isNull();
          assertThat(files("/meta/")).hasSize(1);
        });
  }

  @Test
  void whatIsTooOldOrTooLargeIsNotLookedInto() throws IOException {
    use(
        true,
        (metadata, cache) -> {
          metadata.update("/a", NEVER, b -> record("/a", 5, Map.of("f", file(1, 5))));
          byte[] bytes = Files.readAllBytes(files("/meta/").get(0));
          bytes[bytes.length - 1] ^= 1;
          Files.write(files("/meta/").get(0), bytes);
          assertThat(metadata.read("/a", 6, Long.MAX_VALUE)).isNull();
          assertThat(metadata.read("/a", 5, bytes.length - 1)).isNull();
          assertThat(cache.refutedSlots()).isZero();
          assertThat(metadata.read("/a", 5, bytes.length)).isNull();
          assertThat(cache.refutedSlots()).isEqualTo(1);
        });
  }

  @Test
  @Tag("C6")
  void recordsCountAndTheLeastRecentlyUsedGoFirst() throws IOException {
    Map<String, KnownObject> many = new TreeMap<>();
    for (int i = 0; i < 1000; i++) {
      many.put("file-" + i, file(i, 5));
    }
    try (FsCache cache = FsCache.open(directory, new CacheLimits(300_000, 3, 2, 0));
        Volume volume = cache.volume(SHARE, key, 65536, Codec.NONE)) {
      Metadata metadata = volume.metadata();
      cache.maintain();
      metadata.update("/1", NEVER, b -> record("/1", 5, many));
      long one = cache.usage();
      assertThat(one).isBetween(40_000L, 140_000L);
      assertThat(one).isEqualTo(Files.size(files("/meta/").get(0)));
      metadata.update("/1", NEVER, b -> record("/1", 6, many));
      assertThat(cache.usage()).isEqualTo(one);
      Path first = files("/meta/").get(0);
      Files.setLastModifiedTime(first, FileTime.fromMillis(1_000_000_000_000L));
      int count = 1;
      while (cache.usage() <= 300_000) {
        String path = "/" + ++count;
        metadata.update(path, NEVER, b -> record(path, 5, many));
      }
      cache.maintain();
      assertThat(first).doesNotExist();
      assertThat(cache.usage()).isBetween(1L, 270_000L);
      assertThat(metadata.read("/" + count)).isNotNull();
    }
  }

  @Test
  @Tag("C6")
  void whereNothingMayBeAllocatedTheOldStaysUnlessSomethingHasGone() throws IOException {
    use(
        true,
        (metadata, cache) ->
            metadata.update("/a", NEVER, b -> record("/a", 5, Map.of("f", file(1, 5)))));
    try (FsCache cache = FsCache.open(directory, new CacheLimits(0, 3, 2, 0));
        Volume volume = cache.volume(SHARE, key, 65536, Codec.NONE)) {
      Metadata metadata = volume.metadata();
      DirectoryRecord more = record("/a", 7, Map.of("f", file(1, 7), "g", file(1, 7)));
      assertThat(metadata.update("/a", NEVER, b -> more)).isNull();
      assertThat(Objects.requireNonNull(metadata.read("/a")).listedMillis()).isEqualTo(5);
      assertThat(metadata.update("/a", NEVER, b -> record("/a", 8, Map.of("g", file(1, 7)))))
          .isNull();
      assertThat(metadata.read("/a")).isNull();
      assertThat(files("new-")).isEmpty();
    }
  }
}
