package dev.netfs.nio;

import dev.netfs.engine.Mount;
import java.nio.file.FileSystem;

/** For tests elsewhere that look behind a file system. */
public final class Mounts {
  private Mounts() {}

  /** Returns the mount of a file system of ours. */
  public static Mount of(FileSystem fileSystem) {
    return ((MountedFileSystem) fileSystem).mount();
  }
}
