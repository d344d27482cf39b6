package dev.netfs.nio;

import dev.netfs.engine.DirectoryWatch;
import dev.netfs.engine.Mount;
import dev.netfs.share.DirectoryWatcher;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.WatchEvent;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A watched directory of a share that tells of changes.
 *
 * <p><b>Its first moments.</b> A server may say that it watches a little before it does: Samba
 * answers when it has told its notify daemon, which is about to begin. So what the directory held
 * when the server had said so is compared a few times with what it holds then, and what has changed
 * without a word is told from here: at the second sight, since the server's word may have been on
 * its way at the first.
 *
 * <p>That the directory itself has gone the server tells only of deletions that it carries out
 * itself; so every {@link #LOOKS} looks it is asked.
 */
final class NotifiedWatchKey extends NetfsWatchKey {
  private static final System.Logger LOG = System.getLogger(NotifiedWatchKey.class.getName());
  private static final int LOOKS = 5;

  /** How often what the directory holds is compared, if nothing is in doubt then, and if it is. */
  private static final int COMPARISONS = 3;

  private static final int MOST_COMPARISONS = 6;

  private final NetfsWatchService service;
  private final DirectoryWatch watch;
  private int looks; // confined to the service's thread

  /** What the directory held at first, but for what was told since from here; null in the end. */
  private volatile @Nullable DirectoryPicture first;

  /** What was told of each name while there is a {@link #first}. */
  private final Map<String, Set<DirectoryWatcher.Kind>> told = new ConcurrentHashMap<>();

  private int comparisons; // confined to the service's thread
  private Set<Change> doubtful = Set.of(); // confined to the service's thread

  /** What has become of a name. */
  private record Change(DirectoryWatcher.Kind kind, String name) {}

  /**
   * @throws UnsupportedOperationException if the server does not tell of changes after all
   */
  NotifiedWatchKey(NetfsWatchService service, NetfsPath directory, Set<WatchEvent.Kind<?>> kinds)
      throws IOException {
    super(service, directory, kinds);
    this.service = service;
    try {
      watch = mount().watch(directory.remote(), new Watcher());
    } catch (IOException e) {
      throw PathErrors.shown(e, directory);
    }
    try {
      first = DirectoryPicture.of(directory);
      service.later(this::compare);
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.DEBUG, "{0}: not listed at first: {1}", directory, e.toString());
      tellOverflow(); // with nothing to compare with, whoever hears of it looks himself
    }
  }

  private Mount mount() {
    return directory.getFileSystem().mount();
  }

  private final class Watcher implements DirectoryWatcher {
    @Override
    public void changed(Kind kind, String name) {
      if (first != null) {
        told.computeIfAbsent(name, any -> ConcurrentHashMap.newKeySet()).add(kind);
      }
      tell(kind, name);
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

  /** Returns whether what the directory held at first is still of use. */
  boolean isComparing() {
    return first != null;
  }

  /** Tells what has changed without a word; again in a while, a few times. */
  void compare() {
    DirectoryPicture before = first;
    if (before == null || !isValid()) {
      forgetFirst();
      return;
    }
    comparisons++;
    try {
      Set<Change> unheard = new HashSet<>();
      Set<String> found = new HashSet<>();
      DirectoryPicture now = DirectoryPicture.of(directory);
      before.compare(
          now,
          (kind, name) -> {
            Change change = new Change(kind, name);
            if (!isTold(change)) {
              if (doubtful.contains(change)) {
                watch.missed(kind, name);
                told.remove(name); // not by the server, which may still miss what comes next
                found.add(name);
              } else {
                unheard.add(change);
              }
            }
          });
      first = before.updated(found, now);
      if (!isValid()) {
        forgetFirst(); // cancelled meanwhile
        return;
      }
      doubtful = unheard;
    } catch (ClosedFileSystemException e) {
      return; // it is about to close the service
    } catch (IOException | RuntimeException e) {
      // As in a look: unreachable is not deleted.
      LOG.log(Level.DEBUG, "{0}: not compared: {1}", directory, e.toString());
    }
    if (comparisons < (doubtful.isEmpty() ? COMPARISONS : MOST_COMPARISONS)) {
      service.later(this::compare);
    } else {
      if (!doubtful.isEmpty()) {
        tellOverflow(); // whoever hears of it looks himself
      }
      forgetFirst();
    }
  }

  /** A name that has come or gone may have been changed as well, of which the server told. */
  private boolean isTold(Change change) {
    Set<DirectoryWatcher.Kind> kinds = told.getOrDefault(change.name, Set.of());
    return change.kind == DirectoryWatcher.Kind.MODIFIED
        ? !kinds.isEmpty()
        : kinds.contains(change.kind);
  }

  private void forgetFirst() {
    first = null;
    told.clear();
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
    forgetFirst();
    watch.close();
  }
}
