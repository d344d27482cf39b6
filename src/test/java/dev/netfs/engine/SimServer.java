package dev.netfs.engine;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import dev.netfs.share.IoSegments;
import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.ReadResult;
import dev.netfs.share.Share;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareProvider;
import dev.netfs.share.WriteResult;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A server in memory, with files in one directory, that misbehaves as told: short reads and writes,
 * answers late and out of order, connections that break before an operation or after it. Everything
 * random comes from one seed.
 */
final class SimServer implements ShareProvider {
  private static final ScheduledExecutorService CLOCK =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "sim-server");
            thread.setDaemon(true);
            return thread;
          });

  /** A file of the server. */
  static final class File {
    byte[] data = new byte[0];
    FileTime modified = FileTime.fromMillis(0);
  }

  private final Map<String, File> files = new HashMap<>();
  private final Random random;
  final Map<String, Integer> requests = new ConcurrentHashMap<>();
  private long clockSeconds = 1_600_000_000L; // long ago: timestamps prove something
  volatile int rsize = 64 * 1024;
  volatile int wsize = 64 * 1024;
  volatile double shortRate;
  volatile double disconnectRate;
  volatile double errorRate;
  volatile int maxDelayMicros;
  volatile boolean unreachable;
  volatile boolean freshTimes;
  volatile @Nullable Consumer<String> beforeRequest;
  private volatile @Nullable Connection connection;

  SimServer(long seed) {
    random = new Random(seed);
  }

  Mount mount(Map<String, ?> options) throws IOException {
    return new Mount(
        new MountSpec(URI.create("netfs+sim://server/"), dev.netfs.share.ShareOptions.of(options)),
        this,
        Background.SYSTEM);
  }

  /** Changes a file as another client would. */
  synchronized void put(String path, byte[] data) {
    File file = files.computeIfAbsent(path, p -> new File());
    file.data = data.clone();
    touch(file);
  }

  /** Changes a file without a trace in its attributes but the size. */
  synchronized void putSameTime(String path, byte[] data) {
    files.get(path).data = data.clone();
  }

  synchronized byte @Nullable [] get(String path) {
    File file = files.get(path);
    return file == null ? null : file.data.clone();
  }

  int count(String kind) {
    return requests.getOrDefault(kind, 0);
  }

  /** Returns how many handles are open on the connection that is up: a lost one has none. */
  int openHandles() {
    Connection now = connection;
    return now != null && now.connected ? now.handles.get() : 0;
  }

  /** Breaks the connection that is up, if one is. */
  void cut() {
    Connection now = connection;
    if (now != null) {
      now.connected = false;
    }
  }

  private void touch(File file) {
    file.modified =
        freshTimes
            ? FileTime.from(System.currentTimeMillis() / 1000, TimeUnit.SECONDS)
            : FileTime.from(++clockSeconds, TimeUnit.SECONDS);
  }

  private synchronized boolean chance(double rate) {
    return rate > 0 && random.nextDouble() < rate;
  }

  private synchronized int below(int bound) {
    return random.nextInt(bound);
  }

  private static FileInfo info(File file) {
    return FileInfo.of(FileType.REGULAR).size(file.data.length).modified(file.modified).build();
  }

  @Override
  public Set<String> schemes() {
    return Set.of("netfs+sim");
  }

  @Override
  public Set<String> options() {
    return Set.of();
  }

  @Override
  public @Nullable String missingLibrary() {
    return null;
  }

  @Override
  public Share connect(ShareConfig config) throws IOException {
    requests.merge("connect", 1, Integer::sum);
    if (unreachable) {
      throw new dev.netfs.share.ShareConnectException(
          dev.netfs.share.ShareConnectException.Reason.UNREACHABLE, "sim is unreachable", null);
    }
    Connection made = new Connection();
    connection = made;
    return made;
  }

  private final class Connection implements Share {
    volatile boolean connected = true;
    final AtomicInteger handles = new AtomicInteger();

    private <T> CompletableFuture<T> reply(String kind, IoSupplier<T> operation) {
      requests.merge(kind, 1, Integer::sum);
      Consumer<String> hook = beforeRequest;
      if (hook != null) {
        hook.accept(kind);
      }
      CompletableFuture<T> result = new CompletableFuture<>();
      Runnable run =
          () -> {
            if (!connected || unreachable || chance(disconnectRate / 2)) {
              connected = false;
              result.completeExceptionally(new ShareDisconnectedException("sim lost", null));
              return;
            }
            try {
              if (chance(errorRate)) {
                throw new IOException("sim error");
              }
              T value;
              synchronized (SimServer.this) {
                value = operation.get();
              }
              if (chance(disconnectRate / 2)) {
                connected = false;
                result.completeExceptionally(
                    new ShareDisconnectedException("sim lost the reply", null));
              } else {
                result.complete(value);
              }
            } catch (IOException | RuntimeException e) {
              result.completeExceptionally(e);
            }
          };
      int delay = maxDelayMicros;
      if (delay == 0) {
        run.run();
      } else {
        CLOCK.schedule(run, below(delay), TimeUnit.MICROSECONDS);
      }
      return result;
    }

    @Override
    public ShareCapabilities capabilities() {
      return ShareCapabilities.builder()
          .rsize(rsize)
          .wsize(wsize)
          .depth(8)
          .atomicReplace(true)
          .build();
    }

    @Override
    public boolean isConnected() {
      return connected;
    }

    private File existing(String path) throws NoSuchFileException {
      File file = files.get(path);
      if (file == null) {
        throw new NoSuchFileException(path);
      }
      return file;
    }

    @Override
    public CompletionStage<ShareFile> open(String path, OpenIntent intent) {
      return reply(
          "open",
          () -> {
            if (path.equals("/")) {
              throw new IsDirectoryException(path);
            }
            File file = files.get(path);
            if (file != null && intent.disposition() == OpenIntent.Disposition.CREATE_NEW) {
              throw new FileAlreadyExistsException(path);
            }
            if (file == null && intent.disposition() != OpenIntent.Disposition.OPEN_EXISTING) {
              file = new File();
              touch(file);
              files.put(path, file);
            }
            file = existing(path);
            if (intent.truncate()) {
              file.data = new byte[0];
              touch(file);
            }
            return new Handle(this, file, intent);
          });
    }

    @Override
    public CompletionStage<FileInfo> stat(String path, boolean followLinks) {
      return reply(
          "stat",
          () -> path.equals("/") ? FileInfo.of(FileType.DIRECTORY).build() : info(existing(path)));
    }

    @Override
    public CompletionStage<Void> list(String path, Consumer<? super DirectoryEntry> entries) {
      return reply(
          "list",
          () -> {
            files.forEach(
                (name, f) -> entries.accept(new DirectoryEntry(name.substring(1), info(f))));
            return null;
          });
    }

    @Override
    public CompletionStage<Void> makeDirectory(String path, int mode) {
      return unsupported();
    }

    @Override
    public CompletionStage<Void> deleteFile(String path) {
      return reply(
          "delete",
          () -> {
            existing(path);
            files.remove(path);
            return null;
          });
    }

    @Override
    public CompletionStage<Void> deleteDirectory(String path) {
      return unsupported();
    }

    @Override
    public CompletionStage<Void> rename(String source, String target, boolean replace) {
      return reply(
          "rename",
          () -> {
            File file = existing(source);
            if (!replace && files.containsKey(target)) {
              throw new FileAlreadyExistsException(target);
            }
            files.remove(source);
            files.put(target, file);
            return null;
          });
    }

    @Override
    public CompletionStage<Void> setAttributes(
        String path, AttributeChange change, boolean followLinks) {
      return unsupported();
    }

    private CompletionStage<Void> unsupported() {
      return CompletableFuture.failedFuture(new UnsupportedOperationException("sim"));
    }

    @Override
    public void close() {
      connected = false;
    }
  }

  private interface IoSupplier<T> {
    T get() throws IOException;
  }

  private final class Handle implements ShareFile {
    private final Connection on;
    private final File file;
    private final OpenIntent intent;
    private final FileInfo openInfo;
    private volatile boolean closed;

    Handle(Connection on, File file, OpenIntent intent) {
      this.on = on;
      this.file = file;
      this.intent = intent;
      this.openInfo = info(file);
      on.handles.incrementAndGet();
    }

    private <T> CompletableFuture<T> reply(String kind, IoSupplier<T> operation) {
      if (closed) {
        return CompletableFuture.failedFuture(new ClosedChannelException());
      }
      return on.reply(kind, operation);
    }

    @Override
    public FileInfo openInfo() {
      return openInfo;
    }

    @Override
    public CompletionStage<ReadResult> read(IoSegments dst, long offset) {
      check(intent.read());
      return reply(
          "read",
          () -> {
            long left = file.data.length - offset;
            if (left <= 0) {
              return ReadResult.of(0, true);
            }
            int count = (int) Math.min(dst.remaining(), left);
            if (count > 1 && chance(shortRate)) {
              count = 1 + random.nextInt(count - 1);
            }
            dst.put(file.data, (int) offset, count);
            return ReadResult.of(count, false);
          });
    }

    @Override
    public CompletionStage<WriteResult> write(IoSegments src, long offset) {
      check(intent.write());
      return reply(
          "write",
          () -> {
            int count = (int) src.remaining();
            if (count > 1 && chance(shortRate)) {
              count = 1 + random.nextInt(count - 1);
            }
            if (file.data.length < offset + count) {
              file.data = Arrays.copyOf(file.data, (int) offset + count);
            }
            src.get(file.data, (int) offset, count);
            touch(file);
            return WriteResult.of(count);
          });
    }

    private void check(boolean allowed) {
      if (!allowed) {
        throw new IllegalStateException("the engine used a handle for what it was not opened for");
      }
    }

    @Override
    public CompletionStage<FileInfo> stat() {
      return reply("fstat", () -> info(file));
    }

    @Override
    public CompletionStage<Void> truncate(long size) {
      return reply(
          "truncate",
          () -> {
            file.data = Arrays.copyOf(file.data, (int) size);
            touch(file);
            return null;
          });
    }

    @Override
    public CompletionStage<Void> sync(boolean metadata) {
      return reply("sync", () -> null);
    }

    @Override
    public CompletionStage<Void> close() {
      if (!closed) {
        on.handles.decrementAndGet();
      }
      closed = true;
      requests.merge("close", 1, Integer::sum);
      return CompletableFuture.completedFuture(null);
    }
  }

  /** For tests that wait for something in the background. */
  static void eventually(String what, Supplier<Boolean> condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.get()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("did not happen: " + what);
      }
      Thread.onSpinWait();
    }
  }
}
