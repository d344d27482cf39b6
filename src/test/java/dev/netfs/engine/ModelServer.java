package dev.netfs.engine;

import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A server that model checks work on, in memory or real, with clients who have a mount and clients
 * who have none. Safe for use by several threads.
 */
interface ModelServer extends AutoCloseable {
  /**
   * Sees what clients do to a file's content. No two changes overlap: each is made between {@link
   * #wrote} or {@link #cut} and the next {@link #settled} of the same client.
   */
  interface Changes {
    /** A write begins, and may be seen from now on. */
    void wrote(String client, String path, long offset, byte[] bytes);

    /** A cut, or an extension, begins, and may be seen from now on. */
    void cut(String client, String path, long size);

    /** The last change of a file has been made: what was there before is seen no more. */
    default void settled(String path) {}
  }

  /** Has somebody see the changes from now on. */
  void observe(Changes changes);

  /**
   * Mounts the server, whatever else its connections come to.
   *
   * @param client what {@link Changes} calls whoever changes something by this mount
   */
  Mount mount(String client, Map<String, ?> options) throws IOException;

  /** Makes a file, or gives it a new content, of which nobody is told. */
  void put(String path, byte[] content) throws IOException;

  /** Changes a part of a file as a client without a mount. */
  void write(String client, String path, long offset, byte[] bytes) throws IOException;

  /** Cuts a file, or extends it, as a client without a mount. */
  void cut(String client, String path, long size) throws IOException;

  /** Returns a copy of a file's content, or null if there is no such file. */
  @Nullable SparseBytes content(String path) throws IOException;

  /** Breaks a connection, if one is up. */
  void breakConnection();

  /** Lets the server behave from now on. */
  void behave();

  /** Ends the connections of clients without a mount; throws what {@link Changes} threw. */
  @Override
  default void close() {}

  /** Returns whether who opens a file under {@code cache=strict} is granted leases. */
  boolean isLeased();
}
