package dev.netfs.share.smb;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.DirectoryWatcher;
import dev.netfs.share.FileInfo;
import dev.netfs.share.LeaseRequest;
import dev.netfs.share.LeaseState;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.Share;
import dev.netfs.share.ShareAcl;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareFile;
import dev.netfs.share.SharePrincipal;
import dev.netfs.share.ShareWatch;
import dev.netfs.share.SpaceInfo;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.attribute.AclEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A directory tree of an SMB server, over one connection.
 *
 * <p>Nearly every operation is one round trip: requests that belong together (open, ask, close) go
 * out as one, and the server passes the file on from one to the next.
 */
final class SmbShare implements Share {
  private final SmbClient client;
  private final ShareCapabilities capabilities;
  private final OpenNames openNames = new OpenNames();
  private final SmbWatches watches;
  private final SmbChanges changes;
  private final SmbAccounts accounts;
  private final SmbSecurity security;

  SmbShare(SmbClient client, SmbPipes pipes) {
    this.client = client;
    this.accounts = new SmbAccounts(pipes);
    this.security = new SmbSecurity(client, accounts);
    this.capabilities = client.capabilities();
    this.watches = new SmbWatches(client);
    this.changes = new SmbChanges(client, openNames, watches);
  }

  @Override
  public ShareCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public boolean isConnected() {
    return client.connection().isConnected();
  }

  /** Returns whether it is on a server, whatever the share. */
  boolean isOf(SmbTarget target) {
    return client.connection().server().equals(target.server());
  }

  /** Returns the number that the server gave the session. */
  long sessionId() {
    return client.connection().sessionId;
  }

  @Override
  public CompletionStage<ShareFile> open(String path, OpenIntent intent) {
    LeaseRequest wish = intent.lease();
    CompletableFuture<ShareFile> opened = with(() -> openFile(path, intent));
    return wish == null
        ? opened
        : Steps.recover(
            opened,
            failure -> {
              if (failure.getCause() instanceof SmbStatus refused
                  && refused.status() == NtStatus.INVALID_PARAMETER) {
                // The key is that of another file, which is open here and has lost this name.
                wish.holder().granted(LeaseState.NONE);
                return openFile(path, intent.withLease(null));
              }
              return CompletableFuture.failedFuture(failure);
            });
  }

  private CompletableFuture<ShareFile> openFile(String path, OpenIntent intent) throws IOException {
    boolean existing = intent.disposition() == Disposition.OPEN_EXISTING;
    String serverPath = existing ? client.names().find(path) : client.names().make(path);
    int access = Smb2.FILE_READ_ATTRIBUTES;
    if (intent.read()) {
      access |= Smb2.FILE_READ_DATA;
    }
    if (intent.write()) {
      access |= Smb2.FILE_WRITE_DATA | Smb2.FILE_APPEND_DATA;
    }
    int disposition =
        switch (intent.disposition()) {
          case OPEN_EXISTING -> Smb2.OPEN;
          case OPEN_OR_CREATE -> Smb2.OPEN_IF;
          case CREATE_NEW -> Smb2.CREATE_NEW;
        };
    byte[] acl = SmbSecurity.context(path, intent.acl());
    LeaseRequest wish = intent.lease();
    SmbLeases leases = client.leases();
    SmbLeases.Lease lease = wish == null || leases == null ? null : leases.open(wish);
    Request create =
        Packets.create(
            serverPath,
            access,
            disposition,
            Smb2.NON_DIRECTORY_FILE,
            lease == null || wish == null ? Packets.NO_CONTEXT : lease.context(wish.wanted()),
            acl);
    Request query = Packets.queryAll(Smb2.RELATED_FILE);
    CompletableFuture<Response> answered = create.answer;
    if (lease != null) {
      // Before it is sent, so that the receiving thread does it, and before the next message.
      answered =
          Steps.map(
              create.answer,
              created -> {
                lease.opened(created);
                return created;
              });
    }
    CompletableFuture<Response> cut = answered;
    List<Request> chain = new ArrayList<>(List.of(create));
    if (intent.truncate()) {
      // Not by the disposition: that would take a file's attributes away, or fail for them.
      Request empty =
          Packets.set(Smb2.FILE_END_OF_FILE_INFORMATION, Smb2.RELATED_FILE, new byte[8]);
      chain.add(empty);
      cut = empty.answer;
    }
    chain.add(query);
    if (intent.sparse()) {
      chain.add(Packets.setSparse(Smb2.RELATED_FILE)); // a hint: whether it is taken or not
    }
    client.sendRelated(chain.toArray(Request[]::new));
    CompletableFuture<ShareFile> file = opened(path, intent, lease, answered, cut, query.answer);
    if (lease != null) {
      file.whenComplete(
          (opened, failure) -> {
            if (failure != null) {
              lease.close();
            }
          });
    }
    return file;
  }

