package dev.netfs.nio;

import dev.netfs.engine.Mount;
import dev.netfs.engine.MountSpec;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemNotFoundException;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Which roots are mounted, and by which names: the one state that all instances of the providers
 * share.
 *
 * <p>A root goes through three states. <em>Connecting</em>: reserved, not yet to be found. Then
 * <em>open</em>. Then <em>closing</em>, while what was written is sent: no longer to be found,
 * still reserved. Whoever wants to mount a root that is connecting or closing waits for the
 * outcome; one that is open is refused. Nobody else waits: roots know nothing of one another.
 *
 * <p>A name, {@code netfs://data}, is a second key to a file system and goes through the same
 * states, but for the last: it is free again as soon as the file system begins to close. Names are
 * reserved before roots and never the other way round, so that nobody who holds a root waits for a
 * name.
 */
final class MountRegistry {
  private static final ConcurrentHashMap<MountRoot, Entry> MOUNTS = new ConcurrentHashMap<>();

  /** What a thread waits for while it mounts, or wants to, what another is mounting. */
  private static final ConcurrentHashMap<Thread, Entry> WAITING = new ConcurrentHashMap<>();

  private MountRegistry() {}

  /** The reservation of a root or a name. */
  private static final class Entry {
    /** Who mounts it; null when that is over. Written by that thread alone. */
    volatile @Nullable Thread mounter = Thread.currentThread();

    /** Opened when the connecting is over, well or badly. */
    final CountDownLatch settled = new CountDownLatch(1);

    /** Opened when the root is free again. */
    final CountDownLatch gone = new CountDownLatch(1);

    /** Set before {@link #settled} is opened, if it went well. */
    volatile @Nullable MountedFileSystem fs;

    void settle() {
      mounter = null;
      settled.countDown();
    }

    /** Returns the file system if it is open. */
    @Nullable MountedFileSystem open() {
      MountedFileSystem found = fs;
      return found != null && found.isOpen() ? found : null;
    }
  }

  /** Finds out what a name stands for, and mounts that. */
  interface Mounter {
    MountedFileSystem mount() throws IOException;
  }

  /**
   * Mounts a root.
   *
   * @throws FileSystemAlreadyExistsException if it is mounted
   */
  static MountedFileSystem mount(NetfsFileSystemProvider provider, URI uri, Map<String, ?> env)
      throws IOException {
    MountSpec spec = MountSpec.of(uri, env);
    MountRoot root = MountRoot.of(uri);
    return mount(provider, root, spec, false);
  }

  /**
   * Mounts a root, unless it is mounted and that will do.
   *
   * @param shown what the URIs of its paths begin with
   * @param orOpen whether one that is mounted already will do, whoever mounted it
   * @throws FileSystemAlreadyExistsException if it is mounted and that will not do
   */
  static MountedFileSystem mount(
      NetfsFileSystemProvider provider, MountRoot shown, MountSpec spec, boolean orOpen)
      throws IOException {
    MountRoot root = MountRoot.of(spec.root());
    Entry entry = new Entry();
    MountedFileSystem open = reserve(root, entry);
    if (open != null) {
      if (orOpen) {
        return open;
      }
      throw new FileSystemAlreadyExistsException(root.uriOf(List.of()) + " is mounted already");
    }
    try {
      MountedFileSystem fs =
          new MountedFileSystem(provider, shown, Mount.open(spec), () -> release(root, entry));
      AtExit.opened(fs);
      entry.fs = fs;
      return fs;
    } finally {
      if (entry.fs == null) {
        release(root, entry);
      }
      entry.settle();
    }
  }

  /**
   * Mounts what a name stands for.
   *
   * @param orOpen whether what the name already stands for will do
   * @throws FileSystemAlreadyExistsException if the name stands for an open file system and that
   *     will not do
   */
  static MountedFileSystem mountNamed(MountRoot name, boolean orOpen, Mounter mounter)
      throws IOException {
    while (true) {
      Entry entry = new Entry();
      MountedFileSystem open = reserve(name, entry);
      if (open != null) {
        if (orOpen) {
          return open;
        }
        throw new FileSystemAlreadyExistsException(name.uriOf(List.of()) + " is mounted already");
      }
      try {
        MountedFileSystem fs = mounter.mount();
        if (bind(fs, name, entry)) {
          return fs;
        }
      } finally {
        if (entry.fs == null) {
          release(name, entry);
        }
        entry.settle();
      }
    }
  }

  /** Lets a name stand for a file system until that closes; returns false if it did already. */
  private static boolean bind(MountedFileSystem fs, MountRoot name, Entry entry)
      throws IOException {
    try {
      fs.opened(() -> release(name, entry));
    } catch (ClosedFileSystemException e) {
      // Somebody found it by its root and closed it: it has to be mounted once more.
      return false;
    }
    entry.fs = fs;
    return true;
  }

  /** Reserves a root or a name, unless it is mounted: returns what is, or null if reserved. */
  private static @Nullable MountedFileSystem reserve(MountRoot root, Entry entry)
      throws IOException {
    while (true) {
      Entry other = MOUNTS.putIfAbsent(root, entry);
      if (other == null) {
        return null;
      }
      // Before the look, so that of two who wait for each other at least one sees it.
      WAITING.put(Thread.currentThread(), other);
      try {
        if (waitsForUs(other)) {
          // By netfs+path its URI leads back to itself, perhaps by way of another mount's.
          throw new IllegalArgumentException(
              "to mount "
                  + root.uriOf(List.of())
                  + " it would have to be mounted already: its URI leads to itself, or to a mount"
                  + " that leads to it; correct one of them");
        }
        other.settled.await();
        MountedFileSystem open = other.open();
        if (open != null) {
          return open;
        }
        other.gone.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException(
            "interrupted while waiting for another mount of " + root.uriOf(List.of()));
      } finally {
        WAITING.remove(Thread.currentThread());
      }
    }
  }

  /** Returns whether what is being mounted cannot be before this thread has mounted something. */
  private static boolean waitsForUs(Entry other) {
    Entry next = other;
    // At most as many steps as there are threads: others may wait for one another in a circle.
    for (int steps = WAITING.size(); next != null && steps >= 0; steps--) {
      Thread mounter = next.mounter;
      if (mounter == Thread.currentThread()) {
        return true;
      }
      next = mounter == null ? null : WAITING.get(mounter);
    }
    return false;
  }

  private static void release(MountRoot root, Entry entry) {
    MountedFileSystem fs = entry.fs;
    if (fs != null) {
      AtExit.closed(fs);
    }
    MOUNTS.remove(root, entry);
    entry.gone.countDown();
  }

  /**
   * Returns the file system mounted at a root.
   *
   * @throws FileSystemNotFoundException if there is none
   */
  static MountedFileSystem get(URI uri) {
    MountedFileSystem fs = find(MountRoot.of(uri));
    if (fs == null) {
      throw notFound(uri);
    }
    return fs;
  }

  /** Returns the file system mounted at a root or by a name, or null. */
  static @Nullable MountedFileSystem find(MountRoot root) {
    Entry entry = MOUNTS.get(root);
    return entry == null ? null : entry.open();
  }

  /**
   * Returns the path that a URI names, in the file system with the longest root that it lies below.
   *
   * @throws FileSystemNotFoundException if it lies below none
   */
  static NetfsPath path(URI uri) {
    MountRoot place = MountRoot.of(uri);
    for (int levels = 0; levels <= place.elements().size(); levels++) {
      MountRoot root = place.above(levels);
      MountedFileSystem fs = find(root);
      if (fs != null) {
        return pathIn(
            fs, place.elements().subList(root.elements().size(), place.elements().size()), uri);
      }
    }
    throw notFound(uri);
  }

  /**
   * Returns the path with the given elements.
   *
   * @param uri where they are from, for the message
   */
  static NetfsPath pathIn(MountedFileSystem fs, List<String> elements, URI uri) {
    StringBuilder text = new StringBuilder("/");
    for (String element : elements) {
      if (element.indexOf('/') >= 0) {
        throw new IllegalArgumentException(
            "an encoded '/' in "
                + MountSpec.root(uri)
                + ": no name below "
                + fs.uri()
                + " can hold one");
      }
      text.append(element).append('/');
    }
    return new NetfsPath(fs, PathSyntax.clean(text.toString()));
  }

  private static FileSystemNotFoundException notFound(URI uri) {
    TreeSet<String> mounted = new TreeSet<>();
    MOUNTS.forEach(
        (root, entry) -> {
          if (entry.open() != null) {
            mounted.add(root.uriOf(List.of()).toString());
          }
        });
    return new FileSystemNotFoundException(
        MountSpec.root(uri)
            + " is not mounted; "
            + (mounted.isEmpty() ? "nothing is" : "mounted are " + String.join(", ", mounted))
            + "; mount it with FileSystems.newFileSystem first");
  }
}
