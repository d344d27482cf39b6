package dev.netfs.fscache;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The {@link DirtyLog}s of a volume: a directory of files, each named at random. */
final class DirtyLogs {
  private final Volume volume;
  private final Path directory;

  /**
   * The files that this JVM has open. They must not be opened a second time: where the kernel's
   * locks belong to processes, closing one channel gives back the locks of all.
   */
  private final Set<Path> open = ConcurrentHashMap.newKeySet();

  /** The logs of those files that are usable. */
  private final Map<Path, DirtyLog> logs = new ConcurrentHashMap<>();

  /** Held while a file is opened that is there already, so that no two of a JVM do. */
  private final ReentrantLock opening = new ReentrantLock();

  DirtyLogs(Volume volume, Path directory) {
    this.volume = volume;
    this.directory = directory;
  }

  DirtyLog create(String path, CoherencyData base) throws IOException {
    volume.restoreDirectory();
    boolean first = !Files.isDirectory(directory);
    OwnerOnly.createDirectories(directory);
    String name = UUID.randomUUID().toString();
    Path file = directory.resolve(name);
    Path unnamed = directory.resolve(FsCache.UNNAMED + name);
    open.add(file);
    RandomAccessFile content = null;
    DirtyLog log = null;
    try {
      OwnerOnly.open(unnamed, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE).close();
      content = new RandomAccessFile(unnamed.toFile(), "rw");
      log = DirtyLog.create(volume, file, content, path, base);
      if (log == null) {
        throw new IOException("no lock can be had on " + unnamed);
      }
      Files.move(unnamed, file, StandardCopyOption.ATOMIC_MOVE);
      force(directory);
      if (first) {
        force(volume.directory());
      }
      logs.put(file, log);
      return log;
    } catch (IOException | RuntimeException e) {
      if (log != null) {
        log.close();
      } else if (content != null) {
        content.close();
      }
      open.remove(file);
      Files.deleteIfExists(unnamed);
      throw e;
    }
  }

  /** Has the names in a directory on stable storage, where the system can do that. */
  private static void force(Path directory) {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows opens no directories, and needs none of this.
    }
  }

  List<DirtyLog> takeOver() throws IOException {
    List<DirtyLog> taken = new ArrayList<>();
    for (Path file : FsCache.list(directory)) {
      if (FsCache.isUnnamed(file)) {
        Culler.removeIfLeft(file);
        continue;
      }
      opening.lock();
      try {
        if (open.add(file)) {
          DirtyLog log = takeOver(file);
          if (log == null) {
            open.remove(file);
          } else {
            logs.put(file, log);
            taken.add(log);
          }
        }
      } finally {
        opening.unlock();
      }
    }
    return taken;
  }

  /**
   * Returns what the logs say at the moment, whosever they are. It is not to be closed, and knows
   * paths and ranges, not contents.
   */
  List<DirtyLog> look() throws IOException {
    List<DirtyLog> found = new ArrayList<>();
    for (Path file : files(volume.directory())) {
      DirtyLog log = look(file);
      if (log != null) {
        found.add(log);
      }
    }
    return found;
  }

  private @Nullable DirtyLog look(Path file) throws IOException {
    opening.lock();
    try {
      DirtyLog ours = logs.get(file);
      if (ours != null) {
        return ours.look();
      } else if (open.contains(file)) {
        return null; // it is being made, and nothing of it is acknowledged
      }
      try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "r")) {
        return DirtyLog.look(volume, file, content);
      }
    } catch (FileNotFoundException e) {
      return null; // all of it has been sent
    } finally {
      opening.unlock();
    }
  }

  /** Returns where a volume's logs are. */
  static Path directory(Path volume) {
    return volume.resolve("dirty");
  }

  /** Returns the files of a volume's logs. */
  static List<Path> files(Path volume) throws IOException {
    return FsCache.list(directory(volume)).stream()
        .filter(file -> !FsCache.isUnnamed(file))
        .toList();
  }

  private @Nullable DirtyLog takeOver(Path file) throws IOException {
    if (!Files.exists(file)) {
      return null; // and must not be made
    }
    RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw");
    DirtyLog log = null;
    try {
      log = DirtyLog.takeOver(volume, file, content);
    } catch (IOException e) {
      volume.cache().failed(e);
    } finally {
      if (log == null) {
        content.close();
      }
    }
    return log;
  }

  void closed(Path file) {
    logs.remove(file);
    open.remove(file);
  }
}