  private CompletableFuture<ShareFile> opened(
      String path,
      OpenIntent intent,
      SmbLeases.@Nullable Lease lease,
      CompletableFuture<Response> create,
      CompletableFuture<Response> cut,
      CompletableFuture<Response> query) {
    boolean fresh = intent.disposition() == Disposition.CREATE_NEW;
    return Steps.compose(
        Steps.recover(
            create,
            failure ->
                CompletableFuture.failedFuture(
                    fresh && SmbStatus.of(failure) == NtStatus.FILE_IS_A_DIRECTORY
                        ? SmbFailures.withCause(new FileAlreadyExistsException(path), failure)
                        : SmbFailures.of(failure, path, null))),
        created -> {
          byte[] handle = Packets.fileOf(created);
          CompletableFuture<ShareFile> opened =
              Steps.compose(
                  SmbFailures.about(cut, path),
                  empty ->
                      Steps.map(
                          SmbFailures.about(query, path),
                          all ->
                              file(path, handle, intent, lease, client.shown(FileFacts.of(all)))));
          opened.whenComplete(
              (file, failure) -> {
                if (failure != null) {
                  client.abandon(handle);
                }
              });
          return opened;
        });
  }

  private ShareFile file(
      String path,
      byte[] handle,
      OpenIntent intent,
      SmbLeases.@Nullable Lease lease,
      FileInfo info) {
    OpenNames.Entry entry = openNames.open(path, lease);
    return new SmbFile(
        client,
        path,
        handle,
        intent,
        info,
        () -> {
          entry.close();
          if (lease != null) {
            lease.close();
          }
        });
  }

  @Override
  public CompletionStage<FileInfo> stat(String path, boolean followLinks) {
    return with(
        () ->
            SmbFailures.about(
                Steps.map(
                    client.queryAll(client.names().find(path)),
                    all -> client.shown(FileFacts.of(all))),
                path));
  }

  @Override
  public CompletionStage<Void> list(String path, Consumer<? super DirectoryEntry> entries) {
    return new SmbListing(
            client,
            path,
            entry -> {
              if (!entry.name().startsWith(SmbChanges.HIDDEN)) {
                entries.accept(entry);
              }
            })
        .start();
  }

  @Override
  public CompletionStage<Void> makeDirectory(String path, int mode) {
    return makeDirectoryWith(path, null);
  }

  @Override
  public CompletionStage<Void> makeDirectory(String path, List<AclEntry> acl) {
    return makeDirectoryWith(path, acl);
  }

  private CompletionStage<Void> makeDirectoryWith(String path, @Nullable List<AclEntry> acl) {
    return with(
        () ->
            SmbFailures.about(
                Steps.map(
                    client.touch(
                        Packets.create(
                            client.names().make(path),
                            Smb2.FILE_READ_ATTRIBUTES,
                            Smb2.CREATE_NEW,
                            Smb2.DIRECTORY_FILE,
                            Packets.NO_CONTEXT,
                            SmbSecurity.context(path, acl))),
                    done -> null),
                path));
  }

  @Override
  public CompletionStage<ShareAcl> acl(String path, boolean followLinks) {
    return with(() -> security.acl(path));
  }

  @Override
  public CompletionStage<Void> setAcl(String path, List<AclEntry> entries, boolean followLinks) {
    return with(() -> security.setAcl(path, entries));
  }

  @Override
  public CompletionStage<SharePrincipal> principal(String name, boolean group) {
    return accounts.principal(name, group);
  }

  @Override
  public CompletionStage<Void> deleteFile(String path) {
    return changes.deleteFile(path);
  }

  @Override
  public CompletionStage<Void> deleteDirectory(String path) {
    return changes.deleteDirectory(path);
  }

  @Override
  public CompletionStage<Void> rename(String source, String target, boolean replace) {
    return changes.rename(source, target, replace);
  }

  @Override
  public CompletionStage<Void> setAttributes(
      String path, AttributeChange change, boolean followLinks) {
    if (change.mode() >= 0 || change.uid() >= 0 || change.gid() >= 0 || change.group() != null) {
      return CompletableFuture.failedFuture(
          new UnsupportedOperationException(
              path + ": POSIX modes, groups and owners' numbers cannot be set over SMB"));
    }
    String owner = change.owner();
    if (owner != null) {
      CompletableFuture<Void> set = security.setOwner(path, owner);
      return change.isOfTimes() || change.isOfDos()
          ? Steps.compose(set, done -> setDosAndTimes(path, change))
          : set;
    }
    return setDosAndTimes(path, change);
  }

  private CompletableFuture<Void> setDosAndTimes(String path, AttributeChange change) {
    if (!change.isOfDos()) {
      return setBasic(path, change, 0);
    }
    // They are set all at once, so that the others have to be known.
    return with(
        () ->
            Steps.compose(
                SmbFailures.about(client.queryAll(client.names().find(path)), path),
                all -> {
                  int before = FileFacts.attributesOf(all) & ~Smb2.ATTRIBUTE_NORMAL;
                  int after = (before | change.dosSet()) & ~change.dosClear();
                  return setBasic(path, change, after == 0 ? Smb2.ATTRIBUTE_NORMAL : after);
                }));
  }

