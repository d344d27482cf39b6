package dev.netfs.engine;

import dev.netfs.share.OpenIntent.Disposition;

/** Ways in which tests open files, beside {@link OpenMode#READ}. */
final class OpenModes {
  /** To read and write an existing file. */
  static final OpenMode UPDATE = mode(Disposition.OPEN_EXISTING, OpenMode.Caching.CACHED);

  /** To read and write a file that is made if it is not there. */
  static final OpenMode CREATE = mode(Disposition.OPEN_OR_CREATE, OpenMode.Caching.CACHED);

  /** To read and write an existing file past the cache. */
  static final OpenMode DIRECT = mode(Disposition.OPEN_EXISTING, OpenMode.Caching.DIRECT);

  private OpenModes() {}

  private static OpenMode mode(Disposition disposition, OpenMode.Caching caching) {
    return new OpenMode(true, true, disposition, false, -1, OpenMode.Durability.BACK, caching);
  }
}
