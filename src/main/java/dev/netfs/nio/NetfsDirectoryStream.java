package dev.netfs.nio;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a directory, as they were when it was opened: one listing, whose attributes have
 * primed the engine's cache.
 */
final class NetfsDirectoryStream implements DirectoryStream<Path> {
  private final NetfsPath directory;
  private final Filter<? super Path> filter;
  private final List<String> entries;
  private final AtomicBoolean iterated = new AtomicBoolean();
  private volatile boolean closed;

  private NetfsDirectoryStream(
      NetfsPath directory, Filter<? super Path> filter, List<String> entries) {
    this.directory = directory;
    this.filter = filter;
    this.entries = entries;
  }

  static NetfsDirectoryStream open(NetfsPath directory, Filter<? super Path> filter)
      throws IOException {
    Objects.requireNonNull(filter, "filter");
    MountedFileSystem fs = directory.getFileSystem();
    List<String> entries;
    try {
      entries = fs.mount().names(directory.remote());
    } catch (IOException e) {
      throw PathErrors.shown(e, directory);
    }
    return fs.opened(new NetfsDirectoryStream(directory, filter, entries));
  }

  @Override
  public Iterator<Path> iterator() {
    if (closed) {
      throw new IllegalStateException("the directory stream is closed");
    }
    if (iterated.getAndSet(true)) {
      throw new IllegalStateException("a directory stream has one iterator only");
    }
    return new Entries(entries.iterator());
  }

  @Override
  public void close() {
    closed = true;
    directory.getFileSystem().closed(this);
  }

  /**
   * The one iterator, for one thread at a time. Looks one entry ahead, which it still returns when
   * the stream is closed.
   */
  private final class Entries implements Iterator<Path> {
    private final Iterator<String> rest;
    private @Nullable Path next;

    Entries(Iterator<String> rest) {
      this.rest = rest;
    }

    @Override
    public boolean hasNext() {
      while (next == null && !closed && rest.hasNext()) {
        Path entry = directory.entry(rest.next());
        try {
          if (filter.accept(entry)) {
            next = entry;
          }
        } catch (IOException e) {
          throw new DirectoryIteratorException(e);
        }
      }
      return next != null;
    }

    @Override
    public Path next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Path entry = Objects.requireNonNull(next);
      next = null;
      return entry;
    }
  }
}
