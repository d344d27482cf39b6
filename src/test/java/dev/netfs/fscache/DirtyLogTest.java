package dev.netfs.fscache;

import static dev.netfs.fscache.CacheFixture.SHARE;
import static dev.netfs.fscache.CacheFixture.bytes;
import static dev.netfs.fscache.CacheFixture.state;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is not sent yet: what of it is found again, and by whom. */
@Timeout(120)
class DirtyLogTest {
  private static final int PIECES = 5;
  private static final int LENGTH = 200;

  @TempDir Path temp;
  private FsCache cache;
  private Volume volume;

  @BeforeEach
  void open() throws IOException {
    open(true);
  }

  private void open(boolean encrypted) throws IOException {
    cache = CacheFixture.cache(temp.resolve("cache"));
    volume =
        cache.volume(SHARE, encrypted ? CacheFixture.keyFile(temp, 1) : null, 65536, Codec.NONE);
  }

  @AfterEach
  void close() {
    volume.close();
    cache.close();
  }

  private static byte[] piece(int number) {
    return bytes(number, LENGTH);
  }

  /** Makes a log of pieces that lie one after another. */
  private Path fill() throws IOException {
    try (DirtyLog log = volume.newDirtyLog("/f", state(7, 1))) {
      for (int i = 0; i < PIECES; i++) {
        log.write((long) i * LENGTH, ByteBuffer.wrap(piece(i)));
      }
      log.force();
    }
    return file();
  }

  private Path file() throws IOException {
    try (Stream<Path> all = Files.walk(temp.resolve("cache"))) {
      return all.filter(path -> path.getParent().endsWith("dirty")).findAny().orElseThrow();
    }
  }

  /** Takes the only log over, hands back the numbers of the pieces that it has, and lets it go. */
  private List<Integer> pieces() throws IOException {
    List<Integer> found = new ArrayList<>();
    for (DirtyLog log : volume.takeOverDirtyLogs()) {
      log.replay(
          (offset, bytes) -> {
            int number = (int) (offset / LENGTH);
            assertThat(bytes).isEqualTo(ByteBuffer.wrap(piece(number)));
            found.add(number);
          });
      assertThat(log.path()).isIn("/f", "");
      log.close();
    }
    return found;
  }

