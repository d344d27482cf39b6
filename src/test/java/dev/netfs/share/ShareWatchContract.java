package dev.netfs.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every share that tells of changes holds, and that one which does not says so. */
public abstract class ShareWatchContract extends ShareLeaseContract {
  private static final String PROBE = "probe-";

  private final Told told = new Told();

  /** Notes what a watcher is told. */
  private static final class Told implements DirectoryWatcher {
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final CountDownLatch probed = new CountDownLatch(1);

    @Override
    public void changed(Kind kind, String name) {
      if (name.startsWith(PROBE)) {
        probed.countDown();
      } else {
        events.add(kind + " " + name);
      }
    }

    @Override
    public void overflowed() {
      events.add("overflowed");
    }

    @Override
    public void ended() {
      events.add("ended");
    }

    /** Waits until an event comes; returns it and those before it. */
    List<String> until(String event) throws InterruptedException {
      List<String> before = new ArrayList<>();
      while (!before.contains(event)) {
        String next = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(next).as("after %s, waiting for %s", before, event).isNotNull();
        before.add(next);
      }
      return before;
    }
  }

  /**
   * Waits until a watcher is told of what happens. Samba says that it watches when it has told its
   * notify daemon to, which may be about to begin.
   */
  private void untilTelling(String directory, Told watcher) throws Exception {
    for (int i = 0; watcher.probed.getCount() > 0; i++) {
      assertThat((long) i).as("probes in " + directory).isLessThan(20 * PATIENCE_SECONDS);
      String probe = directory + "/" + PROBE + i;
      create(probe);
      await(share.deleteFile(probe));
      watcher.probed.await(50, TimeUnit.MILLISECONDS);
    }
  }

  @Test
  void changesByOthersAreTold() throws Exception {
    if (lacks(Feature.NOTIFICATIONS)) {
      return;
    }
    await(share.makeDirectory("/d", -1));
    ShareWatch watch = await(share.watch("/d", told));
    untilTelling("/d", told);
    share = another();
    create("/d/a", bytes(10, 1));
    assertThat(told.until("CREATED a")).doesNotContain("ended", "overflowed");
    ShareFile file = open("/d/a", update());
    writeFully(file, bytes(100, 2), 0);
    await(file.close());
    told.until("MODIFIED a");
    await(share.rename("/d/a", "/d/b\u00e4\u20ac", false));
    assertThat(told.until("CREATED b\u00e4\u20ac")).contains("DELETED a");
    await(share.makeDirectory("/d/sub", -1));
    told.until("CREATED sub");
    await(share.deleteFile("/d/b\u00e4\u20ac"));
    told.until("DELETED b\u00e4\u20ac");
    watch.close();
  }

  @Test
  void onlyEntriesOfTheDirectoryItselfAreTold() throws Exception {
    if (lacks(Feature.NOTIFICATIONS)) {
      return;
    }
    await(share.makeDirectory("/d", -1));
    await(share.makeDirectory("/d/sub", -1));
    await(share.makeDirectory("/other", -1));
    ShareWatch watch = await(share.watch("/d", told));
    untilTelling("/d", told);
    create("/d/sub/deep");
    create("/other/x");
    create("/beside");
    create("/d/last");
    assertThat(told.until("CREATED last"))
        .allMatch(event -> event.endsWith(" sub") || event.endsWith(" last"));
    watch.close();
  }

  @Test
  void severalWatchSeveral() throws Exception {
    if (lacks(Feature.NOTIFICATIONS)) {
      return;
    }
    await(share.makeDirectory("/d", -1));
    Told second = new Told();
    Told root = new Told();
    ShareWatch one = await(share.watch("/d", told));
    ShareWatch two = await(share.watch("/d", second));
    ShareWatch three = await(share.watch("/", root));
    untilTelling("/d", told);
    untilTelling("/d", second);
    untilTelling("", root);
    create("/d/x");
    create("/y");
    told.until("CREATED x");
    second.until("CREATED x");
    root.until("CREATED y");
    one.close();
    create("/d/z");
    second.until("CREATED z");
    two.close();
    three.close();
    assertThat(told.events).doesNotContain("CREATED z");
  }

  @Test
  void nothingIsMissedBetweenTwoAnswers() throws Exception {
    if (lacks(Feature.NOTIFICATIONS)) {
      return;
    }
    await(share.makeDirectory("/d", -1));
    ShareWatch watch = await(share.watch("/d", told));
    untilTelling("/d", told);
    List<CompletionStage<ShareFile>> made = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      made.add(share.open("/d/f" + i, create()));
    }
    for (CompletionStage<ShareFile> each : made) {
      await(await(each).close());
    }
    create("/d/last");
    List<String> events = told.until("CREATED last");
    if (!events.contains("overflowed")) {
      for (int i = 0; i < 200; i++) {
        assertThat(events).contains("CREATED f" + i);
      }
    }
    watch.close();
  }

  @Test
  void whatIsNoDirectoryIsNotWatched() throws Exception {
    if (lacks(Feature.NOTIFICATIONS)) {
      return;
    }
    create("/f");
    assertFails(share.watch("/f", told), NotDirectoryException.class, "/f");
    assertFails(share.watch("/missing", told), NoSuchFileException.class, "/missing");
    assertThat(told.events).isEmpty();
  }

  @Test
  void aClosedWatchIsSilent() throws Exception {
    if (lacks(Feature.NOTIFICATIONS)) {
      return;
    }
    ShareWatch watch = await(share.watch("/", told));
    watch.close();
    watch.close();
    create("/x");
    share.close();
    TimeUnit.MILLISECONDS.sleep(50); // for what comes late, if anything does
    assertThat(told.events).isEmpty();
  }

  @Test
  void whatIsDeletedOrRenamedHereEndsItsWatches() throws Exception {
    if (lacks(Feature.NOTIFICATIONS)) {
      return;
    }
    await(share.makeDirectory("/d", -1));
    await(share.makeDirectory("/d/e", -1));
    Told above = new Told();
    ShareWatch outer = await(share.watch("/d", above));
    ShareWatch inner = await(share.watch("/d/e", told));
    untilTelling("/d", above);
    untilTelling("/d/e", told);
    await(share.deleteDirectory("/d/e"));
    assertThat(exists("/d/e")).isFalse();
    told.until("ended");
    above.until("DELETED e");
    await(share.makeDirectory("/d/e", -1));
    await(share.rename("/d", "/g", false));
    above.until("ended");
    assertThat(list("/g")).containsOnlyKeys("e");
    inner.close();
    outer.close();
  }

  @Test
  void aLostConnectionEndsItsWatches() throws Exception {
    if (lacks(Feature.NOTIFICATIONS)) {
      return;
    }
    await(share.watch("/", told));
    share.close();
    assertThat(told.until("ended")).containsExactly("ended");
    assertThat(outcome(share.watch("/", told))).isInstanceOf(ShareDisconnectedException.class);
  }
}
