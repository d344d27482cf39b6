package dev.netfs.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.netfs.CacheMode;
import dev.netfs.engine.locks.CooperativeLocks;
import dev.netfs.fscache.DirectoryRecord;
import dev.netfs.share.DirectoryEntry;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Lists directories, keeps the listings, and has those listed ahead that a walk comes to next.
 *
 * <p>A listing that was asked for is kept twice: the attributes in it for {@link AttributeCache},
 * each by its name, and the names here. The names answer for {@code attrTtl}, as long as this mount
 * has changed nothing in the directory: the listing carries the {@link AttributeCache.Ticket} of
 * the moment at which it was asked for, which every change of our own makes invalid. After that it
 * answers no more, but still tells in which order a program that goes by it will come to what it
 * names; {@link ListingAhead} and the readahead of small files live on that.
 *
 * <p>Listings are sorted by name, so that a program meets the same order whether it sorts or not.
 *
 * <p>Safe for use by several threads.
 */
final class Directories {
  private static final long MAX_NAMES = 200_000;

  /** What an empty directory costs, in names. */
  private static final int OVERHEAD = 8;

  private static final Comparator<DirectoryEntry> BY_NAME =
      Comparator.comparing(DirectoryEntry::name);

  /**
   * A directory's content at one moment.
   *
   * @param entries what is in it, sorted by name
   * @param names their names
   * @param subdirectories the names of those that are directories
   * @param asked from before it was asked for
   * @param keptNanos when it arrived
   */
  record Listing(
      List<DirectoryEntry> entries,
      List<String> names,
      List<String> subdirectories,
      AttributeCache.Ticket asked,
      long keptNanos) {}

  private final Services services;
  private final boolean keeps;
  private final boolean answers;
  private final Cache<String, Listing> listings;
  private final ListingAhead ahead;

  /**
   * @param keeps whether the mount keeps what it was told at all
   */
  Directories(Services services, boolean keeps) {
    this.services = services;
    this.keeps = keeps;
    this.answers = keeps && !services.options().attrTtl().isZero();
    this.listings =
        Caffeine.newBuilder()
            .executor(Runnable::run)
            .maximumWeight(MAX_NAMES)
            .weigher((String path, Listing listing) -> listing.names.size() + OVERHEAD)
            .build();
    this.ahead = new ListingAhead(services, this);
  }

  /** Asks the server for a directory's content, in any case. */
  Listing list(String path) throws IOException {
    AttributeCache.Ticket asked = services.attributes().listTicket(path);
    return keep(path, Await.result(ask(path)), asked);
  }

  /** Returns the names in a directory, which may be those of up to {@code attrTtl} ago. */
  List<String> names(String path) throws IOException {
    if (!answers) {
      return list(path).names;
    }
    Listing known = find(path);
    if (known == null) {
      known = findOnDisk(path);
      if (known != null) {
        return known.names;
      }
    }
    CompletableFuture<Listing> coming = ahead.visit(path);
    known = find(path);
    if (known != null) {
      if (coming != null) {
        ahead.advance(path);
      }
      return known.names;
    }
    if (coming != null) {
      ahead.advance(path);
      known = arrived(coming);
      if (known != null) {
        return known.names;
      }
    }
    AttributeCache.Ticket asked = services.attributes().listTicket(path);
    CompletableFuture<List<DirectoryEntry>> answer = ask(path);
    ahead.advance(path); // after the request that somebody waits for
    known = keep(path, Await.result(answer), asked);
    ahead.advance(path); // to what it names
    return known.names;
  }

  /** Waits for a listing that was asked for ahead; null if it is of no use. */
  private @Nullable Listing arrived(CompletableFuture<Listing> coming) {
    Await.untilDone(coming);
    // Where it failed, the user asks again.
    Listing listing = coming.isCompletedExceptionally() ? null : coming.getNow(null);
    return listing != null && services.attributes().isValid(listing.asked) ? listing : null;
  }

  /** Asks for a listing that nobody waits for yet. */
  CompletableFuture<Listing> listAhead(String path) {
    AttributeCache.Ticket asked = services.attributes().listTicket(path);
    return ask(path)
        .thenApplyAsync(entries -> keep(path, entries, asked), services.background()::execute);
  }

  private CompletableFuture<List<DirectoryEntry>> ask(String path) {
    AttributeCache.Ticket asked = services.attributes().ticket(path);
    return services
        .session()
        .call(
            "list",
            share -> {
              // A list of its own for every attempt: a lost connection may leave half of one.
              List<DirectoryEntry> found = new ArrayList<>();
              return share.list(path, entry -> add(path, entry, found)).thenApply(done -> found);
            })
        .whenComplete(
            (found, failure) -> {
              if (Await.cause(failure) instanceof NoSuchFileException) {
                services.attributes().absent(path, asked);
              }
            });
  }

