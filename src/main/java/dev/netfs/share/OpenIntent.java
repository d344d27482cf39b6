package dev.netfs.share;

import java.nio.file.attribute.AclEntry;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a file is to be opened.
 *
 * @param read whether it will be read
 * @param write whether it will be written
 * @param disposition what to do where it exists and where it does not
 * @param truncate whether an existing file is cut to size 0; only with {@code write}
 * @param mode the POSIX mode for a file that is created, or -1 for the server's default
 * @param acl the access control list for a file that is created, where {@link
 *     ShareCapabilities#attributeViews()} has {@code acl}, or null for the server's default
 * @param sparse whether a file that is created is going to have holes, for shares to which that
 *     makes a difference; a hint
 * @param lease the lease to ask for, where the share has leases; or null
 */
public record OpenIntent(
    boolean read,
    boolean write,
    Disposition disposition,
    boolean truncate,
    int mode,
    @Nullable List<AclEntry> acl,
    boolean sparse,
    @Nullable LeaseRequest lease) {

  /** What to do where the file exists and where it does not. */
  public enum Disposition {
    /** It must exist. */
    OPEN_EXISTING,
    /** It is created, empty, if it does not exist; the check and the creation are atomic. */
    OPEN_OR_CREATE,
    /** It must not exist and is created, empty; the check and the creation are atomic. */
    CREATE_NEW
  }

  /** For reading an existing file. */
  public static final OpenIntent READ =
      new OpenIntent(true, false, Disposition.OPEN_EXISTING, false, -1);

  public OpenIntent {
    Objects.requireNonNull(disposition, "disposition");
    if (!read && !write) {
      throw new IllegalArgumentException("an open must be for reading, for writing or for both");
    }
    if (!write && (truncate || disposition != Disposition.OPEN_EXISTING)) {
      throw new IllegalArgumentException("creating and truncating need write access");
    }
  }

  /** Asks for no lease, and has the server choose the access control list. */
  public OpenIntent(
      boolean read, boolean write, Disposition disposition, boolean truncate, int mode) {
    this(read, write, disposition, truncate, mode, null, false, null);
  }

  /** The same access to a file that exists by now: neither creates nor truncates. */
  public OpenIntent reopening() {
    return new OpenIntent(read, write, Disposition.OPEN_EXISTING, false, -1, null, false, lease);
  }

  /** The same open, asking for another lease, or, with null, for none. */
  public OpenIntent withLease(@Nullable LeaseRequest request) {
    return new OpenIntent(read, write, disposition, truncate, mode, acl, sparse, request);
  }
}
