package dev.netfs;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;

/**
 * A mounted share: a {@link FileSystem}, with what that class has no words for. Every file system
 * that netfs makes is one.
 *
 * <p>Safe for use by several threads.
 */
public abstract class NetfsFileSystem extends FileSystem {
  /** For netfs's own implementation. */
  protected NetfsFileSystem() {}

  /**
   * Returns the URI of the mount's root, without query or password: what it is known by to {@link
   * java.nio.file.FileSystems#getFileSystem}. Of a mount that has a name it is the share's own URI
   * nonetheless; its paths show the name.
   */
  public abstract URI uri();

  /** Returns what the mount has done so far. */
  public abstract NetfsStats stats();

  /**
   * Sends everything written and not yet sent to the server, and waits until it is there.
   *
   * @throws IOException if some of it could not be sent; it stays in memory, to be sent later
   * @throws java.nio.file.ClosedFileSystemException if the file system is closed
   */
  public abstract void sync() throws IOException;

  /**
   * Drops what the caches hold of the server's files and attributes; what was written and not yet
   * sent stays. What is in the cache on disk stays there, and what is on its way there arrives
   * first: this waits for it, for five seconds at most. For tests and for callers that know better
   * than the coherence rules.
   *
   * @throws java.nio.file.ClosedFileSystemException if the file system is closed
   */
  public abstract void dropCaches();
}
