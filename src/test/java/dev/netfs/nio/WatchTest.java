package dev.netfs.nio;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_DELETE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;
import static java.nio.file.StandardWatchEventKinds.OVERFLOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.Threads;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The watch service, on changes that somebody else makes behind the mount. */
@Timeout(60)
class WatchTest {
  @TempDir Path dir;
  private NetfsFileSystem fs;
  private NetfsWatchService watcher;
  private Path root;

  @BeforeEach
  void mount() throws Exception {
    fs = Netfs.mount(dir).open();
    root = fs.getPath("/");
    watcher =
        ((MountedFileSystem) fs)
            .opened(new NetfsWatchService((MountedFileSystem) fs, Duration.ofMillis(10)));
  }

  @AfterEach
  void unmount() throws Exception {
    fs.close();
  }

  /** Takes keys until there have been so many events. */
  private List<String> events(int count) throws Exception {
    List<String> events = new ArrayList<>();
    while (events.size() < count) {
      WatchKey key = watcher.poll(30, TimeUnit.SECONDS);
      assertThat(key).as("after %s", events).isNotNull();
      for (WatchEvent<?> event : key.pollEvents()) {
        events.add(event.kind().name() + " " + event.context());
      }
      key.reset();
    }
    return events;
  }

  @Test
  void changesAreSeenOneAfterTheOther() throws Exception {
    Files.writeString(dir.resolve("old"), "x");
    WatchKey key = root.register(watcher, ENTRY_CREATE, ENTRY_MODIFY, ENTRY_DELETE);
    assertThat(key.watchable()).isEqualTo(root);
    Files.createDirectory(dir.resolve("new"));
    assertThat(events(1)).containsExactly("ENTRY_CREATE new");
    Files.writeString(dir.resolve("old"), "longer");
    assertThat(events(1)).contains("ENTRY_MODIFY old");
    Files.delete(dir.resolve("old"));
    assertThat(events(1)).contains("ENTRY_DELETE old");
    Files.move(dir.resolve("new"), dir.resolve("newer"));
    assertThat(events(2)).containsExactlyInAnyOrder("ENTRY_DELETE new", "ENTRY_CREATE newer");
  }

  @Test
  void onlyWhatWasAskedForIsTold() throws Exception {
    Files.writeString(dir.resolve("a"), "x");
    root.register(watcher, ENTRY_DELETE);
    Files.writeString(dir.resolve("b"), "x");
    WatchKey other = Files.createDirectory(fs.getPath("/d")).register(watcher, ENTRY_CREATE);
    Files.createDirectory(dir.resolve("d/x"));
    WatchKey signalled = watcher.take();
    assertThat(signalled).isSameAs(other);
    assertThat(signalled.pollEvents()).hasSize(1);
    Files.delete(dir.resolve("a"));
    assertThat(events(1)).containsExactly("ENTRY_DELETE a");
  }

  @Test
  void registeringAgainChangesTheKeyThatThereIs() throws Exception {
    WatchKey key = root.register(watcher, ENTRY_DELETE);
    assertThat(fs.getPath("").register(watcher, ENTRY_CREATE)).isSameAs(key);
    Files.createFile(dir.resolve("a"));
    assertThat(events(1)).containsExactly("ENTRY_CREATE a");
  }

  @Test
  void registeringAgainIsWhereWatchingForOtherEventsBegins() throws Exception {
    try (NetfsWatchService idle =
        new NetfsWatchService((MountedFileSystem) fs, Duration.ofDays(1))) {
      PollingWatchKey key = (PollingWatchKey) root.register(idle, ENTRY_DELETE);
      Files.createFile(dir.resolve("a"));
      root.register(idle, ENTRY_CREATE, ENTRY_MODIFY);
      Files.writeString(dir.resolve("a"), "longer");
      key.look();
      assertThat(shown(key)).containsExactly("ENTRY_MODIFY a 1");
      Files.delete(dir.resolve("a"));
      Files.createFile(dir.resolve("b"));
      root.register(idle, ENTRY_DELETE);
      assertThat(shown(key)).containsExactly("ENTRY_CREATE b 1");
      key.look();
      assertThat(key.pollEvents()).isEmpty();
    }
  }

