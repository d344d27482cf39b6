package dev.netfs;

import java.nio.file.OpenOption;

/** How one channel relates to the caches, besides {@link java.nio.file.StandardOpenOption}. */
public enum NetfsOpenOption implements OpenOption {
  /**
   * Reads and writes go to the server, past the caches, and drop from them what they touch. What
   * other channels of this mount have written and not yet sent is sent first.
   */
  DIRECT,
  /**
   * Reads are served from the caches where they hold the bytes and leave nothing behind where they
   * do not; writes reach the server before they return.
   */
  UNBUFFERED,
  /** Writes go to the memory cache and reach the server before they return. */
  WRITE_THROUGH
}
