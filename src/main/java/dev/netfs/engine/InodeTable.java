package dev.netfs.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The inodes of a mount by path: one for each file that is open, has bytes in memory, or has dirty
 * bytes that could not be sent.
 *
 * <p>Paths, not the server's file numbers, are the keys, since most servers show none: a file that
 * has two names has two inodes, which meet at close and open as two clients would.
 *
 * <p>A file that was deleted, or had its name taken by another, while it was open is kept apart as
 * an orphan until it is closed: what is dirty of it counts, and has to be sent.
 *
 * <p>An inode is {@linkplain #acquire acquired} for every open file of it, and goes when it is not
 * acquired and idle. The map's own bins guard the counts; the functions passed to it touch atomic
 * state only, so that an eviction may call {@link #forgetIfIdle} under any lock.
 */
final class InodeTable {
  private static final class Entry {
    final Inode inode;
    int users; // guarded by the bin of the map that it is in

    Entry(Inode inode) {
      this.inode = inode;
    }
  }

  private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Inode, Entry> orphans = new ConcurrentHashMap<>();
  private final UnaryOperator<String> names;

  /**
   * @param names what the file of a path is called for {@linkplain LockTable locks}
   */
  InodeTable(UnaryOperator<String> names) {
    this.names = names;
  }

  /** Makes inodes. */
  @FunctionalInterface
  interface Factory {
    Inode make(String path);
  }

  /** Returns the inode of a path, made if there is none, that stays until it is released. */
  @SuppressWarnings("NullAway") // compute returns what the function does
  Inode acquire(String path, Factory factory) {
    return entries.compute(
            path,
            (key, present) -> {
              Entry entry = present != null ? present : new Entry(factory.make(path));
              entry.users++;
              return entry;
            })
        .inode;
  }

  /** Returns the inode of a path, or null if there is none. */
  @Nullable Inode find(String path) {
    Entry entry = entries.get(path);
    return entry == null ? null : entry.inode;
  }

  /** Gives back what {@link #acquire} took. */
  void release(Inode inode) {
    boolean[] found = {false};
    entries.computeIfPresent(
        inode.path(),
        (key, entry) -> {
          if (entry.inode != inode) {
            return entry;
          }
          found[0] = true;
          entry.users--;
          return entry.users == 0 && inode.isIdle() ? null : entry;
        });
    if (!found[0]) {
      orphans.computeIfPresent(inode, (key, entry) -> --entry.users == 0 ? null : entry);
    }
  }

  /** Forgets an inode that nobody uses. */
  void forgetIfIdle(Inode inode) {
    entries.computeIfPresent(
        inode.path(),
        (key, entry) -> entry.inode == inode && entry.users == 0 && inode.isIdle() ? null : entry);
  }

  /** Takes the inode of a path out, since the path stands for something else, or nothing, now. */
  void remove(String path) {
    @Nullable Inode[] removed = {null};
    boolean[] inUse = {false};
    entries.computeIfPresent(
        path,
        (key, entry) -> {
          removed[0] = entry.inode;
          inUse[0] = entry.users > 0;
          if (inUse[0]) {
            orphans.put(entry.inode, entry);
          }
          return null;
        });
    if (removed[0] != null) {
      String name = names.apply(path);
      LockTable.rename(name, name + removed[0].locks.withoutName);
      removed[0].unlink(inUse[0]);
    }
  }

  /** Follows a rename: of a file, or of a directory with all that is below it. */
  void rename(String source, String target) {
    for (String path : List.copyOf(entries.keySet())) {
      if (Names.within(path, source)) {
        Entry entry = entries.remove(path);
        if (entry != null) {
          String moved = target + path.substring(source.length());
          entry.inode.renamed(moved);
          LockTable.rename(names.apply(path), names.apply(moved));
          entries.put(moved, entry);
        }
      }
    }
  }

  /** Returns all inodes, orphans included. */
  Collection<Inode> all() {
    List<Inode> all = new ArrayList<>(orphans.keySet());
    entries.values().forEach(entry -> all.add(entry.inode));
    return all;
  }
}
