package dev.netfs.fscache;

import static dev.netfs.fscache.CacheFixture.SHARE;
import static dev.netfs.fscache.CacheFixture.bytes;
import static dev.netfs.fscache.CacheFixture.readAndCompare;
import static dev.netfs.fscache.CacheFixture.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.netfs.testing.Directories;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Keys, names, limits. */
@Timeout(120)
class VolumeTest {
  private static final byte[] CONTENT = bytes(5, 100_000);

  @TempDir Path temp;
  private Path directory;

  @BeforeEach
  void path() {
    directory = temp.resolve("cache");
  }

  private void fill(CacheKey key) throws IOException {
    try (FsCache cache = CacheFixture.cache(directory);
        Volume volume = cache.volume(SHARE, key, 65536, Codec.NONE);
        Cookie cookie = Objects.requireNonNull(volume.open("/f", state(CONTENT.length, 7), true))) {
      CacheFixture.write(cookie, CONTENT, 0, CONTENT.length);
    }
  }

  private int bytesFoundWith(CacheKey key) throws IOException {
    try (FsCache cache = CacheFixture.cache(directory);
        Volume volume = cache.volume(SHARE, key, 65536, Codec.NONE);
        Cookie cookie = volume.open("/f", state(CONTENT.length, 7), false)) {
      return cookie == null ? -1 : readAndCompare(cookie, CONTENT);
    }
  }

  @Test
  void aWrongKeyIsAClearErrorAndDestroysNothing() throws IOException {
    CacheKey right = CacheFixture.keyFile(temp, 1);
    fill(right);
    byte[] header = Files.readAllBytes(header());
    for (CacheKey wrong :
        List.of(CacheFixture.keyFile(temp, 2), CacheFixture.key("a pass phrase"))) {
      assertThatThrownBy(() -> bytesFoundWith(wrong))
          .isInstanceOf(WrongKeyException.class)
          .hasMessageContaining(directory.toRealPath().toString())
          .hasMessageContaining("encryptionKeyFile")
          .hasMessageNotContaining("a pass phrase of");
    }
    assertThat(Files.readAllBytes(header())).isEqualTo(header);
    assertThat(bytesFoundWith(right)).isEqualTo(CONTENT.length);
  }

