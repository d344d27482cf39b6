package dev.netfs.fscache;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A cache directory. The directory is the index; there is no database, and nothing to repair:
 *
 * <pre>
 * CACHEDIR.TAG                      has backup programs leave it out
 * volumes/HASH/volume, volume.bak   {@link VolumeHeader}, twice
 * volumes/HASH/lock                 bytes to lock
 * volumes/HASH/objects/XX/NAME      {@link CookieHeader} and {@link Slots}
 * volumes/HASH/objects/XX/new-UUID  a file that has no name yet, or never got one
 * volumes/HASH/meta/XX/NAME         {@link DirectoryRecord}; also with new-UUID beside it
 * volumes/HASH/meta/changed         {@link ChangeMarks}
 * </pre>
 *
 * <p>In this JVM there is one for each directory, however many mounts use it; other JVMs have their
 * own. Opening one looks at no object: that does {@link #maintain}, in the background.
 *
 * <p>Safe for use by several threads.
 */
public final class FsCache implements Closeable {
  private static final System.Logger LOG = System.getLogger("dev.netfs.fscache");
  private static final long SPACE_CHECK_NANOS = 250_000_000L;
  private static final long PAUSE_NANOS = 10_000_000_000L;
  private static final String TAG =
      "Signature: 8a477f597d28d172789f06886806bc55\n"
          + "# This directory is a cache of netfs; see https://bford.info/cachedir/\n";

  /** What the names of files begin with that have no name yet. */
  static final String UNNAMED = "new-";

  private static final ReentrantLock REGISTRY_LOCK = new ReentrantLock();
  private static final Map<Path, FsCache> REGISTRY = new HashMap<>(); // guarded by REGISTRY_LOCK

  private final Path directory;
  private final Path volumesDirectory;
  private final Map<String, Volume> volumes = new HashMap<>(); // guarded by REGISTRY_LOCK
  private int uses; // guarded by REGISTRY_LOCK
  private volatile CacheLimits limits;
  private final Culler culler;

  /** What the objects take, as far as is known: what the last scan found and was written since. */
  private final AtomicLong usage = new AtomicLong();

  private final AtomicLong failures = new AtomicLong();
  private final AtomicLong refuted = new AtomicLong();
  private volatile long spaceCheckedNanos = System.nanoTime() - SPACE_CHECK_NANOS;
  private volatile boolean spaceLeft = true;
  private volatile long pausedUntilNanos;
  private volatile boolean paused;
  private volatile boolean warnedOfFailure;
  private volatile boolean warnedOfRefuted;
  private volatile boolean warnedOfUnreadable;

  private FsCache(Path directory, CacheLimits limits) {
    this.directory = directory;
    this.volumesDirectory = volumes(directory);
    this.limits = limits;
    this.culler = new Culler(this);
  }

  /**
   * Opens a cache directory, which is made if it is not there. To be closed.
   *
   * @param limits hold for the whole directory: the ones given last
   * @throws IOException if it is not there and cannot be made
   */
  public static FsCache open(Path directory, CacheLimits limits) throws IOException {
    OwnerOnly.createDirectories(directory);
    Path real = directory.toRealPath();
    REGISTRY_LOCK.lock();
    try {
      FsCache cache = REGISTRY.get(real);
      if (cache == null) {
        cache = new FsCache(real, limits);
        REGISTRY.put(real, cache);
      }
      cache.limits = limits;
      cache.uses++;
      return cache;
    } finally {
      REGISTRY_LOCK.unlock();
    }
  }

  /**
   * Opens a cache directory to look at it and to remove things; the limits that hold for it stay.
   * To be closed.
   */
  static FsCache openThere(Path directory) throws IOException {
    Path real = directory.toRealPath();
    REGISTRY_LOCK.lock();
    try {
      FsCache cache =
          REGISTRY.computeIfAbsent(
              real, path -> new FsCache(path, CacheLimits.of(Long.MAX_VALUE / 2)));
      cache.uses++;
      return cache;
    } finally {
      REGISTRY_LOCK.unlock();
    }
  }

  /** Returns where a cache directory has its volumes. */
  static Path volumes(Path directory) {
    return directory.resolve("volumes");
  }

  /** Returns the directory's real path. */
  public Path directory() {
    return directory;
  }

  Culler culler() {
    return culler;
  }

  CacheLimits limits() {
    return limits;
  }

  /**
   * Opens the volume of a share, which is made if it is not there. To be closed.
   *
   * @param identity what identifies the share and who uses it, such as the mount's root
   * @param key the user's key; null for a volume that is not encrypted, which is another one
   * @param granule the size of new objects' granules: a power of two from 4 KiB to 16 MiB
   * @param codec how what is written is compressed
   * @throws WrongKeyException if the volume is encrypted with another key; nothing is changed
   * @throws IOException if it can be neither read nor made
   */
  public Volume volume(String identity, @Nullable CacheKey key, int granule, Codec codec)
      throws IOException {
    if (granule < Slots.MIN_GRANULE
        || granule > Slots.MAX_GRANULE
        || Integer.bitCount(granule) != 1) {
      throw new IllegalArgumentException("granule " + granule);
    }
    Path path = volumesDirectory.resolve(Volume.directoryName(identity, key != null));
    VolumeHeader header = VolumeFiles.readOrCreate(path, identity, key);
    writeTag();
    return register(path, header, granule, codec);
  }

  /**
   * Opens a volume that is there. To be closed.
   *
   * @throws WrongKeyException if it is encrypted with another key
   * @throws NoSuchFileException if there is no header that is whole
   */
  Volume volumeThere(Path path, @Nullable CacheKey key) throws IOException {
    VolumeHeader header = VolumeFiles.read(path, key);
    if (header == null) {
      throw new NoSuchFileException(path.toString(), null, "its header is missing or damaged");
    }
    return register(path, header, 0, Codec.NONE);
  }

  /**
   * Begins a use of a volume.
   *
   * @param granule the size of new objects' granules; 0 if none will be made
   */
  private Volume register(Path path, VolumeHeader header, int granule, Codec codec)
      throws IOException {
    String name = Objects.toString(path.getFileName());
    REGISTRY_LOCK.lock();
    try {
      Volume volume = volumes.get(name);
      if (volume == null || !volume.header().equals(header)) {
        volume = new Volume(this, path, header, VolumeFiles.bytes(path, header.id()));
        volumes.put(name, volume);
      }
      volume.opened(granule, codec);
      return volume;
    } finally {
      REGISTRY_LOCK.unlock();
    }
  }

  private void writeTag() {
    Path tag = directory.resolve("CACHEDIR.TAG");
    if (!Files.exists(tag)) {
      try {
        OwnerOnly.write(
            tag, TAG.getBytes(StandardCharsets.US_ASCII), StandardOpenOption.CREATE_NEW);
      } catch (IOException e) {
        // Somebody else has made it, or nobody can.
      }
    }
  }

  /** Lets go of a volume that nobody uses any more. */
  void closed(Volume volume) {
    REGISTRY_LOCK.lock();
    try {
      if (volume.endUse()) {
        volumes.values().remove(volume);
        volume.lockFile().close();
      }
    } finally {
      REGISTRY_LOCK.unlock();
    }
  }

  /** Returns the volumes that are open in this JVM. */
  List<Volume> openVolumes() {
    REGISTRY_LOCK.lock();
    try {
      return new ArrayList<>(volumes.values());
    } finally {
      REGISTRY_LOCK.unlock();
    }
  }

  /**
   * Does what is to be done in the background, and what may take long: counts what there is, culls
   * what has not been of use for longest where there is too much of it, and removes what crashed
   * JVMs have left. Blocks. To be called every few seconds: most of the time it does nothing.
   */
  public void maintain() {
    try {
      for (Volume volume : openVolumes()) {
        volume.checkDirectory();
      }
      culler.run();
    } catch (IOException e) {
      failed(e);
    }
  }

  /** Returns whether so many bytes may be allocated (C6). */
  boolean mayAllocate(int bytes) {
    long now = System.nanoTime();
    if (paused) {
      if (now - pausedUntilNanos < 0) {
        return false;
      }
      paused = false;
    }
    long hard = limits.size() + limits.size() / 20; // culling needs a moment
    return hasSpace() && usage.get() + bytes <= Math.max(hard, limits.size());
  }

  /** Returns whether as much of the file system is free as has to be for anything to be written. */
  boolean hasSpace() {
    long now = System.nanoTime();
    if (now - spaceCheckedNanos >= SPACE_CHECK_NANOS) {
      spaceCheckedNanos = now;
      spaceLeft = freePercent() >= limits.stop();
    }
    return spaceLeft;
  }

  /** Returns how much of the file system is free, in percent; 100 where nobody can say. */
  double freePercent() {
    try {
      FileStore store = Files.getFileStore(directory);
      long total = store.getTotalSpace();
      return total <= 0 ? 100 : 100.0 * store.getUsableSpace() / total;
    } catch (IOException e) {
      return 100;
    }
  }

  /** Returns the size of the file system in bytes, 0 where nobody can say. */
  long totalSpace() {
    try {
      return Files.getFileStore(directory).getTotalSpace();
    } catch (IOException e) {
      return 0;
    }
  }

  void allocated(long bytes) {
    usage.addAndGet(bytes);
  }

  void counted(long bytes) {
    usage.set(bytes);
  }

  /** Returns how many bytes the cache's objects take, as far as is known. */
  public long usage() {
    return Math.max(0, usage.get());
  }

  /** Returns how often local I/O has failed. */
  public long failures() {
    return failures.get();
  }

  /** Returns how many slots and records did not prove themselves (C7). */
  public long refutedSlots() {
    return refuted.get();
  }

  /**
   * Takes in that local I/O failed, as when the disk is full or the directory is gone: nothing is
   * written for a while. The first time is logged.
   */
  public void failed(IOException failure) {
    failures.incrementAndGet();
    if (!(failure instanceof NoSuchFileException) || !Files.isDirectory(volumesDirectory)) {
      pausedUntilNanos = System.nanoTime() + PAUSE_NANOS;
      paused = true;
    }
    if (!warnedOfFailure) {
      warnedOfFailure = true;
      LOG.log(
          System.Logger.Level.WARNING,
          "the disk cache in "
              + directory
              + " cannot be used as it should, and mounts go on without it: "
              + failure);
    }
  }

  /** Takes in that a directory is there again that was deleted. */
  void restored() {
    writeTag();
    culler.countAnew();
    paused = false;
  }

  /** Takes in that a slot did not prove itself. The first time is logged. */
  void refuted(Path volume, String path, long granule) {
    refuted(volume, "granule " + granule + " of " + path);
  }

  /** Takes in that something did not prove itself. The first time is logged. */
  void refuted(Path volume, String what) {
    refuted.incrementAndGet();
    if (!warnedOfRefuted) {
      warnedOfRefuted = true;
      LOG.log(
          System.Logger.Level.WARNING,
          "in the disk cache " + volume + " " + what + " is damaged; it is fetched again");
    }
  }

  /** Takes in that a slot needs a library that is missing. The first time is logged. */
  void unreadable() {
    if (!warnedOfUnreadable) {
      warnedOfUnreadable = true;
      LOG.log(
          System.Logger.Level.WARNING,
          "in the disk cache "
              + directory
              + " is what was compressed with Zstandard, and cannot be opened without "
              + Codec.ZSTD_LIBRARY
              + " on the class path; it is fetched again");
    }
  }

  /** Returns the directories of the volumes that there are, whosever they are. */
  List<Path> volumeDirectories() throws IOException {
    return list(volumesDirectory);
  }

  /**
   * Does something with an object's file, of whichever volume, while nobody in this JVM opens it.
   */
  <T> @Nullable T alone(Path file, Volume.FileAction<T> action) throws IOException {
    for (Volume volume : openVolumes()) {
      if (file.startsWith(volume.directory())) {
        return volume.alone(file, action);
      }
    }
    return action.apply(null);
  }

  /** Returns the files of a volume's objects, those without a name among them. */
  static List<Path> files(Path volume) throws IOException {
    List<Path> all = new ArrayList<>();
    for (Path fan : list(volume.resolve("objects"))) {
      all.addAll(list(fan));
    }
    return all;
  }

  /** Returns the files of a volume's objects. */
  static List<Path> objectFiles(Path volume) throws IOException {
    return files(volume).stream().filter(file -> !isUnnamed(file)).toList();
  }

  /** Returns whether a file has no name yet, or never got one. */
  static boolean isUnnamed(Path file) {
    return file.getFileName().toString().startsWith(UNNAMED);
  }

  /** Returns what a directory holds; nothing if it is not there. */
  static List<Path> list(Path directory) throws IOException {
    List<Path> all = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
        stream.forEach(all::add);
      }
    }
    return all;
  }

  /** Ends a use. Volumes are closed by those who opened them. */
  @Override
  public void close() {
    REGISTRY_LOCK.lock();
    try {
      if (--uses == 0) {
        REGISTRY.remove(directory, this);
      }
    } finally {
      REGISTRY_LOCK.unlock();
    }
  }

  @Override
  public String toString() {
    return "FsCache[" + directory + "]";
  }
}
