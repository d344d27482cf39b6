package dev.netfs.fscache;

import static dev.netfs.fscache.CacheFixture.SHARE;
import static dev.netfs.fscache.CacheFixture.bytes;
import static dev.netfs.fscache.CacheFixture.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.fscache.CachedVolume.DirtyRange;
import dev.netfs.fscache.CachedVolume.Eviction;
import dev.netfs.fscache.CachedVolume.StoredFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Looking after a cache directory that this JVM has open, too. */
@Timeout(120)
class CacheDirectoryTest {
  private static final byte[] CONTENT = bytes(5, 100_000);

  @TempDir Path temp;
  private Path directory;
  private CacheKey key;
  private FsCache cache;
  private Volume volume;

  @BeforeEach
  void open() throws IOException {
    directory = temp.resolve("cache");
    key = CacheFixture.keyFile(temp, 1);
    cache = CacheFixture.cache(directory);
    volume = cache.volume(SHARE, key, 16384, Codec.NONE);
  }

  @AfterEach
  void close() {
    volume.close();
    cache.close();
  }

  private Cookie fill(String path) throws IOException {
    Cookie cookie = Objects.requireNonNull(volume.open(path, state(CONTENT.length, 7), true));
    CacheFixture.write(cookie, CONTENT, 0, CONTENT.length);
    return cookie;
  }

  private static CachedVolume only(CacheDirectory looked, CacheKey key) throws IOException {
    List<CachedVolume> volumes = looked.volumes(key);
    assertThat(volumes).hasSize(1);
    return volumes.get(0);
  }

  @Test
  void whatIsNoCacheDirectoryIsSaidToBeNone() throws IOException {
    assertThatThrownBy(() -> CacheDirectory.open(temp.resolve("none")))
        .isInstanceOf(NoSuchFileException.class);
    Path file = Files.writeString(temp.resolve("file"), "x");
    assertThatThrownBy(() -> CacheDirectory.open(file)).isInstanceOf(NotDirectoryException.class);
    assertThatThrownBy(() -> CacheDirectory.open(temp))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("'disk'");
    assertThat(temp.resolve("none")).doesNotExist();
  }

  @Test
  @Tag("C6")
  @DisabledOnOs(OS.WINDOWS) // it does not let others open what is locked
  void whatIsOpenHereStaysUntilItIsClosed() throws Exception {
    Cookie cookie = fill("/f");
    try (CacheDirectory looked = CacheDirectory.open(directory)) {
      CachedVolume found = only(looked, key);
      StoredFile file = found.files().get(0);
      assertThat(found.evict(file)).isEqualTo(Eviction.IN_USE);
      assertThat(LockProbe.inUse(file.path())).as("still locked").isTrue();
      cookie.close();
      assertThat(found.evict(file)).isEqualTo(Eviction.EVICTED);
      assertThat(found.evict(file)).isEqualTo(Eviction.NOT_THERE);
      assertThat(found.files()).isEmpty();
      assertThat(cache.usage()).isLessThan(CONTENT.length);
    }
  }

  @Test
  @Tag("C6")
  void whatAnotherJvmHasOpenStays() throws Exception {
    fill("/f").close();
    try (CacheDirectory looked = CacheDirectory.open(directory)) {
      CachedVolume found = only(looked, key);
      StoredFile file = found.files().get(0);
      Process user = LockProbe.user(file.path());
      try {
        assertThat(found.evict(file)).isEqualTo(Eviction.IN_USE);
        user.getOutputStream().close();
        assertThat(user.waitFor(60, TimeUnit.SECONDS)).isTrue();
      } finally {
        user.destroyForcibly();
      }
      assertThat(found.evict(file)).isEqualTo(Eviction.EVICTED);
    }
  }

  @Test
  @Tag("C6")
  @DisabledOnOs(OS.WINDOWS) // it does not let others open what is locked
  void countingAndLookingLeaveOtherJvmsTheLocksOfThisOne() throws Exception {
    Path file;
    try (Cookie cookie = fill("/f")) {
      file = CacheFixture.objects(directory).get(0);
      assertThat(LockProbe.inUse(file)).isTrue();
      cache.maintain(); // counts
      assertThat(LockProbe.inUse(file)).as("after it was counted").isTrue();
      volume.movedAway("/elsewhere");
      volume.removeMoved();
      assertThat(LockProbe.inUse(file)).as("after all headers were read").isTrue();
      try (CacheDirectory looked = CacheDirectory.open(directory)) {
        CachedVolume found = only(looked, key);
        try (Cookie same = Objects.requireNonNull(found.open(found.files().get(0)))) {
          assertThat(same).isSameAs(cookie);
        }
      }
      assertThat(LockProbe.inUse(file)).as("after it was looked at").isTrue();
    }
    assertThat(LockProbe.inUse(file)).as("when it is closed").isFalse();
  }

