package dev.netfs.share.smb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.DirectoryWatcher;
import dev.netfs.share.Holder;
import dev.netfs.share.LeaseRequest;
import dev.netfs.share.LeaseState;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareContract;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The SPI's contract over Samba. */
class SambaShareIT extends ShareContract {
  private static final int FLOODS = 10;
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static SambaServer server;

  private String root;

  @BeforeAll
  static void startServer() throws IOException {
    server = SambaServer.start();
  }

  @AfterAll
  static void stopServer() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected void makeRoot() throws IOException {
    root = "/share" + COUNT.incrementAndGet();
    Files.createDirectory(serverRoot());
    server.own(serverRoot());
  }

  @Override
  protected void removeRoot() {}

  @Override
  protected Share connect() throws IOException {
    return new SmbShareProvider()
        .connect(new ShareConfig(server.uri(root), ShareOptions.of(server.options())));
  }

  @Test
  @Tag("L3")
  void anotherProgramWaitsForALease() throws Exception {
    Holder holder = new Holder();
    OpenIntent intent =
        create().withLease(new LeaseRequest(UUID.randomUUID(), LeaseState.ALL, holder));
    ShareFile file = open("/f", intent);
    assertThat(holder.next()).isEqualTo("granted RWH");
    Path copy = server.directory().resolve("copy");
    CompletableFuture<String> got =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return server.smbclient("get " + root.substring(1) + "/f " + copy);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    assertThat(holder.next()).isEqualTo("breaking RH");
    writeFully(file, bytes(100, 1), 0);
    assertThat(got).isNotDone();
    holder.acknowledge();
    got.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(copy).hasBinaryContent(bytes(100, 1));

    server.smbclient("put " + copy + " " + root.substring(1) + "/f");
    assertThat(holder.next()).isEqualTo("breaking none");
    await(file.close());
  }

  /** So what is read under it proves nothing to who is told afterwards that another has closed. */
  @Test
  void nobodyWaitsForWhoHasTheRightToReadAlone() throws Exception {
    create("/f", bytes(100, 1));
    Holder holder = new Holder();
    ShareFile file =
        open(
            "/f",
            OpenIntent.READ.withLease(
                new LeaseRequest(UUID.randomUUID(), LeaseState.READ_HANDLE, holder)));
    assertThat(holder.next()).isEqualTo("granted RH");
    ShareFile theirs = await(another().open("/f", update()));
    writeFully(theirs, bytes(100, 2), 0);
    await(theirs.close());
    assertThat(holder.next()).as("not acknowledged so far").isEqualTo("breaking none");
    holder.acknowledge();
    await(file.close());
  }

  /**
   * The receiving thread is held up, while more happens than the server can tell at once. Samba
   * tells its process for this connection of changes some time after they were made: what comes
   * there after the thread goes on is told bit by bit, without an overflow. Then it is done again.
   */
  @Test
  void moreThanTheServerCanTellIsAnOverflow() throws Exception {
    Map<String, CountDownLatch> held = new ConcurrentHashMap<>();
    LinkedBlockingQueue<String> told = new LinkedBlockingQueue<>();
    DirectoryWatcher watcher =
        new DirectoryWatcher() {
          @Override
          public void changed(Kind kind, String name) {
            told.add(name);
            try {
              held.getOrDefault(name, new CountDownLatch(0)).await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          }

          @Override
          public void overflowed() {
            told.add("overflowed");
          }

          @Override
          public void ended() {
            told.add("ended");
          }
        };
    await(share.watch("/", watcher));
    share = another();
    String last = "";
    for (int flood = 0; flood < FLOODS && !last.equals("overflowed"); flood++) {
      CountDownLatch over = new CountDownLatch(1);
      held.put("first" + flood, over);
      try {
        create("/first" + flood);
        awaitTold(told, "first" + flood);
        for (int i = 1; i <= 400; i++) { // 160 kB of names
          await(share.makeDirectory("/" + "n".repeat(200) + flood + "-" + i, -1));
        }
      } finally {
        over.countDown();
      }
      last = awaitTold(told, "overflowed", "n".repeat(200) + flood + "-400");
    }
    assertThat(last).isEqualTo("overflowed");
    create("/after");
    awaitTold(told, "after");
  }

  /** Waits until the watcher is told of one of some things; returns of which. */
  private static String awaitTold(LinkedBlockingQueue<String> told, String... wanted)
      throws InterruptedException {
    while (true) {
      String next = told.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(next).as("waiting for one of %s", List.of(wanted)).isNotNull();
      if (List.of(wanted).contains(next)) {
        return next;
      }
    }
  }

  @Override
  protected Set<Feature> features() {
    Set<Feature> missing =
        EnumSet.of(
            Feature.POSIX,
            Feature.OWNER_NUMBERS,
            Feature.SYMBOLIC_LINKS,
            Feature.SET_LINK_TIMES,
            Feature.STAT_AFTER_RENAME, // of a directory that has open files in it
            Feature.ANY_NAME,
            Feature.LINK_COUNTS); // listings do not tell
    return EnumSet.complementOf(EnumSet.copyOf(missing));
  }

  @Override
  protected Path serverRoot() {
    return server.data().resolve(root.substring(1));
  }
}
