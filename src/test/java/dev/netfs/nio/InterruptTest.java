package dev.netfs.nio;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.NetfsFileSystem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What wakes a thread that waits for the server inside a channel or a stream. */
@Tag("J9")
@Timeout(60)
class InterruptTest {
  private static final int SIZE = 1 << 20;

  private final GatedShares.Control control = new GatedShares.Control();
  @TempDir Path dir;
  private NetfsFileSystem fs;
  private Path file;

  @BeforeEach
  void mount() throws Exception {
    Files.write(dir.resolve("file"), new byte[SIZE]);
    fs = GatedShares.mount(dir, "interrupt", control);
    file = fs.getPath("/file");
  }

  @AfterEach
  void unmount() throws Exception {
    control.reads.open();
    control.writes.open();
    control.locks.open();
    fs.close();
  }

  /** A thread that does something and keeps what it came to. */
  private static final class Worker extends Thread {
    private final Callable<?> work;
    final CompletableFuture<Object> outcome = new CompletableFuture<>();
    final CompletableFuture<Boolean> interruptedAfter = new CompletableFuture<>();

    Worker(Callable<?> work) {
      this.work = work;
      setDaemon(true);
      start();
    }

    @Override
    public void run() {
      Object result;
      try {
        result = work.call();
      } catch (Throwable e) {
        result = e;
      }
      interruptedAfter.complete(Thread.currentThread().isInterrupted());
      outcome.complete(result);
    }