  @Test
  void lookingIsNoUse() throws IOException {
    fill("/f").close();
    Path path = CacheFixture.objects(directory).get(0);
    FileTime used = FileTime.fromMillis(1_000_000_000_000L);
    Files.setLastModifiedTime(path, used);
    try (CacheDirectory looked = CacheDirectory.open(directory)) {
      CachedVolume found = only(looked, key);
      StoredFile file = found.files().get(0);
      assertThat(file.lastUsed()).isEqualTo(used);
      assertThat(file.storedBytes()).isBetween((long) CONTENT.length, CONTENT.length + 10_000L);
      try (Cookie cookie = Objects.requireNonNull(found.open(file))) {
        assertThat(cookie.path()).isEqualTo("/f");
        assertThat(cookie.state(0, true)).isEqualTo(Cookie.State.CACHED);
      }
    }
    assertThat(Files.getLastModifiedTime(path)).isEqualTo(used);
  }

  @Test
  void withoutItsKeyAVolumeTellsNumbersOnly() throws IOException {
    fill("/f").close();
    for (CacheKey wrong : new CacheKey[] {null, CacheFixture.keyFile(temp, 2)}) {
      try (CacheDirectory looked = CacheDirectory.open(directory)) {
        CachedVolume found = only(looked, wrong);
        assertThat(found.failure()).isInstanceOf(WrongKeyException.class);
        assertThat(found.identity()).isNull();
        assertThat(found.isEncrypted()).isTrue();
        assertThat(found.files()).hasSize(1);
        assertThatThrownBy(found::dirty).isInstanceOf(WrongKeyException.class);
      }
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS) // it does not let others open what is locked
  void whatIsDirtyIsSeenWhileItsOwnerWritesAndAfterwards() throws Exception {
    Map<String, List<DirtyRange>> first = Map.of("/d", List.of(new DirtyRange(4096, 4106)));
    try (DirtyLog log = volume.newDirtyLog("/d", state(9, 1))) {
      try (CacheDirectory looked = CacheDirectory.open(directory)) {
        CachedVolume found = only(looked, key);
        assertThat(found.dirty()).isEmpty();
        log.write(4096, ByteBuffer.wrap(new byte[10]));
        assertThat(found.dirty()).isEqualTo(first);
        assertThat(found.dirtyLogs()).isEqualTo(1);
        assertThat(found.damagedLogs()).isEmpty();
      }
      log.write(0, ByteBuffer.wrap(new byte[3]));
      Path file = DirtyLogs.files(volume.directory()).get(0);
      assertThat(LockProbe.inUse(file)).as("still its owner's").isTrue();
    }
    try (CacheDirectory looked = CacheDirectory.open(directory)) {
      assertThat(only(looked, key).dirty())
          .isEqualTo(Map.of("/d", List.of(new DirtyRange(4096, 4106), new DirtyRange(0, 3))));
    }
    assertThat(volume.takeOverDirtyLogs())
        .singleElement()
        .satisfies(log -> assertThat(log.path()).isEqualTo("/d"))
        .satisfies(DirtyLog::close);
  }

  @Test
  void rekeyingIsDoneOnce() throws IOException {
    fill("/f").close();
    CacheKey next = CacheFixture.keyFile(temp, 2);
    CacheKey other = CacheFixture.keyFile(temp, 3);
    try (CacheDirectory looked = CacheDirectory.open(directory)) {
      CachedVolume found = only(looked, key);
      assertThatThrownBy(() -> found.rekey(other, CacheFixture.keyFile(temp, 4)))
          .isInstanceOf(WrongKeyException.class);
      assertThat(found.rekey(key, next)).isTrue();
      assertThat(found.rekey(key, next)).as("again").isFalse();
    }
    try (CacheDirectory looked = CacheDirectory.open(directory)) {
      assertThat(only(looked, key).failure()).isInstanceOf(WrongKeyException.class);
      assertThat(only(looked, next).identity()).isEqualTo(SHARE);
    }
  }
}
