package dev.netfs.nio;

import dev.netfs.NetfsFileSystem;
import dev.netfs.NetfsStats;
import dev.netfs.engine.Mount;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.FileStore;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The file system of one mount.
 *
 * <p>Closing it makes everything opened through it fail first, then closes each such thing, which
 * sends what was written, then the mount, and only then frees its root for another mount. An error
 * on the way stops none of this; the first is thrown at the end.
 *
 * <p><b>Concurrency.</b> {@link #open} goes from true to false once. What is opened adds itself to
 * {@link #resources} and then looks at {@link #open} again ({@link #opened}), whoever closes clears
 * {@link #open} and then looks at {@link #resources}: so that nothing is missed by both. {@link
 * #closing} is held throughout a close, so that a second one returns when the first is done.
 */
final class MountedFileSystem extends NetfsFileSystem {
  private final NetfsFileSystemProvider provider;

  /** What the URIs of its paths begin with: the root that it was mounted by, or a mount's name. */
  private final MountRoot shown;

  private final Mount mount;
  private final Runnable onClosed;
  private final NetfsPath rootPath = new NetfsPath(this, "/");
  private final Set<Closeable> resources = ConcurrentHashMap.newKeySet();

  /** Open files that go when they are closed, should the JVM end before that. */
  private final Set<OpenHandle> temporary = ConcurrentHashMap.newKeySet();

  private final ReentrantLock closing = new ReentrantLock();
  private volatile boolean open = true;

  /**
   * @param shown what the URIs of its paths begin with
   * @param onClosed run when the root can be mounted again
   */
  MountedFileSystem(
      NetfsFileSystemProvider provider, MountRoot shown, Mount mount, Runnable onClosed) {
    this.provider = provider;
    this.shown = shown;
    this.mount = mount;
    this.onClosed = onClosed;
  }

  /**
   * Returns the engine.
   *
   * @throws ClosedFileSystemException if the file system is closed
   */
  Mount mount() {
    checkOpen();
    return mount;
  }

  /**
   * Returns the engine, to change something.
   *
   * @throws ReadOnlyFileSystemException if nothing can be changed
   * @throws ClosedFileSystemException if the file system is closed
   */
  Mount writableMount() {
    checkOpen();
    if (mount.isReadOnly()) {
      throw new ReadOnlyFileSystemException();
    }
    return mount;
  }

  /** Returns what the URIs of its paths begin with. */
  MountRoot shown() {
    return shown;
  }

  /** Returns the path of the mount's root. */
  NetfsPath rootPath() {
    return rootPath;
  }

  /**
   * Takes note of something that has to be closed before the mount is.
   *
   * @throws ClosedFileSystemException if the file system was closed meanwhile; the thing is closed
   *     then
   */
  <T extends Closeable> T opened(T resource) throws IOException {
    resources.add(resource);
    if (!open) {
      resources.remove(resource);
      resource.close();
      throw new ClosedFileSystemException();
    }
    return resource;
  }

  /** Takes note of something under way that has to end before the mount is closed. */
  void awaitAtClose(CompletableFuture<Void> underWay) {
    Closeable end = underWay::join;
    resources.add(end);
    underWay.whenComplete((done, failure) -> resources.remove(end));
  }

  /** Takes note of an open file that goes when it is closed. */
  void temporary(OpenHandle handle) {
    temporary.add(handle);
  }

  /** Forgets such a file. */
  void deleted(OpenHandle handle) {
    temporary.remove(handle);
  }

  /**
   * Does what else happens when things are closed, and there is no other time for when the JVM
   * ends: sends what was written, and deletes what was to go. Nothing else is closed, since others
   * may still use it, to the very end.
   */
  void finish() throws IOException {
    @Nullable IOException first = null;
    for (Closeable resource : resources) {
      if (resource instanceof NetfsFileChannel channel) {
        first = close(channel::writeImages, first);
      }
    }
    temporary.forEach(OpenHandle::deleteNow);
    first = close(mount::finish, first);
    if (first != null) {
      throw first;
    }
  }

  /** Forgets something that is closed. */
  void closed(Closeable resource) {
    resources.remove(resource);
  }

  @Override
  public URI uri() {
    return mount.root();
  }

  @Override
  public NetfsStats stats() {
    return mount.stats();
  }

  @Override
  public void sync() throws IOException {
    mount().sync();
  }

  @Override
  public void dropCaches() {
    mount().dropCaches();
  }

  @Override
  public NetfsFileSystemProvider provider() {
    return provider;
  }

  @Override
  public void close() throws IOException {
    closing.lock();
    try {
      if (!open) {
        return;
      }
      open = false;
      @Nullable IOException first = null;
      for (Closeable resource : new ArrayList<>(resources)) {
        first = close(resource, first);
      }
      resources.clear();
      first = close(mount, first);
      if (first != null) {
        throw first;
      }
    } finally {
      onClosed.run();
      closing.unlock();
    }
  }

  private static @Nullable IOException close(Closeable resource, @Nullable IOException first) {
    try {
      resource.close();
      return first;
    } catch (IOException e) {
      if (first == null) {
        return e;
      }
      first.addSuppressed(e);
      return first;
    }
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public boolean isReadOnly() {
    return mount.isReadOnly();
  }

  @Override
  public String getSeparator() {
    return "/";
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    checkOpen();
    return List.of(rootPath);
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    checkOpen();
    return List.of(new NetfsFileStore(rootPath));
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return AttributeViews.supported(mount());
  }

  @Override
  public NetfsPath getPath(String first, String... more) {
    checkOpen();
    if (more.length == 0) {
      return new NetfsPath(this, PathSyntax.clean(first));
    }
    StringBuilder text = new StringBuilder(first);
    for (String element : more) {
      if (!element.isEmpty()) {
        if (text.length() > 0) {
          text.append('/');
        }
        text.append(element);
      }
    }
    return new NetfsPath(this, PathSyntax.clean(text.toString()));
  }

  /**
   * Returns a path that the server named.
   *
   * @throws IOException if there is no such path
   */
  NetfsPath pathFromServer(String text) throws IOException {
    try {
      return new NetfsPath(this, PathSyntax.clean(text));
    } catch (InvalidPathException e) {
      throw new IOException("the server names a path that cannot be: " + e.getMessage(), e);
    }
  }

  @Override
  public PathMatcher getPathMatcher(String syntaxAndPattern) {
    checkOpen();
    int colon = syntaxAndPattern.indexOf(':');
    if (colon <= 0) {
      throw new IllegalArgumentException(
          "'" + syntaxAndPattern + "' is not of the form syntax:pattern");
    }
    String syntax = syntaxAndPattern.substring(0, colon).toLowerCase(Locale.ROOT);
    String text = syntaxAndPattern.substring(colon + 1);
    Pattern pattern =
        switch (syntax) {
          case "glob" -> Globs.pattern(text);
          case "regex" -> Pattern.compile(text);
          default ->
              throw new UnsupportedOperationException(
                  "patterns are 'glob' or 'regex', not '" + syntax + "'");
        };
    return path -> pattern.matcher(path.toString()).matches();
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    return new Principals.Lookup(mount());
  }

  @Override
  public WatchService newWatchService() throws IOException {
    checkOpen();
    return opened(new NetfsWatchService(this, NetfsWatchService.DEFAULT_INTERVAL));
  }

  @Override
  public String toString() {
    return mount.root().toString();
  }

  private void checkOpen() {
    if (!open) {
      throw new ClosedFileSystemException();
    }
  }
}
