package dev.netfs.engine;

import dev.netfs.share.Share;
import dev.netfs.share.ShareCapabilities.LockKind;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareOptions;
import dev.netfs.share.ShareProvider;
import java.io.IOException;
import java.net.URI;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A server in memory that misbehaves as told: short reads and writes, answers late, out of order or
 * never, errors, connections that break before an operation or after it, and other clients who
 * change its files. Everything random comes from one seed.
 *
 * <p>Its time is the system's, or, for schedules that are the same every time, {@link VirtualTime}.
 * All that is not volatile is guarded by the server's monitor.
 */
final class SimServer implements ShareProvider, ModelServer {
  /** Sees what clients write, before it is done. */
  @FunctionalInterface
  interface WriteObserver {
    void writing(String path, long offset, byte[] bytes);
  }

  /** Sees what clients read. */
  @FunctionalInterface
  interface ReadObserver {
    void reading(String path, long offset, long count);
  }

  private final Random random;
  final Background time;
  final SimTree tree = new SimTree(this::now);
  final Map<String, Integer> requests = new ConcurrentHashMap<>();
  private long clockSeconds = 1_600_000_000L; // long ago: timestamps prove something
  volatile int rsize = 64 * 1024;
  volatile int wsize = 64 * 1024;
  volatile int depth = 8;

  /** How often a read or write stops short. */
  volatile double shortRate;

  /** How often an operation finds the connection broken: half before it is done, half after. */
  volatile double disconnectRate;

  /** How often an operation that {@link #errorsIn} is true for fails with an error. */
  volatile double errorRate;

  /** How often an operation is never answered: half of them are done all the same. */
  volatile double lostReplyRate;

  /** How often nobody answers who connects. */
  volatile double refusalRate;

  volatile Predicate<String> errorsIn = kind -> true;
  volatile int maxDelayMicros;
  volatile boolean unreachable;

  /** Whether files get the times at which they are changed, in whole seconds. */
  volatile boolean freshTimes;

  volatile @Nullable Consumer<String> beforeRequest;

  /** Called, under the monitor, after whatever a client did. */
  volatile @Nullable Runnable afterChange;

  volatile @Nullable WriteObserver onWrite;

  /** Sees which bytes clients ask for, before they are asked for. */
  volatile @Nullable ReadObserver onRead;

  /** Whether the server says that it has hard links, to who connects from now on. */
  volatile boolean hardLinks = true;

  /** Whether a link over something fails without saying why, as OpenSSH's answer can come to. */
  boolean vagueLinks;

  /** Whether the server says that its renames are one step, to who connects from now on. */
  volatile boolean atomicReplace = true;

  /** Whether a file that was written to has another time when the handle ends. */
  volatile boolean closeTouches;

  /** What kind of locks the server has. */
  volatile LockKind lockKind = LockKind.NONE;

  final SimLocks locks = new SimLocks(this);

  /** Whether the server has leases. */
  volatile boolean leased;

  final SimLeases leases = new SimLeases(this);

  /** How often a listing shows no single moment: some names as they were, others as they are. */
  volatile double tornListRate;

  /** What closing a handle fails with. */
  volatile @Nullable IOException closeFailure;

  volatile @Nullable Changes changes;
  private volatile @Nullable SimShare connection;

  /** Handles that nobody has closed, those of lost connections too. */
  final Set<SimFile> handles = ConcurrentHashMap.newKeySet();

  SimServer(long seed) {
    this(seed, Background.SYSTEM);
  }

  SimServer(long seed, Background time) {
    random = new Random(seed);
    this.time = time;
  }

  Mount mount(Map<String, ?> options) throws IOException {
    return mount("server", options);
  }

  @Override
  public Mount mount(String client, Map<String, ?> options) throws IOException {
    double rate = refusalRate;
    refusalRate = 0; // of the first connection nobody makes another
    try {
      return new Mount(
          new MountSpec(URI.create("netfs+sim://" + client + "/"), ShareOptions.of(options)),
          this,
          time);
    } finally {
      refusalRate = rate;
    }
  }

  /** Has the server behave in a certain way from now on. */
  void behaveAs(Behaviour behaviour) {
    rsize = behaviour.rsize;
    wsize = behaviour.wsize;
    depth = behaviour.depth;
    shortRate = behaviour.shortRate;
    disconnectRate = behaviour.disconnectRate;
    errorRate = behaviour.errorRate;
    lostReplyRate = behaviour.lostReplyRate;
    refusalRate = behaviour.refusalRate;
    maxDelayMicros = behaviour.maxDelayMicros;
    freshTimes = behaviour.freshTimes;
    tree.versions = behaviour.versions;
    closeTouches = behaviour.closeTouches;
  }

