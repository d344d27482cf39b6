package dev.netfs.engine;

import dev.netfs.share.OpenIntent;
import java.nio.file.attribute.AclEntry;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a channel opens a file.
 *
 * @param read whether it reads
 * @param write whether it writes
 * @param disposition what to do where the file exists and where it does not
 * @param truncate whether an existing file is cut to size 0; only with {@code write}
 * @param mode the POSIX mode of a file that is created, or -1
 * @param acl the access control list of a file that is created, or null
 * @param sparse whether a file that is created is going to have holes
 * @param durability what a write waits for
 * @param caching how the channel relates to the memory cache
 */
public record OpenMode(
    boolean read,
    boolean write,
    OpenIntent.Disposition disposition,
    boolean truncate,
    int mode,
    @Nullable List<AclEntry> acl,
    boolean sparse,
    Durability durability,
    Caching caching) {

  /** What a write waits for before it returns. */
  public enum Durability {
    /** Nothing: it is written back later. */
    BACK,
    /** The server has the bytes. */
    THROUGH,
    /** The bytes are on the server's stable storage. */
    DATA_SYNC,
    /** The bytes and the attributes are on the server's stable storage. */
    SYNC
  }

  /** How a channel relates to the memory cache. */
  public enum Caching {
    /** As the mount's mode says. */
    CACHED,
    /** Coherent with the cache, nothing kept. */
    UNBUFFERED,
    /** Past the cache; what is touched is dropped. */
    DIRECT,
    /** As {@link #CACHED} while the server's lease allows it, else as {@link #DIRECT}. */
    LEASED
  }

  /** Leaves a new file's access control list to the server, and expects no holes in it. */
  public OpenMode(
      boolean read,
      boolean write,
      OpenIntent.Disposition disposition,
      boolean truncate,
      int mode,
      Durability durability,
      Caching caching) {
    this(read, write, disposition, truncate, mode, null, false, durability, caching);
  }

  public OpenMode {
    Objects.requireNonNull(disposition, "disposition");
    Objects.requireNonNull(durability, "durability");
    Objects.requireNonNull(caching, "caching");
  }

  /** For reading an existing file. */
  public static final OpenMode READ =
      new OpenMode(
          true,
          false,
          OpenIntent.Disposition.OPEN_EXISTING,
          false,
          -1,
          Durability.BACK,
          Caching.CACHED);

  /**
   * Returns what becomes of this mode on a mount with the given options.
   *
   * @param leases whether the share has leases
   */
  OpenMode on(MountOptions options, boolean leases) {
    Caching cached =
        switch (options.cache()) {
          case NONE -> Caching.DIRECT;
          case STRICT -> leases ? Caching.LEASED : Caching.DIRECT;
          default -> Caching.CACHED;
        };
    return new OpenMode(
        read,
        write,
        disposition,
        truncate,
        mode,
        acl,
        sparse,
        durability == Durability.BACK && options.writeThrough() ? Durability.THROUGH : durability,
        caching == Caching.CACHED ? cached : caching);
  }

  /** Returns whether the file is only read, through the cache. */
  boolean onlyReadsCached() {
    return !write && caching == Caching.CACHED;
  }

  OpenIntent intent() {
    return new OpenIntent(read, write, disposition, truncate, mode, acl, sparse, null);
  }
}
