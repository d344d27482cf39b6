package dev.netfs.share.smb;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.DirectoryWatcher;
import dev.netfs.share.FileInfo;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.Share;
import dev.netfs.share.ShareAcl;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareFile;
import dev.netfs.share.SharePrincipal;
import dev.netfs.share.ShareWatch;
import dev.netfs.share.SpaceInfo;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.attribute.AclEntry;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A tree with DFS links in it (MS-DFSC): the share that was mounted, and those that its links lead
 * to, each connected when an operation first meets its link, and kept for as long as this is. What
 * is below a link goes to its share, by the same path; all of them are lost together.
 *
 * <p>Where a link leads is asked again when the time is up that the server gave with its answer. If
 * it leads elsewhere by then, what is opened from now on is opened there; what is open stays open
 * where it is.
 *
 * <p>Safe for use by several threads. A share is connected on a thread of its own.
 */
final class DfsShare implements Share {
  /** Links within what links lead to. */
  private static final int MOST_LINKS = 8;

  private static final String BETWEEN = "the two are in different shares, by a DFS link";

  /** Connects what links lead to; blocks. */
  interface Connector {
    /**
     * Connects the first of several places that can be used.
     *
     * @param prefix where it is in the mount
     * @param lost what was connected there before, or null
     */
    SmbTree connect(List<SmbTarget> targets, String prefix, @Nullable SmbShare lost)
        throws IOException;
  }

  private final SmbTree home;
  private final Connector connector;
  private final Map<String, SmbShare> before;
  private final LongSupplier nanoTime;
  private final Map<String, Link> links = new ConcurrentHashMap<>();

  /** Where links led once: files may be open there. */
  private final Set<SmbShare> left = new CopyOnWriteArraySet<>();

  private volatile boolean closed;

  /** A link that was followed. */
  private static final class Link {
    final SmbTree parent;
    final String asked;
    final CompletableFuture<SmbTree> tree = new CompletableFuture<>();
    final AtomicReference<@Nullable CompletableFuture<Void>> asking = new AtomicReference<>();
    volatile Set<SmbTarget> targets;
    volatile long validUntil; // nanoTime

    /**
     * @param parent where the link is
     * @param asked the link itself, as its server calls it
     */
    Link(SmbTree parent, String asked, List<SmbTarget> targets, long validUntil) {
      this.parent = parent;
      this.asked = asked;
      this.targets = Set.copyOf(targets);
      this.validUntil = validUntil;
    }

    boolean isThere() {
      return tree.isDone() && !tree.isCompletedExceptionally();
    }

    /** Returns whether it still leads to where it did, or at least to the place in use too. */
    boolean leadsTo(Set<SmbTarget> now) {
      return now.equals(targets) || isThere() && now.contains(tree.join().target());
    }
  }

  /**
   * @param before the shares of a connection that was lost, by where they were in the mount
   * @param nanoTime the clock
   */
  DfsShare(SmbTree home, Connector connector, Map<String, SmbShare> before, LongSupplier nanoTime) {
    this.home = home;
    this.connector = connector;
    this.before = before;
    this.nanoTime = nanoTime;
  }

  /** Returns all shares that are connected, by where they are in the mount. */
  Map<String, SmbShare> shares() {
    Map<String, SmbShare> all = new ConcurrentHashMap<>(Map.of("", home.share()));
    links.forEach(
        (prefix, link) -> {
          if (link.isThere()) {
            all.put(prefix, link.tree.join().share());
          }
        });
    return all;
  }

  // ---------------------------------------------------------------- which share

  /** Returns the share that a path is in, as far as is known. */
  private CompletableFuture<SmbTree> tree(String path) {
    CompletableFuture<SmbTree> tree = CompletableFuture.completedFuture(home);
    for (int end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
      String prefix = end < 0 ? path : path.substring(0, end);
      Link link = links.get(prefix);
      if (link != null && nanoTime.getAsLong() - link.validUntil >= 0) {
        return Steps.compose(askedAgain(prefix, link), done -> tree(path));
      }
      tree = link == null ? tree : link.tree;
      if (end < 0) {
        return tree;
      }
    }
  }

