package dev.netfs.nio;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.NetfsFileSystem;
import dev.netfs.NetfsOpenOption;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Asynchronous channels whose operations are held up: what they cost meanwhile, and what
 * cancelling, closing and locking come to. Where the JDK's own channel can be held up too (its
 * executor can), the same is done to it, and has to come to the same.
 */
class AsynchronousChannelTest {
  private static final int PAGE = 4096;
  private static final int SIZE = 1024 * PAGE;

  private final GatedShares.Control control = new GatedShares.Control();
  private final ExecutorService executor =
      Executors.newFixedThreadPool(2, task -> new Thread(task, "given"));
  @TempDir Path dir;
  private NetfsFileSystem fs;
  private Path file;
  private byte[] content;

  @BeforeEach
  void mount() throws Exception {
    content = new byte[SIZE];
    new Random(7).nextBytes(content);
    Files.write(dir.resolve("file"), content);
    fs =
        GatedShares.mount(
            dir, "asynchronous", control, "pageSize", "4096", "readahead", "0", "timeout", "1h");
    file = fs.getPath("/file");
  }

  @AfterEach
  void unmount() throws Exception {
    control.reads.open();
    control.writes.open();
    control.locks.open();
    executor.shutdown();
    fs.close();
  }

  private AsynchronousFileChannel open(OpenOption... options) throws IOException {
    return AsynchronousFileChannel.open(file, Set.of(options), executor);
  }

