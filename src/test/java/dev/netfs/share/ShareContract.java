package dev.netfs.share;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.ShareCapabilities.LockKind;
import dev.netfs.share.ShareCapabilities.WriteUnit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * The executable contract of the SPI: every transport passes it. A subclass supplies what {@link
 * ShareFixture} asks for, against a real server where there is one.
 *
 * <p>What is optional is skipped only where the subclass says that its transport does not have it,
 * and {@link #featuresAreWhatTheCapabilitiesSay} holds it to that. What is not optional (opening,
 * reading, writing, listing, deleting, renaming, exact errors, closing) cannot be skipped.
 *
 * <p>The tests come in layers, one class each, to keep them readable: I/O, names, attributes,
 * leases, watches, and here capabilities, locks and endings.
 */
public abstract class ShareContract extends ShareWatchContract {

  @Test
  void capabilitiesAreSane() throws Exception {
    ShareCapabilities can = share.capabilities();
    assertThat(share.capabilities()).isSameAs(can);
    assertThat(can.rsize()).isBetween(1, 64 << 20);
    assertThat(can.wsize()).isBetween(1, 64 << 20);
    assertThat(can.depth()).isBetween(1, 4096);
    assertThat(can.writeBlock()).isPositive();
    if (can.writeUnit() != WriteUnit.BLOCK) {
      assertThat(can.writeBlock()).isOne();
    }
    assertThat(can.attributeViews()).contains("basic");
    assertThat(can.timestampGranularity()).isPositive();
    assertThat(can.readOnly()).isFalse();
    assertThat(share.isConnected()).isTrue();
    assertThat(another().capabilities()).hasToString(can.toString());
  }

  @Test
  void featuresAreWhatTheCapabilitiesSay() throws Exception {
    ShareCapabilities can = share.capabilities();
    Set<Feature> shown = EnumSet.copyOf(features());
    set(shown, Feature.SYMBOLIC_LINKS, can.symbolicLinks());
    set(shown, Feature.HARD_LINKS, can.hardLinks());
    set(shown, Feature.LOCKS, can.locks() != LockKind.NONE);
    set(shown, Feature.LEASES, can.leases());
    set(shown, Feature.NOTIFICATIONS, can.notifications());
    set(shown, Feature.SERVER_COPY, can.serverCopy());
    set(shown, Feature.ATOMIC_REPLACE, can.atomicReplace());
    set(shown, Feature.DURABLE_SYNC, can.durableSync());
    set(shown, Feature.POSIX, can.attributeViews().contains("posix"));
    create("/f");
    set(shown, Feature.FILE_KEYS, stat("/f").fileKey() != null);
    assertThat(shown).isEqualTo(features());
  }

  private static void set(Set<Feature> features, Feature feature, boolean present) {
    if (present) {
      features.add(feature);
    } else {
      features.remove(feature);
    }
  }

  @Test
  void whatThereIsNotIsUnsupported() throws Exception {
    create("/f");
    if (!has(Feature.SYMBOLIC_LINKS)) {
      assertUnsupported(() -> share.symbolicLink("/l", "f"));
      assertUnsupported(() -> share.readLink("/f"));
    }
    if (!has(Feature.HARD_LINKS)) {
      assertUnsupported(() -> share.link("/l", "/f"));
    }
    if (!has(Feature.SERVER_COPY)) {
      assertUnsupported(() -> share.copy("/f", "/g"));
    }
    ShareFile file = open("/f", update());
    if (!has(Feature.LOCKS)) {
      assertUnsupported(() -> file.lock(0, 1, false, false));
      assertUnsupported(() -> file.lock(0, 1, true, true));
    }
    await(file.close());
    assertThat(list("/")).containsOnlyKeys("f");
  }

  private static void assertUnsupported(Supplier<CompletionStage<?>> operation) {
    assertThat(outcome(operation.get())).isInstanceOf(UnsupportedOperationException.class);
  }

  // Locks.

