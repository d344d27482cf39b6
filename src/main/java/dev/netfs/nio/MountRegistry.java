package dev.netfs.nio;

import dev.netfs.engine.Mount;
import dev.netfs.engine.MountSpec;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemNotFoundException;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Which roots are mounted: the one state that all instances of the providers share.
 *
 * <p>A root goes through three states. <em>Connecting</em>: reserved, not yet to be found. Then
 * <em>open</em>. Then <em>closing</em>, while what was written is sent: no longer to be found,
 * still reserved. Whoever wants to mount a root that is connecting or closing waits for the
 * outcome; one that is open is refused. Nobody else waits: roots know nothing of one another.
 */
final class MountRegistry {
  private static final ConcurrentHashMap<MountRoot, Entry> MOUNTS = new ConcurrentHashMap<>();

  private MountRegistry() {}

  /** The reservation of a root. */
  private static final class Entry {
    /** Opened when the connecting is over, well or badly. */
    final CountDownLatch settled = new CountDownLatch(1);

    /** Opened when the root is free again. */
    final CountDownLatch gone = new CountDownLatch(1);

    /** Set before {@link #settled} is opened, if it went well. */
    volatile @Nullable MountedFileSystem fs;

    /** Returns the file system if it is open. */
    @Nullable MountedFileSystem open() {
      MountedFileSystem found = fs;
      return found != null && found.isOpen() ? found : null;
    }
  }

  /**
   * Mounts a root.
   *
   * @throws FileSystemAlreadyExistsException if it is mounted
   */
  static MountedFileSystem mount(NetfsFileSystemProvider provider, URI uri, Map<String, ?> env)
      throws IOException {
    MountRoot root = MountRoot.of(uri);
    MountSpec spec = MountSpec.of(uri, env);
    Entry entry = new Entry();
    reserve(root, entry);
    try {
      MountedFileSystem fs =
          new MountedFileSystem(provider, root, Mount.open(spec), () -> release(root, entry));
      entry.fs = fs;
      return fs;
    } finally {
      if (entry.fs == null) {
        release(root, entry);
      }
      entry.settled.countDown();
    }
  }

  private static void reserve(MountRoot root, Entry entry) throws IOException {
    while (true) {
      Entry other = MOUNTS.putIfAbsent(root, entry);
      if (other == null) {
        return;
      }
      try {
        other.settled.await();
        if (other.open() != null) {
          throw new FileSystemAlreadyExistsException(root.uriOf(List.of()) + " is mounted already");
        }
        other.gone.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException(
            "interrupted while waiting for another mount of " + root.uriOf(List.of()));
      }
    }
  }

  private static void release(MountRoot root, Entry entry) {
    MOUNTS.remove(root, entry);
    entry.gone.countDown();
  }

  /**
   * Returns the file system mounted at a root.
   *
   * @throws FileSystemNotFoundException if there is none
   */
  static MountedFileSystem get(URI uri) {
    Entry entry = MOUNTS.get(MountRoot.of(uri));
    MountedFileSystem fs = entry == null ? null : entry.open();
    if (fs == null) {
      throw notFound(uri);
    }
    return fs;
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
      Entry entry = MOUNTS.get(root);
      MountedFileSystem fs = entry == null ? null : entry.open();
      if (fs != null) {
        StringBuilder text = new StringBuilder("/");
        for (String element :
            place.elements().subList(root.elements().size(), place.elements().size())) {
          if (element.indexOf('/') >= 0) {
            throw new IllegalArgumentException(
                "an encoded '/' in " + uri + ": no name below " + fs.uri() + " can hold one");
          }
          text.append(element).append('/');
        }
        return new NetfsPath(fs, PathSyntax.clean(text.toString()));
      }
    }
    throw notFound(uri);
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
