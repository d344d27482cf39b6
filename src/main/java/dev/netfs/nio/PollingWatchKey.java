package dev.netfs.nio;

import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
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
 * A watched directory: what it held at the last look, and the events not yet fetched.
 *
 * <p>Ready, it goes into the service's queue with its first event and is signalled from then on;
 * events add up until it is reset. {@link #lock} guards all of this but {@link #seen}, which
 * belongs to the service's one thread.
 */
final class PollingWatchKey implements WatchKey {
  private static final System.Logger LOG = System.getLogger(PollingWatchKey.class.getName());

  /** How many events wait to be fetched; what comes after that is an overflow. */
  private static final int MAX_EVENTS = 512;

  private final PollingWatchService service;
  private final NetfsPath directory;
  private Map<String, FileInfo> seen; // confined to the service's thread once constructed

  private final ReentrantLock lock = new ReentrantLock();
  private Set<WatchEvent.Kind<?>> kinds; // guarded by lock
  private List<Event> events = new ArrayList<>(); // guarded by lock
  private boolean signalled; // guarded by lock
  private volatile boolean valid = true; // written under lock

  PollingWatchKey(PollingWatchService service, NetfsPath directory, Set<WatchEvent.Kind<?>> kinds)
      throws IOException {
    this.service = service;
    this.directory = directory;
    this.kinds = kinds;
    try {
      this.seen = list();
    } catch (IOException e) {
      throw PathErrors.shown(e, directory);
    }
  }

  /** What has happened to an entry, and how often; without an entry, that events were lost. */
  private record Event(WatchEvent.Kind<?> kind, @Nullable Path context, int count) {
    boolean isLike(WatchEvent.Kind<?> otherKind, Path otherContext) {
      return kind == otherKind && otherContext.equals(context);
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

  void watchFor(Set<WatchEvent.Kind<?>> newKinds) {
    lock.lock();
    try {
      kinds = newKinds;
    } finally {
      lock.unlock();
    }
  }

  /** Looks at the directory and tells what has changed. For the service's thread. */
  void look() {
    if (!valid) {
      return;
    }
    Map<String, FileInfo> now;
    try {
      now = list();
    } catch (NoSuchFileException | NotDirectoryException e) {
      gone();
      return;
    } catch (ClosedFileSystemException e) {
      return; // it is about to close the service
    } catch (IOException | RuntimeException e) {
      // Unreachable is not deleted: what has changed meanwhile shows at the next look.
      LOG.log(Level.DEBUG, "{0}: not looked at: {1}", directory, e.toString());
      return;
    }
    for (Map.Entry<String, FileInfo> entry : now.entrySet()) {
      FileInfo before = seen.get(entry.getKey());
      if (before == null) {
        tell(StandardWatchEventKinds.ENTRY_CREATE, entry.getKey());
      } else if (!same(before, entry.getValue())) {
        tell(StandardWatchEventKinds.ENTRY_MODIFY, entry.getKey());
      }
    }
    for (String name : seen.keySet()) {
      if (!now.containsKey(name)) {
        tell(StandardWatchEventKinds.ENTRY_DELETE, name);
      }
    }
    seen = now;
  }

  private void gone() {
    seen.keySet().forEach(name -> tell(StandardWatchEventKinds.ENTRY_DELETE, name));
    lock.lock();
    try {
      if (valid) {
        valid = false;
        signal(); // even without an event, for whoever waits to learn of it at the reset
      }
    } finally {
      lock.unlock();
    }
    service.cancelled(this);
  }

  private Map<String, FileInfo> list() throws IOException {
    Map<String, FileInfo> entries = new HashMap<>();
    for (DirectoryEntry entry : directory.getFileSystem().mount().list(directory.remote())) {
      entries.put(entry.name(), entry.info());
    }
    return entries;
  }

  /** Compares what changes with content or attributes; being read does not count. */
  private static boolean same(FileInfo a, FileInfo b) {
    return a.toBuilder().accessed(null).build().equals(b.toBuilder().accessed(null).build());
  }

  private void tell(WatchEvent.Kind<?> kind, String name) {
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

  /** Adds an event, to the last one if that is like it or already says that some are lost. */
  private void add(WatchEvent.Kind<?> kind, Path context) { // under the lock
    Event last = events.isEmpty() ? null : events.get(events.size() - 1);
    if (last != null
        && (last.kind() == StandardWatchEventKinds.OVERFLOW || last.isLike(kind, context))) {
      events.set(events.size() - 1, new Event(last.kind(), last.context(), last.count() + 1));
    } else if (events.size() < MAX_EVENTS) {
      events.add(new Event(kind, context, 1));
    } else {
      events.add(new Event(StandardWatchEventKinds.OVERFLOW, null, 1));
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
  }

  @Override
  public NetfsPath watchable() {
    return directory;
  }
}
