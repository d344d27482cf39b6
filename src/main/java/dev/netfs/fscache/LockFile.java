package dev.netfs.fscache;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The file of a volume whose bytes JVMs lock, see {@link FileRegionLock}. It is opened when it is
 * needed, and once in this JVM: where the kernel's locks belong to processes, closing one channel
 * gives back the locks of all. Safe for use by several threads.
 */
final class LockFile {
  private final Path directory;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable FileChannel channel; // guarded by lock

  /** Makes the file of a volume with a directory, and does not open it. */
  LockFile(Path directory) {
    this.directory = directory;
  }

  /** Returns the open file, which is not the caller's to close. */
  FileChannel channel() throws IOException {
    lock.lock();
    try {
      FileChannel open = channel;
      if (open == null || !open.isOpen()) {
        open =
            OwnerOnly.open(
                VolumeFiles.lockFile(directory),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        channel = open;
      }
      return open;
    } finally {
      lock.unlock();
    }
  }

  /** Lets go of the file; it is opened again when needed. */
  void close() {
    lock.lock();
    try {
      FileChannel open = channel;
      channel = null;
      if (open != null) {
        open.close();
      }
    } catch (IOException e) {
      // Nothing was written to it.
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String toString() {
    return "LockFile[" + directory + "]";
  }
}