  private static Object end(Future<?> future) throws Exception {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      return e.getCause().getClass();
    } catch (CancellationException e) {
      return e.getClass();
    }
  }

  /** Keeps what a handler is told, and fails if it is told twice. */
  private static final class Told<V> implements CompletionHandler<V, Object> {
    final CompletableFuture<Object> outcome = new CompletableFuture<>();
    final CompletableFuture<Thread> thread = new CompletableFuture<>();
    final AtomicInteger times = new AtomicInteger();

    @Override
    public void completed(V result, Object attachment) {
      tell(result);
    }

    @Override
    public void failed(Throwable exc, Object attachment) {
      tell(exc.getClass());
    }

    private void tell(Object what) {
      times.incrementAndGet();
      thread.complete(Thread.currentThread());
      outcome.complete(what);
    }

    Object get() throws Exception {
      return outcome.get(30, TimeUnit.SECONDS);
    }
  }

  // ---- threads

  @ParameterizedTest
  @EnumSource
  void aThousandReadsThatWaitHoldNoThread(Way way) throws Exception {
    try (AsynchronousFileChannel channel =
        way == Way.BUFFERED
            ? AsynchronousFileChannel.open(file, READ) // the default group
            : AsynchronousFileChannel.open(file, READ, way.option)) {
      assertThat(end(channel.read(ByteBuffer.allocate(1), SIZE))).isEqualTo(-1);
      int before = ManagementFactory.getThreadMXBean().getThreadCount();
      control.reads.shut();
      List<ByteBuffer> buffers = new ArrayList<>();
      List<Future<Integer>> reads = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        ByteBuffer buffer = ByteBuffer.allocate(PAGE);
        buffers.add(buffer);
        reads.add(channel.read(buffer, (long) i * PAGE));
      }
      control.reads.awaitArrival(1);
      assertThat(reads).noneMatch(Future::isDone);
      assertThat(ManagementFactory.getThreadMXBean().getThreadCount() - before)
          .isLessThanOrEqualTo(4);
      control.reads.open();
      for (int i = 0; i < 1000; i++) {
        assertThat(end(reads.get(i))).isEqualTo(PAGE);
        assertThat(buffers.get(i).array())
            .isEqualTo(Arrays.copyOfRange(content, i * PAGE, (i + 1) * PAGE));
      }
    }
  }

  private enum Way {
    BUFFERED(null),
    UNBUFFERED(NetfsOpenOption.UNBUFFERED),
    DIRECT(NetfsOpenOption.DIRECT);

    final OpenOption option;

    Way(OpenOption option) {
      this.option = option;
    }
  }

  static Stream<Set<OpenOption>> waitingWrites() {
    return Stream.of(
        Set.of(WRITE, DSYNC),
        Set.of(WRITE, NetfsOpenOption.WRITE_THROUGH),
        Set.of(WRITE, NetfsOpenOption.DIRECT));
  }

  @ParameterizedTest
  @MethodSource("waitingWrites")
  void writesThatWaitForTheServerHoldNoThread(Set<OpenOption> options) throws Exception {
    try (AsynchronousFileChannel channel = AsynchronousFileChannel.open(file, options, null)) {
      int before = ManagementFactory.getThreadMXBean().getThreadCount();
      control.writes.shut();
      List<Future<Integer>> writes = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        writes.add(channel.write(ByteBuffer.wrap(new byte[] {(byte) i, 1}), i * 1000L));
      }
      control.writes.awaitArrival(1);
      assertThat(writes).noneMatch(Future::isDone);
      assertThat(ManagementFactory.getThreadMXBean().getThreadCount() - before)
          .isLessThanOrEqualTo(4);
      control.writes.open();
      for (int i = 0; i < 200; i++) {
        assertThat(end(writes.get(i))).isEqualTo(2);
        content[i * 1000] = (byte) i;
        content[i * 1000 + 1] = 1;
      }
      assertThat(Files.readAllBytes(dir.resolve("file"))).isEqualTo(content);
    }
  }

  @Test
  void writesThatWaitForRoomHoldNoThread() throws Exception {
    try (NetfsFileSystem small =
            GatedShares.mount(
                dir, "small", control, "pageSize", "4096", "dirtyLimit", "64KiB", "timeout", "1h");
        AsynchronousFileChannel channel =
            AsynchronousFileChannel.open(small.getPath("/new"), CREATE, WRITE)) {
      int before = ManagementFactory.getThreadMXBean().getThreadCount();
      control.writes.shut();
      List<Future<Integer>> writes = new ArrayList<>();
      for (int i = 0; i < 256; i++) {
        writes.add(
            channel.write(
                ByteBuffer.wrap(content, i * PAGE, PAGE), (long) i * PAGE)); // all of 1 MiB
      }
      control.writes.awaitArrival(1);
      assertThat(writes.stream().filter(Future::isDone)).hasSizeBetween(1, 16);
      assertThat(ManagementFactory.getThreadMXBean().getThreadCount() - before)
          .isLessThanOrEqualTo(4);
      control.writes.open();
      for (Future<Integer> write : writes) {
        assertThat(end(write)).isEqualTo(PAGE);
      }
      channel.force(false);
      assertThat(Files.readAllBytes(dir.resolve("new")))
          .isEqualTo(Arrays.copyOf(content, 256 * PAGE));
    }
  }

  @Test
  void handlersRunOnTheExecutorHoweverTheOperationEnds() throws Exception {
    try (AsynchronousFileChannel channel = open(READ, WRITE)) {
      Told<Integer> cold = new Told<>();
      channel.read(ByteBuffer.allocate(10), 0, null, cold);
      assertThat(cold.get()).isEqualTo(10);
      Told<Integer> warm = new Told<>();
      channel.read(ByteBuffer.allocate(10), 0, null, warm);
      assertThat(warm.get()).isEqualTo(10);
      Told<Integer> end = new Told<>();
      channel.read(ByteBuffer.allocate(10), SIZE, null, end);
      assertThat(end.get()).isEqualTo(-1);
      Told<Integer> nothing = new Told<>();
      channel.read(ByteBuffer.allocate(0), 0, null, nothing);
      assertThat(nothing.get()).isEqualTo(0);
      Told<Integer> written = new Told<>();
      channel.write(ByteBuffer.allocate(10), 0, null, written);
      assertThat(written.get()).isEqualTo(10);
      Told<FileLock> locked = new Told<>();
      channel.lock(0, 1, false, null, locked);
      assertThat(locked.get()).isInstanceOf(FileLock.class);
      control.reads.shut();
      Told<Integer> failed = new Told<>();
      channel.read(ByteBuffer.allocate(10), 10 * PAGE, null, failed);
      control.reads.openWith(new IOException("no such luck"));
      assertThat(failed.get()).isEqualTo(java.nio.file.FileSystemException.class);
      channel.close();
      Told<Integer> closed = new Told<>();
      channel.read(ByteBuffer.allocate(10), 0, null, closed);
      closed.get();
      for (Told<?> told : List.of(cold, warm, end, nothing, written, locked, failed, closed)) {
        assertThat(told.thread.get().getName()).isEqualTo("given");
        assertThat(told.times).hasValue(1);
      }
    }
  }

  @Test
  void aHandlerMayBeginTheNextOperationForEver() throws Exception {
    int reads = 20_000;
    try (AsynchronousFileChannel channel = open(READ)) {
      AtomicInteger done = new AtomicInteger();
      CompletableFuture<Void> over = new CompletableFuture<>();
      ByteBuffer buffer = ByteBuffer.allocate(8);
      channel.read(
          buffer,
          0,
          null,
          new CompletionHandler<Integer, Object>() {
            @Override
            public void completed(Integer result, Object attachment) {
              if (done.incrementAndGet() == reads) {
                over.complete(null);
              } else {
                channel.read(buffer.clear(), 0, null, this);
              }
            }

            @Override
            public void failed(Throwable exc, Object attachment) {
              over.completeExceptionally(exc);
            }
          });
      over.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void whatIsUnderWayEndsThoughTheExecutorIsShutDown() throws Exception {
    try (AsynchronousFileChannel channel = open(READ)) {
      control.reads.shut();
      Told<Integer> told = new Told<>();
      channel.read(ByteBuffer.allocate(10), 0, null, told);
      Future<Integer> future = channel.read(ByteBuffer.allocate(PAGE), PAGE);
      executor.shutdown();
      control.reads.open();
      assertThat(told.get()).isEqualTo(10);
      assertThat(end(future)).isEqualTo(PAGE);
    }
  }

  @Test
  void aLargeColdReadAcrossPiecesAndTheEnd() throws Exception {
    try (AsynchronousFileChannel channel = open(READ);
        AsynchronousFileChannel direct = open(READ, NetfsOpenOption.DIRECT)) {
      for (AsynchronousFileChannel each : List.of(channel, direct)) {
        ByteBuffer all = ByteBuffer.allocate(SIZE + 100);
        assertThat(end(each.read(all, 5))).isEqualTo(SIZE - 5);
        assertThat(Arrays.copyOf(all.array(), SIZE - 5))
            .isEqualTo(Arrays.copyOfRange(content, 5, SIZE));
      }
    }
  }

  @Test
  void aReadAtTheEndSeesWhatAnotherClientHasAppended() throws Exception {
    try (NetfsFileSystem fresh = GatedShares.mount(dir, "fresh", control, "attrTtl", "0s");
        AsynchronousFileChannel channel =
            AsynchronousFileChannel.open(fresh.getPath("/file"), READ)) {
      assertThat(end(channel.read(ByteBuffer.allocate(1), SIZE))).isEqualTo(-1);
      Files.write(dir.resolve("file"), new byte[3], java.nio.file.StandardOpenOption.APPEND);
      assertThat(end(channel.read(ByteBuffer.allocate(10), SIZE))).isEqualTo(3);
    }
  }

  // ---- as the JDK's own

  /** An asynchronous channel, of ours or of the JDK's, whose operations are held up. */
  private final class Stalled implements AutoCloseable {
    final AsynchronousFileChannel channel;
    final ExecutorService threads = Executors.newSingleThreadExecutor();
    private final CountDownLatch go = new CountDownLatch(1);

    Stalled(boolean ours) throws IOException {
      fs.dropCaches(); // what was read before may be trusted by now, and would be there at once
      control.reads.shut();
      Path path = ours ? file : dir.resolve("file");
      channel = AsynchronousFileChannel.open(path, Set.of(READ, WRITE), threads);
      threads.execute(
          () -> {
            try {
              go.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          });
    }

    void goOn() {
      go.countDown();
      control.reads.open();
    }

    @Override
    public void close() throws IOException {
      goOn();
      channel.close();
      threads.shutdown();
    }
  }

  private interface Scenario {
    Object play(Stalled stalled) throws Exception;
  }

  /** What comes of it has to be what is said here, and what comes of it with the JDK's channel. */
  private void expect(String outcome, Scenario scenario) throws Exception {
    for (boolean ours : new boolean[] {false, true}) {
      try (Stalled stalled = new Stalled(ours)) {
        assertThat(scenario.play(stalled)).hasToString(outcome);
      }
    }
  }

  @Test
  @Tag("J9")
  void cancellingByForceClosesTheChannel() throws Exception {
    expect(
        "[true, false, true, true, false, class java.util.concurrent.CancellationException,"
            + " class java.nio.channels.AsynchronousCloseException,"
            + " class java.nio.channels.AsynchronousCloseException, 1]",
        stalled -> {
          Future<Integer> one = stalled.channel.read(ByteBuffer.allocate(10), 0);
          Future<Integer> other = stalled.channel.read(ByteBuffer.allocate(10), 10 * PAGE);
          Told<Integer> told = new Told<>();
          stalled.channel.read(ByteBuffer.allocate(10), 20 * PAGE, null, told);
          List<Object> seen = new ArrayList<>();
          seen.add(one.cancel(true));
          seen.add(one.cancel(true));
          seen.add(one.isCancelled());
          seen.add(one.isDone());
          seen.add(stalled.channel.isOpen());
          seen.add(end(one));
          stalled.goOn();
          seen.add(end(other));
          seen.add(told.get());
          seen.add(told.times);
          return seen;
        });
  }

  @Test
  void cancellingWithoutForceLeavesTheChannelAlone() throws Exception {
    expect(
        "[true, false, true, class java.util.concurrent.CancellationException, 10, false, false]",
        stalled -> {
          Future<Integer> one = stalled.channel.read(ByteBuffer.allocate(10), 0);
          Future<Integer> other = stalled.channel.read(ByteBuffer.allocate(10), 10 * PAGE);
          List<Object> seen = new ArrayList<>();
          seen.add(one.cancel(false));
          seen.add(one.cancel(false));
          seen.add(stalled.channel.isOpen());
          seen.add(end(one));
          stalled.goOn();
          seen.add(end(other));
          seen.add(other.cancel(true)); // too late to do anything
          seen.add(other.isCancelled());
          return seen;
        });
  }

  @Test
  @Tag("J9")
  void aCloseFailsWhatIsUnderWay() throws Exception {
    expect(
        "[class java.nio.channels.AsynchronousCloseException,"
            + " class java.nio.channels.AsynchronousCloseException, 1, 0]",
        stalled -> {
          ByteBuffer buffer = ByteBuffer.allocate(10);
          Future<Integer> one = stalled.channel.read(buffer, 0);
          Told<Integer> told = new Told<>();
          stalled.channel.read(ByteBuffer.allocate(10), 20 * PAGE, null, told);
          stalled.channel.close();
          stalled.goOn();
          List<Object> seen = new ArrayList<>();
          seen.add(end(one));
          seen.add(told.get());
          seen.add(told.times);
          seen.add(buffer.position());
          return seen;
        });
  }

  @Test
  void whatIsBegunOnAClosedChannelFailsAsClosed() throws Exception {
    String closed = "class java.nio.channels.ClosedChannelException";
    expect(
        "[" + String.join(", ", java.util.Collections.nCopies(6, closed)) + "]",
        stalled -> {
          stalled.goOn();
          stalled.channel.close();
          Told<Integer> read = new Told<>();
          stalled.channel.read(ByteBuffer.allocate(10), 0, null, read);
          Told<Integer> written = new Told<>();
          stalled.channel.write(ByteBuffer.allocate(10), 0, null, written);
          Told<FileLock> locked = new Told<>();
          stalled.channel.lock(-1, 1, false, null, locked); // of a closed channel: never looked at
          return List.of(
              end(stalled.channel.read(ByteBuffer.allocate(0), 0)),
              end(stalled.channel.write(ByteBuffer.allocate(10), 0)),
              end(stalled.channel.lock()),
              read.get(),
              written.get(),
              locked.get());
        });
  }

  @Test
  void whatIsBegunWithAnExecutorThatIsShutDownIsRejected() throws Exception {
    expect(
        "rejected",
        stalled -> {
          stalled.threads.shutdown();
          List<org.assertj.core.api.ThrowableAssert.ThrowingCallable> calls =
              List.of(
                  () -> stalled.channel.read(ByteBuffer.allocate(10), 0),
                  () -> stalled.channel.write(ByteBuffer.allocate(10), 0),
                  () -> stalled.channel.lock());
          calls.forEach(
              call -> assertThatThrownBy(call).isInstanceOf(RejectedExecutionException.class));
          // And nothing has stayed locked behind it.
          assertThat(stalled.channel.tryLock().isValid()).isTrue();
          return "rejected";
        });
  }

  @Test
  @Tag("J7")
  void aLockThatIsWaitedForIsTaken() throws Exception {
    expect(
        "[overlaps, overlaps, overlaps, true, false, true, true]",
        stalled -> {
          control.locks.shut();
          Future<FileLock> pending = stalled.channel.lock(10, 10, false);
          List<Object> seen = new ArrayList<>();
          seen.add(overlap(() -> stalled.channel.tryLock(15, 1, true)));
          seen.add(overlap(() -> stalled.channel.lock(5, 6, false)));
          seen.add(
              overlap(
                  () ->
                      stalled.channel.lock(0, Long.MAX_VALUE, false, null, new Told<FileLock>())));
          seen.add(stalled.channel.tryLock(0, 10, false).isValid());
          seen.add(pending.isDone());
          control.locks.open();
          stalled.goOn();
          FileLock lock = (FileLock) end(pending);
          seen.add(lock.isValid());
          lock.release();
          seen.add(stalled.channel.tryLock(15, 1, true).isValid());
          return seen;
        });
  }

  private interface Locking {
    void lock() throws Exception;
  }

  private static String overlap(Locking locking) throws Exception {
    try {
      locking.lock();
      return "does not overlap";
    } catch (OverlappingFileLockException e) {
      return "overlaps";
    }
  }

  // ---- closing and cancelling, further than the JDK's own can be held up

  @Test
  @Tag("J9")
  void aBufferIsTheCallersAgainOnceItsReadHasFailed() throws Exception {
    for (Way way : Way.values()) {
      fs.dropCaches(); // what the way before has left, which may be trusted by now
      control.reads.shut();
      int arrived = control.reads.arrived.get();
      AsynchronousFileChannel channel = way.option == null ? open(READ) : open(READ, way.option);
      List<ByteBuffer> buffers = new ArrayList<>();
      List<Future<Integer>> reads = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        ByteBuffer buffer = ByteBuffer.allocate(3 * PAGE);
        buffers.add(buffer);
        reads.add(channel.read(buffer, 3L * i * PAGE));
      }
      control.reads.awaitArrival(arrived + 1);
      channel.close();
      for (Future<Integer> read : reads) {
        assertThat(end(read)).isEqualTo(AsynchronousCloseException.class);
      }
      buffers.forEach(buffer -> Arrays.fill(buffer.array(), (byte) 42));
      control.reads.open();
      try (AsynchronousFileChannel again = open(READ)) {
        end(again.read(ByteBuffer.allocate(SIZE), 0)); // behind the others, on the same way
      }
      for (ByteBuffer buffer : buffers) {
        assertThat(buffer.position()).isZero();
        assertThat(buffer.array()).containsOnly(42);
      }
    }
  }

  @Test
  @Tag("J9")
  void aCloseFailsWritesThatWaitAndSendsWhatWasWritten() throws Exception {
    control.writes.shut();
    AsynchronousFileChannel channel = open(WRITE, DSYNC);
    Future<Integer> write = channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
    control.writes.awaitArrival(1);
    CompletableFuture<Void> close =
        CompletableFuture.runAsync(
            () -> {
              try {
                channel.close();
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            },
            dev.netfs.testing.Threads.EACH);
    assertThat(end(write)).isEqualTo(AsynchronousCloseException.class);
    assertThat(close).isNotDone();
    control.writes.open();
    close.get(30, TimeUnit.SECONDS);
    assertThat(Arrays.copyOf(Files.readAllBytes(dir.resolve("file")), 3)).containsExactly(1, 2, 3);
  }

  @Test
  void aWriteThatCannotBeSentSaysSo() throws Exception {
    control.writes.shut();
    control.writes.openWith(new IOException("no room"));
    try (AsynchronousFileChannel channel = open(WRITE, DSYNC)) {
      assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(3), 0).get())
          .hasCauseInstanceOf(IOException.class)
          .hasMessageContaining("no room");
      control.writes.shut();
      control.writes.open();
      channel.force(false);
    }
  }

  @Test
  @Tag("J7")
  void aLockThatIsGivenUpIsFreeAgain() throws Exception {
    control.locks.shut();
    AsynchronousFileChannel closed = open(READ, WRITE);
    Future<FileLock> one = closed.lock(0, 10, false);
    Told<FileLock> told = new Told<>();
    closed.lock(10, 10, false, null, told);
    closed.close();
    assertThat(end(one)).isEqualTo(AsynchronousCloseException.class);
    assertThat(told.get()).isEqualTo(AsynchronousCloseException.class);
    try (AsynchronousFileChannel channel = open(READ, WRITE)) {
      assertThat(channel.tryLock().isValid()).isTrue();
    }

    try (AsynchronousFileChannel channel = open(READ, WRITE);
        AsynchronousFileChannel other = open(READ, WRITE)) {
      Future<FileLock> cancelled = channel.lock(0, 10, false);
      assertThat(cancelled.cancel(false)).isTrue();
      assertThat(overlap(() -> other.tryLock(0, 1, false))).isEqualTo("overlaps");
      control.locks.open();
      FileLock lock = null;
      while (lock == null) { // it is granted to nobody, and given back
        try {
          lock = other.tryLock(0, 1, false);
        } catch (OverlappingFileLockException e) {
          Thread.onSpinWait();
        }
      }
      assertThat(lock.isValid()).isTrue();
    }
  }

  @Test
  @Tag("J7")
  void aLockGrantedWhileItsChannelClosesIsNotLeftBehind() throws Exception {
    for (int round = 0; round < 100; round++) {
      control.locks.shut();
      int arrived = control.locks.arrived.get();
      AsynchronousFileChannel channel = open(READ, WRITE);
      Future<FileLock> pending = channel.lock(0, 10, false);
      control.locks.awaitArrival(arrived + 1);
      CompletableFuture<Void> grant =
          CompletableFuture.runAsync(control.locks::open, dev.netfs.testing.Threads.EACH);
      channel.close();
      grant.get(30, TimeUnit.SECONDS);
      Object end = end(pending);
      if (end instanceof FileLock lock) {
        assertThat(lock.isValid()).isFalse();
      } else {
        assertThat(end).isEqualTo(AsynchronousCloseException.class);
      }
      try (AsynchronousFileChannel next = open(READ, WRITE)) {
        FileLock lock = null;
        while (lock == null) { // the server's may be given back a moment after the close
          lock = next.tryLock(0, 10, false);
        }
        assertThat(lock.isValid()).isTrue();
      }
    }
  }
}
