package dev.netfs.share;

/**
 * What a client may keep of a file while it holds a lease on it: a set of three rights, as in
 * [MS-SMB2] 2.2.13.2.8. Immutable.
 *
 * @param read whether content and attributes may be served from a cache: nobody else changes the
 *     file, or locks a byte range of it, before the server has asked for this right back
 * @param write whether changes may be kept back, and ranges locked without the server: nobody else
 *     has the file open
 * @param handle whether the file may be kept open after the program has closed it: nobody else
 *     wants to open it in a way that this would forbid, to delete it, or to rename it
 */
public record LeaseState(boolean read, boolean write, boolean handle) {
  /** No right at all: whoever has it goes to the server for everything. */
  public static final LeaseState NONE = new LeaseState(false, false, false);

  /** The right to cache what is read. */
  public static final LeaseState READ = new LeaseState(true, false, false);

  /** The right to cache what is read, and to keep the file open. */
  public static final LeaseState READ_HANDLE = new LeaseState(true, false, true);

  /** The right to cache what is read and to keep back what is written. */
  public static final LeaseState READ_WRITE = new LeaseState(true, true, false);

  /** All rights. */
  public static final LeaseState ALL = new LeaseState(true, true, true);

  /** Returns whether this has no right. */
  public boolean isNone() {
    return !read && !write && !handle;
  }

  /** Returns the rights that both have. */
  public LeaseState and(LeaseState other) {
    return new LeaseState(read && other.read, write && other.write, handle && other.handle);
  }

  /** As the protocol's documents write it: {@code RWH}, {@code R}, {@code none}. */
  @Override
  public String toString() {
    return isNone() ? "none" : (read ? "R" : "") + (write ? "W" : "") + (handle ? "H" : "");
  }
}
