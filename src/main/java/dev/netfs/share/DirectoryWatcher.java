package dev.netfs.share;

/**
 * Hears of what happens in one directory, from {@link Share#watch}: in the order in which it
 * happened, one call at a time, on a thread of the transport's. No call blocks.
 *
 * <p>Whoever made a change, this client included, it is told. The same change may be told more than
 * once, and changes of one entry that follow one another may be told as one.
 */
public interface DirectoryWatcher {
  /** What has happened to an entry. */
  enum Kind {
    /** It was made, or was given this name. */
    CREATED,
    /** Its content or its attributes have changed. */
    MODIFIED,
    /** It was deleted, or has another name now. */
    DELETED
  }

  /**
   * Something has happened to an entry of the directory's own: what is further below does not
   * count.
   *
   * @param name the entry's name
   */
  void changed(Kind kind, String name);

  /** More has happened than the server could tell: anything may have changed. */
  void overflowed();

  /**
   * Nothing more will be told: the connection or the directory has gone, or the watch had to make
   * way. Not called after {@link ShareWatch#close}.
   */
  void ended();
}
