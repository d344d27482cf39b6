package dev.netfs.engine;

import dev.netfs.CacheMode;
import dev.netfs.NetfsStats;
import dev.netfs.engine.ShareSession.Replay;
import dev.netfs.engine.locks.CooperativeLocks;
import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.DirectoryWatcher;
import dev.netfs.share.FileInfo;
import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.ShareAcl;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.SharePrincipal;
import dev.netfs.share.ShareProvider;
import dev.netfs.share.SpaceInfo;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotLinkException;
import java.nio.file.attribute.AclEntry;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A mounted share: names, attributes and open files, over one {@link ShareSession}.
 *
 * <p>Paths are those of the SPI (see {@link dev.netfs.share.Share}); exceptions are the JDK's own,
 * with such a path in them. All methods block until the server has answered, are safe for use by
 * several threads, and take no notice of interrupts, as the JDK's operations on names do; the
 * reading and writing in {@link OpenFile} does.
 */
public final class Mount implements Closeable {
  private final Background background;
  private final URI root;
  private final MountOptions options;
  private final Stats stats = new Stats();
  private final ShareSession session;
  private final AttributeCache attributes;
  private final InodeTable inodes = new InodeTable(this::lockName);
  private final Services services;
  private final Reads reads;
  private final Writes writes;
  private final DirectIo directIo;
  private final Directories directories;
  private final NameChanges changes;
  private final FilesAhead filesAhead;
  private final @Nullable DiskCache disk;
  private final Set<OpenFile> files = ConcurrentHashMap.newKeySet();
  private final Background.Task flusher;
  private final AtomicBoolean open = new AtomicBoolean(true);

  /**
   * Connects to a share through a given transport, with threads and time of the given kind.
   *
   * @throws IOException if it cannot be connected
   */
  Mount(MountSpec spec, ShareProvider provider, Background background) throws IOException {
    this.background = background;
    root = spec.root();
    options = MountOptions.of(spec.options());
    boolean keepsAttributes =
        options.cache() != CacheMode.NONE && options.cache() != CacheMode.STRICT;
    disk = DiskCache.open(options, spec.options(), root.toString(), background, stats);
    attributes =
        new AttributeCache(
            background,
            keepsAttributes ? options.attrTtl() : java.time.Duration.ZERO,
            options.cache() == CacheMode.IMMUTABLE,
            disk == null ? null : disk.names());
    session = connect(spec, provider);
    ShareCapabilities capabilities = session.capabilities();
    int wsize = options.wsize() > 0 ? options.wsize() : capabilities.wsize();
    LinkEstimate uplink = new LinkEstimate(background);
    services =
        new Services(
            background,
            options,
            session,
            new PageCache(options.memory(), options.pageSize(), background),
            new DepthLimit(options.depth(session), session.capabilities().window()),
            DepthLimit.ofUploads(uplink, wsize),
            new LinkEstimate(background),
            uplink,
            new DirtyLimit(background, options.dirtyLimit(), options.timeout().toMillis()),
            attributes,
            inodes,
            new DelayedCloses(),
            disk,
            options.locks() == MountOptions.Locks.COOPERATIVE
                ? new CooperativeLocks(new LockSurroundings(background, session))
                : null,
            disk == null ? null : new Deferred(disk, options),
            stats,
            options.rsize() > 0 ? options.rsize() : capabilities.rsize(),
            wsize);
    reads = new Reads(services);
    writes = new Writes(services);
    directIo = new DirectIo(services);
    directories = new Directories(services, keepsAttributes);
    changes = new NameChanges(services, directories);
    filesAhead = new FilesAhead(services, reads, directories);
    long age = options.sendingAge().toMillis();
    long period = Math.max(10, Math.min(1000, age / 2));
    flusher =
        background.repeat(() -> background.execute(this::sendAged), period, TimeUnit.MILLISECONDS);
    if (services.deferred() != null && !isReadOnly()) {
      services.deferred().recover(this);
    }
  }

  private ShareSession connect(MountSpec spec, ShareProvider provider) throws IOException {
    try {
      return new ShareSession(
          background,
          root.toString(),
          lost ->
              lost == null
                  ? provider.connect(spec.shareConfig())
                  : provider.reconnect(spec.shareConfig(), lost),
          options.timeout(),
          options.retries(),
          stats);
    } catch (IOException | RuntimeException e) {
      if (disk != null) {
        disk.close();
      }
      throw e;
    }
  }

  Services services() {
    return services;
  }