  /** Asks where a link leads whose time is up; what leads elsewhere is followed anew then. */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  private CompletableFuture<Void> askedAgain(String prefix, Link link) {
    CompletableFuture<Void> asking = new CompletableFuture<>();
    CompletableFuture<Void> other = link.asking.compareAndExchange(null, asking);
    if (other != null) {
      return other;
    }
    link.parent
        .pipes()
        .referral(link.asked)
        .whenComplete(
            (referral, failure) -> {
              if (failure == null) {
                takeIn(prefix, link, referral);
              } else if (SmbStatus.of(failure) != 0) {
                leave(prefix); // whoever has the link says what there is instead
              }
              link.asking.set(null);
              if (failure == null || SmbStatus.of(failure) != 0) {
                asking.complete(null);
              } else {
                asking.completeExceptionally(failure);
              }
            });
    return asking;
  }

  private void takeIn(String prefix, Link link, DfsReferral referral) {
    boolean same = referral.consumed() == link.asked.length();
    Set<SmbTarget> targets =
        same ? Set.copyOf(link.parent.target().atAll(referral.of(link.asked))) : Set.of();
    if (link.leadsTo(targets)) {
      link.targets = targets;
      link.validUntil = nanoTime.getAsLong() + referral.lifetime().toNanos();
    } else {
      leave(prefix);
    }
  }

  /** Forgets a link, and those within what it led to. */
  private void leave(String prefix) {
    for (Map.Entry<String, Link> each : links.entrySet()) {
      boolean below = each.getKey().equals(prefix) || each.getKey().startsWith(prefix + "/");
      if (below && links.remove(each.getKey(), each.getValue())) {
        each.getValue()
            .tree
            .thenAccept(
                tree -> {
                  left.add(tree.share());
                  if (closed) {
                    tree.share().close();
                  }
                });
      }
    }
  }

  private <T> CompletableFuture<T> on(
      String path, Function<SmbShare, CompletionStage<T>> operation) {
    return on(path, operation, 0);
  }

  private <T> CompletableFuture<T> on(
      String path, Function<SmbShare, CompletionStage<T>> operation, int followed) {
    return Steps.compose(
        tree(path),
        tree ->
            Steps.recover(
                operation.apply(tree.share()).toCompletableFuture(),
                failure -> {
                  if (!(failure instanceof DfsLinkException)) {
                    return CompletableFuture.failedFuture(failure);
                  }
                  if (followed == MOST_LINKS) {
                    throw new FileSystemException(
                        path, null, "its DFS links lead on and on: correct them on the server");
                  }
                  return Steps.compose(
                      follow(tree, path), link -> on(path, operation, followed + 1));
                }));
  }

  /** Connects the share that the link on a path leads to. */
  private CompletableFuture<SmbTree> follow(SmbTree tree, String path) {
    String asked = tree.serverPath(path);
    return Steps.compose(
        SmbFailures.about(tree.pipes().referral(asked), path),
        referral -> {
          String prefix = tree.prefixOf(path, referral.consumed());
          if (prefix == null || referral.targets().isEmpty()) {
            throw new FileSystemException(
                path, null, "the server says that this is elsewhere (DFS), but not where");
          }
          String link = asked.substring(0, referral.consumed());
          List<SmbTarget> targets = tree.target().atAll(referral.of(link));
          Link followed =
              new Link(tree, link, targets, nanoTime.getAsLong() + referral.lifetime().toNanos());
          Link known = links.putIfAbsent(prefix, followed);
          if (known != null) {
            return known.tree;
          }
          Thread thread = new Thread(() -> connect(targets, prefix, followed), "netfs-smb-dfs");
          thread.setDaemon(true);
          thread.start();
          return followed.tree;
        });
  }

  private void connect(List<SmbTarget> targets, String prefix, Link link) {
    try {
      SmbTree tree = connector.connect(targets, prefix, before.get(prefix));
      link.tree.complete(tree);
      if (closed) {
        tree.share().close();
      }
    } catch (IOException | RuntimeException | Error e) {
      links.remove(prefix, link);
      link.tree.completeExceptionally(
          SmbFailures.withCause(
              new FileSystemException(
                  prefix, null, "a DFS link to where it cannot be used: " + e.getMessage()),
              e));
    }
  }