  @Test
  void locksExcludeOthers() throws Exception {
    if (lacks(Feature.LOCKS)) {
      return;
    }
    create("/f", bytes(100, 1));
    Share second = another();
    ShareFile mine = open("/f", update());
    ShareFile theirs = await(second.open("/f", update()));
    ShareLock lock = await(mine.lock(10, 10, false, false));
    assertThat(lock).isNotNull();
    assertThat(await(theirs.lock(0, 11, false, false))).isNull();
    assertThat(await(theirs.lock(19, 100, true, false))).isNull();
    ShareLock beside = await(theirs.lock(20, 1000, false, false));
    assertThat(beside).isNotNull();
    await(lock.release());
    await(lock.release());
    ShareLock now = await(theirs.lock(0, 20, false, false));
    assertThat(now).isNotNull();
    assertThat(await(mine.lock(0, 5, false, false))).isNull();
    await(now.release());
    await(beside.release());
    ShareLock far = await(mine.lock(1L << 40, 1L << 20, false, true));
    await(far.release());
    await(mine.close());
    await(theirs.close());
  }

  @Test
  void waitsForALock() throws Exception {
    if (lacks(Feature.LOCKS)) {
      return;
    }
    create("/f", bytes(100, 1));
    Share second = another();
    ShareFile mine = open("/f", update());
    ShareFile theirs = await(second.open("/f", update()));
    ShareLock lock = await(mine.lock(0, 100, false, true));
    CompletableFuture<ShareLock> waiting = theirs.lock(50, 1, false, true);
    CompletableFuture<ShareLock> givenUp = theirs.lock(60, 1, false, true);
    assertStillWaiting(waiting);
    // A wait takes nothing from others: many more than there are threads, and all goes on.
    List<CompletableFuture<ShareLock>> crowd = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      crowd.add(theirs.lock(61 + i % 30, 1, true, true));
    }
    assertThat(await(theirs.stat()).size()).isEqualTo(100);
    crowd.forEach(each -> each.cancel(false));
    assertThat(givenUp.cancel(false)).isTrue();
    await(lock.release());
    ShareLock got = await(waiting);
    assertThat(got).isNotNull();
    // What was cancelled is free.
    ShareLock again = await(mine.lock(60, 40, false, true));
    assertThat(again).isNotNull();
    await(again.release());
    await(got.release());
    await(mine.close());
    await(theirs.close());
  }

  private static void assertStillWaiting(CompletableFuture<?> future) throws Exception {
    try {
      future.get(150, TimeUnit.MILLISECONDS);
      throw new AssertionError("got a lock that somebody else holds");
    } catch (TimeoutException e) {
      // as it should be
    }
  }

  @Test
  void closingGivesLocksBackAndEndsWaits() throws Exception {
    if (lacks(Feature.LOCKS)) {
      return;
    }
    create("/f", bytes(100, 1));
    Share second = another();
    ShareFile mine = open("/f", update());
    ShareFile theirs = await(second.open("/f", update()));
    await(mine.lock(0, 10, false, false));
    CompletableFuture<ShareLock> waiting = theirs.lock(0, 10, false, true);
    await(theirs.close());
    assertThat(outcome(waiting)).isInstanceOf(ClosedChannelException.class);
    theirs = await(second.open("/f", update()));
    waiting = theirs.lock(0, 10, false, true);
    await(mine.close());
    assertThat(await(waiting)).isNotNull();

    mine = open("/f", update());
    waiting = mine.lock(0, 10, false, true);
    second.close();
    assertThat(await(waiting)).isNotNull();
    await(mine.close());
  }

  @Test
  void locksOutliveOtherHandlesOfTheFile() throws Exception {
    if (lacks(Feature.LOCKS)) {
      return;
    }
    create("/f", bytes(100, 1));
    ShareFile mine = open("/f", update());
    ShareFile same = open("/f", update());
    ShareLock lock = await(mine.lock(0, 10, false, false));
    ShareLock other = await(same.lock(10, 10, false, false));
    await(same.close());
    await(other.release());
    Share second = another();
    ShareFile theirs = await(second.open("/f", update()));
    assertThat(await(theirs.lock(0, 1, false, false))).isNull();
    assertThat(await(theirs.lock(10, 10, false, false))).isNotNull();
    await(lock.release());
    assertThat(await(theirs.lock(0, 1, false, false))).isNotNull();
    await(mine.close());
    await(theirs.close());
  }

  // Endings.

  @Test
  void closedFilesAreClosed() throws Exception {
    create("/f", bytes(100, 1));
    ShareFile file = open("/f", update());
    await(file.close());
    await(file.close());
    List<CompletionStage<?>> operations = new ArrayList<>();
    operations.add(file.read(IoSegments.of(ByteBuffer.allocate(8)), 0));
    operations.add(file.write(IoSegments.of(ByteBuffer.allocate(8)), 0));
    operations.add(file.stat());
    operations.add(file.truncate(0));
    operations.add(file.sync(true));
    if (has(Feature.LOCKS)) {
      operations.add(file.lock(0, 1, false, false));
    }
    for (CompletionStage<?> operation : operations) {
      assertThat(outcome(operation)).isInstanceOf(ClosedChannelException.class);
    }
    assertContent("/f", bytes(100, 1));
  }

  @Test
  void closingAFileEndsItsRequests() throws Exception {
    int size = 1 << 20;
    create("/f", bytes(size, 1));
    ShareFile file = open("/f", update());
    List<byte[]> memory = new ArrayList<>();
    List<CompletionStage<?>> requests = requests(file, memory, size);
    await(file.close());
    List<byte[]> then = memory.stream().map(byte[]::clone).toList();
    for (CompletionStage<?> request : requests) {
      Throwable failure = outcome(request);
      if (failure != null) {
        assertThat(failure).isInstanceOf(ClosedChannelException.class);
      }
    }
    assertThat(share.isConnected()).isTrue();
    assertSame(memory, then);
    ShareFile again = open("/f", OpenIntent.READ);
    assertThat(readFully(again, 0, 10)).hasSize(10);
    await(again.close());
  }

  @Test
  void closingTheShareEndsEverything() throws Exception {
    int size = 1 << 20;
    create("/f", bytes(size, 1));
    ShareFile file = open("/f", update());
    List<byte[]> memory = new ArrayList<>();
    List<CompletionStage<?>> requests = requests(file, memory, size);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      requests.add(share.stat("/f", true));
      requests.add(share.list("/", entry -> names.add(entry.name())));
      requests.add(share.open("/f", OpenIntent.READ));
    }
    share.close();
    List<byte[]> then = memory.stream().map(byte[]::clone).toList();
    int listed = names.size();
    share.close();
    assertThat(share.isConnected()).isFalse();
    for (CompletionStage<?> request : requests) {
      Throwable failure = outcome(request);
      if (failure != null) {
        assertThat(failure).isInstanceOf(ShareDisconnectedException.class);
      }
    }
    TimeUnit.MILLISECONDS.sleep(20); // for late writers, if there are any
    assertSame(memory, then);
    assertThat(names).hasSize(listed);

    assertDisconnected(file.read(IoSegments.of(ByteBuffer.allocate(8)), 0));
    assertDisconnected(file.write(IoSegments.of(ByteBuffer.allocate(8)), 0));
    assertDisconnected(file.stat());
    assertDisconnected(share.stat("/", true));
    assertDisconnected(share.open("/f", OpenIntent.READ));
    assertDisconnected(share.list("/", entry -> {}));
    assertDisconnected(share.makeDirectory("/d", -1));
    outcome(file.close()); // ends, one way or the other
    outcome(file.close());
    assertThat(await(another().stat("/f", true)).size()).isEqualTo(size);
  }

  private static void assertSame(List<byte[]> memory, List<byte[]> then) {
    for (int i = 0; i < then.size(); i++) {
      assertThat(Arrays.equals(memory.get(i), then.get(i))).as("memory of read %d", i).isTrue();
    }
  }

  private static void assertDisconnected(CompletionStage<?> stage) {
    assertThat(outcome(stage))
        .isInstanceOfAny(ShareDisconnectedException.class, ClosedChannelException.class);
  }

  /** Starts many reads and some writes of what is there already. */
  private List<CompletionStage<?>> requests(ShareFile file, List<byte[]> memory, int size) {
    Random random = new Random(2);
    byte[] content = bytes(size, 1);
    List<CompletionStage<?>> requests = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      int offset = random.nextInt(size - 20_000);
      if (i % 5 == 0) {
        requests.add(file.write(IoSegments.of(ByteBuffer.wrap(content, offset, 5_000)), offset));
      } else {
        byte[] target = new byte[20_000];
        memory.add(target);
        requests.add(file.read(IoSegments.of(ByteBuffer.wrap(target)), offset));
      }
    }
    return requests;
  }

  @Test
  void aCompletionMayCloseTheShare() throws IOException {
    create("/f", bytes(10, 1));
    CompletableFuture<Void> closed = new CompletableFuture<>();
    share
        .stat("/f", true)
        .whenComplete(
            (info, failure) -> {
              share.close();
              closed.complete(null);
            });
    assertThat(outcome(closed)).isNull();
    assertThat(share.isConnected()).isFalse();
  }
}
