package dev.netfs.share;

import java.nio.file.attribute.AclEntry;
import java.util.List;

/**
 * Who owns an object, and who may do what with it.
 *
 * @param owner the owner
 * @param entries the entries of its access control list in their order, each of whose principals is
 *     a {@link SharePrincipal}; without those that {@link AclEntry} has no words for
 */
public record ShareAcl(SharePrincipal owner, List<AclEntry> entries) {
  public ShareAcl {
    entries = List.copyOf(entries);
  }
}
