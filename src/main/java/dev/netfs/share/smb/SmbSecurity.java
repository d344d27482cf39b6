package dev.netfs.share.smb;

import dev.netfs.share.ShareAcl;
import dev.netfs.share.SharePrincipal;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.attribute.AclEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Owners and access control lists: security descriptors in the words of the SPI. */
final class SmbSecurity {
  /** A list of 64 KiB, an owner, and a header. */
  private static final int MOST_BYTES = 66 * 1024;

  private final SmbClient client;
  private final SmbAccounts accounts;

  SmbSecurity(SmbClient client, SmbAccounts accounts) {
    this.client = client;
    this.accounts = accounts;
  }

  /** Returns an object's owner and list. */
  CompletableFuture<ShareAcl> acl(String path) throws IOException {
    return Steps.compose(
        SmbFailures.about(descriptor(path), path),
        descriptor -> {
          Sid owner = descriptor.owner();
          if (owner == null) {
            throw new FileSystemException(path, null, "the server does not tell the owner");
          }
          List<Sid> sids = new ArrayList<>(List.of(owner));
          for (Ace entry : descriptor.entries()) {
            if (entry.who() != null) {
              sids.add(entry.who());
            }
          }
          return Steps.map(
              accounts.principals(sids),
              names -> {
                List<AclEntry> entries = new ArrayList<>();
                for (Ace entry : descriptor.entries()) {
                  if (entry.who() != null) {
                    entries.add(entry.toEntry(Objects.requireNonNull(names.get(entry.who()))));
                  }
                }
                return new ShareAcl(Objects.requireNonNull(names.get(owner)), entries);
              });
        });
  }

  private CompletableFuture<SecurityDescriptor> descriptor(String path) throws IOException {
    SmbClient.Trip trip =
        client.trip(
            Packets.create(client.names().find(path), Smb2.READ_CONTROL, Smb2.OPEN, 0),
            Packets.query(
                Smb2.INFO_SECURITY,
                0,
                SecurityDescriptor.OWNER | SecurityDescriptor.DACL,
                Smb2.RELATED_FILE,
                Math.min(MOST_BYTES, client.maxTransact())));
    return Steps.compose(
        trip.created(),
        created -> Steps.map(trip.worked(), answer -> SecurityDescriptor.parse(answer.output())));
  }

  /** Sets an object's list; what cannot be said in {@link AclEntry}s stays in it. */
  CompletableFuture<Void> setAcl(String path, List<AclEntry> entries) throws IOException {
    List<Ace> wanted = aces(path, entries);
    return Steps.compose(
        SmbFailures.about(descriptor(path), path),
        before ->
            set(path, Smb2.WRITE_DAC, SecurityDescriptor.DACL, before.with(wanted).toBytes()));
  }

  /**
   * Sets an object's owner.
   *
   * @param owner his name, or his security identifier
   */
  CompletableFuture<Void> setOwner(String path, String owner) {
    return Steps.compose(
        accounts.principal(owner, false),
        principal ->
            set(
                path,
                Smb2.WRITE_OWNER,
                SecurityDescriptor.OWNER,
                SecurityDescriptor.ofOwner(sid(path, principal.id()))));
  }

  private CompletableFuture<Void> set(String path, int access, int parts, byte[] descriptor)
      throws IOException {
    SmbClient.Trip trip =
        client.trip(
            Packets.create(client.names().find(path), access, Smb2.OPEN, 0),
            Packets.set(Smb2.INFO_SECURITY, 0, parts, Smb2.RELATED_FILE, descriptor));
    return SmbFailures.about(
        Steps.compose(
            trip.created(),
            created ->
                Steps.compose(trip.worked(), done -> Steps.map(trip.closed(), closed -> null))),
        path);
  }

  /**
   * Returns the create context that makes something with a list.
   *
   * @param entries the list, or null for what the server gives it
   */
  static byte[] context(String path, @Nullable List<AclEntry> entries) throws IOException {
    return entries == null
        ? Packets.NO_CONTEXT
        : Packets.context(
            new byte[] {'S', 'e', 'c', 'D'}, SecurityDescriptor.of(aces(path, entries)).toBytes());
  }

  private static List<Ace> aces(String path, List<AclEntry> entries) throws IOException {
    List<Ace> aces = new ArrayList<>();
    for (AclEntry entry : entries) {
      if (!(entry.principal() instanceof SharePrincipal principal)) {
        throw new IllegalArgumentException(entry.principal() + " is nobody that the server knows");
      }
      try {
        aces.add(Ace.of(entry, sid(path, principal.id())));
      } catch (IllegalArgumentException e) {
        throw new FileSystemException(path, null, e.getMessage());
      }
    }
    return aces;
  }

  private static Sid sid(String path, String id) throws IOException {
    Sid sid = Sid.of(id);
    if (sid == null) {
      throw new FileSystemException(path, null, "'" + id + "' is no security identifier");
    }
    return sid;
  }
}
