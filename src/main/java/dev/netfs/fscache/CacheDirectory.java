package dev.netfs.fscache;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A cache directory as whoever looks after it sees it: what is in it, whether it is sound, and how
 * to be rid of it. Needs no server, and makes nothing that is not there. Mounts may use the
 * directory meanwhile, in this JVM or in others.
 *
 * <p>Confined to one thread, which blocks for local I/O.
 */
public final class CacheDirectory implements Closeable {
  private final FsCache cache;
  private final List<CachedVolume> opened = new ArrayList<>();

  private CacheDirectory(FsCache cache) {
    this.cache = cache;
  }

  /**
   * Opens a cache directory. To be closed.
   *
   * @throws NoSuchFileException if it is not there
   * @throws NotDirectoryException if it is no directory
   * @throws IOException if it is no cache directory, or cannot be read
   */
  public static CacheDirectory open(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      throw new NoSuchFileException(directory.toString());
    } else if (!Files.isDirectory(directory)) {
      throw new NotDirectoryException(directory.toString());
    } else if (!Files.isDirectory(FsCache.volumes(directory))) {
      throw new FileSystemException(
          directory.toString(),
          null,
          "is not the directory of a cache: what a mount's option 'disk' names has 'volumes' in"
              + " it");
    }
    return new CacheDirectory(FsCache.openThere(directory));
  }

  /**
   * Opens the volumes that there are, in the order of their names. They are closed with this
   * directory.
   *
   * @param key the user's key, which those that are encrypted with another do not open with; null
   *     for none
   */
  public List<CachedVolume> volumes(@Nullable CacheKey key) throws IOException {
    List<CachedVolume> volumes = new ArrayList<>();
    for (Path path : cache.volumeDirectories().stream().sorted().toList()) {
      if (Files.isDirectory(path)) {
        CachedVolume volume = CachedVolume.open(cache, path, key);
        volumes.add(volume);
        opened.add(volume);
      }
    }
    return volumes;
  }

  @Override
  public void close() {
    opened.forEach(CachedVolume::close);
    opened.clear();
    cache.close();
  }

  @Override
  public String toString() {
    return "CacheDirectory[" + cache.directory() + "]";
  }
}
