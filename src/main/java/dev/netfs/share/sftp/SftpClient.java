package dev.netfs.share.sftp;

import dev.netfs.share.IoSegments;
import dev.netfs.share.SpaceInfo;
import dev.netfs.share.sftp.PacketReader.ProtocolViolation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The requests of SFTP version 3 and of OpenSSH's extensions, each one packet out and one packet
 * in. Paths are the server's. Stages fail with what {@link SftpConnection#call} says.
 */
final class SftpClient {
  /** One entry of a NAME answer. */
  record Name(String name, String longName, SftpAttributes attributes) {}

  /** What limits@openssh.com answers; 0 stands for "not said". */
  record Limits(long packet, long read, long write, long handles) {
    static final Limits UNKNOWN = new Limits(0, 0, 0, 0);
  }

  private final SftpConnection connection;
  private volatile Map<String, String> extensions = Map.of(); // set once, by init

  SftpClient(SftpConnection connection) {
    this.connection = connection;
  }

  SftpConnection connection() {
    return connection;
  }

  /** Returns whether the server announced an extension. */
  boolean has(String extension) {
    return extensions.containsKey(extension);
  }

  /** Agrees on the version; learns the extensions. The first request. */
  CompletableFuture<@Nullable Void> init() {
    PacketWriter packet = new PacketWriter(SftpProtocol.INIT, 0);
    return connection.call(
        packet,
        (type, fields) -> {
          expect(type, SftpProtocol.VERSION_REPLY);
          Map<String, String> found = new HashMap<>();
          while (fields.hasRemaining()) {
            String name = fields.text();
            found.put(name, fields.text());
          }
          extensions = Map.copyOf(found);
          return null;
        });
  }

  CompletableFuture<byte[]> open(String path, int flags, SftpAttributes attributes, boolean send) {
    PacketWriter packet = new PacketWriter(SftpProtocol.OPEN, path.length() + 24).path(path);
    attributes.write(packet.int32(flags));
    return send
        ? connection.call(packet, SftpClient::handle)
        : connection.callLater(packet, SftpClient::handle);
  }

  CompletableFuture<@Nullable Void> close(byte[] handle) {
    return status(new PacketWriter(SftpProtocol.CLOSE, 8).string(handle));
  }

  CompletableFuture<Integer> read(byte[] handle, long offset, int length, IoSegments dst) {
    PacketWriter packet =
        new PacketWriter(SftpProtocol.READ, handle.length + 16)
            .string(handle)
            .int64(offset)
            .int32(length);
    return connection.read(packet, dst);
  }

  CompletableFuture<@Nullable Void> write(byte[] handle, long offset, IoSegments src, int length) {
    PacketWriter packet =
        new PacketWriter(SftpProtocol.WRITE, handle.length + 16)
            .string(handle)
            .int64(offset)
            .int32(length);
    return connection.write(packet, src, length, SftpClient::ok);
  }

  CompletableFuture<SftpAttributes> stat(String path, boolean followLinks) {
    int type = followLinks ? SftpProtocol.STAT : SftpProtocol.LSTAT;
    return connection.call(path(type, path), SftpClient::attributes);
  }

  /** As {@link #stat}, sent with the next request. */
  CompletableFuture<SftpAttributes> statLater(String path, boolean followLinks) {
    int type = followLinks ? SftpProtocol.STAT : SftpProtocol.LSTAT;
    return connection.callLater(path(type, path), SftpClient::attributes);
  }

  CompletableFuture<SftpAttributes> stat(byte[] handle) {
    PacketWriter packet = new PacketWriter(SftpProtocol.FSTAT, 8).string(handle);
    return connection.call(packet, SftpClient::attributes);
  }

  CompletableFuture<@Nullable Void> setStat(String path, SftpAttributes attributes) {
    return status(attributes.write(path(SftpProtocol.SETSTAT, path)));
  }

  /** Changes a symbolic link itself. */
  CompletableFuture<@Nullable Void> setLinkStat(String path, SftpAttributes attributes) {
    PacketWriter packet =
        PacketWriter.extended(SftpProtocol.LSETSTAT, path.length() + 32).path(path);
    return status(attributes.write(packet));
  }

  CompletableFuture<@Nullable Void> setStat(
      byte[] handle, SftpAttributes attributes, boolean send) {
    PacketWriter packet =
        attributes.write(new PacketWriter(SftpProtocol.FSETSTAT, 24).string(handle));
    return send
        ? connection.call(packet, SftpClient::ok)
        : connection.callLater(packet, SftpClient::ok);
  }

  CompletableFuture<byte[]> openDirectory(String path) {
    return connection.call(path(SftpProtocol.OPENDIR, path), SftpClient::handle);
  }

  /**
   * Returns the next names of an open directory; fails with {@link SftpProtocol#EOF} at its end.
   */
  CompletableFuture<List<Name>> readDirectory(byte[] handle, boolean send) {
    PacketWriter packet = new PacketWriter(SftpProtocol.READDIR, 8).string(handle);
    return send
        ? connection.call(packet, SftpClient::names)
        : connection.callLater(packet, SftpClient::names);
  }

  CompletableFuture<@Nullable Void> remove(String path) {
    return status(path(SftpProtocol.REMOVE, path));
  }

  CompletableFuture<@Nullable Void> makeDirectory(String path, SftpAttributes attributes) {
    return status(attributes.write(path(SftpProtocol.MKDIR, path)));
  }

  CompletableFuture<@Nullable Void> removeDirectory(String path) {
    return status(path(SftpProtocol.RMDIR, path));
  }

  CompletableFuture<String> realPath(String path) {
    return connection.call(path(SftpProtocol.REALPATH, path), SftpClient::name);
  }

