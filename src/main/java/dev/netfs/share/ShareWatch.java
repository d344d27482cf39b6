package dev.netfs.share;

/** A watch on a directory, from {@link Share#watch}. */
public interface ShareWatch {
  /**
   * Ends the watch. No call to its watcher begins once this has returned. A second call does
   * nothing. Does not wait for the server.
   */
  void close();
}