  @Test
  void aDirectoryThatHasGoneIsNotRegisteredAgain() throws Exception {
    Files.createDirectory(dir.resolve("d"));
    try (NetfsWatchService idle =
        new NetfsWatchService((MountedFileSystem) fs, Duration.ofDays(1))) {
      WatchKey key = fs.getPath("/d").register(idle, ENTRY_DELETE);
      Files.delete(dir.resolve("d"));
      assertThatThrownBy(() -> fs.getPath("/d").register(idle, ENTRY_CREATE))
          .isInstanceOf(NoSuchFileException.class);
      assertThat(key.isValid()).isFalse();
      Files.createDirectory(dir.resolve("d"));
      assertThat(fs.getPath("/d").register(idle, ENTRY_CREATE)).isNotSameAs(key);
    }
  }

  @Test
  void changesOfAFileAddUpUntilSomethingElseHappensToIt() throws Exception {
    Files.createFile(dir.resolve("a"));
    Files.createFile(dir.resolve("b"));
    try (NetfsWatchService idle =
        new NetfsWatchService((MountedFileSystem) fs, Duration.ofDays(1))) {
      PollingWatchKey key =
          (PollingWatchKey) root.register(idle, ENTRY_CREATE, ENTRY_MODIFY, ENTRY_DELETE);
      for (String content : new String[] {"1", "22", "333"}) {
        Files.writeString(dir.resolve("a"), content);
        key.look();
        Files.writeString(dir.resolve("b"), content);
        key.look();
      }
      assertThat(shown(key)).containsExactly("ENTRY_MODIFY a 3", "ENTRY_MODIFY b 3");
      Files.writeString(dir.resolve("a"), "4444");
      key.look();
      Files.delete(dir.resolve("a"));
      key.look();
      Files.createFile(dir.resolve("a"));
      key.look();
      Files.writeString(dir.resolve("a"), "1");
      key.look();
      assertThat(shown(key))
          .containsExactly(
              "ENTRY_MODIFY a 1", "ENTRY_DELETE a 1", "ENTRY_CREATE a 1", "ENTRY_MODIFY a 1");
    }
  }

  private static List<String> shown(WatchKey key) {
    return key.pollEvents().stream()
        .map(event -> event.kind().name() + " " + event.context() + " " + event.count())
        .toList();
  }

  @Test
  void aKeyIsQueuedOnceUntilItIsReset() throws Exception {
    WatchKey key = root.register(watcher, ENTRY_CREATE);
    Files.createFile(dir.resolve("a"));
    assertThat(watcher.take()).isSameAs(key);
    Files.createFile(dir.resolve("b"));
    List<WatchEvent<?>> events = new ArrayList<>();
    while (events.size() < 2) {
      events.addAll(key.pollEvents()); // come without another signal
    }
    assertThat(watcher.poll()).isNull();
    Files.createFile(dir.resolve("c"));
    assertThat(watcher.poll(200, TimeUnit.MILLISECONDS)).isNull();
    assertThat(key.reset()).isTrue();
    assertThat(watcher.take()).isSameAs(key); // at once: there was an event
  }

  @Test
  void aCancelledKeySaysSo() throws Exception {
    WatchKey key = root.register(watcher, ENTRY_CREATE);
    key.cancel();
    key.cancel();
    assertThat(key.isValid()).isFalse();
    assertThat(key.reset()).isFalse();
    WatchKey again = root.register(watcher, ENTRY_CREATE);
    assertThat(again).isNotSameAs(key);
    assertThat(again.isValid()).isTrue();
  }