  @Override
  public void observe(Changes observer) {
    changes = observer;
  }

  @Override
  public boolean isLeased() {
    return leased;
  }

  @Override
  public void behave() {
    shortRate = 0;
    disconnectRate = 0;
    errorRate = 0;
    lostReplyRate = 0;
    refusalRate = 0;
    unreachable = false;
  }

  // ---- another client

  @Override
  public synchronized void put(String path, byte[] data) {
    SimTree.File file = tree.fileAt(path);
    file.data.setSize(0);
    file.data.write(0, data);
    tree.touch(file);
  }

  /** Changes a file without a trace in its attributes but the size. */
  synchronized void putSameTime(String path, byte[] data) {
    SimTree.File file = tree.fileAt(path);
    file.data.setSize(0);
    file.data.write(0, data);
  }

  /** Sets a file's time, in seconds, as another client would. */
  synchronized void putTime(String path, long seconds) {
    tree.fileAt(path).modified = FileTime.from(seconds, TimeUnit.SECONDS);
  }

  @Override
  public synchronized void write(String client, String path, long offset, byte[] bytes) {
    putRange(path, offset, bytes);
    Changes observer = changes;
    if (observer != null) {
      observer.wrote(client, path, offset, bytes);
      observer.settled(path);
    }
  }

  @Override
  public synchronized void cut(String client, String path, long size) {
    setSize(path, size);
    Changes observer = changes;
    if (observer != null) {
      observer.cut(client, path, size);
      observer.settled(path);
    }
  }

  /** Changes a part of a file as another client would. */
  synchronized void putRange(String path, long offset, byte[] data) {
    SimTree.File file = tree.fileAt(path);
    file.data.write(offset, data);
    tree.touch(file);
  }

  /** Cuts a file, or extends it, as another client would. */
  synchronized void setSize(String path, long size) {
    SimTree.File file = tree.fileAt(path);
    file.data.setSize(size);
    tree.touch(file);
  }

  synchronized byte @Nullable [] get(String path) {
    SimTree.File file = tree.find(path);
    return file == null ? null : file.data.toArray();
  }

  @Override
  public synchronized @Nullable SparseBytes content(String path) {
    SimTree.File file = tree.find(path);
    return file == null ? null : file.data.copy();
  }

  int count(String kind) {
    return requests.getOrDefault(kind, 0);
  }

  /** Locks a range as another client would; to be given to {@link #unlock}. */
  synchronized SimLocks.Lock lock(String path, long start, long end, boolean shared) {
    return locks.ask(new SimLocks.Lock(null, path, start, end, shared), false);
  }

  synchronized void unlock(SimLocks.Lock lock) {
    locks.end(lock);
  }

  @Override
  public void breakConnection() {
    SimShare now = connection;
    if (now != null) {
      now.breakOff();
    }
  }

  private FileTime now() {
    return freshTimes
        ? FileTime.from(time.currentTimeMillis() / 1000, TimeUnit.SECONDS)
        : FileTime.from(++clockSeconds, TimeUnit.SECONDS);
  }

  synchronized boolean chance(double rate) {
    return rate > 0 && random.nextDouble() < rate;
  }

  synchronized int below(int bound) {
    return random.nextInt(bound);
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
    if (unreachable || chance(refusalRate)) {
      throw new ShareConnectException(
          ShareConnectException.Reason.UNREACHABLE, "sim is unreachable", null);
    }
    SimShare made = new SimShare(this, String.valueOf(config.uri().getHost()));
    connection = made;
    return made;
  }

  /** Returns how many handles are open on connections that are up: a lost one has none. */
  int openHandles() {
    return (int) handles.stream().filter(SimFile::isOpen).count();
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

  /** Returns the downloads of a range that nobody has begun, not sent yet. */
  static List<ReadRequest> planned(Mount mount, Inode inode, long start, long end) {
    inode.lock.lock();
    try {
      return mount.reads().plan(inode, start, end);
    } finally {
      inode.lock.unlock();
    }
  }

  /** Waits until all downloads of a file have arrived. */
  static void eventuallyArrived(Inode inode) {
    eventually(
        "all has arrived",
        () -> {
          inode.lock.lock();
          try {
            return inode.inflight.isEmpty();
          } finally {
            inode.lock.unlock();
          }
        });
  }
}
