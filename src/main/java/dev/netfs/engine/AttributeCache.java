package dev.netfs.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import java.time.Duration;
import java.util.List;
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

  AttributeCache(Background background, Duration ttl, boolean immutable) {
    this.immutable = immutable;
    enabled = !ttl.isZero();
    entries =
        Caffeine.newBuilder()
            .expireAfterWrite(ttl)
            .ticker(background::nanoTime)
            .executor(Runnable::run)
            .maximumSize(MAX_ENTRIES)
            .build();
  }

  /** When a question was asked about the entries of one directory. */
  record Ticket(int stripe, long changes, long treeChanges) {
    /** Of no question at all: nothing is kept by it. */
    static final Ticket INVALID = new Ticket(0, -1, -1);
  }

  /** Returns a ticket for a question about an object, taken before the question is asked. */
  Ticket ticket(String path) {
    return listTicket(Names.parent(path));
  }

  /** Returns a ticket for the listing of a directory, taken before it is asked for. */
  Ticket listTicket(String directory) {
    int stripe = stripe(directory);
    return new Ticket(stripe, changes.get(stripe), treeChanges.get());
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

  /** Keeps an answer, unless the object may have been changed since the question. */
  void put(String path, FileInfo info, Ticket asked) {
    if (!enabled) {
      return;
    }
    if (!immutable) {
      further.seen(path, info);
    }
    if (valid(asked) && !further.isFurther(path)) {
      entries.put(path, info);
      if (!valid(asked)) {
        entries.invalidate(path);
      }
    }
  }

  /** Keeps what came with a listing. */
  void putListing(String directory, List<DirectoryEntry> listing, Ticket asked) {
    String prefix = directory.equals("/") ? "/" : directory + "/";
    for (DirectoryEntry entry : listing) {
      put(prefix + entry.name(), entry.info(), asked);
    }
  }

  /** Forgets an object that is being changed. To be called after the change, or with its start. */
  void changed(String path) {
    String parent = Names.parent(path);
    changes.incrementAndGet(stripe(path)); // what is listed in it, where it is a directory
    changes.incrementAndGet(stripe(parent));
    changes.incrementAndGet(stripe(Names.parent(parent)));
    entries.invalidate(path);
    entries.invalidate(parent); // its modification time has changed too
    if (further.throughLink(path)) {
      treeChanged();
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
    treeChanges.incrementAndGet();
    entries.invalidateAll();
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
