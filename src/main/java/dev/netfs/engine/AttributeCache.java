package dev.netfs.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.netfs.fscache.KnownObject;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * What the server last said of objects' attributes, each kept for the mount's {@code attrTtl}.
 *
 * <p>Listings prime it: the attributes that come with a directory's entries answer the {@code stat}
 * of each, so that a walk costs one listing a directory. Only what a name itself stands for is kept
 * (a symbolic link's own attributes); absence is not kept, since a file that another client has
 * just made must be found.
 *
 * <p><b>Races.</b> An answer that left the server before a change of our own must not be kept after
 * it. Every change moves a counter on for the names it touches, and an answer is kept only if the
 * counter stands where it stood when the question was asked ({@link #ticket}). The counters are
 * striped by the directory's name: a collision costs a later question, never a wrong answer.
 *
 * <p><b>Several names.</b> What is reached through a symbolic link, and a file with hard links, has
 * other names, of which a change is to be seen too; see {@link FurtherNames}.
 */
final class AttributeCache {
  private static final int STRIPES = 1 << 10;
  private static final long MAX_ENTRIES = 200_000;

  private final Cache<String, FileInfo> entries;
  private final boolean enabled;
  private final FurtherNames further = new FurtherNames();
  private final AtomicLongArray changes = new AtomicLongArray(STRIPES);
  private final AtomicLong treeChanges = new AtomicLong();

  /** Whether nothing ever changes, so that it does not matter what has several names. */
  private final boolean immutable;

  /** What of it is kept on disk, or null. */
  private final @Nullable NamesDisk disk;

  private final Background background;

  AttributeCache(Background background, Duration ttl, boolean immutable, @Nullable NamesDisk disk) {
    this.background = background;
    this.immutable = immutable;
    this.disk = disk;
    enabled = !ttl.isZero();
    entries =
        Caffeine.newBuilder()
            .expireAfterWrite(ttl)
            .ticker(background::nanoTime)
            .executor(Runnable::run)
            .maximumSize(MAX_ENTRIES)
            .build();
  }

  /**
   * When a question was asked about the entries of one directory.
   *
   * @param nanos the moment
   */
  record Ticket(int stripe, long changes, long treeChanges, long nanos) {
    /** Of no question at all: nothing is kept by it. */
    static final Ticket INVALID = new Ticket(0, -1, -1, 0);
  }

  /** Returns a ticket for a question about an object, taken before the question is asked. */
  Ticket ticket(String path) {
    return listTicket(Names.parent(path));
  }

  /** Returns a ticket for the listing of a directory, taken before it is asked for. */
  Ticket listTicket(String directory) {
    int stripe = stripe(directory);
    return new Ticket(stripe, changes.get(stripe), treeChanges.get(), background.nanoTime());
  }

  /** Returns what is known of what a name itself stands for, or null. */
  @Nullable FileInfo get(String path) {
    return entries.getIfPresent(path);
  }

  /** Returns how long ago an answer was kept of which {@link #get} tells, or the largest number. */
  long ageNanos(String path) {
    return entries
        .policy()
        .expireAfterWrite()
        .orElseThrow()
        .ageOf(path, TimeUnit.NANOSECONDS)
        .orElse(Long.MAX_VALUE);
  }

  /**
   * Returns what may answer for what a name itself stands for, from the disk too, for which it
   * waits; or null.
   */
  @Nullable FileInfo answer(String path) {
    FileInfo known = get(path);
    if (known != null || disk == null || !enabled) {
      return known;
    }
    KnownObject kept = disk.answer(path);
    if (kept == null) {
      return null;
    }
    if (immutable) {
      entries.put(path, kept.info());
      return kept.info();
    }
    further.seen(path, kept.info());
    // Not kept here: it is as old as it says, and not from now.
    return kept.shared() || further.isFurther(path) ? null : kept.info();
  }

  /** Keeps an answer, unless the object may have been changed since the question. */
  void put(String path, FileInfo info, Ticket asked) {
    keep(path, info, asked);
    if (disk != null) {
      disk.said(path, info, asked, isShared(path), () -> valid(asked));
    }
  }

  private void keep(String path, FileInfo info, Ticket asked) {
    if (!immutable) {
      further.seen(path, info);
    }
    if (enabled && valid(asked) && !isShared(path)) {
      entries.put(path, info);
      if (!valid(asked)) {
        entries.invalidate(path);
      }
    }
  }

  private boolean isShared(String path) {
    return further.isFurther(path);
  }

  /** Keeps what came with a listing, which is not changed any more. */
  void putListing(String directory, List<DirectoryEntry> listing, Ticket asked) {
    keepListing(directory, listing, asked);
    if (disk == null) {
      return;
    }
    Set<String> shared = new HashSet<>();
    for (DirectoryEntry entry : listing) {
      if (isShared(Directories.child(directory, entry.name()))) {
        shared.add(entry.name());
      }
    }
    disk.listed(directory, listing, asked, shared, () -> valid(asked));
  }

  /** Takes in which of the names in a directory are links, where it was listed once. */
  void seen(String directory, List<DirectoryEntry> listing) {
    for (DirectoryEntry entry : listing) {
      further.seen(Directories.child(directory, entry.name()), entry.info());
    }
  }

  /** Keeps what came with a listing in memory only. */
  void keepListing(String directory, List<DirectoryEntry> listing, Ticket asked) {
    for (DirectoryEntry entry : listing) {
      keep(Directories.child(directory, entry.name()), entry.info(), asked);
    }
  }

  /** Asks the server. */
  @FunctionalInterface
  interface Question {
    String ask() throws IOException;
  }

  /** Returns where a symbolic link leads: from the disk, if that may answer, for which it waits. */
  String readLink(String path, Question question) throws IOException {
    if (disk == null) {
      return question.ask();
    }
    String kept = disk.answerTarget(path);
    if (kept != null) {
      return kept;
    }
    Ticket asked = ticket(path);
    String target = question.ask();
    disk.leads(path, target, asked, () -> valid(asked));
    return target;
  }

  /** Takes in that the server has said that a name stands for nothing. */
  void absent(String path, Ticket asked) {
    if (disk != null) {
      disk.gone(path, () -> valid(asked));
    }
  }

  /**
   * Forgets an object that is being changed. To be called with the start of the change, and after
   * it. Where there is a cache on disk it may wait for that, for a moment.
   */
  void changed(String path) {
    if (disk != null) {
      disk.marks().changing(path, further.throughLink(path));
    }
    forget(path);
  }

  /**
   * As {@link #changed}, where nobody may wait; who reports the change {@linkplain #settle
   * settles}.
   */
  void changedSoon(String path) {
    if (disk != null) {
      disk.marks().changingSoon(path, further.throughLink(path));
    }
    forget(path);
  }

  /**
   * Has what was {@linkplain #changedSoon changed} noted on disk too before the change is reported.
   */
  void settle() {
    if (disk != null) {
      disk.marks().settle();
    }
  }

  /** Forgets an object that another client has changed. Does not wait. */
  void changedElsewhere(String path) {
    if (disk != null) {
      disk.marks().changedElsewhere(path);
    }
    forget(path);
  }

  private void forget(String path) {
    String parent = Names.parent(path);
    changes.incrementAndGet(stripe(path)); // what is listed in it, where it is a directory
    changes.incrementAndGet(stripe(parent));
    changes.incrementAndGet(stripe(Names.parent(parent)));
    entries.invalidate(path);
    entries.invalidate(parent); // its modification time has changed too
    if (further.throughLink(path)) {
      forgetAll();
    }
  }

  /** Takes in that what was known by a name has gone, after the change. */
  void deleted(String path) {
    if (disk != null) {
      disk.gone(path, () -> true);
    }
  }

  /** Forgets a file that has got a further name, and what it had been known by. */
  void linked(String name, String existing) {
    further.linked(name, existing);
    changed(name);
    changed(existing);
  }

  /** Takes in that a symbolic link was made. */
  void linkMade(String name) {
    further.linkMade(name);
    changed(name);
  }

  /** Forgets everything after a rename, after which links have other names. */
  void renamed(String source, String target) {
    further.renamed(source, target);
    treeChanged();
  }

  /** Forgets everything, as when a directory gets another name. */
  void treeChanged() {
    if (disk != null) {
      disk.marks().changingAll();
    }
    forgetAll();
  }

  private void forgetAll() {
    treeChanges.incrementAndGet();
    entries.invalidateAll();
  }

  /** Has the server asked for everything anew, which nobody here has changed. */
  void dropAnswers() {
    if (disk != null) {
      disk.dropAnswers();
    }
    forgetAll();
  }

  /** Returns whether nothing was changed here since a ticket was taken. */
  boolean isValid(Ticket asked) {
    return valid(asked);
  }

  /** Returns whether what is in a directory may have other names, by which it could be changed. */
  boolean hasFurtherNames(String directory) {
    return further.throughLink(directory);
  }

  private boolean valid(Ticket asked) {
    return changes.get(asked.stripe) == asked.changes && treeChanges.get() == asked.treeChanges;
  }

  private static int stripe(String directory) {
    int hash = directory.hashCode() * 0x9E3779B9;
    return hash >>> 22;
  }
}