    Object result() throws Exception {
      return outcome.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void anInterruptEndsAReadAndClosesTheChannel() throws Exception {
    control.reads.shut();
    try (FileChannel channel = FileChannel.open(file)) {
      Worker reader = new Worker(() -> channel.read(ByteBuffer.allocate(10), 0));
      control.reads.awaitArrival(1);
      reader.interrupt();
      assertThat(reader.result()).isInstanceOf(ClosedByInterruptException.class);
      assertThat(reader.interruptedAfter.get()).isTrue();
      assertThat(channel.isOpen()).isFalse();
      assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1), 0))
          .isInstanceOf(ClosedChannelException.class);
    }
  }

  @Test
  void anInterruptEndsARelativeReadAndOthersHearOfTheClose() throws Exception {
    control.reads.shut();
    try (FileChannel channel = FileChannel.open(file)) {
      Worker reader = new Worker(() -> channel.read(ByteBuffer.allocate(10)));
      Worker other = new Worker(() -> channel.read(ByteBuffer.allocate(10), SIZE - 100));
      control.reads.awaitArrival(2);
      reader.interrupt();
      assertThat(reader.result()).isInstanceOf(ClosedByInterruptException.class);
      assertThat(other.result()).isInstanceOf(AsynchronousCloseException.class);
      assertThat(other.result()).isNotInstanceOf(ClosedByInterruptException.class);
      assertThat(other.interruptedAfter.get()).isFalse();
    }
  }

  @Test
  void anInterruptWhileTheSourceIsWaitedForClosesBothChannelsOfATransfer() throws Exception {
    control.reads.shut();
    Path ours = fs.getPath("/target");
    Path theirs = Files.createFile(dir.resolve("theirs"));
    for (Path target : new Path[] {ours, theirs}) {
      closesBoth(
          target, "/pushed-" + target.getFileName(), (from, to) -> from.transferTo(0, SIZE, to));
    }
    closesBoth(ours, "/pulled", (from, to) -> to.transferFrom(from, 0, SIZE));
  }

  private interface Transfer {
    long run(FileChannel from, FileChannel to) throws IOException;
  }

  private void closesBoth(Path target, String name, Transfer transfer) throws Exception {
    Path source = fs.getPath(name);
    Files.write(dir.resolve(name.substring(1)), new byte[SIZE]);
    FileChannel from = FileChannel.open(source);
    FileChannel to = FileChannel.open(target, CREATE, WRITE);
    int before = control.reads.arrived.get();
    Worker worker = new Worker(() -> transfer.run(from, to));
    control.reads.awaitArrival(before + 1);
    worker.interrupt();
    assertThat(worker.result()).isInstanceOf(ClosedByInterruptException.class);
    assertThat(worker.interruptedAfter.get()).isTrue();
    assertThat(from.isOpen()).isFalse();
    assertThat(to.isOpen()).isFalse();
  }

  @Test
  void anInterruptDoesNotKeepFilesFromReadingAWholeFile() throws Exception {
    Worker interrupted =
        new Worker(
            () -> {
              Thread.currentThread().interrupt();
              return Files.readString(file).length() + Files.readAllBytes(file).length;
            });
    assertThat(interrupted.result()).isEqualTo(2 * SIZE);
    assertThat(interrupted.interruptedAfter.get()).isTrue();

    Files.write(dir.resolve("cold"), new byte[SIZE]);
    int before = control.reads.arrived.get();
    control.reads.shut();
    Worker waiting = new Worker(() -> Files.readAllBytes(fs.getPath("/cold")).length);
    control.reads.awaitArrival(before + 1);
    waiting.interrupt();
    control.reads.open();
    assertThat(waiting.result()).isEqualTo(SIZE);
    assertThat(waiting.interruptedAfter.get()).isTrue();
  }

  @Test
  void aTransferByAnInterruptedThreadClosesBothChannels() throws Exception {
    FileChannel from = FileChannel.open(file);
    FileChannel to = FileChannel.open(fs.getPath("/target"), CREATE, WRITE);
    Worker worker =
        new Worker(
            () -> {
              Thread.currentThread().interrupt();
              return to.transferFrom(from, 0, SIZE);
            });
    assertThat(worker.result()).isInstanceOf(ClosedByInterruptException.class);
    assertThat(from.isOpen()).isFalse();
    assertThat(to.isOpen()).isFalse();
  }

  @Test
  void anInterruptInTheOtherChannelOfATransferClosesOursToo() throws Exception {
    Pipe pipe = Pipe.open();
    try (FileChannel to = FileChannel.open(file, WRITE)) {
      CountDownLatch inside = new CountDownLatch(1);
      ReadableByteChannel source =
          new ReadableByteChannel() {
            @Override
            public int read(ByteBuffer dst) throws IOException {
              inside.countDown();
              return pipe.source().read(dst);
            }

            @Override
            public boolean isOpen() {
              return pipe.source().isOpen();
            }

            @Override
            public void close() throws IOException {
              pipe.source().close();
            }
          };
      Worker worker = new Worker(() -> to.transferFrom(source, 0, 10));
      inside.await();
      worker.interrupt();
      assertThat(worker.result()).isInstanceOf(ClosedByInterruptException.class);
      assertThat(to.isOpen()).isFalse();
      assertThat(source.isOpen()).isFalse();
    } finally {
      pipe.sink().close();
    }
  }

  @Test
  void aCloseBetweenTwoPiecesOfATransferIsAnAsynchronousOne() throws Exception {
    FileChannel from = FileChannel.open(file);
    WritableByteChannel target =
        new WritableByteChannel() {
          @Override
          public int write(ByteBuffer src) throws IOException {
            from.close();
            int all = src.remaining();
            src.position(src.limit());
            return all;
          }

          @Override
          public boolean isOpen() {
            return true;
          }

          @Override
          public void close() {}
        };
    assertThatThrownBy(() -> from.transferTo(0, SIZE, target))
        .isExactlyInstanceOf(AsynchronousCloseException.class);
  }

  @Test
  void aCloseEndsARead() throws Exception {
    control.reads.shut();
    FileChannel channel = FileChannel.open(file);
    Worker reader = new Worker(() -> channel.read(ByteBuffer.allocate(10), 0));
    control.reads.awaitArrival(1);
    channel.close();
    assertThat(reader.result()).isExactlyInstanceOf(AsynchronousCloseException.class);
  }

  @Test
  void anInterruptedThreadClosesTheChannelEvenWhereItNeedNotWait() throws Exception {
    try (FileChannel channel = FileChannel.open(file)) {
      channel.read(ByteBuffer.allocate(SIZE), 0); // all of it is in memory now
      Worker reader =
          new Worker(
              () -> {
                Thread.currentThread().interrupt();
                return channel.read(ByteBuffer.allocate(10), 0);
              });
      assertThat(reader.result()).isInstanceOf(ClosedByInterruptException.class);
      assertThat(channel.isOpen()).isFalse();
    }
  }

  /**
   * The thread that interrupts must not be made to wait for the server; the bytes arrive later.
   * Many times, as the other thread's interrupt status comes and goes while it waits.
   */
  @RepeatedTest(30)
  void anInterruptDoesNotWaitForWhatIsStillToBeSent() throws Exception {
    control.writes.shut();
    FileChannel channel = FileChannel.open(file, READ, WRITE);
    channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
    Worker forcer =
        new Worker(
            () -> {
              channel.force(true);
              return "forced";
            });
    control.writes.awaitArrival(1);
    forcer.interrupt(); // would hang here
    assertThat(forcer.result()).isInstanceOf(ClosedByInterruptException.class);
    control.writes.open();
    fs.sync();
    assertThat(Files.readAllBytes(dir.resolve("file"))).startsWith(1, 2, 3);
  }

  @Test
  void whatWasChangedInAMappingIsNotLost() throws Exception {
    FileChannel channel = FileChannel.open(file, READ, WRITE);
    MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 100);
    mapped.put(3, (byte) 9);
    control.reads.shut();
    int before = control.reads.arrived.get();
    Worker reader = new Worker(() -> channel.read(ByteBuffer.allocate(10), SIZE - 10));
    control.reads.awaitArrival(before + 1);
    reader.interrupt();
    assertThat(reader.result()).isInstanceOf(ClosedByInterruptException.class);
    fs.close();
    assertThat(Files.readAllBytes(dir.resolve("file"))[3]).isEqualTo((byte) 9);
  }

  @Test
  void aCloseOfAnInterruptedThreadStillSends() throws Exception {
    FileChannel channel = FileChannel.open(file, WRITE);
    channel.write(ByteBuffer.wrap(new byte[] {4, 5, 6}));
    Worker closer =
        new Worker(
            () -> {
              Thread.currentThread().interrupt();
              channel.close();
              return Files.readAllBytes(dir.resolve("file"))[0];
            });
    assertThat(closer.result()).isEqualTo((byte) 4);
    assertThat(closer.interruptedAfter.get()).isTrue();
  }

  @Test
  void anInterruptOfWaitingForALockSaysSo() throws Exception {
    control.locks.shut();
    try (FileChannel channel = FileChannel.open(file, READ, WRITE)) {
      Worker locker = new Worker(channel::lock);
      control.locks.awaitArrival(1);
      locker.interrupt();
      assertThat(locker.result()).isInstanceOf(FileLockInterruptionException.class);
      assertThat(locker.interruptedAfter.get()).isTrue();
    }
    // Nobody has the lock now.
    control.locks.open();
    try (FileChannel channel = FileChannel.open(file, READ, WRITE)) {
      FileLock lock = channel.tryLock();
      assertThat(lock).isNotNull();
      lock.release();
    }
  }

  @Test
  void aCloseEndsWaitingForALock() throws Exception {
    control.locks.shut();
    FileChannel channel = FileChannel.open(file, READ, WRITE);
    Worker locker = new Worker(channel::lock);
    control.locks.awaitArrival(1);
    channel.close();
    assertThat(locker.result()).isExactlyInstanceOf(AsynchronousCloseException.class);
  }

  /** As with the JDK's own: {@code Files.newInputStream} knows no interrupts. */
  @Test
  void anInterruptDoesNothingToAStream() throws Exception {
    control.reads.shut();
    try (InputStream in = Files.newInputStream(file)) {
      Worker reader = new Worker(() -> in.readNBytes(10).length + in.read());
      control.reads.awaitArrival(1);
      reader.interrupt();
      assertThat(reader.outcome).isNotDone();
      control.reads.open();
      assertThat(reader.result()).isEqualTo(10);
      assertThat(reader.interruptedAfter.get()).isTrue();
      assertThat(in.read()).isEqualTo(0);
    }
  }

  @Test
  void aCloseEndsAStreamsRead() throws Exception {
    control.reads.shut();
    InputStream in = Files.newInputStream(file);
    Worker reader = new Worker(in::read);
    control.reads.awaitArrival(1);
    in.close();
    assertThat(reader.result()).isInstanceOf(ClosedChannelException.class);
  }

  @Test
  void closingTheFileSystemEndsWhatWaits() throws Exception {
    control.reads.shut();
    FileChannel channel = FileChannel.open(file);
    InputStream in = Files.newInputStream(file);
    Worker reader = new Worker(() -> channel.read(ByteBuffer.allocate(10), 0));
    Worker stream = new Worker(in::read);
    control.reads.awaitArrival(1);
    fs.close();
    assertThat(reader.result()).isInstanceOf(ClosedChannelException.class);
    assertThat(stream.result()).isInstanceOf(ClosedChannelException.class);
    assertThat(channel.isOpen()).isFalse();
  }

  @Test
  void whatWasWrittenBeforeTheFileSystemWasClosedIsSent() throws Exception {
    FileChannel channel = FileChannel.open(fs.getPath("new"), CREATE, WRITE);
    channel.write(ByteBuffer.wrap(new byte[] {7}));
    fs.close();
    assertThat(Files.readAllBytes(dir.resolve("new"))).containsExactly(7);
    channel.close();
    assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1)))
        .isInstanceOf(ClosedChannelException.class);
  }
}
