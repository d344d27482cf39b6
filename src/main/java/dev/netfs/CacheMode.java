package dev.netfs;

import java.util.Locale;

/** What a mount may serve from its caches: the option {@code cache}. */
public enum CacheMode {
  /**
   * An open asks the server whether the file has changed; a close and a {@code force} send what was
   * written. A reader that opens a file after a writer elsewhere has closed it sees all of it.
   */
  CLOSE_TO_OPEN,
  /** Nothing is cached but under a lease of the server's: without one, exact bytes to and fro. */
  STRICT,
  /** Cached attributes and content are trusted for {@code attrTtl} without asking. */
  LOOSE,
  /**
   * The share never changes: attributes, listings and content that are in memory are never asked
   * for again, whatever {@code attrTtl} says, and writing is refused. Only what is not there, and
   * what a symbolic link leads to, is asked each time.
   */
  IMMUTABLE,
  /** Nothing is cached. */
  NONE;

  /** Returns the option's value: {@code close-to-open}, {@code strict}... */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Returns the mode with the given option value.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static CacheMode of(String value) {
    return valueOf(value.toUpperCase(Locale.ROOT).replace('-', '_'));
  }
}