  /**
   * An operation on two names.
   *
   * @param between what it fails with if they are in different shares
   */
  private CompletableFuture<Void> onBoth(
      String path,
      String other,
      Throwable between,
      Function<SmbShare, CompletionStage<Void>> operation) {
    String parent = other.substring(0, Math.max(1, other.lastIndexOf('/')));
    CompletableFuture<Boolean> linksAreKnown = new CompletableFuture<>();
    on(parent, share -> share.stat(parent, true))
        .whenComplete((info, failure) -> linksAreKnown.complete(true));
    return on(
        path,
        share ->
            Steps.compose(
                linksAreKnown,
                known ->
                    Steps.compose(
                        tree(other),
                        tree ->
                            tree.share() == share
                                ? operation.apply(share).toCompletableFuture()
                                : CompletableFuture.failedFuture(between))));
  }

  // ---------------------------------------------------------------- operations

  @Override
  public ShareCapabilities capabilities() {
    return home.share().capabilities();
  }

  @Override
  public boolean isConnected() {
    if (closed || !home.share().isConnected()) {
      return false;
    }
    for (SmbShare share : shares().values()) {
      if (!share.isConnected()) {
        return false;
      }
    }
    return left.stream().allMatch(SmbShare::isConnected);
  }

  @Override
  public CompletionStage<ShareFile> open(String path, OpenIntent intent) {
    return on(path, share -> share.open(path, intent));
  }

  @Override
  public CompletionStage<FileInfo> stat(String path, boolean followLinks) {
    return on(path, share -> share.stat(path, followLinks));
  }

  @Override
  public CompletionStage<Void> list(String path, Consumer<? super DirectoryEntry> entries) {
    return on(path, share -> share.list(path, entries));
  }

  @Override
  public CompletionStage<Void> makeDirectory(String path, int mode) {
    return on(path, share -> share.makeDirectory(path, mode));
  }

  @Override
  public CompletionStage<Void> makeDirectory(String path, List<AclEntry> acl) {
    return on(path, share -> share.makeDirectory(path, acl));
  }

  @Override
  public CompletionStage<Void> deleteFile(String path) {
    return on(path, share -> share.deleteFile(path));
  }

  @Override
  public CompletionStage<Void> deleteDirectory(String path) {
    return on(
        path,
        share ->
            links.containsKey(path) // it may have been followed just now
                ? CompletableFuture.failedFuture(
                    new FileSystemException(
                        path, null, "a DFS link, which is removed on the server only"))
                : share.deleteDirectory(path));
  }

  @Override
  public CompletionStage<Void> rename(String source, String target, boolean replace) {
    return onBoth(
        source,
        target,
        new AtomicMoveNotSupportedException(source, target, BETWEEN),
        share -> share.rename(source, target, replace));
  }

  @Override
  public CompletionStage<Void> setAttributes(
      String path, AttributeChange change, boolean followLinks) {
    return on(path, share -> share.setAttributes(path, change, followLinks));
  }

  @Override
  public CompletionStage<SpaceInfo> space(String path) {
    return on(path, share -> share.space(path));
  }

  @Override
  public CompletionStage<Void> link(String link, String existing) {
    return onBoth(
        existing,
        link,
        new FileSystemException(link, existing, BETWEEN),
        share -> share.link(link, existing));
  }

  @Override
  public CompletionStage<Void> copy(String source, String target) {
    return onBoth(
        source,
        target,
        new UnsupportedOperationException(source + " -> " + target + ": " + BETWEEN),
        share -> share.copy(source, target));
  }

  @Override
  public CompletionStage<ShareAcl> acl(String path, boolean followLinks) {
    return on(path, share -> share.acl(path, followLinks));
  }

  @Override
  public CompletionStage<Void> setAcl(String path, List<AclEntry> entries, boolean followLinks) {
    return on(path, share -> share.setAcl(path, entries, followLinks));
  }

  @Override
  public CompletionStage<SharePrincipal> principal(String name, boolean group) {
    return home.share().principal(name, group);
  }

  @Override
  public CompletionStage<ShareWatch> watch(String directory, DirectoryWatcher watcher) {
    return on(directory, share -> share.watch(directory, watcher));
  }

  @Override
  public String toString() {
    return home.share().toString();
  }

  @Override
  public void close() {
    closed = true;
    shares().values().forEach(SmbShare::close);
    left.forEach(SmbShare::close);
  }
}
