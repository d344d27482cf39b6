package dev.netfs.nio;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.NetfsOpenOption;
import dev.netfs.share.ShareCapabilities;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Streams and channels where the JDK's provider is no oracle: large, slow, lacking something. */
@Timeout(60)
class StreamAndChannelTest {
  private final GatedShares.Control control = new GatedShares.Control();
  @TempDir Path dir;
  private NetfsFileSystem fs;
  private Path file;
  private byte[] content;

  @BeforeEach
  void mount() throws Exception {
    content = new byte[5_000_001];
    new Random(3).nextBytes(content);
    Files.write(dir.resolve("file"), content);
    fs = GatedShares.mount(dir, "streams", control);
    file = fs.getPath("/file");
  }

  @AfterEach
  void unmount() throws Exception {
    control.reads.open();
    control.locks.open();
    fs.close();
  }

  // ---- streams

  @Test
  void aStreamTransfersAllOfALargeFile() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (InputStream in = Files.newInputStream(file)) {
      assertThat(in.transferTo(out)).isEqualTo(content.length);
    }
    assertThat(out.toByteArray()).isEqualTo(content);
    Path copy = fs.getPath("copy");
    try (InputStream in = Files.newInputStream(file);
        OutputStream to = Files.newOutputStream(copy)) {
      in.skipNBytes(17);
      assertThat(in.transferTo(to)).isEqualTo(content.length - 17);
    }
    assertThat(Files.readAllBytes(dir.resolve("copy")))
        .isEqualTo(Arrays.copyOfRange(content, 17, content.length));
    assertThat(Files.readAllBytes(file)).isEqualTo(content);
  }

  @Test
  void aFileThatGrowsIsReadToItsNewEnd() throws Exception {
    try (InputStream in = Files.newInputStream(file);
        FileChannel writer = FileChannel.open(file, WRITE)) {
      assertThat(in.readAllBytes()).isEqualTo(content);
      writer.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), content.length);
      assertThat(in.available()).isEqualTo(3);
      assertThat(in.readAllBytes()).containsExactly(1, 2, 3);
      assertThat(in.read()).isEqualTo(-1);
    }
  }

  @Test
  void aStreamOfAPosixlessOtherProvider() throws Exception {
    try (FileSystem jimfs =
            Jimfs.newFileSystem(
                Configuration.unix().toBuilder().setAttributeViews("basic").build());
        NetfsFileSystem basic = Netfs.mount(Files.createDirectory(jimfs.getPath("/d"))).open()) {
      Path x = Files.writeString(basic.getPath("x"), "text");
      assertThat(basic.supportedFileAttributeViews()).containsExactly("basic");
      assertThat(Files.readString(x)).isEqualTo("text");
      assertThat(Files.getFileAttributeView(x, PosixFileAttributeView.class)).isNull();
      assertThatThrownBy(() -> Files.readAttributes(x, PosixFileAttributes.class))
          .isInstanceOf(UnsupportedOperationException.class);
      assertThatThrownBy(() -> Files.readAttributes(x, "posix:*"))
          .isInstanceOf(UnsupportedOperationException.class);
      assertThatThrownBy(
              () ->
                  Files.createFile(
                      basic.getPath("y"),
                      PosixFilePermissions.asFileAttribute(
                          PosixFilePermissions.fromString("rw-------"))))
          .isInstanceOf(UnsupportedOperationException.class);
      assertThat(Files.readAttributes(x, BasicFileAttributes.class).size()).isEqualTo(4);
      assertThat(Files.isReadable(x)).isTrue();
      Files.copy(x, basic.getPath("z"));
      Files.move(basic.getPath("z"), basic.getPath("w"));
      assertThat(Files.readString(basic.getPath("w"))).isEqualTo("text");
    }
  }

  // ---- channels

  @Test
  void transfersOfLargeFiles() throws Exception {
    try (FileChannel in = FileChannel.open(file);
        FileChannel local = FileChannel.open(dir.resolve("local"), CREATE, READ, WRITE);
        FileChannel out = FileChannel.open(fs.getPath("out"), CREATE, READ, WRITE)) {
      assertThat(in.transferTo(0, Long.MAX_VALUE, local)).isEqualTo(content.length);
      assertThat(in.transferTo(100, 1_000_000, out)).isEqualTo(1_000_000);
      assertThat(out.position()).isEqualTo(1_000_000);
      assertThat(out.transferFrom(local.position(5), 0, Long.MAX_VALUE))
          .isEqualTo(content.length - 5);
      assertThat(out.position()).isEqualTo(1_000_000);
      assertThat(in.position()).isZero();
    }
    assertThat(Files.readAllBytes(dir.resolve("local"))).isEqualTo(content);
    assertThat(Files.readAllBytes(dir.resolve("out")))
        .isEqualTo(Arrays.copyOfRange(content, 5, content.length));
  }

  /**
   * What is in memory is not copied first: the target is shown the memory, which stays as it is.
   */
  @Test
  void aTransferShowsItsTargetTheMemory() throws Exception {
    byte[] zeros = new byte[content.length];
    ByteBuffer got = ByteBuffer.allocate(content.length);
    try (FileChannel in = FileChannel.open(file);
        FileChannel other = FileChannel.open(file, WRITE)) {
      in.read(ByteBuffer.allocate(content.length), 0);
      long before = fs.stats().requests("read");
      WritableByteChannel target =
          new Target() {
            @Override
            public int write(ByteBuffer src) throws IOException {
              assertThat(src.isReadOnly()).as("lent, not copied").isTrue();
              int at = got.position();
              other.write(ByteBuffer.wrap(zeros, at, src.remaining()), at);
              int count = src.remaining();
              got.put(src);
              return count;
            }
          };
      assertThat(in.transferTo(0, Long.MAX_VALUE, target)).isEqualTo(content.length);
      assertThat(got.array()).isEqualTo(content);
      assertThat(in.position()).isZero();
      assertThat(fs.stats().requests("read")).isEqualTo(before);
    }
    assertThat(Files.readAllBytes(dir.resolve("file"))).isEqualTo(zeros);
  }

  @Test
  void aFileIsTransferredIntoItself() throws Exception {
    try (FileChannel both = FileChannel.open(file, READ, WRITE)) {
      both.read(ByteBuffer.allocate(content.length), 0);
      both.position(100);
      assertThat(both.transferTo(content.length - 1000, 900, both)).isEqualTo(900);
      assertThat(both.position()).isEqualTo(1000);
      assertThat(both.transferTo(0, content.length, both.position(content.length)))
          .isEqualTo(content.length);
    }
    System.arraycopy(content, content.length - 1000, content, 100, 900);
    byte[] twice = Arrays.copyOf(content, 2 * content.length);
    System.arraycopy(content, 0, twice, content.length, content.length);
    assertThat(Files.readAllBytes(dir.resolve("file"))).isEqualTo(twice);
  }

  @Test
  void aTransferToAChannelThatFailsSaysWhatItHadTaken() throws Exception {
    try (FileChannel in = FileChannel.open(file)) {
      in.read(ByteBuffer.allocate(content.length), 0);
      WritableByteChannel target =
          new Target() {
            private boolean full;

            @Override
            public int write(ByteBuffer src) throws IOException {
              if (full) {
                throw new IOException("full");
              }
              full = true;
              int count = src.remaining();
              src.position(src.limit());
              return count;
            }
          };
      long done = in.transferTo(0, content.length, target);
      assertThat(done).isPositive().isLessThan(content.length);
      assertThatThrownBy(() -> in.transferTo(done, 10, target)).hasMessage("full");
      assertThat(in.isOpen()).isTrue();
    }
  }

  private abstract static class Target implements WritableByteChannel {
    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  /** What a source gave before it failed is written; the failure comes with the next transfer. */
  @Test
  void aTransferFromAChannelThatFailsKeepsWhatCameBefore() throws Exception {
    try (FileChannel out = FileChannel.open(fs.getPath("out"), CREATE, READ, WRITE)) {
      ReadableByteChannel failing =
          new ReadableByteChannel() {
            private int left = 70_000;

            @Override
            public int read(ByteBuffer dst) throws IOException {
              if (left == 0) {
                throw new IOException("no more");
              }
              int count = Math.min(Math.min(left, dst.remaining()), 999);
              dst.put(content, 70_000 - left, count);
              left -= count;
              return count;
            }

            @Override
            public boolean isOpen() {
              return true;
            }

            @Override
            public void close() {}
          };
      assertThat(out.transferFrom(failing, 0, 100_000)).isEqualTo(70_000);
      assertThatThrownBy(() -> out.transferFrom(failing, 70_000, 100_000)).hasMessage("no more");
    }
    assertThat(Files.readAllBytes(dir.resolve("out"))).isEqualTo(Arrays.copyOf(content, 70_000));
  }

  /** And a write of several buffers is refused as one. */
  @Test
  void aWriteThatNoOffsetCanNameTheEndOfLeavesThePositionWhereItWas() throws Exception {
    try (FileChannel out = FileChannel.open(file, WRITE)) {
      long position = Long.MAX_VALUE - Integer.MAX_VALUE - 15;
      ByteBuffer[] two = {ByteBuffer.allocate(10), ByteBuffer.allocate(10)};
      out.position(position);
      assertThatThrownBy(() -> out.write(two)).hasMessage("/file: File too large");
      assertThatThrownBy(() -> out.write(ByteBuffer.allocate(20)))
          .hasMessage("/file: File too large");
      assertThatThrownBy(() -> out.write(ByteBuffer.allocate(1), Long.MAX_VALUE))
          .hasMessage("/file: File too large");
      assertThat(two[0].remaining() + two[1].remaining()).isEqualTo(20);
      assertThat(out.position()).isEqualTo(position);
      try (FileChannel in = FileChannel.open(file)) {
        if (Runtime.version().feature() > 20) { // before, a transfer does nothing past the end
          assertThatThrownBy(() -> out.transferFrom(in, Long.MAX_VALUE - 10, 20))
              .hasMessage("/file: File too large");
        } else {
          assertThat(out.transferFrom(in, Long.MAX_VALUE - 10, 20)).isZero();
        }
      }
      assertThat(out.size()).isEqualTo(content.length);
    }
  }

  /** A sink that takes only a part: what is reported is what it has taken. */
  @Test
  void aTransferToAChannelThatDoesNotBlockStopsWhereThatIsFull() throws Exception {
    Pipe pipe = Pipe.open();
    try (FileChannel in = FileChannel.open(file);
        SelectableChannel sink = pipe.sink().configureBlocking(false)) {
      long done = in.transferTo(0, content.length, (Pipe.SinkChannel) sink);
      assertThat(done).isPositive().isLessThan(content.length);
      assertThat(in.transferTo(done, content.length - done, (Pipe.SinkChannel) sink)).isZero();
      ByteBuffer taken = ByteBuffer.allocate(content.length);
      pipe.source().configureBlocking(false);
      while (pipe.source().read(taken) > 0) {}
      assertThat(taken.position()).isEqualTo(done);
      assertThat(Arrays.copyOf(taken.array(), (int) done))
          .isEqualTo(Arrays.copyOf(content, (int) done));
    } finally {
      pipe.source().close();
    }
  }

  @Test
  void ourOwnOptions() throws Exception {
    for (NetfsOpenOption option : NetfsOpenOption.values()) {
      Path path = fs.getPath("with-" + option);
      try (FileChannel channel = FileChannel.open(path, Set.of(CREATE, READ, WRITE, option))) {
        channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
        assertThat(Files.readAllBytes(dir.resolve("with-" + option))).containsExactly(1, 2, 3, 4);
        ByteBuffer dst = ByteBuffer.allocate(10);
        assertThat(channel.read(dst, 1)).isEqualTo(3);
        assertThat(channel.read(dst, 4)).isEqualTo(-1);
      }
    }
  }

  @Test
  void theExtendedOptionOfTheJdkIsKnown() throws Exception {
    // By reflection, as the module that has it is not read here.
    OpenOption direct =
        (OpenOption)
            Class.forName("com.sun.nio.file.ExtendedOpenOption").getField("DIRECT").get(null);
    try (FileChannel channel = FileChannel.open(file, READ, direct)) {
      ByteBuffer dst = ByteBuffer.allocate(100);
      assertThat(channel.read(dst, 1)).isEqualTo(100);
      assertThat(dst.array()).isEqualTo(Arrays.copyOfRange(content, 1, 101));
    }
  }

  @Test
  @Tag("J7")
  void aShareWithoutLocksSaysWhatElseThereIs() throws Exception {
    GatedShares.Control lockless = new GatedShares.Control();
    lockless.capabilities =
        c ->
            ShareCapabilities.builder()
                .atomicReplace(c.atomicReplace())
                .attributeViews(c.attributeViews())
                .build();
    try (NetfsFileSystem without = GatedShares.mount(dir, "lockless", lockless);
        FileChannel channel = FileChannel.open(without.getPath("file"), READ, WRITE)) {
      assertThatThrownBy(channel::lock)
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("locks=local");
      assertThat(channel.isOpen()).isTrue();
      assertThatThrownBy(() -> Files.createLink(without.getPath("l"), without.getPath("file")))
          .isInstanceOf(UnsupportedOperationException.class);
      assertThatThrownBy(
              () -> Files.createSymbolicLink(without.getPath("l"), without.getPath("file")))
          .isInstanceOf(UnsupportedOperationException.class);
      assertThatThrownBy(() -> Files.readSymbolicLink(without.getPath("file")))
          .isInstanceOf(UnsupportedOperationException.class);
    }
    lockless = new GatedShares.Control();
    lockless.capabilities = c -> ShareCapabilities.builder().build();
    try (NetfsFileSystem local = GatedShares.mount(dir, "local", lockless, "locks", "local");
        FileChannel channel = FileChannel.open(local.getPath("file"), READ, WRITE)) {
      FileLock lock = channel.lock();
      assertThat(lock.isValid()).isTrue();
      assertThatThrownBy(channel::tryLock).isInstanceOf(OverlappingFileLockException.class);
    }
  }

  // ---- asynchronous channels

  @Test
  void asynchronousOperationsOverlap() throws Exception {
    control.reads.shut();
    try (AsynchronousFileChannel channel = AsynchronousFileChannel.open(file)) {
      ByteBuffer a = ByteBuffer.allocate(1000);
      ByteBuffer b = ByteBuffer.allocate(1000);
      Future<Integer> first = channel.read(a, 0);
      Future<Integer> second = channel.read(b, 4_000_000);
      control.reads.awaitArrival(2);
      assertThat(first.isDone()).isFalse();
      control.reads.open();
      assertThat(first.get()).isEqualTo(1000);
      assertThat(second.get()).isEqualTo(1000);
      assertThat(b.array()).isEqualTo(Arrays.copyOfRange(content, 4_000_000, 4_001_000));
    }
  }

  @Test
  @Tag("J9")
  void aCloseFailsWhatIsUnderWay() throws Exception {
    control.reads.shut();
    AsynchronousFileChannel channel = AsynchronousFileChannel.open(file);
    Future<Integer> pending = channel.read(ByteBuffer.allocate(10), 0);
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    channel.read(
        ByteBuffer.allocate(10),
        0,
        null,
        new CompletionHandler<Integer, Object>() {
          @Override
          public void completed(Integer result, Object attachment) {
            failure.complete(null);
          }

          @Override
          public void failed(Throwable exc, Object attachment) {
            failure.complete(exc);
          }
        });
    control.reads.awaitArrival(1);
    channel.close();
    assertThatThrownBy(pending::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(AsynchronousCloseException.class);
    assertThat(failure.get()).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(channel.read(ByteBuffer.allocate(1), 0)::get)
        .hasCauseInstanceOf(ClosedChannelException.class);
  }

  @Test
  @Tag("J7")
  void anAsynchronousLockOverlapsAtOnce() throws Exception {
    try (AsynchronousFileChannel one = AsynchronousFileChannel.open(file, READ, WRITE);
        FileChannel two = FileChannel.open(file, READ, WRITE)) {
      FileLock lock = one.lock(0, 10, false).get();
      assertThat(lock.acquiredBy()).isSameAs(one);
      assertThatThrownBy(() -> one.lock(5, 10, false))
          .isInstanceOf(OverlappingFileLockException.class);
      assertThatThrownBy(() -> two.lock(5, 10, false))
          .isInstanceOf(OverlappingFileLockException.class);
      lock.release();
      assertThat(two.tryLock(5, 10, false)).isNotNull();
    }
  }

  @Test
  void handlersRunOnTheGivenExecutor() throws Exception {
    ExecutorService executor = Executors.newSingleThreadExecutor(task -> new Thread(task, "mine"));
    try (AsynchronousFileChannel channel =
        AsynchronousFileChannel.open(file, Set.of(READ), executor)) {
      CompletableFuture<String> thread = new CompletableFuture<>();
      channel.read(
          ByteBuffer.allocate(0),
          0,
          null,
          new CompletionHandler<Integer, Object>() {
            @Override
            public void completed(Integer result, Object attachment) {
              thread.complete(Thread.currentThread().getName());
            }

            @Override
            public void failed(Throwable exc, Object attachment) {
              thread.completeExceptionally(exc);
            }
          });
      assertThat(thread.get(30, TimeUnit.SECONDS)).isEqualTo("mine");
    } finally {
      executor.shutdown();
    }
  }

  // ---- the methods that the JDK has from 20 on

  @Test
  void existenceAndAttributesWithoutAnException() throws Exception {
    NetfsFileSystemProvider provider = ((MountedFileSystem) fs).provider();
    assertThat(provider.exists(file)).isTrue();
    assertThat(provider.exists(fs.getPath("missing"))).isFalse();
    assertThat(provider.readAttributesIfExists(file, BasicFileAttributes.class).size())
        .isEqualTo(content.length);
    assertThat(provider.readAttributesIfExists(fs.getPath("missing"), BasicFileAttributes.class))
        .isNull();
    Files.createSymbolicLink(fs.getPath("dangling"), fs.getPath("nowhere"));
    assertThat(provider.exists(fs.getPath("dangling"))).isFalse();
    assertThat(provider.exists(fs.getPath("dangling"), java.nio.file.LinkOption.NOFOLLOW_LINKS))
        .isTrue();
  }
}
