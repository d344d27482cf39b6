package dev.netfs.engine;

import dev.netfs.engine.Directories.Listing;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Has directories listed before a program that walks a tree asks for them.
 *
 * <p>Who lists a directory, and then the first directory in it, or the one that follows the one
 * listed before, is taken to walk: next come the directories in what was listed last, then those
 * that follow it, then those that follow its parent, and so on up; depth first, which for a program
 * that goes by breadth is the right order among siblings too. Of these the next few are asked for
 * at once, while the program waits for its own.
 *
 * <p><b>What it may waste</b> is bounded: no more listings are asked for and unused at any time
 * than the program has listed in order so far, and two; at most {@link #MAX_AHEAD}, and fewer where
 * directories are large. A listing out of order halves what counts as in order, and so does one
 * that got too old before it was used. {@link Stats} counts what was asked for ahead and what of it
 * was used.
 *
 * <p><b>Concurrency.</b> {@link #lock} guards everything; requests are made after it has been let
 * go. It is taken before the leaves only.
 */
final class ListingAhead {
  private static final int MAX_AHEAD = 32;

  /** How many entries the listings that are on their way should have at most, by what was seen. */
  private static final int MAX_ENTRIES = 32_768;

  /** How many names are looked at to find what comes next. */
  private static final int MAX_STEPS = 4 * MAX_AHEAD;

  /** How many walks at once are told apart. */
  private static final int MAX_RECENT = 8;

  /** A listing that was asked for and not used so far. */
  private record Asked(CompletableFuture<Listing> listing, long nanos) {}

  private final Services services;
  private final Directories directories;
  private final boolean enabled;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Asked> unused = new LinkedHashMap<>(); // guarded by lock: oldest first
  private final ArrayDeque<String> recent = new ArrayDeque<>(); // guarded by lock: visited of late
  private int inOrder; // guarded by lock
  private long averageEntries; // guarded by lock: in one listing, of late

  ListingAhead(Services services, Directories directories) {
    this.services = services;
    this.directories = directories;
    this.enabled = services.options().readahead() != 0;
  }

  /**
   * Takes in that a program lists a directory.
   *
   * @return the listing, if it was asked for ahead; it may be on its way, of no use, or a failure
   */
  @Nullable CompletableFuture<Listing> visit(String path) {
    lock.lock();
    try {
      forgetOld();
      Asked asked = unused.remove(path);
      if (asked != null) {
        services.stats().listingsAheadUsed.increment();
      }
      if (asked != null || isNext(path)) {
        inOrder = Math.min(MAX_AHEAD, inOrder + 1);
      } else {
        inOrder /= 2;
      }
      recent.addLast(path);
      if (recent.size() > MAX_RECENT) {
        recent.removeFirst();
      }
      return asked == null ? null : asked.listing;
    } finally {
      lock.unlock();
    }
  }

  /** Asks for what comes after a directory that a program lists, if it seems to walk. */
  void advance(String path) {
    if (!enabled) {
      return;
    }
    List<String> next = new ArrayList<>();
    List<CompletableFuture<Listing>> promised = new ArrayList<>();
    lock.lock();
    try {
      Listing known = directories.order(path);
      if (known != null) {
        averageEntries = (3 * averageEntries + known.entries().size()) / 4;
      }
      int room = window() - unused.size();
      if (inOrder == 0 || room <= 0) {
        return;
      }
      new Search(room, next).after(path);
      for (String directory : next) {
        CompletableFuture<Listing> promise = new CompletableFuture<>();
        promised.add(promise);
        unused.put(directory, new Asked(promise, services.background().nanoTime()));
      }
    } finally {
      lock.unlock();
    }
    for (int i = 0; i < next.size(); i++) {
      services.stats().listingsAhead.increment();
      CompletableFuture<Listing> promise = promised.get(i);
      directories
          .listAhead(next.get(i))
          .whenComplete(
              (listing, failure) -> {
                if (failure == null) {
                  promise.complete(listing);
                } else {
                  promise.completeExceptionally(failure);
                }
              });
    }
  }

  /** Forgets what is on its way. */
  void clear() {
    lock.lock();
    try {
      unused.clear();
      recent.clear();
      inOrder = 0;
    } finally {
      lock.unlock();
    }
  }

  private int window() {
    long bySize = Math.max(2, MAX_ENTRIES / Math.max(1, averageEntries));
    return (int) Math.min(bySize, Math.min(MAX_AHEAD, inOrder + 2));
  }

  /** Gives up what nobody came for while it could have answered. */
  private void forgetOld() {
    Iterator<Asked> oldest = unused.values().iterator();
    while (oldest.hasNext() && !directories.isRecent(oldest.next().nanos)) {
      oldest.remove();
      inOrder /= 2;
    }
  }

  /** Returns whether a directory is the one that a walk comes to next. */
  private boolean isNext(String path) {
    if (path.equals("/")) {
      return false;
    }
    String parent = Names.parent(path);
    Listing siblings = directories.order(parent);
    if (siblings == null) {
      return false;
    }
    int place = place(siblings, path);
    if (place < 0) {
      return false;
    }
    // The first directory comes after its parent; any other after all that the one before it holds.
    String before =
        place == 0 ? parent : Directories.child(parent, siblings.subdirectories().get(place - 1));
    for (String visited : recent) {
      if (place == 0 ? visited.equals(before) : Names.within(visited, before)) {
        return true;
      }
    }
    return false;
  }

  /** Returns where a directory stands among its siblings, or where it would, as a search does. */
  private static int place(Listing siblings, String path) {
    return Collections.binarySearch(siblings.subdirectories(), Names.last(path));
  }

  /** Looks for the directories that a walk comes to next. Under the lock. */
  private final class Search {
    private final int wanted;
    private final List<String> found;
    private int steps = MAX_STEPS;

    Search(int wanted, List<String> found) {
      this.wanted = wanted;
      this.found = found;
    }

    void after(String path) {
      below(path, 0);
      String at = path;
      while (!at.equals("/") && goesOn()) {
        String parent = Names.parent(at);
        Listing siblings = directories.order(parent);
        if (siblings == null) {
          return;
        }
        int place = place(siblings, at);
        below(parent, place < 0 ? -place - 1 : place + 1);
        at = parent;
      }
    }

    private void below(String directory, int first) {
      Listing listing = directories.order(directory);
      if (listing == null || !directories.isRecent(listing) && first == 0) {
        return;
      }
      List<String> names = listing.subdirectories();
      for (int i = first; i < names.size() && goesOn(); i++) {
        steps--;
        String path = Directories.child(directory, names.get(i));
        if (directories.find(path) != null) {
          below(path, 0);
        } else if (!unused.containsKey(path)) {
          found.add(path);
        }
      }
    }

    private boolean goesOn() {
      return found.size() < wanted && steps > 0;
    }
  }
}
