package dev.netfs.nio;

import dev.netfs.engine.DirectoryWatch;
import dev.netfs.engine.Mount;
import dev.netfs.share.DirectoryWatcher;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.util.Set;

/**
 * A watched directory of a share that tells of changes.
 *
 * <p>That the directory itself has gone the server tells only of deletions that it carries out
 * itself; so every {@link #LOOKS} looks it is asked.
 */
final class NotifiedWatchKey extends NetfsWatchKey {
  private static final System.Logger LOG = System.getLogger(NotifiedWatchKey.class.getName());
  private static final int LOOKS = 5;

  private final DirectoryWatch watch;
  private int looks; // confined to the service's thread

  /**
   * @throws UnsupportedOperationException if the server does not tell of changes after all
   */
  NotifiedWatchKey(NetfsWatchService service, NetfsPath directory, Set<WatchEvent.Kind<?>> kinds)
      throws IOException {
    super(service, directory, kinds);
    try {
      watch = mount().watch(directory.remote(), new Watcher());
    } catch (IOException e) {
      throw PathErrors.shown(e, directory);
    }
  }

  private Mount mount() {
    return directory.getFileSystem().mount();
  }

  private final class Watcher implements DirectoryWatcher {
    @Override
    public void changed(Kind kind, String name) {
      switch (kind) {
        case CREATED -> tell(StandardWatchEventKinds.ENTRY_CREATE, name);
        case MODIFIED -> tell(StandardWatchEventKinds.ENTRY_MODIFY, name);
        case DELETED -> tell(StandardWatchEventKinds.ENTRY_DELETE, name);
      }
    }

    @Override
    public void overflowed() {
      tellOverflow();
    }

    @Override
    public void ended() {
      gone();
    }
  }

  @Override
  void look() {
    if (!isValid() || ++looks % LOOKS != 0) {
      return;
    }
    try {
      if (!mount().stat(directory.remote(), true).isDirectory()) {
        gone();
        stop();
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      gone();
      stop();
    } catch (ClosedFileSystemException e) {
      // It is about to close the service.
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.DEBUG, "{0}: not looked at: {1}", directory, e.toString());
    }
  }

  @Override
  void stop() {
    watch.close();
  }
}