  /** Returns how many files are open. */
  int openFiles() {
    return files.size();
  }

  Reads reads() {
    return reads;
  }

  Writes writes() {
    return writes;
  }

  DirectIo directIo() {
    return directIo;
  }

  /** Returns what the file of a path is called for locks: by its server, not by the mount. */
  private String lockName(String path) {
    return root.getScheme() + "://" + root.getRawAuthority() + root.getPath() + path;
  }

  /** Returns what a file is called for locks, which it keeps when its name goes. */
  String lockName(Inode inode) {
    return lockName(inode.path()) + (inode.isUnlinked() ? inode.locks.withoutName : "");
  }

  /** Sends what has been dirty for longer than it may, and what could not be sent before. */
  private void sendAged() {
    long now = background.nanoTime();
    for (Inode inode : inodes.all()) {
      Writeback writeback = inode.writeback;
      if (inode.deferred != null) {
        inode.deferred.tick();
      }
      if (writeback.isDirty()
          && (inode.uploader.isRetryDue()
              || now - writeback.dirtySinceNanos() > options.sendingAge().toNanos())) {
        inode.uploader.issueIfDue();
      }
    }
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
    return new Mount(spec, provider, Background.SYSTEM);
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
    return open.get();
  }

  /** Returns what the mount has done so far. */
  public NetfsStats stats() {
    return stats.snapshot(
        services.pages().usedBytes(),
        services.dirty().bytes(),
        disk == null ? 0 : disk.usage(),
        disk == null ? 0 : disk.failures(),
        services.deferred() == null ? 0 : services.deferred().backlog());
  }

  /**
   * Sends everything dirty to the server and waits for it.
   *
   * @throws IOException if some of it could not be sent; it stays in memory
   */
  public void sync() throws IOException {
    IOException failure = null;
    Map<Inode, Long> heard = new LinkedHashMap<>();
    try {
      for (Inode inode : inodes.all()) {
        inode.uploader.beginAsking();
        heard.put(inode, inode.errors.now());
        // All at once: where the server does not answer, they fail together and not one by one.
        inode.uploader.issue();
      }
      for (Map.Entry<Inode, Long> entry : heard.entrySet()) {
        Inode inode = entry.getKey();
        inode.uploader.flush(entry.getValue(), Await::result);
        if (inode.deferred != null) {
          inode.deferred.log.settle();
        }
        IOException error = inode.errors.since(entry.getValue(), inode.path());
        if (error != null) {
          failure = Errors.add(failure, error);
        }
      }
    } finally {
      heard.keySet().forEach(inode -> inode.uploader.endAsking());
    }
    if (failure != null) {
      throw failure;
    }
  }

