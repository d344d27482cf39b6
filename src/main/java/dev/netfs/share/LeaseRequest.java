package dev.netfs.share;

import java.util.Objects;
import java.util.UUID;

/**
 * The wish for a lease that an open brings along, where {@link ShareCapabilities#leases()}; a share
 * without leases ignores it.
 *
 * @param key names the lease ([MS-SMB2]: the lease key). All opens of one file that share a cache
 *     have the same, on one connection; opens with different keys break each other's leases.
 * @param wanted the rights wished for; the server may grant fewer, or, to a key that holds some
 *     already, more
 * @param holder who hears of what is granted and asked back; the same for the same key
 */
public record LeaseRequest(UUID key, LeaseState wanted, LeaseHolder holder) {
  public LeaseRequest {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(wanted, "wanted");
    Objects.requireNonNull(holder, "holder");
  }
}
