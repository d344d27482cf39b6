package dev.netfs.share;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What every share that grants leases holds, and that one which does not ignores the wish. */
public abstract class ShareLeaseContract extends ShareAttributesContract {
  private final UUID key = UUID.randomUUID();
  private final Holder holder = new Holder();

  private ShareFile openLeased(Share on, String path, UUID with, LeaseState wanted, Holder who)
      throws IOException {
    return await(
        on.open(
            path,
            new OpenIntent(true, true, Disposition.OPEN_OR_CREATE, false, -1)
                .withLease(new LeaseRequest(with, wanted, who))));
  }

  private ShareFile openLeased(LeaseState wanted) throws IOException {
    return openLeased(share, "/f", key, wanted, holder);
  }

  /** Sees that a stage waits: a moment is no proof, but a server in a hurry is caught. */
  private static void assertWaits(CompletionStage<?> stage) throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(100);
    assertThat(stage.toCompletableFuture()).isNotDone();
  }

  @Test
  void aShareWithoutLeasesIgnoresTheWish() throws Exception {
    if (has(Feature.LEASES)) {
      return;
    }
    ShareFile file = openLeased(LeaseState.ALL);
    writeFully(file, bytes(10, 1), 0);
    await(file.close());
    assertThat(holder.drain()).isSubsetOf("granted none");
  }

  @Test
  void aLeaseIsGrantedBeforeTheOpenCompletes() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    ShareFile file = openLeased(LeaseState.ALL);
    assertThat(holder.drain()).containsExactly("granted RWH");
    await(file.close());
    file = openLeased(share, "/g", UUID.randomUUID(), LeaseState.READ_HANDLE, holder);
    assertThat(holder.drain()).containsExactly("granted RH");
    await(file.close());
    file = openLeased(share, "/h", UUID.randomUUID(), LeaseState.READ, holder);
    assertThat(holder.drain()).containsExactly("granted R");
    await(file.close());
  }

  @Test
  void opensWithOneKeyShareALease() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    ShareFile first = openLeased(LeaseState.READ);
    ShareFile second = openLeased(LeaseState.ALL);
    ShareFile third = openLeased(LeaseState.READ);
    assertThat(holder.drain()).containsExactly("granted R", "granted RWH", "granted RWH");
    writeFully(first, bytes(100, 1), 0);
    assertThat(readFully(third, 0, 100)).isEqualTo(bytes(100, 1));
    await(second.truncate(50));
    assertThat(stat("/f").size()).isEqualTo(50);
    await(first.close());
    await(third.close());

    Share others = another();
    CompletionStage<ShareFile> theirs = others.open("/f", update());
    assertThat(holder.next()).as("while a handle is open").isEqualTo("breaking RH");
    holder.acknowledge();
    await(await(theirs).close());
    await(second.close());
  }

  @Test
  @Tag("L3")
  void nobodyElseGetsOnBeforeABreakIsAcknowledged() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    ShareFile file = openLeased(LeaseState.ALL);
    assertThat(holder.next()).isEqualTo("granted RWH");
    Share others = another();
    CompletionStage<ShareFile> theirs = others.open("/f", update());
    assertThat(holder.next()).isEqualTo("breaking RH");
    assertWaits(theirs);
    writeFully(file, bytes(1_000, 2), 0); // what was kept back
    assertThat(theirs.toCompletableFuture()).isNotDone();
    holder.acknowledge();
    ShareFile opened = await(theirs);
    assertThat(opened.openInfo().size()).isEqualTo(1_000);
    assertThat(readFully(opened, 0, 1_000)).isEqualTo(bytes(1_000, 2));
    assertThat(holder.drain()).as("reading takes nothing").isEmpty();

    writeFully(opened, bytes(10, 3), 500);
    assertThat(holder.next()).as("after a write").isEqualTo("breaking none");
    holder.acknowledge();
    assertThat(readFully(file, 500, 10)).isEqualTo(bytes(10, 3));
    await(opened.close());
    await(file.close());
  }

  @Test
  @Tag("L3")
  void anAcknowledgementCountsOnce() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    ShareFile file = openLeased(LeaseState.ALL);
    assertThat(holder.next()).isEqualTo("granted RWH");
    Share others = another();
    CompletionStage<ShareFile> theirs = others.open("/f", OpenIntent.READ);
    assertThat(holder.next()).isEqualTo("breaking RH");
    Runnable acknowledgement = holder.acknowledgement();
    acknowledgement.run();
    acknowledgement.run();
    await(await(theirs).close());
    acknowledgement.run();
    ShareFile again = openLeased(LeaseState.ALL);
    assertThat(holder.next()).as("when nobody else has it open").isEqualTo("granted RWH");
    await(again.close());
    await(file.close());
  }

  @Test
  void twoReadersKeepWhatTheyRead() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    create("/f", bytes(100, 1));
    Holder other = new Holder();
    Share others = another();
    ShareFile mine = openLeased(LeaseState.READ);
    ShareFile theirs = openLeased(others, "/f", UUID.randomUUID(), LeaseState.READ, other);
    assertThat(readFully(mine, 0, 100)).isEqualTo(readFully(theirs, 0, 100));
    assertThat(holder.drain()).containsExactly("granted R");
    assertThat(other.drain()).containsExactly("granted R");
    writeFully(theirs, bytes(1, 2), 0);
    assertThat(holder.next()).isEqualTo("breaking none");
    holder.acknowledge();
    await(theirs.close());
    await(mine.close());
  }

  @Test
  void aLockOfAnothersTakesTheRightToRead() throws Exception {
    if (lacks(Feature.LEASES) || lacks(Feature.LOCKS)) {
      return;
    }
    create("/f", bytes(100, 1));
    ShareFile mine = openLeased(LeaseState.READ);
    ShareFile theirs = await(another().open("/f", update()));
    assertThat(holder.drain()).containsExactly("granted R");
    ShareLock lock = await(theirs.lock(10, 10, false, true));
    assertThat(lock).isNotNull();
    assertThat(holder.next()).isEqualTo("breaking none");
    holder.acknowledge();
    await(lock.release());
    await(theirs.close());
    await(mine.close());
  }

  @Test
  void changesOfOurOwnUnderAnotherNameBreakNothingOfOurs() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    ShareFile file = openLeased(LeaseState.ALL);
    assertThat(holder.next()).isEqualTo("granted RWH");
    await(share.rename("/f", "/g", false));
    assertThat(stat("/g").size()).isZero();
    await(share.setAttributes("/g", AttributeChange.ofTimes(TIME, null, null), false));
    if (has(Feature.USE_AFTER_DELETE)) {
      create("/new", bytes(3, 1));
      await(share.rename("/new", "/g", true));
      await(share.deleteFile("/g"));
    }
    assertThat(holder.drain()).isEmpty();
    await(file.close());
  }

  private static final java.nio.file.attribute.FileTime TIME =
      java.nio.file.attribute.FileTime.fromMillis(1_500_000_000_000L);

  @Test
  void anothersRenamingAndDeletingWaitForTheRightToKeepItOpen() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    Share others = another();
    ShareFile file = openLeased(LeaseState.ALL);
    assertThat(holder.next()).isEqualTo("granted RWH");
    CompletionStage<Void> renamed = others.rename("/f", "/g", false);
    answerBreaks(renamed);
    assertThat(outcome(renamed)).isNull();
    await(file.close());
    assertThat(exists("/g")).isTrue();

    holder.drain();
    file = openLeased(share, "/g", UUID.randomUUID(), LeaseState.ALL, holder);
    assertThat(holder.next()).isEqualTo("granted RWH");
    CompletionStage<Void> deleted = others.deleteFile("/g");
    answerBreaks(deleted);
    outcome(deleted); // done, or refused, as the server likes it
    await(file.close());
  }

  /** On SMB a key is one file's, and the old one is still open under it. */
  @Test
  void aNameThatIsAnotherFilesByNowIsOpenedWithTheSameKey() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    Share others = another();
    ShareFile file = openLeased(LeaseState.ALL);
    assertThat(holder.next()).isEqualTo("granted RWH");
    create("/new", bytes(100, 7));
    CompletionStage<Void> renamed = others.rename("/new", "/f", true);
    answerBreaks(renamed);
    assertThat(outcome(renamed)).isNull();
    ShareFile again = openLeased(LeaseState.ALL);
    assertThat(readFully(again, 0, 100)).isEqualTo(bytes(100, 7));
    await(file.close());
    await(again.close());
    holder.drain();
    again = openLeased(LeaseState.ALL);
    assertThat(holder.next()).isEqualTo("granted RWH");
    await(again.close());
  }

  /** And so must what is renamed or deleted by a name that is open here, as another file. */
  @Test
  void aNameThatIsAnotherFilesByNowIsRenamedAndDeleted() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    Share others = another();
    for (int i = 0; i < 2; i++) {
      ShareFile file = openLeased(share, "/f", UUID.randomUUID(), LeaseState.ALL, holder);
      assertThat(holder.next()).isEqualTo("granted RWH");
      create("/new", bytes(100, i));
      CompletionStage<Void> replaced = others.rename("/new", "/f", true);
      answerBreaks(replaced);
      assertThat(outcome(replaced)).isNull();
      if (i == 0) {
        await(share.rename("/f", "/g", false));
      } else {
        await(share.deleteFile("/f"));
      }
      assertThat(exists("/f")).isFalse();
      assertThat(stat("/g").size()).isEqualTo(100);
      await(file.close());
      holder.drain();
    }
  }

  /** Acknowledges breaks until a stage is done. */
  private void answerBreaks(CompletionStage<?> stage) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!stage.toCompletableFuture().isDone() && System.nanoTime() < end) {
      holder.acknowledgeAll();
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  @Test
  void aClosedLeaseIsSilent() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    ShareFile file = openLeased(LeaseState.ALL);
    assertThat(holder.next()).isEqualTo("granted RWH");
    await(file.close());
    Share others = another();
    ShareFile theirs = await(others.open("/f", update()));
    writeFully(theirs, bytes(10, 1), 0);
    await(theirs.close());
    share.close();
    assertThat(holder.drain()).isEmpty();

    Holder next = new Holder();
    file = openLeased(others, "/f", UUID.randomUUID(), LeaseState.ALL, next);
    assertThat(next.next()).isEqualTo("granted RWH");
    await(file.close());
  }

  @Test
  void closingAnswersABreak() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    ShareFile file = openLeased(LeaseState.ALL);
    assertThat(holder.next()).isEqualTo("granted RWH");
    CompletionStage<ShareFile> theirs = another().open("/f", update());
    assertThat(holder.next()).isEqualTo("breaking RH");
    await(file.close());
    await(await(theirs).close());
    holder.acknowledge(); // too late, and to no effect
    assertThat(stat("/f").size()).isZero();
    assertThat(share.isConnected()).isTrue();
  }

  @Test
  void aLostConnectionLosesItsLeases() throws Exception {
    if (lacks(Feature.LEASES)) {
      return;
    }
    ShareFile file = openLeased(LeaseState.ALL);
    assertThat(holder.next()).isEqualTo("granted RWH");
    share.close();
    assertThat(holder.next()).isEqualTo("lost");
    outcome(file.close());
    Holder next = new Holder();
    Share reconnected = another();
    ShareFile again = openLeased(reconnected, "/f", key, LeaseState.ALL, next);
    assertThat(next.next()).isEqualTo("granted RWH");
    await(again.close());
    assertThat(holder.drain()).isEqualTo(List.of());
  }
}