  /** Renames; fails where the target exists. */
  CompletableFuture<@Nullable Void> rename(String source, String target) {
    return status(path(SftpProtocol.RENAME, source).path(target));
  }

  /** Renames as POSIX's {@code rename(2)} does, replacing the target in one step. */
  CompletableFuture<@Nullable Void> posixRename(String source, String target) {
    int length = source.length() + target.length() + 8;
    return status(
        PacketWriter.extended(SftpProtocol.POSIX_RENAME, length).path(source).path(target));
  }

  CompletableFuture<String> readLink(String path) {
    return connection.call(path(SftpProtocol.READLINK, path), SftpClient::name);
  }

  /**
   * Makes a symbolic link. OpenSSH, and with it the world, has the arguments the other way round
   * than the draft's section 6.10 (OpenSSH's {@code PROTOCOL}, section 4.1).
   */
  CompletableFuture<@Nullable Void> symbolicLink(String target, String link) {
    return status(path(SftpProtocol.SYMLINK, target).path(link));
  }

  CompletableFuture<@Nullable Void> hardLink(String existing, String link) {
    int length = existing.length() + link.length() + 8;
    return status(PacketWriter.extended(SftpProtocol.HARDLINK, length).path(existing).path(link));
  }

  CompletableFuture<@Nullable Void> fsync(byte[] handle) {
    return status(PacketWriter.extended(SftpProtocol.FSYNC, 8).string(handle));
  }

  /** Copies a range from one open file to the same range of another, on the server. */
  CompletableFuture<@Nullable Void> copyData(byte[] from, byte[] to, long offset, long length) {
    return status(
        PacketWriter.extended(SftpProtocol.COPY_DATA, 48)
            .string(from)
            .int64(offset)
            .int64(length)
            .string(to)
            .int64(offset));
  }

  CompletableFuture<SpaceInfo> statvfs(String path) {
    return connection.call(
        PacketWriter.extended(SftpProtocol.STATVFS, path.length() + 4).path(path),
        (type, fields) -> {
          expect(type, SftpProtocol.EXTENDED_REPLY);
          fields.int64(); // the preferred block size
          long block = fields.int64();
          long blocks = fields.int64();
          long free = fields.int64();
          long available = fields.int64();
          fields.int64(); // inodes
          fields.int64(); // free inodes
          fields.int64(); // inodes free for the user
          fields.int64(); // the file system's number
          long flags = fields.int64();
          return new SpaceInfo(
              blocks * block, free * block, available * block, block, (flags & 1) != 0);
        });
  }

  CompletableFuture<Limits> limits() {
    return connection.call(
        PacketWriter.extended(SftpProtocol.LIMITS, 0),
        (type, fields) -> {
          expect(type, SftpProtocol.EXTENDED_REPLY);
          return new Limits(fields.int64(), fields.int64(), fields.int64(), fields.int64());
        });
  }

  /** Returns the names of users and groups by their numbers; an unknown one's is empty. */
  CompletableFuture<List<List<String>>> usersAndGroups(int[] uids, int[] gids) {
    PacketWriter packet =
        PacketWriter.extended(SftpProtocol.USERS_GROUPS, 4 * uids.length + 4 * gids.length + 8);
    for (int[] ids : new int[][] {uids, gids}) {
      packet.int32(4 * ids.length);
      for (int id : ids) {
        packet.int32(id);
      }
    }
    return connection.call(
        packet,
        (type, fields) -> {
          expect(type, SftpProtocol.EXTENDED_REPLY);
          List<List<String>> both = new ArrayList<>();
          for (int i = 0; i < 2; i++) {
            byte[] block = fields.string();
            PacketReader reader = new PacketReader(block, 0, block.length);
            List<String> names = new ArrayList<>();
            while (reader.hasRemaining()) {
              names.add(reader.text());
            }
            both.add(names);
          }
          return both;
        });
  }

  private CompletableFuture<@Nullable Void> status(PacketWriter packet) {
    return connection.call(packet, SftpClient::ok);
  }

  private static PacketWriter path(int type, String path) {
    return new PacketWriter(type, path.length() + 32).path(path);
  }

  private static @Nullable Void ok(int type, PacketReader fields) throws IOException {
    expect(type, SftpProtocol.STATUS);
    return null;
  }

  private static byte[] handle(int type, PacketReader fields) throws IOException {
    expect(type, SftpProtocol.HANDLE);
    return fields.string();
  }

  private static SftpAttributes attributes(int type, PacketReader fields) throws IOException {
    expect(type, SftpProtocol.ATTRS);
    SftpAttributes attributes = SftpAttributes.read(fields);
    if (!attributes.has(SftpProtocol.ATTR_SIZE) && !attributes.has(SftpProtocol.ATTR_PERMISSIONS)) {
      // MINA's server says this of what it cannot look at: links in a circle, closed directories.
      throw new SftpStatus(SftpProtocol.PERMISSION_DENIED, "there are no attributes");
    }
    return attributes;
  }

  private static String name(int type, PacketReader fields) throws IOException {
    List<Name> names = names(type, fields);
    if (names.size() != 1) {
      throw new ProtocolViolation("one name was asked for, " + names.size() + " came");
    }
    return names.get(0).name();
  }

  private static List<Name> names(int type, PacketReader fields) throws IOException {
    expect(type, SftpProtocol.NAME);
    int count = fields.int32();
    List<Name> names = new ArrayList<>(Math.max(0, Math.min(count, 1000)));
    for (int i = 0; i < count; i++) {
      names.add(new Name(fields.text(), fields.text(), SftpAttributes.read(fields)));
    }
    return names;
  }

  private static void expect(int type, int wanted) throws ProtocolViolation {
    if (type != wanted) {
      throw new ProtocolViolation("an answer of type " + type + " where " + wanted + " belongs");
    }
  }
}
