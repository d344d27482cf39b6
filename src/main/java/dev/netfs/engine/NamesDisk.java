package dev.netfs.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.netfs.CacheMode;
import dev.netfs.fscache.DirectoryRecord;
import dev.netfs.fscache.KnownObject;
import dev.netfs.fscache.Metadata;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the server last said of names, on disk: written behind, and read for two purposes.
 *
 * <p><b>As answers</b>, in the place of the server's, as far as the mount's mode lets the memory
 * answer: for {@code attrTtl} by the wall clock, or for ever where nothing changes. What says that
 * it was asked at a time to come proves nothing. So this is of use after a restart: what this mount
 * has been told itself, its memory knows better.
 *
 * <p><b>As what was last known</b> ({@link #lastKnown}), however old it is. Nothing is forgotten
 * for being too old to answer, nor because the server cannot be reached (O1): only what the server
 * has said, or what was done here, replaces what is known.
 *
 * <h2>Writing behind</h2>
 *
 * A record is rewritten as a whole, so what is learned is collected for {@link #PAUSE_MILLIS}, and
 * for longer where writing took long: of a directory of 100,000 names it takes a good part of a
 * second, and must not happen for every {@code stat}. What waits is bounded by {@link #MAX_NAMES};
 * what is learned when that is used up is not kept, and what has gone is forgotten with its
 * directory.
 *
 * <p>Our own changes are marked ({@link NameMarks}), so that nothing that is written behind late
 * can bring back what was before.
 *
 * <p><b>Concurrency.</b> {@link #lock} is a leaf. Records are read by the threads of {@link
 * DiskCache}, for which whoever asks waits, and written by one of the engine's at a time.
 */
final class NamesDisk {
  private static final long PAUSE_MILLIS = 1_000;

  /**
   * Of the time, so much may be spent on writing one record again and again: one part of so many.
   */
  private static final int PART = 50;

  private static final int MAX_NAMES = 200_000;

  /** What a larger record would spare is less than what reading it costs, but for listings. */
  private static final long MAX_BYTES_FOR_ONE = 1 << 20;

  /** Where so many are larger than others, it is forgotten which of them was written when. */
  private static final int MAX_SLOW = 256;

  /**
   * What was last known of a name.
   *
   * @param object what the server said, and when
   * @param ageMillis how long ago that is by the wall clock, 0 or more
   * @param outdated whether this machine has changed something in the directory since, perhaps this
   */
  record LastKnown(KnownObject object, long ageMillis, boolean outdated) {}

  /** A record in memory, and up to when its directory was marked as changed when it was read. */
  private record Loaded(DirectoryRecord record, long changedMillis) {}

  private final DiskCache disk;
  private final Metadata metadata;
  private final Background background;
  private final boolean immutable;
  private final boolean listingsAnswer;
  private final long ttlMillis;
  private final long beganNanos;
  private final WorkQueue writes;
  private final NameMarks marks;
  private final Cache<String, Loaded> loaded;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, PendingNames> pending = new LinkedHashMap<>(); // guarded by lock
  private final Map<String, PendingNames> writing = new HashMap<>(); // guarded by lock
  private int pendingNames; // guarded by lock

  /** Directories whose names stand for others, and since when, until their records are removed. */
  private final Map<String, Long> moved = new ConcurrentHashMap<>();

  private boolean sweeping; // guarded by lock: whether that is on its way
  private boolean due; // guarded by lock: whether a flush is on its way
  private boolean closed; // guarded by lock
  private volatile boolean abandoned;

  // Directories whose records took long to write, and until when they are left alone. Guarded by
  // lock.
  private final Map<String, Long> slow = new LinkedHashMap<>();

  /** What was asked until then does not answer. */
  private volatile long floorMillis = Long.MIN_VALUE;

  NamesDisk(DiskCache disk, Metadata metadata, Background background, MountOptions options) {
    this.disk = disk;
    this.metadata = metadata;
    this.background = background;
    this.immutable = options.cache() == CacheMode.IMMUTABLE;
    this.listingsAnswer = immutable || options.cache() == CacheMode.LOOSE;
    this.ttlMillis = options.attrTtl().toMillis();
    this.beganNanos = background.nanoTime();
    this.writes = new WorkQueue(background, 1, disk::failed);
    this.marks = new NameMarks(disk, metadata, background);
    this.loaded =
        Caffeine.newBuilder()
            .executor(Runnable::run)
            .maximumWeight(MAX_NAMES)
            .weigher((String path, Loaded one) -> 8 + one.record.objects().size())
            .build();
  }

  /** Returns what marks our own changes. */
  NameMarks marks() {
    return marks;
  }

  private static String nameOf(String path) {
    return path.equals("/") ? DirectoryRecord.ITSELF : Names.last(path);
  }

  // ---- what is learned

  /** Returns when something was asked, by the wall clock as it is now. */
  private long askedMillis(AttributeCache.Ticket asked) {
    long age = Math.max(0, background.nanoTime() - asked.nanos());
    long millis = background.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(age) - 1;
    marks.seen(millis);
    return millis;
  }

  /**
   * Takes in what the server said of an object.
   *
   * @param shared whether it has other names
   * @param valid whether nothing was changed here since it was asked
   */
  void said(
      String path,
      FileInfo info,
      AttributeCache.Ticket asked,
      boolean shared,
      BooleanSupplier valid) {
    KnownObject object = KnownObject.of(info, askedMillis(asked), shared);
    learn(Names.parent(path), 1, valid, names -> names.put(nameOf(path), object));
  }

  /** Takes in what the server said of all that is in a directory, as {@link #said}. */
  void listed(
      String directory,
      List<DirectoryEntry> entries,
      AttributeCache.Ticket asked,
      Set<String> shared,
      BooleanSupplier valid) {
    long millis = askedMillis(asked);
    learn(directory, entries.size(), valid, names -> names.listed(entries, shared, millis));
  }

  /** Takes in where the server said that a symbolic link leads, as {@link #said}. */
  void leads(String path, String target, AttributeCache.Ticket asked, BooleanSupplier valid) {
    long millis = askedMillis(asked);
    learn(Names.parent(path), 1, valid, names -> names.target(nameOf(path), target, millis));
  }

  /** Takes in that a name stands for nothing, as {@link #said}. */
  void gone(String path, BooleanSupplier valid) {
    long millis = background.currentTimeMillis();
    learn(Names.parent(path), 0, valid, names -> names.gone(nameOf(path), millis));
  }

  /** Takes in that a directory was made or deleted: nothing is known of what is in it. */
  void forgotten(String directory) {
    learn(directory, 0, () -> true, PendingNames::forget);
  }

  /**
   * Takes in that an object has got another name.
   *
   * @param info what is known of it, or null: then it is looked up, where that takes no long
   */
  void renamed(String source, String target, @Nullable FileInfo info) {
    KnownObject object;
    if (info != null) {
      object = KnownObject.of(info, background.currentTimeMillis(), false);
    } else {
      Loaded found = view(Names.parent(source), MAX_BYTES_FOR_ONE);
      object = found == null ? null : found.record.get(nameOf(source));
    }
    gone(source, () -> true);
    if (object == null) {
      gone(target, () -> true);
    } else {
      learn(Names.parent(target), 1, () -> true, names -> names.put(nameOf(target), object));
    }
  }

  /** Takes in that a directory's name stands for another one: nothing is known below it. */
  void movedAway(String directory) {
    boolean begin;
    lock.lock();
    try {
      pending
          .values()
          .removeIf(
              names -> {
                boolean below = Names.within(names.directory(), directory);
                pendingNames -= below ? names.size() : 0;
                return below;
              });
      moved.merge(directory, background.currentTimeMillis(), Math::max);
      begin = !sweeping;
      sweeping = true;
    } finally {
      lock.unlock();
    }
    loaded.asMap().keySet().removeIf(path -> Names.within(path, directory));
    if (begin) {
      writes.add(this::sweep);
    }
  }

  /** Returns whether a record is of what is known by another name now. */
  private boolean isMoved(DirectoryRecord record) {
    if (moved.isEmpty()) {
      return false;
    }
    String at = record.path();
    long newest = record.newestMillis();
    while (true) {
      Long since = moved.get(at);
      if (since != null && newest < since) {
        return true;
      }
      if (at.equals("/")) {
        return false;
      }
      at = Names.parent(at);
    }
  }

  private @Nullable DirectoryRecord unmoved(@Nullable DirectoryRecord record) {
    return record == null || isMoved(record) ? null : record;
  }

  /**
   * Removes the records of what is known by another name now: of several at once, if it is late.
   */
  private void sweep() {
    Map<String, Long> all = Map.copyOf(moved);
    long began = background.nanoTime();
    if (!all.isEmpty()) {
      try {
        metadata.removeIf(this::isMoved);
      } catch (IOException | RuntimeException e) {
        disk.failed(e);
      }
      all.forEach(moved::remove);
    }
    boolean again;
    lock.lock();
    try {
      again = !moved.isEmpty() && !closed;
      sweeping = again;
    } finally {
      lock.unlock();
    }
    if (again) {
      long pause = Math.max(1, (background.nanoTime() - began) * PART);
      background.schedule(() -> writes.add(this::sweep), pause, TimeUnit.NANOSECONDS);
    }
  }

  /**
   * Has something learned of a directory written.
   *
   * @param count how many names it is about; 0 for what must not be left out
   */
  private void learn(
      String directory, int count, BooleanSupplier valid, Consumer<PendingNames> what) {
    boolean begin;
    lock.lock();
    try {
      // Asked under the lock: what we delete is taken in after this, or makes this invalid.
      if (closed || !valid.getAsBoolean()) {
        return;
      }
      boolean full = pendingNames + count > MAX_NAMES;
      if (full && count > 0) {
        return;
      }
      PendingNames before = pending.get(directory);
      PendingNames names = before == null ? new PendingNames(directory) : before;
      pendingNames -= before == null ? 0 : before.size();
      if (full) {
        names.forget();
      } else {
        what.accept(names);
      }
      pending.put(directory, names);
      pendingNames += names.size();
      begin = !due;
      due = true;
    } finally {
      lock.unlock();
    }
    if (begin) {
      flushLater();
    }
  }

  private void flushLater() {
    background.schedule(() -> writes.add(() -> flush(false)), PAUSE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /**
   * Writes what waits. One at a time does.
   *
   * @param all also what took long the last time
   */
  private void flush(boolean all) {
    for (PendingNames names : take(all)) {
      try {
        if (!abandoned) {
          write(names);
        }
      } catch (IOException | RuntimeException e) {
        disk.failed(e);
      } finally {
        written(names);
      }
    }
    boolean again;
    lock.lock();
    try {
      again = !pending.isEmpty() && !closed;
      due = again;
    } finally {
      lock.unlock();
    }
    if (again) {
      flushLater();
    }
  }

  private List<PendingNames> take(boolean all) {
    List<PendingNames> taken = new ArrayList<>();
    long now = background.nanoTime();
    lock.lock();
    try {
      slow.values().removeIf(until -> until - now <= 0);
      pending
          .values()
          .removeIf(
              names -> {
                boolean take = all || !slow.containsKey(names.directory());
                if (take) {
                  taken.add(names);
                  writing.put(names.directory(), names);
                }
                return take;
              });
    } finally {
      lock.unlock();
    }
    return taken;
  }

  private void written(PendingNames names) {
    lock.lock();
    try {
      writing.remove(names.directory());
      pendingNames -= names.size();
    } finally {
      lock.unlock();
    }
  }

  private void write(PendingNames names) throws IOException {
    String directory = names.directory();
    long began = background.nanoTime();
    int slot = metadata.slot(directory);
    DirectoryRecord record =
        metadata.update(
            directory, marks.changedMillis(slot), before -> names.apply(unmoved(before)));
    if (record == null) {
      loaded.invalidate(directory);
    } else {
      long mark = metadata.changedMillis(slot);
      loaded.asMap().computeIfPresent(directory, (path, before) -> new Loaded(record, mark));
    }
    long took = background.nanoTime() - began;
    if (took * PART > TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS)) {
      lock.lock();
      try {
        if (slow.size() == MAX_SLOW) {
          slow.clear();
        }
        slow.put(directory, began + took * (PART + 1));
      } finally {
        lock.unlock();
      }
    }
  }

  /** Returns what completes when all that was learned so far is written. */
  CompletableFuture<Boolean> flushed() {
    writes.add(this::sweep);
    writes.add(() -> flush(true));
    return writes.drained();
  }

  /** Takes in nothing more. */
  void close() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
  }

  /** Writes nothing more but the record that is just being written. */
  void abandon() {
    abandoned = true;
    writes.clear();
  }

  /** Has nothing answer that was asked until now. */
  void dropAnswers() {
    floorMillis = background.currentTimeMillis();
    loaded.invalidateAll();
  }

  // ---- what answers

  /** Returns what answers for an object in the place of the server, or null. */
  @Nullable KnownObject answer(String path) {
    String directory = Names.parent(path);
    Loaded found = load(directory, immutable ? Long.MAX_VALUE : MAX_BYTES_FOR_ONE);
    if (found == null) {
      return null;
    }
    KnownObject object = found.record.get(nameOf(path));
    return object != null && isFresh(object.saidMillis(), found, directory) ? object : null;
  }

  /** Returns what answers for all that is in a directory in the place of the server, or null. */
  @Nullable DirectoryRecord answerAll(String directory) {
    Loaded found = listingsAnswer ? load(directory, Long.MAX_VALUE) : null;
    return found != null
            && found.record.isListed()
            && isFresh(found.record.listedMillis(), found, directory)
        ? found.record
        : null;
  }

  /** Returns what answers for where a symbolic link leads, or null. */
  @Nullable String answerTarget(String path) {
    KnownObject object = immutable ? answer(path) : null;
    return object == null ? null : object.target();
  }

  private boolean isFresh(long saidMillis, Loaded from, String directory) {
    long now = background.currentTimeMillis();
    return saidMillis > from.changedMillis
        && saidMillis > changedMillis(directory)
        && (immutable || (saidMillis <= now && now - saidMillis < ttlMillis));
  }

  /** Returns until when what was asked does not answer, as far as this mount knows. */
  private long changedMillis(String directory) {
    return Math.max(marks.changedMillis(metadata.slot(directory)), floorMillis);
  }

  private @Nullable Loaded load(String directory, long maxBytes) {
    if (!immutable
        && background.nanoTime() - beganNanos >= TimeUnit.MILLISECONDS.toNanos(ttlMillis)) {
      return null; // what is younger than this mount is in its memory
    }
    Loaded known = loaded.getIfPresent(directory);
    if (known != null) {
      return known;
    }
    long changedHere = changedMillis(directory);
    long since =
        immutable ? changedHere : Math.max(changedHere, background.currentTimeMillis() - ttlMillis);
    if (!immutable && since > background.currentTimeMillis()) {
      return null;
    }
    Loaded read =
        reading(
            m -> {
              DirectoryRecord record = unmoved(m.read(directory, since, maxBytes));
              return record == null ? null : new Loaded(record, m.changedMillis(m.slot(directory)));
            });
    if (read != null) {
      marks.seen(read.record.newestMillis());
      loaded.put(directory, read);
    }
    return read;
  }

  /** Reads something from disk. */
  @FunctionalInterface
  private interface Reading<T> {
    @Nullable T of(Metadata from) throws IOException;
  }

  /** Waits for what one of the cache's threads reads; null if it fails. */
  private <T> @Nullable T reading(Reading<T> reading) {
    CompletableFuture<@Nullable T> result = new CompletableFuture<>();
    disk.read(
        () -> {
          T read = null;
          try {
            read = reading.of(metadata);
          } catch (IOException | RuntimeException e) {
            disk.failed(e);
          } finally {
            result.complete(read);
          }
        });
    Await.untilDone(result);
    return result.getNow(null);
  }

  // ---- what was last known

  /** Returns what is known of a name, however old it is, or null. Asks no server. */
  @Nullable LastKnown lastKnown(String path) {
    Loaded found = view(Names.parent(path), Long.MAX_VALUE);
    KnownObject object = found == null ? null : found.record.get(nameOf(path));
    return found == null || object == null
        ? null
        : new LastKnown(
            object, ageMillis(object.saidMillis()), object.saidMillis() <= found.changedMillis);
  }

  /**
   * Returns all that is known of what is in a directory, however old it is, or null. Asks no
   * server.
   */
  @Nullable DirectoryRecord lastKnownNames(String directory) {
    Loaded found = view(directory, Long.MAX_VALUE);
    return found == null ? null : found.record;
  }

  /** Returns how long ago something was asked, by the wall clock; 0 or more. */
  long ageMillis(long askedMillis) {
    return Math.max(0, background.currentTimeMillis() - askedMillis);
  }

  /** Returns what is on disk of a directory with what will be. */
  private @Nullable Loaded view(String directory, long maxBytes) {
    PendingNames waiting = new PendingNames(directory);
    lock.lock();
    try {
      for (PendingNames names : Arrays.asList(writing.get(directory), pending.get(directory))) {
        if (names != null) {
          waiting.add(names);
        }
      }
    } finally {
      lock.unlock();
    }
    return reading(
        from -> {
          DirectoryRecord record =
              waiting.apply(unmoved(from.read(directory, Long.MIN_VALUE, maxBytes)));
          if (record.isEmpty() || isMoved(record)) { // or it is just being written
            return null;
          }
          int slot = from.slot(directory);
          return new Loaded(record, Math.max(marks.changedMillis(slot), from.changedMillis(slot)));
        });
  }
}