  @Test
  @Tag("W3")
  void whatIsAppendedWhileItIsReadTouchesNothing() throws Exception {
    fill();
    DirtyLog log = volume.takeOverDirtyLogs().get(0);
    AtomicBoolean over = new AtomicBoolean();
    AtomicReference<IOException> failure = new AtomicReference<>();
    Thread appending =
        new Thread(
            () -> {
              try {
                while (!over.get()) {
                  log.ending(false);
                }
              } catch (IOException e) {
                failure.set(e);
              }
            });
    appending.start();
    try {
      for (int round = 0; round < 500; round++) {
        List<Integer> found = new ArrayList<>();
        log.replay(
            (offset, bytes) -> {
              int number = (int) (offset / LENGTH);
              assertThat(bytes).isEqualTo(ByteBuffer.wrap(piece(number)));
              found.add(number);
            });
        assertThat(found).containsExactly(0, 1, 2, 3, 4);
      }
    } finally {
      over.set(true);
      appending.join();
      log.close();
    }
    assertThat(failure.get()).isNull();
    assertThat(pieces()).containsExactly(0, 1, 2, 3, 4);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @Tag("W3")
  void aLogThatIsCutOffAnywhereHasWhatIsWholeOfIt(boolean encrypted) throws IOException {
    close();
    open(encrypted);
    Path file = fill();
    byte[] whole = Files.readAllBytes(file);
    assertThat(pieces()).containsExactly(0, 1, 2, 3, 4);
    int best = 0;
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      List<Integer> found = pieces();
      assertThat(found).isEqualTo(List.of(0, 1, 2, 3, 4).subList(0, found.size()));
      assertThat(found).hasSizeBetween(best, best + 1);
      best = found.size();
    }
    assertThat(best).isEqualTo(PIECES - 1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @Tag("C7")
  void aByteThatIsChangedCostsWhatItIsPartOfAndNothingWrongIsRead(boolean encrypted)
      throws IOException {
    close();
    open(encrypted);
    Path file = fill();
    byte[] whole = Files.readAllBytes(file);
    for (int at = 0; at < whole.length; at += 3) {
      byte[] changed = whole.clone();
      changed[at] ^= 0x10;
      Files.write(file, changed);
      assertThat(pieces()).isSubsetOf(0, 1, 2, 3, 4);
    }
  }

  @Test
  void aLogOfAnotherNameProvesNothing() throws IOException {
    Path file = fill();
    Files.move(file, file.resolveSibling(UUID.randomUUID().toString()));
    assertThat(pieces()).isEmpty();
  }

  @Test
  @Tag("C8")
  void aLogHasOneOwner() throws IOException {
    try (DirtyLog log = volume.newDirtyLog("/f", state(7, 1))) {
      log.write(0, ByteBuffer.wrap(piece(0)));
      assertThat(volume.takeOverDirtyLogs()).isEmpty();
    }
    List<DirtyLog> taken = volume.takeOverDirtyLogs();
    assertThat(taken).hasSize(1);
    assertThat(volume.takeOverDirtyLogs()).isEmpty();
    // It goes on where the other ended.
    taken.get(0).write(LENGTH, ByteBuffer.wrap(piece(1)));
    taken.get(0).close();
    assertThat(pieces()).containsExactly(0, 1);
    taken = volume.takeOverDirtyLogs();
    taken.get(0).delete();
    assertThat(volume.takeOverDirtyLogs()).isEmpty();
  }

  @Test
  void whatIsToldOfTheServersFileIsReadAgain() throws IOException {
    try (DirtyLog log = volume.newDirtyLog("/f", state(7, 1))) {
      log.write(0, ByteBuffer.wrap(piece(0)));
      log.write(LENGTH, ByteBuffer.wrap(piece(1)));
      log.sending(1_234, 5 * LENGTH);
      log.ending(true);
    }
    for (DirtyLog log : volume.takeOverDirtyLogs()) {
      assertThat(log.base()).isEqualTo(state(7, 1));
      assertThat(log.sendingMillis()).isEqualTo(1_234);
      assertThat(log.isEnding()).isTrue();
      assertThat(log.last()).isEqualTo(2 * LENGTH);
      assertThat(log.sentEnd()).isEqualTo(5 * LENGTH);
      assertThat(log.isDamaged()).isFalse();
      log.ending(false);
      log.sent(LENGTH / 2, Long.MAX_VALUE);
      log.state(state(LENGTH / 2, 9));
      log.close();
    }
    for (DirtyLog log : volume.takeOverDirtyLogs()) {
      assertThat(log.base()).isEqualTo(state(LENGTH / 2, 9));
      assertThat(log.sendingMillis()).isZero();
      assertThat(log.isEnding()).isFalse();
      assertThat(log.last()).isEqualTo(LENGTH / 2);
      assertThat(log.sentEnd()).isEqualTo(LENGTH / 2);
      log.replay(
          (offset, bytes) -> assertThat(bytes).isEqualTo(ByteBuffer.wrap(piece(0), 0, LENGTH / 2)));
      log.close();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  @Tag("W3")
  void whatIsOutOfDateIsLeftOutAndNothingElse(long seed) throws IOException {
    Random random = new Random(seed);
    int size = 2_000;
    int[] expected = new int[size]; // 0 where there is nothing
    try (DirtyLog log = volume.newDirtyLog("/f", state(7, 1))) {
      for (int step = 0; step < 100; step++) {
        int start = random.nextInt(size);
        int end = start + 1 + random.nextInt(Math.min(200, size - start));
        if (random.nextInt(3) == 0) {
          log.sent(start, end);
          Arrays.fill(expected, start, end, 0);
          if (random.nextInt(10) == 0) {
            log.sent(end, Long.MAX_VALUE);
            Arrays.fill(expected, end, size, 0);
          }
        } else {
          byte[] bytes = new byte[end - start];
          for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (1 + random.nextInt(100));
            expected[start + i] = bytes[i];
          }
          log.write(start, ByteBuffer.wrap(bytes));
        }
      }
    }
    int[] found = new int[size];
    for (DirtyLog log : volume.takeOverDirtyLogs()) {
      int[] ranges = new int[size];
      log.forEachRange((start, end) -> Arrays.fill(ranges, (int) start, (int) end, 1));
      log.replay(
          (offset, bytes) -> {
            for (int at = (int) offset; bytes.hasRemaining(); at++) {
              assertThat(ranges[at]).isOne();
              found[at] = bytes.get();
            }
          });
      assertThat(log.isDamaged()).isFalse();
      log.close();
    }
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void nothingInItShowsNamesOrContents() throws IOException {
    byte[] secret =
        "a secret that nobody else may read".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    try (DirtyLog log = volume.newDirtyLog("/secret-name", state(7, 1))) {
      log.write(0, ByteBuffer.wrap(secret));
    }
    String raw =
        new String(Files.readAllBytes(file()), java.nio.charset.StandardCharsets.ISO_8859_1);
    assertThat(raw).doesNotContain("secret");
  }
}
