package dev.netfs.engine;

import dev.netfs.share.IoSegments;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareOptions;
import dev.netfs.share.ShareProvider;
import dev.netfs.testing.Faults;
import dev.netfs.testing.Faults.Fault;
import dev.netfs.testing.Faults.Kind;
import dev.netfs.testing.FaultyShare;
import dev.netfs.testing.FileServer;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A directory of a real server for model checks. Its shares go wrong on the client's side of the
 * line, so that what a broken connection leaves undone is known.
 *
 * <p>All changes of content, whoever makes them, are made one after the other: so it is known which
 * came first, and what the server may hold at any moment. Reads and all else go beside them. They
 * begin and end on threads of this class, never on a transport's: who closes a connection waits
 * until the change that is being made through it is over.
 */
final class LiveServer implements ModelServer {
  private static final int BLOCK = 1 << 20;

  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "live-server");
            thread.setDaemon(true);
            return thread;
          });

  private final FileServer server;
  private final String directory;
  private final Behaviour behaviour;
  private final long seed;
  private final Set<Faults> faults = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private CompletableFuture<?> lastChange = CompletableFuture.completedFuture(null); // by lock
  private final Map<String, Share> others = new HashMap<>(); // by lock
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile @Nullable Changes changes;
  private volatile @Nullable FaultyShare connection;

  /**
   * @param directory the name of a directory, to be made in what the server shows
   * @param behaviour how its shares behave; times and versions are the server's own
   */
  LiveServer(FileServer server, String directory, Behaviour behaviour, long seed)
      throws IOException {
    this.server = server;
    this.directory = directory;
    this.behaviour = behaviour;
    this.seed = seed;
    server.own(Files.createDirectory(server.data().resolve(directory)));
  }

  private URI uri() {
    return server.uri("/" + directory);
  }

  @Override
  public void observe(Changes observer) {
    changes = observer;
  }

  @Override
  public boolean isLeased() {
    return uri().getScheme().equals("netfs+smb");
  }

  // ---- clients with a mount

  @Override
  public Mount mount(String client, Map<String, ?> options) throws IOException {
    Map<String, Object> all = new HashMap<>(server.options());
    all.put("rsize", behaviour.rsize);
    all.put("wsize", behaviour.wsize);
    all.put("depth", behaviour.depth);
    all.putAll(options);
    all.put("timeout", behaviour.lostReplyRate > 0 ? "1s" : "30s"); // the machine may be busy
    Faults mine = faults(client);
    mine.stop();
    try {
      return new Mount(
          new MountSpec(uri(), ShareOptions.of(all)),
          new Provider(client, mine),
          Background.SYSTEM);
    } finally {
      mine.resume();
    }
  }

  private Faults faults(String client) {
    Faults made =
        Faults.seeded(seed * 31 + client.hashCode())
            .maxDelay(Duration.ofNanos(behaviour.maxDelayMicros * 100L))
            .rate(Fault.SHORT, behaviour.shortRate)
            .rate(Fault.DELAY_BEFORE, behaviour.maxDelayMicros > 0 ? 0.3 : 0)
            .rate(Fault.DELAY_AFTER, behaviour.maxDelayMicros > 0 ? 0.3 : 0)
            .rate(Fault.ERROR, behaviour.errorRate)
            .rate(Fault.DISCONNECT_BEFORE, behaviour.disconnectRate / 2)
            .rate(Fault.DISCONNECT_AFTER, behaviour.disconnectRate / 2)
            .rate(Fault.HANG, behaviour.lostReplyRate)
            .rate(Fault.ERROR, behaviour.refusalRate, Kind.CONNECT)
            .build();
    faults.add(made);
    return made;
  }

  /** Connects one client, again and again. */
  private final class Provider implements ShareProvider {
    private final ShareProvider real = Shares.forScheme(uri().getScheme());
    private final Faults mine;
    private final String client;
    private volatile @Nullable Share last;

    Provider(String client, Faults mine) {
      this.client = client;
      this.mine = mine;
    }

    @Override
    public Set<String> schemes() {
      return real.schemes();
    }

    @Override
    public Set<String> options() {
      return real.options();
    }

    @Override
    public @Nullable String missingLibrary() {
      return real.missingLibrary();
    }

    @Override
    public Share connect(ShareConfig config) throws IOException {
      return disturbed(() -> real.connect(config));
    }

    @Override
    public Share reconnect(ShareConfig config, Share lost) throws IOException {
      Share before = last;
      return disturbed(
          () -> before == null ? real.connect(config) : real.reconnect(config, before));
    }

    private Share disturbed(Connecting connecting) throws IOException {
      if (mine.refuses()) {
        throw new ShareConnectException(
            ShareConnectException.Reason.UNREACHABLE, "nobody is there, as told", null);
      }
      Share made = connecting.connect();
      last = made;
      FaultyShare shown = new FaultyShare(made, mine, new Client(client));
      connection = shown;
      return shown;
    }
  }

  private interface Connecting {
    Share connect() throws IOException;
  }

  @Override
  public void breakConnection() {
    FaultyShare now = connection;
    if (now != null) {
      now.disconnect();
    }
  }

  @Override
  public void behave() {
    faults.forEach(Faults::stop);
  }

  // ---- what they change

  /** Whoever makes changes through one connection. */
  private final class Client implements FaultyShare.Witness {
    private final String name;
    private boolean closed; // by lock
    private CompletableFuture<?> begun = CompletableFuture.completedFuture(null); // by lock

    Client(String name) {
      this.name = name;
    }

    @Override
    public <T> CompletionStage<T> writing(
        String path, long offset, byte[] bytes, Supplier<CompletionStage<T>> call) {
      return inTurn(path, seen -> seen.wrote(name, path, offset, bytes), call);
    }

    @Override
    public <T> CompletionStage<T> cutting(
        String path, long size, Supplier<CompletionStage<T>> call) {
      return inTurn(path, seen -> seen.cut(name, path, size), call);
    }

    private <T> CompletionStage<T> inTurn(
        String path, Consumer<Changes> begins, Supplier<CompletionStage<T>> call) {
      CompletableFuture<T> result = new CompletableFuture<>();
      CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
      CompletableFuture<?> before;
      lock.lock();
      try {
        before = lastChange;
        lastChange = over;
      } finally {
        lock.unlock();
      }
      before.whenCompleteAsync((done, failure) -> begin(path, begins, call, result, over), THREADS);
      return result;
    }

    private <T> void begin(
        String path,
        Consumer<Changes> begins,
        Supplier<CompletionStage<T>> call,
        CompletableFuture<T> result,
        CompletableFuture<@Nullable Void> over) {
      lock.lock();
      try {
        if (closed) {
          over.complete(null);
          result.completeExceptionally(new ShareDisconnectedException("closed", null));
          return;
        }
        begun = over;
      } finally {
        lock.unlock();
      }
      Changes seen = changes;
      CompletionStage<T> called;
      try {
        if (seen != null) {
          begins.accept(seen);
        }
        called = call.get();
      } catch (RuntimeException | AssertionError e) {
        failure.compareAndSet(null, e);
        called = CompletableFuture.failedFuture(new IOException(e));
      }
      called.whenCompleteAsync(
          (value, failed) -> {
            if (failed == null && seen != null) {
              seen.settled(path);
            }
            over.complete(null);
            if (failed == null) {
              result.complete(value);
            } else {
              result.completeExceptionally(Await.cause(failed));
            }
          },
          THREADS);
    }

    @Override
    public void closing() {
      CompletableFuture<?> last;
      lock.lock();
      try {
        closed = true;
        last = begun;
      } finally {
        lock.unlock();
      }
      last.join();
    }
  }

  // ---- clients without a mount

  @Override
  public void put(String path, byte[] content) throws IOException {
    Changes observer = changes;
    changes = null;
    try {
      cut("other", path, 0);
      write("other", path, 0, content);
    } finally {
      changes = observer;
    }
  }

  @Override
  public void write(String client, String path, long offset, byte[] bytes) throws IOException {
    try (Opened opened = open(client, path)) {
      IoSegments all = IoSegments.of(ByteBuffer.wrap(bytes));
      for (long at = offset; all.hasRemaining(); ) {
        at += Await.result(opened.file.write(all, at)).bytes();
      }
    }
  }

  @Override
  public void cut(String client, String path, long size) throws IOException {
    try (Opened opened = open(client, path)) {
      Await.result(opened.file.truncate(size));
    }
  }

  private record Opened(ShareFile file) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      Await.result(file.close());
    }
  }

  private Opened open(String client, String path) throws IOException {
    Share share;
    lock.lock();
    try {
      Share known = others.get(client);
      if (known == null) {
        known =
            new FaultyShare(
                Shares.forScheme(uri().getScheme())
                    .connect(new ShareConfig(uri(), ShareOptions.of(server.options()))),
                Faults.none(),
                new Client(client));
        others.put(client, known);
      }
      share = known;
    } finally {
      lock.unlock();
    }
    OpenIntent intent = new OpenIntent(true, true, Disposition.OPEN_OR_CREATE, false, -1);
    return new Opened(Await.result(share.open(path, intent)));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Of a large file its first and last parts: nobody reads 4 GiB of zeros each time.
   */
  @Override
  public @Nullable SparseBytes content(String path) throws IOException {
    Path file = server.data().resolve(directory).resolve(path.substring(1));
    if (!Files.exists(file)) {
      return null;
    }
    SparseBytes content = new SparseBytes();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      content.setSize(size);
      copy(channel, content, 0, Math.min(size, 8L * BLOCK));
      copy(channel, content, Math.max(8L * BLOCK, size - 8L * BLOCK), size);
    }
    return content;
  }

  private static void copy(FileChannel channel, SparseBytes content, long from, long to)
      throws IOException {
    for (long at = from; at < to; ) {
      ByteBuffer block = ByteBuffer.allocate((int) Math.min(BLOCK, to - at));
      if (channel.read(block, at) <= 0) {
        return;
      }
      byte[] bytes = Arrays.copyOf(block.array(), block.position());
      content.write(at, bytes);
      at += bytes.length;
    }
  }

  @Override
  public void close() {
    Throwable failed = failure.get();
    if (failed != null) {
      throw new AssertionError(failed.getMessage(), failed);
    }
    lock.lock();
    try {
      others.values().forEach(Share::close);
    } finally {
      lock.unlock();
    }
  }
}
