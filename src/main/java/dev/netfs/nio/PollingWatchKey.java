package dev.netfs.nio;

import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** A watched directory of a share that does not tell of changes: what it held at the last look. */
final class PollingWatchKey extends NetfsWatchKey {
  private static final System.Logger LOG = System.getLogger(PollingWatchKey.class.getName());

  /** Held while the directory is listed, so that looks come one after the other. */
  private final ReentrantLock looking = new ReentrantLock();

  private Map<String, FileInfo> seen; // guarded by looking

  PollingWatchKey(NetfsWatchService service, NetfsPath directory, Set<WatchEvent.Kind<?>> kinds)
      throws IOException {
    super(service, directory, kinds);
    try {
      this.seen = list();
    } catch (IOException e) {
      throw PathErrors.shown(e, directory);
    }
  }

  @Override
  void look() {
    try {
      compare();
    } catch (ClosedFileSystemException e) {
      // It is about to close the service.
    } catch (IOException | RuntimeException e) {
      // Unreachable is not deleted: what has changed meanwhile shows at the next look.
      LOG.log(Level.DEBUG, "{0}: not looked at: {1}", directory, e.toString());
    }
  }

  @Override
  void watchFor(Set<WatchEvent.Kind<?>> newKinds) throws IOException {
    looking.lock();
    try {
      compare();
      super.watchFor(newKinds);
    } catch (IOException e) {
      throw PathErrors.shown(e, directory);
    } finally {
      looking.unlock();
    }
  }

  /** Lists the directory and tells what has changed. */
  private void compare() throws IOException {
    if (!isValid()) {
      return;
    }
    looking.lock();
    try {
      compare(list());
    } catch (NoSuchFileException | NotDirectoryException e) {
      seen.keySet().forEach(name -> tell(StandardWatchEventKinds.ENTRY_DELETE, name));
      seen = Map.of();
      gone();
    } finally {
      looking.unlock();
    }
  }

  private void compare(Map<String, FileInfo> now) { // under the lock
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

  @Override
  void stop() {}
}
