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
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Watches directories by listing them again and again and comparing what it finds. Changes that
 * cancel each other out between two looks go unseen, as does one that leaves size, times and
 * identity of a file as they were.
 *
 * <p><b>Concurrency.</b> One thread looks at all directories, one after the other, so that keys see
 * their snapshots from one thread at a time. {@link #lock} guards {@link #keys} and {@link
 * #closed}; nothing is listed while it is held. A key has a lock of its own, which comes after this
 * one.
 */
final class PollingWatchService implements WatchService, Closeable {
  /** How long after one look the next is taken. */
  static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(2);

  private final MountedFileSystem fs;
  private final ScheduledThreadPoolExecutor poller;
  private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, PollingWatchKey> keys = new HashMap<>(); // guarded by lock
  private volatile boolean closed; // written under lock

  /** An element of the queue: a key with events, or null for the end, which is never taken out. */
  private record Signal(@Nullable PollingWatchKey key) {}

  PollingWatchService(MountedFileSystem fs, Duration interval) {
    this.fs = fs;
    this.poller = new ScheduledThreadPoolExecutor(1, Workers.threads("netfs-watch-"));
    this.poller.setRemoveOnCancelPolicy(true);
    long nanos = interval.toNanos();
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
    // Outside the lock: it asks the server.
    PollingWatchKey fresh = new PollingWatchKey(this, directory, kinds);
    lock.lock();
    try {
      checkOpen();
      PollingWatchKey known = keys.get(directory.remote());
      if (known != null && known.isValid()) {
        known.watchFor(kinds);
        return known;
      }
      keys.put(directory.remote(), fresh);
      return fresh;
    } finally {
      lock.unlock();
    }
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
    PollingWatchKey[] registered;
    lock.lock();
    try {
      registered = keys.values().toArray(new PollingWatchKey[0]);
    } finally {
      lock.unlock();
    }
    for (PollingWatchKey key : registered) {
      if (closed) {
        return;
      }
      key.look();
    }
  }

  /** Puts a key with events into the queue. */
  void signal(PollingWatchKey key) {
    signals.add(new Signal(key));
  }

  /** Forgets a key that has become invalid. */
  void cancelled(PollingWatchKey key) {
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
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      for (PollingWatchKey key : keys.values()) {
        key.invalidate();
      }
      keys.clear();
    } finally {
      lock.unlock();
    }
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
