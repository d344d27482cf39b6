package dev.netfs.fscache;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link CacheDirectory} holds of one share. Some of it can be said without the key: how
 * many objects there are, what they take, and when they were of use.
 */
public final class CachedVolume {
  private final FsCache cache;
  private final Path path;
  private final @Nullable Volume volume;
  private final @Nullable IOException failure;
  private final boolean encrypted;

  private CachedVolume(
      FsCache cache,
      Path path,
      @Nullable Volume volume,
      @Nullable IOException failure,
      boolean encrypted) {
    this.cache = cache;
    this.path = path;
    this.volume = volume;
    this.failure = failure;
    this.encrypted = encrypted;
  }

  /**
   * A file of what is kept: of an object's content, or of what is known of a directory's names.
   *
   * @param path where it is
   * @param storedBytes how much is stored in it, more or less
   * @param lastUsed when it was last of use, to the minute
   */
  public record StoredFile(Path path, long storedBytes, FileTime lastUsed) {}

  /**
   * Bytes that were written and may not have reached the server.
   *
   * @param start the first one
   * @param end the byte after the last one
   */
  public record DirtyRange(long start, long end) {}

  /** What came of evicting an object. */
  public enum Eviction {
    /** It is gone. */
    EVICTED,
    /** It stays, since a JVM has it open. */
    IN_USE,
    /** It was gone before. */
    NOT_THERE
  }

  static CachedVolume open(FsCache cache, Path path, @Nullable CacheKey key) throws IOException {
    boolean encrypted = VolumeFiles.encrypted(path);
    try {
      return new CachedVolume(cache, path, cache.volumeThere(path, key), null, encrypted);
    } catch (WrongKeyException | NoSuchFileException e) {
      return new CachedVolume(cache, path, null, e, encrypted);
    }
  }

  /** Returns the name of its directory, a hash. */
  public String name() {
    return Objects.toString(path.getFileName());
  }

  /** Returns what identifies the share; null if the volume cannot be opened. */
  public @Nullable String identity() {
    return volume == null ? null : volume.identity();
  }

  /** Returns whether it is encrypted, as far as its header can be read. */
  public boolean isEncrypted() {
    return encrypted;
  }

  /**
   * Returns why the volume cannot be opened: a {@link WrongKeyException}, or another exception if
   * its header is damaged; null if it is open.
   */
  public @Nullable IOException failure() {
    return failure;
  }

  /** Returns the objects' files. Needs no key. */
  public List<StoredFile> files() throws IOException {
    return stored(FsCache.objectFiles(path));
  }

  /** Returns the files of the directories' records. Needs no key. */
  public List<StoredFile> recordFiles() throws IOException {
    return stored(Metadata.recordFiles(path));
  }

  private List<StoredFile> stored(List<Path> paths) throws IOException {
    List<StoredFile> files = new ArrayList<>();
    for (Path file : paths) {
      try {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        long bytes = cache.culler().bytes(file, attributes.size());
        files.add(new StoredFile(file, bytes, attributes.lastModifiedTime()));
      } catch (NoSuchFileException e) {
        // It has been culled or replaced.
      }
    }
    return files;
  }

  /** Returns how many logs there are of what may not have reached the server. Needs no key. */
  public int dirtyLogs() throws IOException {
    return DirtyLogs.files(path).size();
  }

  /**
   * Opens an object's file. That does not count as a use of the object. To be closed.
   *
   * @return null if it is gone, or does not prove itself, as {@link #isThere} tells
   */
  public @Nullable Cookie open(StoredFile file) throws IOException {
    return opened().open(file.path());
  }

  /**
   * Opens what is known of a directory's names. That does not count as a use of it.
   *
   * @return null if it is gone, or does not prove itself, as {@link #isThere} tells
   */
  public @Nullable DirectoryRecord openRecord(StoredFile file) throws IOException {
    return opened().metadata().look(file.path());
  }

  /**
   * Returns how many of the times up to when directories were changed do not prove themselves: what
   * was asked before does not answer for these directories, however young it is.
   */
  public int damagedMarks() throws IOException {
    return opened().metadata().damagedMarks();
  }

  /** Returns whether a file is still there. */
  public boolean isThere(StoredFile file) {
    return Files.exists(file.path());
  }

  /** Returns what was written and may not have reached the server, by path; ranges may overlap. */
  public Map<String, List<DirtyRange>> dirty() throws IOException {
    Map<String, List<DirtyRange>> dirty = new TreeMap<>();
    for (DirtyLog log : opened().dirtyLogs().look()) {
      if (!log.isEmpty()) {
        List<DirtyRange> ranges = dirty.computeIfAbsent(log.path(), p -> new ArrayList<>());
        log.forEachRange((start, end) -> ranges.add(new DirtyRange(start, end)));
      }
    }
    return dirty;
  }

  /**
   * Returns the paths of what was written where some of that is lost; empty paths where the path is
   * lost, too.
   */
  public List<String> damagedLogs() throws IOException {
    return opened().dirtyLogs().look().stream()
        .filter(DirtyLog::isDamaged)
        .map(DirtyLog::path)
        .toList();
  }

  /** Removes an object, unless some JVM has it open. */
  public Eviction evict(StoredFile file) throws IOException {
    if (cache.culler().cull(file.path())) {
      cache.allocated(-file.storedBytes());
      return Eviction.EVICTED;
    }
    return isThere(file) ? Eviction.IN_USE : Eviction.NOT_THERE;
  }

  /**
   * Removes what is known of some paths, whoever uses it: a mount asks its server again, if it does
   * not know better itself.
   *
   * @param file a directory's record
   * @param unwanted tells which; null for all, and for a record that does not prove itself
   * @return whether anything was known of them
   */
  public boolean forget(StoredFile file, @Nullable Predicate<String> unwanted) throws IOException {
    if (unwanted != null) {
      return opened().metadata().forget(file.path(), unwanted);
    }
    boolean wasThere = isThere(file);
    opened().metadata().remove(file.path());
    return wasThere;
  }

  /**
   * Wraps the data key with another key of the user's; what is stored stays as it is, and JVMs that
   * have the volume open go on. Interrupted at any moment it leaves the volume to either key, and
   * can be done again.
   *
   * @return false if it had the new key already, and not the old one
   * @throws WrongKeyException if it has neither
   * @throws IOException if the header is damaged, or cannot be written
   */
  public boolean rekey(CacheKey from, CacheKey to) throws IOException {
    try {
      VolumeFiles.rekey(path, from, to);
      return true;
    } catch (WrongKeyException e) {
      try {
        VolumeFiles.read(path, to);
        return false;
      } catch (WrongKeyException neither) {
        throw e;
      }
    }
  }

  private Volume opened() throws IOException {
    if (volume == null) {
      throw Objects.requireNonNull(failure);
    }
    return volume;
  }

  void close() {
    if (volume != null) {
      volume.close();
    }
  }

  @Override
  public String toString() {
    return "CachedVolume[" + name() + "]";
  }
}
