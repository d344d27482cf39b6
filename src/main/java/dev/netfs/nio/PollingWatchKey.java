package dev.netfs.nio;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.WatchEvent;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** A watched directory of a share that does not tell of changes: what it held at the last look. */
final class PollingWatchKey extends NetfsWatchKey {
  private static final System.Logger LOG = System.getLogger(PollingWatchKey.class.getName());

  /** Held while the directory is listed, so that looks come one after the other. */
  private final ReentrantLock looking = new ReentrantLock();

  private DirectoryPicture seen; // guarded by looking

  PollingWatchKey(NetfsWatchService service, NetfsPath directory, Set<WatchEvent.Kind<?>> kinds)
      throws IOException {
    super(service, directory, kinds);
    try {
      this.seen = DirectoryPicture.of(directory);
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
      found(DirectoryPicture.of(directory));
    } catch (NoSuchFileException | NotDirectoryException e) {
      found(DirectoryPicture.EMPTY);
      gone();
    } finally {
      looking.unlock();
    }
  }

  private void found(DirectoryPicture now) { // under the lock
    seen.compare(now, this::tell);
    seen = now;
  }

  @Override
  void stop() {}
}