  /**
   * Makes what was written as safe as closing its files would: on the server, or on the local disk
   * where that will do.
   *
   * @throws IOException if that failed for some of it
   */
  public void finish() throws IOException {
    if (!options.isDeferred()) {
      sync();
      return;
    }
    IOException failure = null;
    for (OpenFile file : files) {
      try {
        file.force(true);
      } catch (IOException e) {
        failure = Errors.add(failure, e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /**
   * Drops all clean data and all attributes. What is on its way to the disk would be fetched again
   * if it were dropped before it is there: so that is waited for, for some seconds at most.
   */
  public void dropCaches() {
    if (disk != null) {
      disk.settle();
    }
    attributes.dropAnswers();
    directories.clear();
    filesAhead.clear();
    services.delayedCloses().endAll();
    inodes.all().forEach(Inode::invalidate);
  }

  /**
   * Ends the mount: closes every open file, sends what is dirty, ends the connection. A second call
   * does nothing.
   *
   * @throws IOException if something that was written could not be sent; it is lost now
   */
  @Override
  public void close() throws IOException {
    if (!open.compareAndSet(true, false)) {
      return;
    }
    flusher.cancel();
    IOException failure = null;
    inodes.all().forEach(inode -> inode.uploader.issue());
    for (OpenFile file : files) {
      try {
        file.close();
      } catch (IOException e) {
        failure = Errors.add(failure, e);
      }
    }
    try {
      if (options.isDeferred()) {
        Deferred.drain(services, root.toString());
      } else {
        sync();
      }
    } catch (IOException e) {
      failure = Errors.add(failure, e);
    }
    services.delayedCloses().endAll();
    session.close();
    if (services.cooperative() != null) {
      services.cooperative().close();
    }
    if (services.deferred() != null) {
      services.deferred().close();
    }
    if (disk != null) {
      disk.close();
    }
    if (failure != null) {
      throw failure;
    }
  }

  /**
   * Opens a regular file.
   *
   * @throws IsDirectoryException if it is a directory
   */
  public OpenFile open(String path, OpenMode mode) throws IOException {
    Inode inode = inodes.acquire(path, p -> new Inode(services, inodes, p));
    boolean opened = false;
    FileCut cut = null;
    FileLog ending = null;
    try {
      if (mode.truncate()) {
        // What was written before must not arrive afterwards.
        cut = FileCut.beginOpen(inode);
        ending = inode.deferred == null ? null : inode.deferred.log;
      }
      if (ending != null) {
        ending.beginEnding();
      }
      OpenFile file = open(inode, mode.on(options, capabilities().leases()));
      opened = true;
      files.add(file);
      return file;
    } finally {
      if (cut != null && opened) {
        cut.endOpened();
      } else if (cut != null) {
        cut.end(false);
      }
      if (ending != null) {
        ending.ended(opened);
      }
      if (!opened) {
        inodes.release(inode);
      }
    }
  }

  private OpenFile open(Inode inode, OpenMode mode) throws IOException {
    boolean onlyReads = mode.onlyReadsCached();
    if (onlyReads) {
      CompletableFuture<Void> ahead = filesAhead.visit(inode.path());
      if (ahead != null && (options.cache() == CacheMode.LOOSE || inode.opens.delaysCloses())) {
        Await.untilDone(ahead); // what it was told can be trusted then
      }
      if (inode.opens.openedOnTrust()) {
        filesAhead.advance(inode.path());
        return new OpenFile(this, services, inode, mode);
      }
      if (openedOnDisk(inode)) {
        return new OpenFile(this, services, inode, mode);
      }
    }
    if (inode.opens.openedUnderLease(mode.intent())) {
      if (onlyReads) {
        filesAhead.advance(inode.path());
      }
      return new OpenFile(this, services, inode, mode);
    }
    RemoteFile handle = new RemoteFile(session, stats, inode, mode.intent());
    Inode.Asked asked = inode.asking();
    String path = inode.path();
    if (mode.write()) {
      attributes.changed(path);
    }
    try {
      long sent = background.nanoTime();
      CompletableFuture<FileInfo> opening = handle.open();
      if (onlyReads) {
        filesAhead.advance(path); // behind the request that somebody waits for
      }
      FileInfo info = Await.result(opening);
      long took = background.nanoTime() - sent;
      services.link().roundTrip(took);
      services.uplink().roundTrip(took);
      inode.opens.opened(handle, info, mode.intent(), asked);
    } finally {
      if (mode.write()) {
        attributes.changed(path);
      }
    }
    return new OpenFile(this, services, inode, mode);
  }

  /**
   * Opens a file of which the disk has something without a question, where nothing ever changes.
   */
  private boolean openedOnDisk(Inode inode) {
    if (disk == null || options.cache() != CacheMode.IMMUTABLE) {
      return false;
    }
    FileInfo known = attributes.answer(inode.path());
    return known != null
        && known.isRegularFile()
        && disk.has(inode.path(), known)
        && inode.opens.openedOnDisk(known);
  }

  /** Notes that an open file is closed. */
  void closed(OpenFile file) {
    files.remove(file);
    inodes.release(file.inode());
  }

  /** Returns an object's attributes. */
  public FileInfo stat(String path, boolean followLinks) throws IOException {
    FileInfo known = attributes.answer(path);
    Set<Inode> unsent = Set.of();
    if (known == null) {
      unsent = unsent();
      AttributeCache.Ticket ticket = attributes.ticket(path);
      try {
        // Of the name itself, so that the answer can be kept by it: links are few.
        known = Await.result(session.call("stat", share -> share.stat(path, false)));
      } catch (NoSuchFileException e) {
        attributes.absent(path, ticket);
        throw e;
      }
      attributes.put(path, known, ticket);
    }
    if (followLinks && known.isSymbolicLink()) {
      unsent = unsent();
      known = Await.result(session.call("stat", share -> share.stat(path, true)));
    }
    return overlay(path, known, unsent);
  }

  /** Returns the files with dirty bytes now. */
  private Set<Inode> unsent() {
    if (services.dirty().bytes() == 0) {
      return Set.of(); // as most of the time
    }
    Set<Inode> unsent = new HashSet<>();
    for (Inode inode : inodes.all()) {
      if (inode.writeback.isDirty()) {
        unsent.add(inode);
      }
    }
    return unsent;
  }

  /**
   * Returns attributes as this mount sees them.
   *
   * @param unsent the files that had dirty bytes when the server was asked: it may have answered
   *     before it got them, although it has them by now
   */
  private FileInfo overlay(String path, FileInfo info, Set<Inode> unsent) {
    Inode inode = inodes.find(path);
    return inode == null ? info : inode.overlay(info, unsent.contains(inode));
  }

  /** Lists a directory: asks the server. */
  public List<DirectoryEntry> list(String path) throws IOException {
    Set<Inode> unsent = unsent();
    List<DirectoryEntry> entries = new ArrayList<>(directories.list(path).entries());
    entries.replaceAll(
        entry -> {
          FileInfo mine = overlay(Directories.child(path, entry.name()), entry.info(), unsent);
          return mine == entry.info() ? entry : new DirectoryEntry(entry.name(), mine);
        });
    return entries;
  }

  /**
   * Returns the names in a directory, sorted: as they were up to {@code attrTtl} ago, but with all
   * that this mount has done.
   */
  public List<String> names(String path) throws IOException {
    return directories.names(path);
  }

  /**
   * Watches a directory, where {@link ShareCapabilities#notifications()}, until the watch is closed
   * or the directory has gone. After a lost connection, which may have cost some, the watcher is
   * told of an overflow.
   *
   * @throws UnsupportedOperationException if the server cannot after all
   */
  public DirectoryWatch watch(String path, DirectoryWatcher watcher) throws IOException {
    DirectoryWatch watch = new DirectoryWatch(services, directories, path, watcher);
    watch.start();
    return watch;
  }

  /** Makes a directory. */
  public void makeDirectory(String path, int mode) throws IOException {
    changes.change(path, "mkdir", share -> share.makeDirectory(path, mode), Replay.NEVER);
    directories.made(path);
  }

  /** Makes a directory with an access control list. */
  public void makeDirectory(String path, List<AclEntry> acl) throws IOException {
    changes.change(path, "mkdir", share -> share.makeDirectory(path, acl), Replay.NEVER);
    directories.made(path);
  }

  /** Returns an object's owner and access control list, which the server is asked for each time. */
  public ShareAcl acl(String path, boolean followLinks) throws IOException {
    return Await.result(session.call("getacl", share -> share.acl(path, followLinks)));
  }

  /** Sets an object's access control list. */
  public void setAcl(String path, List<AclEntry> entries, boolean followLinks) throws IOException {
    services.delayedCloses().endBelow(path); // who may open it is asked anew
    changes.change(path, "setacl", share -> share.setAcl(path, entries, followLinks), Replay.NEVER);
  }

  /**
   * Finds a user or a group of the server's.
   *
   * @param group whether an identifier that the server does not know is taken for a group's
   */
  public SharePrincipal principal(String name, boolean group) throws IOException {
    return Await.result(session.call("principal", share -> share.principal(name, group)));
  }

  /** Deletes a file, a symbolic link itself, or an empty directory. */
  public void delete(String path) throws IOException {
    changes.delete(path);
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
    changes.rename(source, target, replace, atomic);
  }

  /** Changes attributes. */
  public void setAttributes(String path, AttributeChange change, boolean followLinks)
      throws IOException {
    changes.setAttributes(path, change, followLinks);
  }

  /** Makes a further name for a file. */
  public void link(String link, String existing) throws IOException {
    changes.change(link, "link", share -> share.link(link, existing), Replay.NEVER);
    attributes.linked(link, existing);
  }

  /** Makes a symbolic link. */
  public void symbolicLink(String link, String target) throws IOException {
    changes.change(link, "symlink", share -> share.symbolicLink(link, target), Replay.NEVER);
    attributes.linkMade(link);
  }

  /**
   * Returns where a symbolic link leads.
   *
   * @throws NotLinkException if it is not one
   */
  public String readLink(String path) throws IOException {
    return attributes.readLink(
        path, () -> Await.result(session.call("readlink", share -> share.readLink(path))));
  }

  /**
   * Copies a regular file's content on the server.
   *
   * @return false if the server cannot; nothing is done then
   * @throws FileAlreadyExistsException if the target exists
   */
  public boolean copy(String source, String target) throws IOException {
    return changes.copy(source, target);
  }

  /** Returns how full the store is that holds a path. */
  public SpaceInfo space(String path) throws IOException {
    return Await.result(session.call("statfs", share -> share.space(path)));
  }
}
