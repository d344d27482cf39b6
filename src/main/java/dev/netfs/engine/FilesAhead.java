package dev.netfs.engine;

import dev.netfs.CacheMode;
import dev.netfs.engine.Directories.Listing;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import dev.netfs.share.OpenIntent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Directory readahead: fetches small files before a program opens them, if it opens a directory's
 * files in the order of its listing.
 *
 * <p>A file that is fetched ahead is opened on the server, downloaded and closed as if a channel
 * did it, many at a time. What that leaves behind is an {@link Inode} with content and a token, and
 * nothing else: the program's own open treats it as the content of any file that was open before.
 * Under {@code close-to-open} it asks the server itself, after it has begun, and compares; what was
 * fetched saves it the reading, never the question.
 *
 * <p><b>The order.</b> A program that opens a file, and then the one that follows it, is in order.
 * Files may be passed over by the ends of their names: who opens {@code a.txt} and then {@code
 * c.txt} with {@code b.jpg} between them has no use for what ends in {@code .jpg}.
 *
 * <p><b>What it may waste</b> is bounded: at no time are more files fetched and not opened than
 * were opened in order so far, and two; at most {@link #MAX_FILES} and {@link #limit} bytes of
 * memory. An open out of order halves what counts as in order and fetches nothing; so does a file
 * for which nobody came in {@link #PATIENCE_NANOS}. {@link Stats} counts what was fetched and what
 * of it was opened.
 *
 * <p><b>Concurrency.</b> {@link #lock} guards the state; requests are made after it has been let
 * go. It is taken before the leaves only, and before no inode's.
 */
final class FilesAhead {
  private static final int MAX_FILES = 64;

  /** The largest file that is small. */
  private static final long MAX_SIZE = 128 << 10;

  private static final long MAX_BYTES = 8L << 20;
  private static final int MAX_DIRECTORIES = 16;

  /** How many names are looked at to find what comes next. */
  private static final int MAX_STEPS = 1_000;

  /** So near, files are opened by several threads at once, in no order that means something. */
  private static final int NEAR = 8;

  private static final long PATIENCE_NANOS = 10_000_000_000L;

  /** A file that was asked for and that nobody has opened so far. */
  private record Asked(CompletableFuture<Void> opened, long bytes, long nanos) {}

  /** How far a program has come in a directory. Guarded by lock. */
  private static final class Cursor {
    final Listing order;
    final Set<String> opened = new HashSet<>(); // ends of names
    final Set<String> passedOver = new HashSet<>();
    int last = -1;
    int frontier; // before it nothing is asked for any more

    Cursor(Listing order) {
      this.order = order;
    }
  }

  private final Services services;
  private final Reads reads;
  private final Directories directories;
  private final boolean enabled;
  private final long limit;
  private final int pageSize;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Asked> unused = new LinkedHashMap<>(); // guarded by lock: oldest first
  private long unusedBytes; // guarded by lock
  private int inOrder; // guarded by lock

  /** The directories in which files were opened of late. Guarded by lock. */
  private final Map<String, Cursor> cursors =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Cursor> eldest) {
          return size() > MAX_DIRECTORIES;
        }
      };

  FilesAhead(Services services, Reads reads, Directories directories) {
    MountOptions options = services.options();
    this.services = services;
    this.reads = reads;
    this.directories = directories;
    this.pageSize = services.pages().pageSize();
    this.enabled =
        options.readahead() != 0
            && options.cache() != CacheMode.NONE
            && options.cache() != CacheMode.STRICT;
    long most = Math.min(MAX_BYTES, options.memory() / 8);
    this.limit = options.readahead() > 0 ? Math.min(most, options.readahead()) : most;
  }

  /**
   * Takes in that a program opens a file, to read it.
   *
   * @return completes, always with success, when it is open ahead or will not be; null if it was
   *     not asked for
   */
  @Nullable CompletableFuture<Void> visit(String path) {
    if (!enabled) {
      return null;
    }
    String directory = Names.parent(path);
    Listing order = directories.order(directory);
    if (order == null) {
      return null;
    }
    lock.lock();
    try {
      forgetOld();
      Asked asked = unused.remove(path);
      if (asked != null) {
        unusedBytes -= asked.bytes;
        services.stats().filesAheadUsed.increment();
      }
      Cursor cursor = cursors.get(directory);
      if (cursor == null || cursor.order != order) {
        cursor = new Cursor(order);
        cursors.put(directory, cursor);
      }
      int place = Collections.binarySearch(order.names(), Names.last(path));
      if (place >= 0) {
        move(cursor, place, asked != null);
      }
      return asked == null ? null : asked.opened;
    } finally {
      lock.unlock();
    }
  }

  /** Moves a cursor to the file that is being opened, and sees whether that was to be expected. */
  private void move(Cursor cursor, int place, boolean expected) {
    int last = cursor.last;
    String end = end(cursor.order.names().get(place));
    boolean next = expected;
    if (!next && place > last && place - last <= MAX_STEPS) {
      next = true;
      for (int i = last + 1; i < place; i++) {
        DirectoryEntry between = cursor.order.entries().get(i);
        String its = end(between.name());
        if (between.info().isRegularFile() && !cursor.passedOver.contains(its)) {
          if (its.equals(end) || cursor.opened.contains(its)) {
            next = false;
            break;
          }
          cursor.passedOver.add(its);
        }
      }
    }
    cursor.opened.add(end);
    cursor.passedOver.remove(end);
    if (next) {
      inOrder = Math.min(MAX_FILES, inOrder + 1);
      cursor.last = Math.max(last, place);
    } else if (last < 0 || Math.abs(place - last) > NEAR) {
      inOrder /= 2;
      cursor.last = place;
      cursor.frontier = place + 1;
    } else {
      cursor.last = Math.max(last, place);
    }
    cursor.frontier = Math.max(cursor.frontier, cursor.last + 1);
  }

  /** Returns the end of a name that tells the kind of the file. */
  private static String end(String name) {
    int dot = name.lastIndexOf('.');
    return dot <= 0 ? "" : name.substring(dot);
  }

  /** Fetches what comes after a file that a program opens, if it seems to go by the listing. */
  void advance(String path) {
    if (!enabled) {
      return;
    }
    String directory = Names.parent(path);
    Map<String, CompletableFuture<Void>> next;
    lock.lock();
    try {
      Cursor cursor = cursors.get(directory);
      int room = Math.min(MAX_FILES, inOrder + 2) - unused.size();
      if (cursor == null || inOrder == 0 || room <= 0) {
        return;
      }
      next = search(cursor, directory, room);
    } finally {
      lock.unlock();
    }
    next.forEach(this::fetch);
  }

  /** Takes the next files that are worth it into {@link #unused}. */
  private Map<String, CompletableFuture<Void>> search(Cursor cursor, String directory, int wanted) {
    Map<String, CompletableFuture<Void>> found = new LinkedHashMap<>();
    List<DirectoryEntry> entries = cursor.order.entries();
    int stop = Math.min(entries.size(), cursor.frontier + MAX_STEPS);
    while (cursor.frontier < stop && found.size() < wanted) {
      DirectoryEntry entry = entries.get(cursor.frontier);
      FileInfo info = entry.info();
      long pages = info.size() / pageSize * pageSize;
      long bytes = pages + services.pages().frameSize(info.size() - pages);
      if (info.isRegularFile()
          && info.size() > 0
          && info.size() <= MAX_SIZE
          && !cursor.passedOver.contains(end(entry.name()))) {
        if (unusedBytes + bytes > limit) {
          break;
        }
        String path = Directories.child(directory, entry.name());
        if (!unused.containsKey(path) && services.inodes().find(path) == null) {
          CompletableFuture<Void> opened = new CompletableFuture<>();
          found.put(path, opened);
          unused.put(path, new Asked(opened, bytes, services.background().nanoTime()));
          unusedBytes += bytes;
        }
      }
      cursor.frontier++;
    }
    return found;
  }

  private void forgetOld() {
    long now = services.background().nanoTime();
    Iterator<Asked> oldest = unused.values().iterator();
    while (oldest.hasNext()) {
      Asked asked = oldest.next();
      if (now - asked.nanos < PATIENCE_NANOS) {
        return;
      }
      oldest.remove();
      unusedBytes -= asked.bytes;
      inOrder /= 2;
    }
  }

  /** Forgets in which order files were opened. */
  void clear() {
    lock.lock();
    try {
      unused.clear();
      unusedBytes = 0;
      cursors.clear();
      inOrder = 0;
    } finally {
      lock.unlock();
    }
  }

  // ---- fetching

  /**
   * Opens a file, downloads it and closes it.
   *
   * @param opened completes, with success whatever happens, when the file is open or will not be
   */
  @SuppressWarnings("NullAway") // a future of Void completes with null
  private void fetch(String path, CompletableFuture<Void> opened) {
    services.stats().filesAhead.increment();
    InodeTable inodes = services.inodes();
    Inode inode = inodes.acquire(path, p -> new Inode(services, inodes, p));
    RemoteFile handle =
        new RemoteFile(services.session(), services.stats(), inode, OpenIntent.READ);
    Inode.Asked asked = inode.asking();
    handle
        .open()
        .whenComplete(
            (info, failure) -> {
              try {
                // Where it fails nobody is told: who opens the file will hear of it then.
                if (failure == null && inode.opens.openedAhead(handle, info, asked)) {
                  download(inode);
                } else {
                  handle.retire();
                  inodes.release(inode);
                }
              } finally {
                opened.complete(null);
              }
            });
  }

  private void download(Inode inode) {
    List<ReadRequest> begun;
    List<CompletableFuture<Void>> arrivals = new ArrayList<>();
    inode.lock.lock();
    try {
      begun = reads.plan(inode, 0, MAX_SIZE);
      for (ReadRequest request : begun) {
        arrivals.add(request.arrival(request.end - 1));
      }
    } finally {
      inode.lock.unlock();
    }
    begun.forEach(ReadRequest::issue);
    CompletableFuture.allOf(arrivals.toArray(new CompletableFuture<?>[0]))
        .whenComplete(
            (done, failure) -> {
              begun.forEach(ReadRequest::endUse);
              inode.opens.closed();
              services.inodes().release(inode);
            });
  }
}
