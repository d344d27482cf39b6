package dev.netfs.fscache;

import static dev.netfs.fscache.CacheFixture.SHARE;
import static dev.netfs.fscache.CacheFixture.bytes;
import static dev.netfs.fscache.CacheFixture.readAndCompare;
import static dev.netfs.fscache.CacheFixture.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.IoSegments;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One object's file: what goes in comes out, to the block, also after a restart. */
@Timeout(60)
class CookieTest {
  @TempDir Path temp;
  private Path directory;
  private FsCache cache;
  private CacheKey key;

  @BeforeEach
  void open() throws IOException {
    directory = temp.resolve("cache");
    cache = CacheFixture.cache(directory);
    key = CacheFixture.keyFile(temp, 1);
  }

  @AfterEach
  void close() {
    cache.close();
  }

  private Cookie make(Volume volume, String path, CoherencyData state) throws IOException {
    return Objects.requireNonNull(volume.open(path, state, true));
  }

  /** Has bytes repeat themselves, so that they can be compressed. */
  private static void repeat(byte[] content) {
    for (int at = 3_000; at < content.length; at += 1_000) {
      System.arraycopy(content, at - 3_000, content, at, Math.min(950, content.length - at));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "4096, true",
    "4096, false",
    "65536, true",
    "262144, true",
    "262144, false",
    "16777216, true"
  })
  void whatIsWrittenIsReadAgainAlsoAfterARestart(int granule, boolean encrypted)
      throws IOException {
    byte[] content = bytes(granule, 1_000_001);
    try (Volume volume = cache.volume(SHARE, encrypted ? key : null, granule, Codec.NONE);
        Cookie cookie = make(volume, "/dir/file", state(content.length, 7))) {
      CacheFixture.write(cookie, content, 0, content.length);
      assertThat(readAndCompare(cookie, content)).isEqualTo(content.length);
    }
    try (Volume volume = cache.volume(SHARE, encrypted ? key : null, 65536, Codec.NONE);
        Cookie cookie = make(volume, "/dir/file", state(content.length, 7))) {
      assertThat(cookie.granule()).as("a file keeps its granule").isEqualTo(granule);
      assertThat(readAndCompare(cookie, content)).isEqualTo(content.length);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
  void blocksThatComeInAnyOrderAreKeptByTheBlock(long seed) throws IOException {
    Random random = new Random(seed);
    int granule = 4096 << random.nextInt(8);
    byte[] content = bytes(seed, 100_000 + random.nextInt(500_000));
    boolean[] there = new boolean[(content.length + 4095) / 4096];
    Codec codec = Codec.values()[(int) (seed % 3)];
    if (codec != Codec.NONE) {
      repeat(content);
    }
    try (Volume volume = cache.volume(SHARE, seed % 2 == 0 ? key : null, granule, codec);
        Cookie cookie = make(volume, "/f", state(content.length, 7))) {
      for (int i = 0; i < 60; i++) {
        int from = random.nextInt(there.length) * 4096;
        int to = Math.min(content.length, from + (1 + random.nextInt(30)) * 4096);
        CacheFixture.write(cookie, content, from, to);
        for (int block = from / 4096; block * 4096 < to; block++) {
          there[block] = true;
        }
        int at = random.nextInt(content.length);
        int end =
            Math.min(
                content.length,
                Math.min((at / granule + 1) * granule, at + 1 + random.nextInt(20_000)));
        boolean expected = true;
        for (int block = at / 4096; block * 4096 < end; block++) {
          expected &= there[block];
        }
        assertThat(readAndCompare(cookie, content, at, end)).isEqualTo(expected);
      }
      List<Long> seen = new ArrayList<>();
      cookie.probe(
          0,
          content.length,
          (from, to) -> {
            for (long block = from / 4096; block * 4096 < to; block++) {
              seen.add(block);
            }
          });
      List<Long> expected = new ArrayList<>();
      for (int block = 0; block < there.length; block++) {
        if (there[block]) {
          expected.add((long) block);
        }
      }
      assertThat(seen).isEqualTo(expected);
    }
  }

  @Test
  @Tag("C2")
  void whatIsOfAnotherStateIsNotFoundAndIsReplaced() throws IOException {
    byte[] old = bytes(1, 300_000);
    byte[] changed = bytes(2, 300_000);
    try (Volume volume = cache.volume(SHARE, key, 65536, Codec.NONE)) {
      try (Cookie cookie = make(volume, "/f", state(old.length, 7))) {
        CacheFixture.write(cookie, old, 0, old.length);
        assertThat(CacheFixture.open(volume, "/f", state(old.length, 8))).isNull();
        assertThat(CacheFixture.open(volume, "/f", state(old.length - 1, 7))).isNull();
        try (Cookie next = make(volume, "/f", state(changed.length, 8))) {
          assertThat(readAndCompare(next, changed)).isZero();
          CacheFixture.write(next, changed, 0, changed.length);
          assertThat(cookie.isCurrent()).isFalse();
          assertThat(readAndCompare(cookie, old)).as("who has it open").isEqualTo(old.length);
        }
      }
      assertThat(CacheFixture.objects(directory)).hasSize(1);
      try (Cookie cookie = make(volume, "/f", state(changed.length, 8))) {
        assertThat(readAndCompare(cookie, changed)).isEqualTo(changed.length);
      }
    }
  }

  @Test
  void anInvalidatedObjectIsGoneForLaterOpens() throws IOException {
    byte[] content = bytes(1, 10_000);
    try (Volume volume = cache.volume(SHARE, key, 4096, Codec.NONE);
        Cookie cookie = make(volume, "/f", state(content.length, 7))) {
      CacheFixture.write(cookie, content, 0, content.length);
      cookie.invalidate();
      assertThat(CacheFixture.open(volume, "/f", state(content.length, 7))).isNull();
      assertThat(CacheFixture.objects(directory)).isEmpty();
    }
  }

  @Test
  void whatIsNotWholeBlocksIsRefused() throws IOException {
    try (Volume volume = cache.volume(SHARE, key, 65536, Codec.NONE);
        Cookie cookie = make(volume, "/f", state(100_000, 7))) {
      for (int[] wrong : new int[][] {{1, 4095}, {0, 4095}, {0, 65537}, {98_304, 1697}}) {
        assertThatThrownBy(
                () -> cookie.write(wrong[0], IoSegments.of(ByteBuffer.allocate(wrong[1]))))
            .isInstanceOf(IllegalArgumentException.class);
      }
      assertThat(cookie.read(65_536, IoSegments.of(ByteBuffer.allocate(70_000)))).isFalse();
    }
  }

  @Test
  void twoVolumesOfOneDirectoryKnowNothingOfEachOther() throws IOException {
    byte[] content = bytes(1, 10_000);
    try (Volume volume = cache.volume(SHARE, key, 4096, Codec.NONE);
        Volume other =
            cache.volume(SHARE + "/other", CacheFixture.keyFile(temp, 2), 4096, Codec.NONE);
        Volume plain = cache.volume(SHARE, null, 4096, Codec.NONE);
        Cookie cookie = make(volume, "/f", state(content.length, 7))) {
      CacheFixture.write(cookie, content, 0, content.length);
      assertThat(CacheFixture.open(other, "/f", state(content.length, 7))).isNull();
      assertThat(CacheFixture.open(plain, "/f", state(content.length, 7))).isNull();
      Path file = CacheFixture.objects(directory).get(0);
      try (Cookie foreign = make(other, "/f", state(content.length, 7))) {
        Path mine =
            CacheFixture.objects(directory).stream()
                .filter(f -> !f.equals(file))
                .findAny()
                .orElseThrow();
        Files.write(mine, Files.readAllBytes(file));
        assertThat(readAndCompare(foreign, content)).isZero();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"LZ4, true", "LZ4, false", "ZSTD, true", "ZSTD, false"})
  void whatIsCompressedTakesLessAndIsReadWhateverTheVolumeDoesNow(Codec codec, boolean encrypted)
      throws IOException {
    byte[] content = bytes(3, 1_000_001);
    repeat(content);
    CoherencyData state = state(content.length, 7);
    try (Volume volume = cache.volume(SHARE, encrypted ? key : null, 65536, codec);
        Cookie cookie = make(volume, "/f", state)) {
      CacheFixture.write(cookie, content, 0, 500_000 / 4096 * 4096);
      assertThat(cache.usage()).isLessThan(300_000);
      assertThat(cookie.storedBytes()).isLessThan(300_000);
      assertThat(cookie.cachedBytes()).isEqualTo(500_000 / 4096 * 4096);
    }
    try (Volume volume = cache.volume(SHARE, encrypted ? key : null, 65536, Codec.NONE);
        Cookie cookie = make(volume, "/f", state)) {
      CacheFixture.write(cookie, content, 0, content.length); // one slot has some of it already
      assertThat(readAndCompare(cookie, content)).isEqualTo(content.length);
      assertThat(cookie.state(0, true)).isEqualTo(Cookie.State.CACHED);
      assertThat(cache.refutedSlots()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(bytes = {1, 2, 3, -1})
  @Tag("C7")
  void whatProvesItselfAndCannotBeOpenedIsAMissAndReplaced(byte codec) throws IOException {
    byte[] content = bytes(3, 65_536);
    try (Volume volume = cache.volume(SHARE, null, 65536, Codec.NONE);
        Cookie cookie = make(volume, "/f", state(content.length, 7))) {
      CacheFixture.write(cookie, content, 0, content.length);
      forge(volume, cookie, codec, bytes(4, 20_000));
      assertThat(readAndCompare(cookie, content)).as("of which it is").isZero();
      assertThat(cookie.state(0, true)).isEqualTo(Cookie.State.DAMAGED);
      assertThat(cache.refutedSlots()).isEqualTo(1);
      CacheFixture.write(cookie, content, 0, content.length);
      assertThat(readAndCompare(cookie, content)).isEqualTo(content.length);
    }
  }

  @ParameterizedTest
  @CsvSource({"true, 65536", "false, 65536", "false, 16384", "false, 4096"})
  @Tag("C7")
  void whatIsReadIntoSeveralPiecesProvesItselfThere(boolean encrypted, int piece)
      throws IOException {
    byte[] content = bytes(5, 262_144);
    try (Volume volume = cache.volume(SHARE, encrypted ? key : null, 262_144, Codec.NONE);
        Cookie cookie = make(volume, "/f", state(content.length, 7))) {
      CacheFixture.write(cookie, content, 0, content.length);
      Path file = CacheFixture.objects(directory).get(0);
      byte[] sound = Files.readAllBytes(file);
      assertThat(readIntoPieces(cookie, piece)).isEqualTo(content);
      Slots slots = new Slots(262_144, content.length, cookie.header().generation());
      int slot = (int) slots.offset(0);
      int tag = slot + slots.headSize + content.length;
      for (int at : new int[] {slot, slot + 5, slot + 60, tag - 100_000, tag - 1, tag}) {
        byte[] damaged = sound.clone();
        damaged[at] ^= 64;
        Files.write(file, damaged);
        assertThat(readIntoPieces(cookie, piece)).as("byte %d", at - slot).isNull();
        Files.write(file, Arrays.copyOf(sound, at));
        assertThat(readIntoPieces(cookie, piece)).as("cut at %d", at - slot).isNull();
        Files.write(file, sound);
        assertThat(readIntoPieces(cookie, piece)).isEqualTo(content);
      }
    }
  }

  /** Reads the first granule into as many direct buffers; null if it is not here. */
  private static byte @Nullable [] readIntoPieces(Cookie cookie, int piece) throws IOException {
    List<ByteBuffer> pieces = new ArrayList<>();
    for (int at = 0; at < cookie.granule(); at += piece) {
      pieces.add(ByteBuffer.allocateDirect(piece));
    }
    IoSegments segments = IoSegments.of(pieces);
    if (!cookie.read(0, segments)) {
      assertThat(segments.remaining()).isEqualTo(cookie.granule());
      return null;
    }
    assertThat(segments.remaining()).isZero();
    ByteBuffer all = ByteBuffer.allocate(cookie.granule());
    pieces.forEach(all::put);
    return all.array();
  }

  /** Writes a whole granule's slot with a tag that is right: it needs no key where none is. */
  private void forge(Volume volume, Cookie cookie, byte codec, byte[] payload) throws IOException {
    Path file = CacheFixture.objects(directory).get(0);
    CookieHeader header = cookie.header();
    Slots slots = new Slots(header.granule(), header.coherency().size(), header.generation());
    Slots.Head head = slots.new Head(0);
    head.makeValid(0, header.granule());
    head.codec = codec;
    head.stored = payload.length;
    byte[] object =
        HexFormat.of().parseHex(file.getParent().getFileName() + "" + file.getFileName());
    ByteBuffer associated = ByteBuffer.allocate(1_000);
    associated.put(volume.binding(object)).put(header.generation());
    head.bind(associated);
    ByteBuffer slot = ByteBuffer.allocate(slots.slotSize());
    head.write(slot);
    slot.position(slots.headSize);
    volume.sealer().seal(associated.flip(), ByteBuffer.wrap(payload), slot, Slots.RECORD);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(slot.flip(), slots.offset(0));
    }
  }
}