  @Test
  void aDeletedDirectoryMakesItsKeyInvalid() throws Exception {
    Files.createDirectory(dir.resolve("d"));
    Files.createFile(dir.resolve("d/x"));
    WatchKey key = fs.getPath("/d").register(watcher, ENTRY_DELETE);
    Files.delete(dir.resolve("d/x"));
    Files.delete(dir.resolve("d"));
    List<String> events = new ArrayList<>();
    boolean valid = true;
    while (valid) {
      assertThat(watcher.poll(30, TimeUnit.SECONDS)).isSameAs(key);
      key.pollEvents().forEach(event -> events.add(event.kind().name() + " " + event.context()));
      valid = key.reset();
    }
    assertThat(events).containsExactly("ENTRY_DELETE x");
  }

  @Test
  void tooManyEventsOverflow() throws Exception {
    try (NetfsWatchService idle =
        new NetfsWatchService((MountedFileSystem) fs, Duration.ofDays(1))) {
      PollingWatchKey key = (PollingWatchKey) root.register(idle, ENTRY_CREATE);
      for (int i = 0; i < 600; i++) {
        Files.createFile(dir.resolve("f" + i));
      }
      key.look();
      List<WatchEvent<?>> events = key.pollEvents();
      assertThat(events).hasSize(1); // nothing else: it would not be all
      WatchEvent<?> only = events.get(0);
      assertThat(only.kind()).isEqualTo(OVERFLOW);
      assertThat(only.context()).isNull();
      assertThat(only.count()).isEqualTo(88);
      key.look();
      assertThat(key.pollEvents()).isEmpty();
    }
  }

  @Test
  void closingWakesAndInvalidates() throws Exception {
    WatchKey key = root.register(watcher, ENTRY_CREATE);
    CompletableFuture<Throwable> taker = waiter();
    CompletableFuture<Throwable> second = waiter();
    watcher.close();
    watcher.close();
    assertThat(taker.get(30, TimeUnit.SECONDS)).isInstanceOf(ClosedWatchServiceException.class);
    assertThat(second.get(30, TimeUnit.SECONDS)).isInstanceOf(ClosedWatchServiceException.class);
    assertThat(key.isValid()).isFalse();
    assertThat(key.reset()).isFalse();
    assertThatThrownBy(watcher::poll).isInstanceOf(ClosedWatchServiceException.class);
    assertThatThrownBy(watcher::take).isInstanceOf(ClosedWatchServiceException.class);
    assertThatThrownBy(() -> root.register(watcher, ENTRY_CREATE))
        .isInstanceOf(ClosedWatchServiceException.class);
  }

  @Test
  void closingTheFileSystemClosesItsWatchers() throws Exception {
    CompletableFuture<Throwable> taker = waiter();
    fs.close();
    assertThat(taker.get(30, TimeUnit.SECONDS)).isInstanceOf(ClosedWatchServiceException.class);
  }

  private CompletableFuture<Throwable> waiter() {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            watcher.take();
            return null;
          } catch (InterruptedException | RuntimeException e) {
            return e;
          }
        },
        Threads.EACH);
  }

  @Test
  void othersPathsAndWatchersAreRefused() throws Exception {
    try (WatchService theirs = dir.getFileSystem().newWatchService()) {
      assertThatThrownBy(() -> root.register(theirs, ENTRY_CREATE))
          .isInstanceOf(ProviderMismatchException.class);
      assertThatThrownBy(() -> dir.register(watcher, ENTRY_CREATE))
          .isInstanceOf(ProviderMismatchException.class);
    }
  }

  @Test
  void thePublicOneHasASensibleInterval() throws Exception {
    try (WatchService service = fs.newWatchService()) {
      root.register(service, ENTRY_CREATE);
      Files.createFile(dir.resolve("a"));
      assertThat(service.poll(30, TimeUnit.SECONDS)).isNotNull();
    }
  }
}
