package dev.netfs.nio;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Watches directories: where the share tells of changes, by being told ({@link NotifiedWatchKey});
 * elsewhere by listing them again and again and comparing what it finds ({@link PollingWatchKey}).
 * Then changes that cancel each other out between two looks go unseen, as does one that leaves
 * size, times and identity of a file as they were.
 *
 * <p><b>Concurrency.</b> One thread looks at all directories, one after the other. {@link #lock}
 * guards {@link #keys} and {@link #closed}; nothing is listed while it is held. A key has locks of
 * its own: that of its events comes after this one, that of its looks before.
 */
final class NetfsWatchService implements WatchService, Closeable {
  /** How long after one look the next is taken. */
  static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(2);

  private final MountedFileSystem fs;
  private final ScheduledThreadPoolExecutor poller;
  private final long nanos; // from one look to the next
  private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, NetfsWatchKey> keys = new HashMap<>(); // guarded by lock
  private volatile boolean closed; // written under lock

  /** An element of the queue: a key with events, or null for the end, which is never taken out. */
  private record Signal(@Nullable NetfsWatchKey key) {}

  NetfsWatchService(MountedFileSystem fs, Duration interval) {
    this.fs = fs;
    this.poller = new ScheduledThreadPoolExecutor(1, Workers.threads("netfs-watch-"));
    this.poller.setRemoveOnCancelPolicy(true);
    this.poller.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    this.poller.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    this.nanos = interval.toNanos();
    this.poller.scheduleWithFixedDelay(this::pollAll, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /** Registers a directory, or changes what a registered one is watched for. */
  WatchKey register(
      NetfsPath directory, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers)
      throws IOException {
    Set<WatchEvent.Kind<?>> kinds = kinds(events);
    for (WatchEvent.Modifier modifier : modifiers) {
      checkModifier(modifier);
    }
    checkOpen();
    if (directory.getFileSystem() != fs) {
      throw new java.nio.file.ProviderMismatchException(
          "a watch service of " + fs.uri() + " cannot watch " + directory.getFileSystem().uri());
    }
    while (true) {
      // Neither under the lock: both ask the server.
      NetfsWatchKey known = known(directory);
      if (known == null) {
        NetfsWatchKey fresh = key(directory, kinds);
        if (isFirst(fresh)) {
          return fresh;
        }
      } else {
        known.watchFor(kinds);
        if (known.isValid()) {
          return known;
        }
      }
    }
  }

  private @Nullable NetfsWatchKey known(NetfsPath directory) {
    lock.lock();
    try {
      checkOpen();
      NetfsWatchKey known = keys.get(directory.remote());
      return known != null && known.isValid() ? known : null;
    } finally {
      lock.unlock();
    }
  }

  /** Keeps a new key, unless somebody else has registered the directory meanwhile. */
  private boolean isFirst(NetfsWatchKey fresh) {
    boolean first = false;
    lock.lock();
    try {
      NetfsWatchKey known = keys.get(fresh.watchable().remote());
      if (!closed && (known == null || !known.isValid())) {
        keys.put(fresh.watchable().remote(), fresh);
        first = true;
      }
    } finally {
      lock.unlock();
    }
    if (!first) {
      fresh.stop(); // not under the lock: the server's side tells keys under locks of its own
    } else if (!fresh.isValid()) {
      cancelled(fresh); // gone before it was put there
    }
    return first;
  }

  private NetfsWatchKey key(NetfsPath directory, Set<WatchEvent.Kind<?>> kinds) throws IOException {
    if (fs.mount().capabilities().notifications()) {
      try {
        return new NotifiedWatchKey(this, directory, kinds);
      } catch (UnsupportedOperationException e) {
        // Not this server, or not this directory.
      }
    }
    return new PollingWatchKey(this, directory, kinds);
  }

  private static Set<WatchEvent.Kind<?>> kinds(WatchEvent.Kind<?>... events) {
    Set<WatchEvent.Kind<?>> kinds = new HashSet<>();
    for (WatchEvent.Kind<?> kind : events) {
      if (kind == StandardWatchEventKinds.ENTRY_CREATE
          || kind == StandardWatchEventKinds.ENTRY_MODIFY
          || kind == StandardWatchEventKinds.ENTRY_DELETE) {
        kinds.add(kind);
      } else if (kind != StandardWatchEventKinds.OVERFLOW) { // which comes unasked
        throw new UnsupportedOperationException(
            Objects.requireNonNull(kind, "event kind").name() + " cannot be watched for");
      }
    }
    if (kinds.isEmpty()) {
      throw new IllegalArgumentException("no kind of event to watch for");
    }
    return kinds;
  }

  private static void checkModifier(WatchEvent.Modifier modifier) {
    // A hint how often to look, which the JDK's own services have come to ignore; known by name, as
    // its module, jdk.unsupported, need not be there.
    boolean sensitivity =
        modifier instanceof Enum<?> constant
            && constant
                .getDeclaringClass()
                .getName()
                .equals("com.sun.nio.file.SensitivityWatchEventModifier");
    if (!sensitivity) {
      throw new UnsupportedOperationException(
          "modifier " + Objects.requireNonNull(modifier, "modifier").name() + " is not supported");
    }
  }

  private void pollAll() {
    NetfsWatchKey[] registered;
    lock.lock();
    try {
      registered = keys.values().toArray(new NetfsWatchKey[0]);
    } finally {
      lock.unlock();
    }
    for (NetfsWatchKey key : registered) {
      if (closed) {
        return;
      }
      key.look();
    }
  }

  /**
   * Has the thread that looks at directories do something after a quarter of the pause between two
   * looks, unless the service is closed before.
   */
  void later(Runnable work) {
    poller.schedule(work, nanos / 4, TimeUnit.NANOSECONDS);
  }

  /** Puts a key with events into the queue. */
  void signal(NetfsWatchKey key) {
    signals.add(new Signal(key));
  }

  /** Forgets a key that has become invalid. */
  void cancelled(NetfsWatchKey key) {
    lock.lock();
    try {
      keys.remove(key.watchable().remote(), key);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public @Nullable WatchKey poll() {
    checkOpen();
    return taken(signals.poll());
  }

  @Override
  public @Nullable WatchKey poll(long timeout, TimeUnit unit) throws InterruptedException {
    checkOpen();
    return taken(signals.poll(timeout, unit));
  }

  @Override
  public WatchKey take() throws InterruptedException {
    checkOpen();
    return Objects.requireNonNull(taken(signals.take()));
  }

  private @Nullable WatchKey taken(@Nullable Signal signal) {
    if (signal != null && signal.key() == null) {
      signals.add(signal); // for whoever else is waiting
    }
    checkOpen();
    return signal == null ? null : signal.key();
  }

  @Override
  public void close() {
    List<NetfsWatchKey> all;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      all = List.copyOf(keys.values());
      all.forEach(NetfsWatchKey::invalidate);
      keys.clear();
    } finally {
      lock.unlock();
    }
    all.forEach(NetfsWatchKey::stop);
    poller.shutdown();
    signals.clear();
    signals.add(new Signal(null));
    fs.closed(this);
  }

  private void checkOpen() {
    if (closed) {
      throw new ClosedWatchServiceException();
    }
  }
}
