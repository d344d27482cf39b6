package dev.netfs.engine;

import dev.netfs.CacheMode;
import dev.netfs.NetfsStats;
import dev.netfs.engine.ShareSession.Replay;
import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.Share;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareProvider;
import dev.netfs.share.SpaceInfo;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * A mounted share: names, attributes and open files, over one {@link ShareSession}.
 *
 * <p>Paths are those of the SPI (see {@link dev.netfs.share.Share}); exceptions are the JDK's own,
 * with such a path in them. All methods block until the server has answered, are safe for use by
 * several threads, and take no notice of interrupts, as the JDK's operations on names do; the
 * reading and writing in {@link OpenFile} does.
 */
public final class Mount implements Closeable {
  private final URI root;
  private final MountOptions options;
  private final Stats stats = new Stats();
  private final ShareSession session;
  private final AttributeCache attributes;
  private volatile boolean open = true;

  private Mount(MountSpec spec, ShareProvider provider) throws IOException {
    root = spec.root();
    options = MountOptions.of(spec.options());
    attributes =
        new AttributeCache(
            options.cache() == CacheMode.NONE || options.cache() == CacheMode.STRICT
                ? java.time.Duration.ZERO
                : options.attrTtl());
    session =
        new ShareSession(
            root.toString(),
            () -> provider.connect(spec.shareConfig()),
            options.timeout(),
            options.retries(),
            stats);
  }

  /**
   * Connects to a share.
   *
   * @throws IOException if it cannot be connected; says why and what to do
   */
  public static Mount open(MountSpec spec) throws IOException {
    ShareProvider provider = Shares.forScheme(spec.root().getScheme());
    String missing = provider.missingLibrary();
    if (missing != null) {
      throw new ShareConnectException(
          ShareConnectException.Reason.MISSING_LIBRARY,
          spec.root() + " needs a client library that is not on the class path; add " + missing,
          null);
    }
    return new Mount(spec, provider);
  }

  /** Returns the root's URI. */
  public URI root() {
    return root;
  }

  /** Returns what the share can do. */
  public ShareCapabilities capabilities() {
    return session.capabilities();
  }

  /** Returns whether nothing can be changed through this mount. */
  public boolean isReadOnly() {
    return options.cache() == CacheMode.IMMUTABLE || capabilities().readOnly();
  }

  /** Returns whether the mount is open. */
  public boolean isOpen() {
    return open;
  }

  /** Returns what the mount has done so far. */
  public NetfsStats stats() {
    return stats.snapshot(0, 0);
  }

  /** Sends everything dirty to the server. */
  public void sync() throws IOException {}

  /** Drops all clean data and all attributes. */
  public void dropCaches() {
    attributes.treeChanged();
  }

  /** Ends the mount: sends what is dirty, closes every open file and the connection. */
  @Override
  public void close() throws IOException {
    open = false;
    session.close();
  }

  /** Opens a regular file. */
  public OpenFile open(String path, OpenMode mode) throws IOException {
    ShareFile file = Await.result(session.call("open", share -> share.open(path, mode.intent())));
    attributes.changed(path);
    return new OpenFile(file, mode);
  }

  /** Returns an object's attributes. */
  public FileInfo stat(String path, boolean followLinks) throws IOException {
    FileInfo known = attributes.get(path);
    if (known != null && !(followLinks && known.isSymbolicLink())) {
      return known;
    }
    AttributeCache.Ticket ticket = attributes.ticket(path);
    FileInfo info = Await.result(session.call("stat", share -> share.stat(path, followLinks)));
    if (!followLinks) {
      attributes.put(path, info, ticket);
    }
    return info;
  }

  /** Lists a directory. */
  public List<DirectoryEntry> list(String path) throws IOException {
    AttributeCache.Ticket ticket = attributes.listTicket(path);
    List<DirectoryEntry> entries =
        Await.result(
            session.call(
                "list",
                share -> {
                  // A list of its own for every attempt: a lost connection may leave half of one.
                  List<DirectoryEntry> found = new ArrayList<>();
                  return share.list(path, found::add).thenApply(done -> found);
                }));
    attributes.putListing(path, entries, ticket);
    return entries;
  }

  /** Makes a directory. */
  public void makeDirectory(String path, int mode) throws IOException {
    change(path, "mkdir", share -> share.makeDirectory(path, mode), Replay.NEVER);
  }

  /** Deletes a file, a symbolic link itself, or an empty directory. */
  public void delete(String path) throws IOException {
    FileType expected = stat(path, false).type();
    try {
      deleteAs(path, expected);
    } catch (IsDirectoryException | NotDirectoryException e) {
      // The attributes were out of date: what is there now is of the other kind.
      attributes.changed(path);
      deleteAs(path, stat(path, false).type());
    }
  }

  private void deleteAs(String path, FileType type) throws IOException {
    change(
        path,
        "delete",
        share -> type == FileType.DIRECTORY ? share.deleteDirectory(path) : share.deleteFile(path),
        failure -> failure instanceof NoSuchFileException);
  }

  /**
   * Gives an object another name.
   *
   * @param replace whether an existing target is replaced
   * @param atomic whether it must be one step
   * @throws AtomicMoveNotSupportedException if it cannot be one step but must
   */
  public void rename(String source, String target, boolean replace, boolean atomic)
      throws IOException {
    if (replace && !capabilities().atomicReplace()) {
      if (atomic) {
        throw new AtomicMoveNotSupportedException(
            source, target, "the server cannot replace an existing file in one step");
      }
      try {
        delete(target);
      } catch (NoSuchFileException e) {
        // Nothing to replace.
      }
    }
    attributes.treeChanged();
    try {
      Await.result(
          session.call(
              "rename",
              share -> share.rename(source, target, replace),
              failure -> failure instanceof NoSuchFileException));
    } finally {
      attributes.treeChanged();
    }
  }

  /** Changes attributes. */
  public void setAttributes(String path, AttributeChange change, boolean followLinks)
      throws IOException {
    change(path, "setattr", share -> share.setAttributes(path, change, followLinks), Replay.NEVER);
    if (followLinks) {
      attributes.treeChanged(); // the path may be a link to anywhere
    }
  }

  /** Makes a further name for a file. */
  public void link(String link, String existing) throws IOException {
    change(link, "link", share -> share.link(link, existing), Replay.NEVER);
    attributes.changed(existing);
  }

  /** Makes a symbolic link. */
  public void symbolicLink(String link, String target) throws IOException {
    change(link, "symlink", share -> share.symbolicLink(link, target), Replay.NEVER);
  }

  /**
   * Returns where a symbolic link leads.
   *
   * @throws NotLinkException if it is not one
   */
  public String readLink(String path) throws IOException {
    return Await.result(session.call("readlink", share -> share.readLink(path)));
  }

  /**
   * Copies a regular file's content on the server.
   *
   * @return false if the server cannot; nothing is done then
   * @throws FileAlreadyExistsException if the target exists
   */
  public boolean copy(String source, String target) throws IOException {
    if (!capabilities().serverCopy()) {
      return false;
    }
    change(target, "copy", share -> share.copy(source, target), Replay.NEVER);
    return true;
  }

  /** Returns how full the store is that holds a path. */
  public SpaceInfo space(String path) throws IOException {
    return Await.result(session.call("statfs", share -> share.space(path)));
  }

  /** Carries out a change of one name. */
  private void change(
      String path, String kind, Function<Share, CompletionStage<Void>> operation, Replay replay)
      throws IOException {
    attributes.changed(path);
    try {
      Await.result(session.call(kind, operation, replay));
    } finally {
      attributes.changed(path);
    }
  }
}
