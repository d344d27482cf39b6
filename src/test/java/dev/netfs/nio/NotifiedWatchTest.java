package dev.netfs.nio;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_DELETE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;
import static java.nio.file.StandardWatchEventKinds.OVERFLOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.NetfsFileSystem;
import dev.netfs.share.DirectoryWatcher.Kind;
import dev.netfs.share.ShareCapabilities;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Watching a directory of a server that says that it tells of changes, and may not do so yet. */
@Timeout(60)
class NotifiedWatchTest {
  @TempDir Path dir;
  private final GatedShares.Control control = new GatedShares.Control();
  private NetfsFileSystem fs;
  private NetfsWatchService watcher;
  private Path root;

  @BeforeEach
  void mount() throws Exception {
    control.capabilities = any -> ShareCapabilities.builder().notifications(true).build();
    fs = GatedShares.mount(dir, "watched", control, "attrTtl", "10m");
    root = fs.getPath("/");
    Files.writeString(dir.resolve("old"), "x");
    Files.writeString(dir.resolve("going"), "x");
    // Whose own thread compares nothing while a test runs: tests say when.
    watcher = service(Duration.ofDays(1));
  }

  private NetfsWatchService service(Duration interval) throws Exception {
    return ((MountedFileSystem) fs).opened(new NetfsWatchService((MountedFileSystem) fs, interval));
  }

  @AfterEach
  void unmount() throws Exception {
    fs.close();
  }

  private NotifiedWatchKey register() throws Exception {
    return (NotifiedWatchKey) root.register(watcher, ENTRY_CREATE, ENTRY_MODIFY, ENTRY_DELETE);
  }

  private void changeAll() throws Exception {
    Files.createFile(dir.resolve("new"));
    Files.writeString(dir.resolve("old"), "longer");
    Files.delete(dir.resolve("going"));
  }

  private static final String[] ALL = {
    "ENTRY_CREATE new 1", "ENTRY_MODIFY old 1", "ENTRY_DELETE going 1"
  };

  /** Has the key compare until it does so no more; returns what was told. */
  private static List<String> events(NotifiedWatchKey key) {
    while (key.isComparing()) {
      key.compare();
    }
    List<String> events = new ArrayList<>();
    for (WatchEvent<?> event : key.pollEvents()) {
      events.add(event.kind().name() + " " + event.context() + " " + event.count());
    }
    return events;
  }

  @Test
  void whatTheServerDoesNotTellAtFirstIsFound() throws Exception {
    NotifiedWatchKey key = register();
    changeAll();
    assertThat(events(key)).containsExactlyInAnyOrder(ALL);
  }

  @Test
  void whatTheServerHasToldIsNotToldAgain() throws Exception {
    NotifiedWatchKey key = register();
    changeAll();
    control.watcher.changed(Kind.CREATED, "new");
    control.watcher.changed(Kind.MODIFIED, "old");
    control.watcher.changed(Kind.DELETED, "going");
    assertThat(events(key)).containsExactlyInAnyOrder(ALL);
  }

  @Test
  void whatTheServerTellsWhileItIsInDoubtIsNotToldAgain() throws Exception {
    NotifiedWatchKey key = register();
    changeAll();
    key.compare();
    control.watcher.changed(Kind.CREATED, "new");
    control.watcher.changed(Kind.MODIFIED, "old");
    control.watcher.changed(Kind.DELETED, "going");
    assertThat(events(key)).containsExactlyInAnyOrder(ALL);
  }

  @Test
  void thatAFileWasMadeIsToldThoughTheServerTellsOnlyOfAChange() throws Exception {
    NotifiedWatchKey key = register();
    Files.createFile(dir.resolve("new"));
    control.watcher.changed(Kind.MODIFIED, "new");
    assertThat(events(key)).containsExactly("ENTRY_MODIFY new 1", "ENTRY_CREATE new 1");
  }

  /** A server may be so late that it misses what happens after something was found, too. */
  @Test
  void whatHappensToANameThatWasFoundIsFoundToo() throws Exception {
    NotifiedWatchKey key = register();
    changeAll();
    key.compare();
    key.compare();
    Files.delete(dir.resolve("new"));
    Files.writeString(dir.resolve("old"), "longer than that");
    Files.createFile(dir.resolve("going"));
    assertThat(events(key))
        .containsExactlyInAnyOrder(
            "ENTRY_CREATE new 1",
            "ENTRY_MODIFY old 2",
            "ENTRY_DELETE going 1",
            "ENTRY_DELETE new 1",
            "ENTRY_CREATE going 1");
  }

  @Test
  void whereNothingHappensNothingIsTold() throws Exception {
    assertThat(events(register())).isEmpty();
  }

  /** The service has its keys compare, and they let go of what they compared with. */
  @Test
  void theServiceComparesUntilItIsOver() throws Exception {
    watcher = service(Duration.ofMillis(20));
    NotifiedWatchKey key = register();
    while (key.isComparing()) { // or the test's time is up
      TimeUnit.MILLISECONDS.sleep(1);
    }
    assertThat(watcher.poll()).isNull();
    assertThat(key.isValid()).isTrue();
  }

  @Test
  void whoseDirectoryHasGoneRemembersNothing() throws Exception {
    NotifiedWatchKey key = register();
    key.gone();
    key.compare();
    assertThat(key.isComparing()).isFalse();
  }

  /** What is remembered of a name ends as if the server had told of it. */
  @Test
  void whatIsFoundIsRememberedNoMore() throws Exception {
    NotifiedWatchKey key = register();
    assertThat(Files.size(root.resolve("old"))).isEqualTo(1);
    assertThat(Files.exists(root.resolve("new"))).isFalse();
    assertThat(Files.exists(root.resolve("going"))).isTrue();
    changeAll();
    events(key);
    assertThat(Files.size(root.resolve("old"))).isEqualTo(6);
    assertThat(Files.exists(root.resolve("new"))).isTrue();
    assertThat(Files.exists(root.resolve("going"))).isFalse();
  }

  @Test
  void whoIsCancelledComparesNoMore() throws Exception {
    NotifiedWatchKey key = register();
    changeAll();
    key.cancel();
    assertThat(key.isComparing()).isFalse();
    key.compare();
    assertThat(watcher.poll()).isNull();
  }

  @Test
  void whatCannotBeListedIsListedLater() throws Exception {
    NotifiedWatchKey key = register();
    changeAll();
    Path moved = dir.resolveSibling(dir.getFileName() + "-moved");
    Files.move(dir, moved);
    key.compare();
    Files.move(moved, dir);
    key.compare();
    key.compare();
    assertThat(key.pollEvents()).hasSize(3);
    assertThat(key.isValid()).isTrue();
  }

  @Test
  void whereNothingWasListedAtFirstSomethingMayHaveBeenMissed() throws Exception {
    Path moved = dir.resolveSibling(dir.getFileName() + "-moved");
    Files.move(dir, moved);
    NotifiedWatchKey key = register();
    Files.move(moved, dir);
    assertThat(key.isComparing()).isFalse();
    assertThat(key.pollEvents())
        .extracting(event -> (Object) event.kind())
        .containsExactly(OVERFLOW);
    assertThat(key.isValid()).isTrue();
  }
}
