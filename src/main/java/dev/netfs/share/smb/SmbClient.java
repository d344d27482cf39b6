package dev.netfs.share.smb;

import dev.netfs.share.FileInfo;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareCapabilities.LockKind;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The connected tree: what the server's limits are, and how things are asked in one round trip. */
final class SmbClient {
  /**
   * The most that one request moves. Larger ones make the server wait for all of one before it
   * begins, and answers come in lumps.
   */
  private static final int MAX_IO = 1 << 20;

  /**
   * What one READ is to bring where its message is encrypted or signed: enough that what each
   * request costs the server is little, and few enough bytes that several are under way where the
   * way to the server is short, so that one side works while the other does.
   */
  private static final int PROTECTED_READ = 512 << 10;

  /**
   * What one READ brings at most before the {@link Practice} has borne fruit, which begins with who
   * moves more: a message of 64 KiB. What is sent can be larger, since it is protected piece by
   * piece.
   */
  private static final int FIRST_READS = 60 << 10;

  /** The bytes on their way that a connection is filled with. */
  private static final int IN_FLIGHT = 16 << 20;

  private static final int DEPTH = 128;

  /**
   * Windows' clock moves in steps of up to 15.6 ms, and so does Linux's, which Samba takes a file's
   * times from.
   */
  private static final Duration GRANULARITY = Duration.ofMillis(20);

  private final SmbConnection connection;
  private final SmbNames names;
  private final int maxRead;
  private final int maxWrite;
  private final int proposedRead;
  private final int maxTransact;
  private final String dialect;
  private final boolean readOnly;
  private final @Nullable SmbLeases leases;

  SmbClient(SmbConnection connection, Negotiation negotiation, SmbNames names, int maximalAccess) {
    this.connection = connection;
    this.names = names;
    this.maxRead = Math.min(negotiation.maxRead(), MAX_IO);
    this.maxWrite = Math.min(negotiation.maxWrite(), MAX_IO);
    this.proposedRead = connection.practice() == null ? MAX_IO : PROTECTED_READ;
    this.maxTransact = negotiation.maxTransact();
    this.leases =
        negotiation.leases() ? new SmbLeases(connection, negotiation.leaseEpochs()) : null;
    this.dialect = negotiation.dialect();
    this.readOnly = (maximalAccess & (Smb2.FILE_WRITE_DATA | Smb2.FILE_APPEND_DATA)) == 0;
  }

  /**
   * What a round trip of related requests brings. If {@code created} fails, so do the others.
   *
   * @param created the answer to the CREATE
   * @param worked the answer to what was to be done with the file
   * @param closed the answer to the CLOSE, after which a deletion has happened
   */
  record Trip(
      CompletableFuture<Response> created,
      CompletableFuture<Response> worked,
      CompletableFuture<Response> closed) {}

  /** Opens, does something, closes: one round trip. */
  Trip trip(Request create, Request work) {
    Request close = Packets.close(Smb2.RELATED_FILE);
    connection.sendRelated(create, work, close);
    return new Trip(create.answer, work.answer, close.answer);
  }

  /** Opens and closes: one round trip. Fails as the opening does. */
  CompletableFuture<Response> touch(Request create) {
    Request close = Packets.close(Smb2.RELATED_FILE);
    connection.sendRelated(create, close);
    return Steps.compose(create.answer, created -> close.answer);
  }

  /** Asks for everything about what has a name. */
  CompletableFuture<Response> queryAll(String serverPath) {
    Trip trip =
        trip(
            Packets.create(
                serverPath, Smb2.FILE_READ_ATTRIBUTES, Smb2.OPEN, Smb2.OPEN_REPARSE_POINT),
            Packets.queryAll(Smb2.RELATED_FILE));
    return Steps.compose(trip.created(), created -> trip.worked());
  }

  CompletableFuture<Response> send(Request request) {
    return connection.send(request);
  }

  void sendRelated(Request... requests) {
    connection.sendRelated(requests);
  }

  /** Closes a file that nobody will use; there is nobody to tell of a failure. */
  void abandon(byte[] file) {
    connection.send(Packets.close(file));
  }

  SmbConnection connection() {
    return connection;
  }

  SmbNames names() {
    return names;
  }

  /**
   * Returns what is shown of a file. Its number is its share's own: what is below a DFS link is not
   * what has the same number above.
   */
  FileInfo shown(FileInfo info) {
    return names.prefix().isEmpty() || info.fileKey() == null
        ? info
        : info.toBuilder().fileKey(info.fileKey() + names.prefix()).build();
  }

  /** Returns the connection's leases, or null where the server has none. */
  @Nullable SmbLeases leases() {
    return leases;
  }

  /** Says how the server is spoken to. */
  @Override
  public String toString() {
    return connection.server() + ": SMB " + dialect + ", " + connection.protection();
  }

  int maxRead() {
    return maxRead;
  }

  /** Returns how many bytes one READ is to bring at most, of so many that are wanted, for now. */
  int readNow(int wanted) {
    Practice practice = connection.practice();
    if (practice == null || wanted <= FIRST_READS || practice.isFast()) {
      return wanted;
    }
    practice.begin();
    return FIRST_READS;
  }

  /** Returns how many bytes one WRITE is to carry, of so many that there are. */
  int writeNow(long offered) {
    Practice practice = connection.practice();
    if (practice != null && offered > FIRST_READS) {
      practice.begin();
    }
    return (int) Math.min(offered, maxWrite);
  }

  int maxTransact() {
    return maxTransact;
  }

  boolean readOnly() {
    return readOnly;
  }

  ShareCapabilities capabilities() {
    return ShareCapabilities.builder()
        .rsize(Math.min(maxRead, proposedRead))
        .wsize(maxWrite)
        .depth(DEPTH)
        .window(IN_FLIGHT)
        .locks(LockKind.MANDATORY)
        .leases(leases != null)
        .notifications(true)
        .atomicReplace(true)
        .serverCopy(true)
        .hardLinks(true)
        .durableSync(true)
        .closeTouches(true) // Samba does (docs/smb.md)
        .caseSensitive(false)
        .readOnly(readOnly)
        .timestampGranularity(GRANULARITY)
        .attributeViews(Set.of("acl", "basic", "dos", "owner"))
        .build();
  }
}