  private Path header() throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(file -> file.endsWith("volume")).findAny().orElseThrow();
    }
  }

  @Test
  void aDirectoryThatIsDeletedWhileInUseIsMadeAgainWithTheSameKey() throws IOException {
    CacheKey key = CacheFixture.keyFile(temp, 1);
    try (FsCache cache = CacheFixture.cache(directory);
        Volume volume = cache.volume(SHARE, key, 65536, Codec.NONE)) {
      Cookie before = Objects.requireNonNull(volume.open("/f", state(CONTENT.length, 7), true));
      Directories.delete(directory);
      cache.maintain();
      assertThat(before.isCurrent()).as("whether others find what is written there").isFalse();
      try (Cookie after =
          Objects.requireNonNull(volume.open("/f", state(CONTENT.length, 7), true))) {
        CacheFixture.write(after, CONTENT, 0, CONTENT.length);
      }
      CacheFixture.write(before, CONTENT, 0, CONTENT.length); // no harm
      before.close();
      assertThat(cache.failures()).isZero();
      assertThat(bytesFoundWith(key)).isEqualTo(CONTENT.length);
    }
    assertThat(bytesFoundWith(key)).isEqualTo(CONTENT.length);
  }

  @Test
  void aCacheThatWasMadeInThePlaceOfADeletedOneIsLeftAlone() throws IOException {
    CacheKey key = CacheFixture.keyFile(temp, 1);
    try (FsCache cache = CacheFixture.cache(directory);
        Volume volume = cache.volume(SHARE, key, 65536, Codec.NONE)) {
      Path place = header().getParent();
      Directories.delete(directory);
      VolumeFiles.readOrCreate(place, SHARE, key); // as another JVM does
      byte[] other = Files.readAllBytes(header());
      assertThat(volume.header()).isNotEqualTo(VolumeFiles.read(place, key));
      cache.maintain();
      assertThat(Files.readAllBytes(header())).isEqualTo(other);
      assertThat(cache.failures()).isEqualTo(1);
      assertThat(volume.open("/f", state(CONTENT.length, 7), true)).isNull();
    }
  }

  @Test
  void openingACacheLooksAtNoObject() throws IOException {
    CacheKey key = CacheFixture.keyFile(temp, 1);
    fill(key);
    List<Path> objects;
    try (Stream<Path> all = Files.walk(header().resolveSibling("objects"))) {
      objects = all.toList();
    }
    FileTime old = FileTime.fromMillis(1_500_000_000_000L);
    for (Path each : objects) { // the first look at each shows in its time, if it may
      Files.getFileAttributeView(each, BasicFileAttributeView.class).setTimes(old, old, null);
    }
    try (FsCache cache = CacheFixture.cache(directory);
        Volume volume = cache.volume(SHARE, key, 65536, Codec.NONE)) {
      assertThat(objects).hasSize(3).allMatch(each -> lastLookedAt(each).equals(old), "unseen");
      assertThat(volume.isEncrypted()).isTrue();
      try (Stream<Path> listed = Files.list(objects.get(0))) {
        assertThat(listed).hasSize(1);
      }
      assumeTrue(!lastLookedAt(objects.get(0)).equals(old), "the file system tells nobody");
    }
  }

  private static FileTime lastLookedAt(Path path) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).lastAccessTime();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  @Tag("C8")
  void ofHeadersThatAreMadeAtTheSameTimeTheFirstIsEverybodys() throws IOException {
    CacheKey key = CacheFixture.keyFile(temp, 1);
    SecureRandom random = new SecureRandom();
    VolumeHeader first = VolumeHeader.create(SHARE, true, random);
    VolumeHeader second = VolumeHeader.create(SHARE, true, random);
    OwnerOnly.createDirectories(directory);
    assertThat(VolumeFiles.create(directory, first.encode(key, random))).isTrue();
    assertThat(VolumeFiles.create(directory, second.encode(key, random))).isFalse();
    assertThat(VolumeFiles.read(directory, key)).isEqualTo(first);
    Files.delete(directory.resolve("volume"));
    assertThat(VolumeFiles.read(directory, key)).as("the copy").isEqualTo(first);
    try (Stream<Path> all = Files.list(directory)) {
      assertThat(all).containsExactly(directory.resolve("volume.bak"));
    }
  }

  @Test
  void rekeyingKeepsWhatIsThereAndLocksTheOldKeyOut() throws IOException {
    CacheKey old = CacheFixture.keyFile(temp, 1);
    CacheKey phrase = CacheFixture.key("correct horse");
    fill(old);
    Path volume = header().getParent();
    assertThatThrownBy(() -> VolumeFiles.rekey(volume, CacheFixture.key("wrong"), phrase))
        .isInstanceOf(WrongKeyException.class);
    VolumeFiles.rekey(volume, old, phrase);
    assertThat(bytesFoundWith(phrase)).isEqualTo(CONTENT.length);
    assertThatThrownBy(() -> bytesFoundWith(old)).isInstanceOf(WrongKeyException.class);
    assertThatThrownBy(() -> bytesFoundWith(CacheFixture.key("correct hors")))
        .isInstanceOf(WrongKeyException.class);
  }

  @Test
  @Tag("C8")
  void rekeyingThatIsCutOffBetweenTheTwoHeadersLeavesOneForEitherKey() throws IOException {
    CacheKey old = CacheFixture.keyFile(temp, 1);
    CacheKey next = CacheFixture.keyFile(temp, 2);
    fill(old);
    Path backup = header().resolveSibling("volume.bak");
    byte[] before = Files.readAllBytes(backup);
    VolumeFiles.rekey(header().getParent(), old, next);
    Files.write(backup, before);
    assertThat(bytesFoundWith(next)).isEqualTo(CONTENT.length);
    assertThat(bytesFoundWith(old)).isEqualTo(CONTENT.length);
  }

  @Test
  @Tag("C7")
  void aVolumeWithOneDamagedHeaderIsReadAndWithTwoIsEmpty() throws IOException {
    CacheKey key = CacheFixture.keyFile(temp, 1);
    fill(key);
    for (int i = 0; i < 30; i++) {
      Path header = header();
      byte[] good = Files.readAllBytes(header);
      byte[] bad = good.clone();
      bad[i * 7 % bad.length] ^= 4;
      Files.write(header, bad);
      assertThat(bytesFoundWith(key)).isEqualTo(CONTENT.length);
      Files.write(header, good);
    }
    Files.write(header(), new byte[10]);
    Files.write(header().resolveSibling("volume.bak"), new byte[0]);
    assertThat(bytesFoundWith(key)).isEqualTo(-1);
    fill(key);
    assertThat(bytesFoundWith(key)).isEqualTo(CONTENT.length);
  }

  @Test
  void aKeyStoreHoldsTheKey() throws IOException, GeneralSecurityException {
    Path file = temp.resolve("keys.p12");
    char[] password = "store".toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setEntry(
        "cache",
        new KeyStore.SecretKeyEntry(new SecretKeySpec(bytes(9, 32), "AES")),
        new KeyStore.PasswordProtection(password));
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, password);
    }
    fill(CacheKey.file(file, password));
    assertThat(bytesFoundWith(CacheKey.file(file, password))).isEqualTo(CONTENT.length);
    assertThatThrownBy(() -> CacheKey.file(file, null)).hasMessageContaining("encryptionKey");
    assertThatThrownBy(() -> CacheKey.file(file, "other".toCharArray()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void aKeyFileIsMadeForItsOwnerOnlyAndAShortOneIsRefused() throws IOException {
    Path file = temp.resolve("config/netfs/cache.key");
    fill(CacheKey.generated(file));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (Stream<Path> all = Files.list(file.getParent())) {
      assertThat(all).containsExactly(file);
    }
    assertThat(bytesFoundWith(CacheKey.generated(file))).isEqualTo(CONTENT.length);
    Path shorter = Files.writeString(temp.resolve("short"), "secret");
    assertThatThrownBy(() -> CacheKey.file(shorter, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("32")
        .hasMessageNotContaining("secret");
  }

  @Test
  void nothingInTheDirectoryShowsNamesOrContents() throws IOException {
    String secretName = "/private-folder/salary-list-2026.csv";
    byte[] text =
        "Everything that is written here is confidential. "
            .repeat(3000)
            .getBytes(StandardCharsets.UTF_8);
    try (FsCache cache = CacheFixture.cache(directory);
        Volume volume = cache.volume(SHARE, CacheFixture.key("pass"), 4096, Codec.NONE);
        Cookie cookie =
            Objects.requireNonNull(volume.open(secretName, state(text.length, 7), true))) {
      CacheFixture.write(cookie, text, 0, text.length);
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        String shown =
            file
                + (Files.isRegularFile(file)
                    ? new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                    : "");
        assertThat(shown)
            .doesNotContain("private-folder")
            .doesNotContain("salary-list")
            .doesNotContain("confidential")
            .doesNotContain("Everything")
            .doesNotContain("me@server");
      }
    }
  }

  @Test
  @Tag("C6")
  void theLeastRecentlyUsedGoesFirstAndWhatIsInUseStays() throws IOException {
    try (FsCache cache = FsCache.open(directory, new CacheLimits(350_000, 3, 2, 0));
        Volume volume = cache.volume(SHARE, CacheFixture.keyFile(temp, 1), 65536, Codec.NONE)) {
      cache.maintain();
      Cookie inUse = null;
      for (int i = 0; i < 3; i++) {
        Cookie cookie =
            Objects.requireNonNull(volume.open("/f" + i, state(CONTENT.length, 7), true));
        CacheFixture.write(cookie, CONTENT, 0, CONTENT.length);
        if (i == 0) {
          inUse = cookie;
        } else {
          cookie.close();
        }
      }
      // The first is the oldest, and in use; then the second.
      for (Path file : CacheFixture.objects(directory)) {
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));
      }
      try (Cookie touched =
          Objects.requireNonNull(volume.open("/f2", state(CONTENT.length, 7), false))) {
        assertThat(touched.path()).isEqualTo("/f2");
      }
      assertThat(cache.usage()).isBetween(300_000L, 320_000L);
      Cookie large = Objects.requireNonNull(volume.open("/f3", state(CONTENT.length, 7), true));
      CacheFixture.write(large, CONTENT, 0, CONTENT.length);
      large.close();
      cache.maintain();
      assertThat(volume.open("/f1", state(CONTENT.length, 7), false)).isNull();
      assertThat(readAndCompare(Objects.requireNonNull(inUse), CONTENT)).isEqualTo(CONTENT.length);
      inUse.close();
      try (Cookie kept = volume.open("/f2", state(CONTENT.length, 7), false)) {
        assertThat(kept).isNotNull();
      }
      assertThat(cache.usage()).isLessThan(350_000);
    }
  }

  @Test
  @Tag("C6")
  void belowTheStopLimitNothingIsAllocated() throws IOException {
    try (FsCache cache = FsCache.open(directory, new CacheLimits(1 << 30, 100, 99, 98));
        Volume volume = cache.volume(SHARE, null, 65536, Codec.NONE)) {
      assertThat(volume.open("/f", state(CONTENT.length, 7), true)).isNull();
    }
    try (FsCache cache = FsCache.open(directory, new CacheLimits(0, 3, 2, 0));
        Volume volume = cache.volume(SHARE, null, 65536, Codec.NONE)) {
      assertThat(volume.open("/f", state(CONTENT.length, 7), true)).isNull();
    }
  }
}
