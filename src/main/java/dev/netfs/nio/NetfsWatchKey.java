package dev.netfs.nio;

import dev.netfs.share.DirectoryWatcher;
import java.io.IOException;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A watched directory: the events not yet fetched.
 *
 * <p>Ready, it goes into the service's queue with its first event and is signalled from then on;
 * events add up until it is reset. {@link #lock} guards all of this. How it learns of changes is
 * its subclass' affair.
 */
abstract class NetfsWatchKey implements WatchKey {
  /** How many events wait to be fetched; what comes after that is an overflow. */
  private static final int MAX_EVENTS = 512;

  private final NetfsWatchService service;
  final NetfsPath directory;

  private final ReentrantLock lock = new ReentrantLock();
  private Set<WatchEvent.Kind<?>> kinds; // guarded by lock
  private List<Event> events = new ArrayList<>(); // guarded by lock

  /** Where each entry's latest event is; guarded by lock. */
  private final Map<@Nullable Path, Integer> latest = new HashMap<>();

  private boolean signalled; // guarded by lock
  private volatile boolean valid = true; // written under lock

  NetfsWatchKey(NetfsWatchService service, NetfsPath directory, Set<WatchEvent.Kind<?>> kinds) {
    this.service = service;
    this.directory = directory;
    this.kinds = kinds;
  }

  /** What has happened to an entry, and how often; without an entry, that events were lost. */
  private record Event(WatchEvent.Kind<?> kind, @Nullable Path context, int count) {
    Event again() {
      return new Event(kind, context, count + 1);
    }

    WatchEvent<?> shown() {
      return new Shown(this);
    }
  }

  /** An event as the JDK wants it typed. */
  private record Shown(Event event) implements WatchEvent<Path> {
    @Override
    @SuppressWarnings("unchecked") // an overflow has no context, so that its type is of no account
    public Kind<Path> kind() {
      return (Kind<Path>) event.kind;
    }

    @Override
    public int count() {
      return event.count;
    }

    @Override
    @SuppressWarnings("NullAway") // null for an overflow, as the JDK has it
    public Path context() {
      return event.context;
    }
  }

  /**
   * Changes what the directory is watched for. What has happened before is told, or not, as was
   * asked for then.
   */
  void watchFor(Set<WatchEvent.Kind<?>> newKinds) throws IOException {
    lock.lock();
    try {
      kinds = newKinds;
    } finally {
      lock.unlock();
    }
  }

  /** Looks at the directory. For the service's thread, from time to time. */
  abstract void look();

  /** Ends what this needs to learn of changes; may be called several times. */
  abstract void stop();

  /** The directory has gone: makes the key invalid, and signals it for who waits to learn of it. */
  final void gone() {
    lock.lock();
    try {
      if (valid) {
        valid = false;
        signal();
      }
    } finally {
      lock.unlock();
    }
    service.cancelled(this);
  }

  final void tell(DirectoryWatcher.Kind what, String name) {
    WatchEvent.Kind<?> kind =
        switch (what) {
          case CREATED -> StandardWatchEventKinds.ENTRY_CREATE;
          case MODIFIED -> StandardWatchEventKinds.ENTRY_MODIFY;
          case DELETED -> StandardWatchEventKinds.ENTRY_DELETE;
        };
    lock.lock();
    try {
      if (valid && kinds.contains(kind)) {
        add(kind, directory.getFileSystem().getPath(name));
        signal();
      }
    } catch (ClosedFileSystemException e) {
      // It is about to close the service, and this key with it.
    } finally {
      lock.unlock();
    }
  }

  /** Tells that events were lost, whatever is watched for. */
  final void tellOverflow() {
    lock.lock();
    try {
      if (valid) {
        add(StandardWatchEventKinds.OVERFLOW, null);
        signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Adds an event: to one that is like it, if nothing else has happened to the entry since. Where
   * too many wait, nothing is told but that events were lost, as the JDK has it: whoever hears of
   * that has to look at the directory anyway.
   */
  private void add(WatchEvent.Kind<?> kind, @Nullable Path context) { // under the lock
    int last = events.size() - 1;
    boolean overflow = kind == StandardWatchEventKinds.OVERFLOW;
    if (last >= 0 && events.get(last).kind() == StandardWatchEventKinds.OVERFLOW) {
      events.set(last, events.get(last).again());
      return;
    }
    if (overflow || events.size() == MAX_EVENTS) {
      events.clear();
      latest.clear();
      events.add(new Event(StandardWatchEventKinds.OVERFLOW, null, 1));
      return;
    }
    Integer before = latest.get(context);
    if (before != null
        && events.get(before).kind() == kind
        && (before == last || kind == StandardWatchEventKinds.ENTRY_MODIFY)) {
      events.set(before, events.get(before).again());
    } else {
      latest.put(context, events.size());
      events.add(new Event(kind, context, 1));
    }
  }

  /** Puts the key into the queue unless it is there. Under the lock. */
  private void signal() {
    if (!signalled) {
      signalled = true;
      service.signal(this);
    }
  }

  /** Makes the key invalid, since its service is closed. */
  void invalidate() {
    lock.lock();
    try {
      valid = false;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isValid() {
    return valid;
  }

  @Override
  public List<WatchEvent<?>> pollEvents() {
    lock.lock();
    try {
      List<WatchEvent<?>> fetched = new ArrayList<>();
      events.forEach(event -> fetched.add(event.shown()));
      events = new ArrayList<>();
      latest.clear();
      return fetched;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean reset() {
    lock.lock();
    try {
      if (signalled && valid) {
        if (events.isEmpty()) {
          signalled = false;
        } else {
          service.signal(this);
        }
      }
      return valid;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void cancel() {
    invalidate();
    service.cancelled(this);
    stop();
  }

  @Override
  public NetfsPath watchable() {
    return directory;
  }
}