  /**
   * @param attributes all of them, or 0 to leave them as they are
   */
  private CompletableFuture<Void> setBasic(String path, AttributeChange change, int attributes) {
    byte[] basic =
        new PacketWriter()
            .u64(FileTimes.of(change.created()))
            .u64(FileTimes.of(change.accessed()))
            .u64(FileTimes.of(change.modified()))
            .u64(0)
            .u32(attributes)
            .u32(0)
            .toBytes();
    return work(
        path,
        Smb2.FILE_WRITE_ATTRIBUTES,
        0,
        Packets.set(Smb2.FILE_BASIC_INFORMATION, Smb2.RELATED_FILE, basic));
  }

  @Override
  public CompletionStage<SpaceInfo> space(String path) {
    return with(
        () -> {
          SmbClient.Trip trip =
              client.trip(
                  Packets.create(
                      client.names().find(path), Smb2.FILE_READ_ATTRIBUTES, Smb2.OPEN, 0),
                  Packets.query(
                      Smb2.INFO_FILESYSTEM,
                      Smb2.FS_FULL_SIZE_INFORMATION,
                      0,
                      Smb2.RELATED_FILE,
                      64));
          return SmbFailures.about(
              Steps.compose(trip.created(), created -> Steps.map(trip.worked(), this::space)),
              path);
        });
  }

  /** Reads FileFsFullSizeInformation (MS-FSCC 2.5.4). */
  private SpaceInfo space(Response answer) {
    var sizes = answer.output();
    long unit = (long) sizes.getInt(24) * sizes.getInt(28);
    return new SpaceInfo(
        sizes.getLong(0) * unit,
        sizes.getLong(16) * unit,
        sizes.getLong(8) * unit,
        unit,
        client.readOnly());
  }

  @Override
  public CompletionStage<Void> link(String link, String existing) {
    return with(
        () -> {
          byte[] name = PacketWriter.utf16(client.names().make(link));
          byte[] information =
              new PacketWriter()
                  .zeros(8)
                  .u64(0)
                  .u32(name.length)
                  .bytes(name)
                  .zeros(name.length < 4 ? 4 : 0)
                  .toBytes();
          SmbClient.Trip trip =
              client.trip(
                  Packets.create(
                      client.names().find(existing),
                      Smb2.FILE_READ_ATTRIBUTES | Smb2.FILE_WRITE_ATTRIBUTES,
                      Smb2.OPEN,
                      Smb2.NON_DIRECTORY_FILE),
                  Packets.set(Smb2.FILE_LINK_INFORMATION, Smb2.RELATED_FILE, information));
          return Steps.compose(
              SmbFailures.about(
                  Steps.recover(trip.created(), failure -> noLinkTo(failure, link)), existing),
              created ->
                  SmbFailures.about(
                      Steps.compose(trip.worked(), set -> Steps.map(trip.closed(), closed -> null)),
                      link));
        });
  }

  /** There are no links to a directory; but where the name is taken, that is what is wrong. */
  private <T> CompletableFuture<T> noLinkTo(Throwable failure, String link) throws IOException {
    if (SmbStatus.of(failure) != NtStatus.FILE_IS_A_DIRECTORY) {
      return CompletableFuture.failedFuture(failure);
    }
    CompletableFuture<Boolean> taken =
        Steps.recover(
            Steps.map(client.queryAll(client.names().find(link)), all -> true),
            none -> CompletableFuture.completedFuture(false));
    return Steps.compose(
        taken,
        is ->
            CompletableFuture.failedFuture(
                is
                    ? SmbFailures.withCause(new FileAlreadyExistsException(link), failure)
                    : failure));
  }

  @Override
  public CompletionStage<Void> copy(String source, String target) {
    return with(() -> new SmbCopy(client, changes, source, target).start());
  }

  @Override
  public CompletionStage<ShareWatch> watch(String directory, DirectoryWatcher watcher) {
    return watches.watch(directory, watcher);
  }

  /** Says how the server is spoken to: the dialect, and how messages are protected. */
  @Override
  public String toString() {
    return client.toString();
  }

  @Override
  public void close() {
    client.connection().lose("it was closed here", null);
  }

  /** Does something with what has a name, and ends when that is done. */
  private CompletableFuture<Void> work(String path, int access, int options, Request work) {
    return with(
        () -> {
          SmbClient.Trip trip =
              client.trip(
                  Packets.create(client.names().find(path), access, Smb2.OPEN, options), work);
          return SmbFailures.about(
              Steps.compose(
                  trip.created(),
                  created ->
                      Steps.compose(
                          trip.worked(), done -> Steps.map(trip.closed(), closed -> null))),
              path);
        });
  }

  /** An operation that may fail before it has asked the server anything: for a name, say. */
  private interface Operation<T> {
    CompletableFuture<T> start() throws IOException;
  }

  private static <T> CompletableFuture<T> with(Operation<T> operation) {
    try {
      return operation.start();
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