  /** Takes in what is in a directory: all but what the engine keeps there itself. */
  private void add(String path, DirectoryEntry entry, List<DirectoryEntry> found) {
    boolean hidden =
        services.cooperative() != null
            && path.equals("/")
            && entry.name().equals(CooperativeLocks.FOLDER);
    if (!hidden) {
      found.add(entry);
    }
  }

  private Listing keep(String path, List<DirectoryEntry> found, AttributeCache.Ticket asked) {
    found.sort(BY_NAME);
    Listing listing = listing(found, asked);
    services.attributes().putListing(path, listing.entries, asked);
    if (keeps && !services.attributes().hasFurtherNames(path)) {
      listings.put(path, listing);
    }
    return listing;
  }

  /** Returns a listing of what is sorted already, which arrives now. */
  private Listing listing(List<DirectoryEntry> sorted, AttributeCache.Ticket asked) {
    List<String> names = new ArrayList<>(sorted.size());
    List<String> subdirectories = new ArrayList<>();
    for (DirectoryEntry entry : sorted) {
      names.add(entry.name());
      if (entry.info().isDirectory()) {
        subdirectories.add(entry.name());
      }
    }
    return new Listing(
        Collections.unmodifiableList(sorted),
        Collections.unmodifiableList(names),
        List.copyOf(subdirectories),
        asked,
        services.background().nanoTime());
  }

  /** Returns a listing that the disk has and that may answer, or null. */
  private @Nullable Listing findOnDisk(String path) {
    DiskCache disk = services.disk();
    if (disk == null || services.attributes().hasFurtherNames(path)) {
      return null;
    }
    AttributeCache.Ticket asking = services.attributes().listTicket(path);
    DirectoryRecord record = disk.names().answerAll(path);
    if (record == null) {
      return null;
    }
    List<DirectoryEntry> found = new ArrayList<>(record.objects().size());
    record
        .objects()
        .forEach(
            (name, object) -> {
              if (!name.equals(DirectoryRecord.ITSELF)) {
                found.add(new DirectoryEntry(name, object.info()));
              }
            });
    Listing listing;
    if (services.options().cache() == CacheMode.IMMUTABLE) {
      listing = listing(found, asking);
      services.attributes().keepListing(path, found, asking);
    } else {
      // It is as old as it says, and not from now: in memory it only tells an order.
      listing = listing(found, AttributeCache.Ticket.INVALID);
      services.attributes().seen(path, found);
    }
    listings.put(path, listing);
    return listing;
  }

  /** Takes in that this mount has made a directory: what is listed of it will come later. */
  void made(String path) {
    forgetOnDisk(path);
    if (keeps) {
      keep(path, new ArrayList<>(), AttributeCache.Ticket.INVALID);
    }
  }

  /** Takes in that what a name stood for has gone. */
  void gone(String path) {
    listings.invalidate(path);
  }

  /**
   * Takes in that this mount has deleted what a name stood for.
   *
   * @param directory whether that was a directory
   */
  void deleted(String path, boolean directory) {
    gone(path);
    services.attributes().deleted(path);
    if (directory) {
      forgetOnDisk(path);
    }
  }

  private void forgetOnDisk(String path) {
    DiskCache disk = services.disk();
    if (disk != null) {
      disk.names().marks().changingContent(path);
      disk.names().forgotten(path);
    }
  }

  /** Returns a listing that may answer, or null. */
  @Nullable Listing find(String path) {
    Listing listing = listings.getIfPresent(path);
    return listing != null && isRecent(listing) && services.attributes().isValid(listing.asked)
        ? listing
        : null;
  }

  /** Returns the order in which a program may come to what is in a directory, or null. */
  @Nullable Listing order(String path) {
    return listings.getIfPresent(path);
  }

  /** Returns whether a listing has arrived within the time for which it may answer. */
  boolean isRecent(Listing listing) {
    return isRecent(listing.keptNanos);
  }

  boolean isRecent(long nanos) {
    return services.background().nanoTime() - nanos < services.options().attrTtl().toNanos();
  }

  /** Forgets everything. */
  void clear() {
    listings.invalidateAll();
    ahead.clear();
  }

  /** Returns the path of an entry. */
  static String child(String directory, String name) {
    return directory.equals("/") ? "/" + name : directory + "/" + name;
  }
}
