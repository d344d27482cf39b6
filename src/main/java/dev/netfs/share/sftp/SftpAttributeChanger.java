package dev.netfs.share.sftp;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.FileType;
import java.nio.file.FileSystemException;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Changes attributes.
 *
 * <p>SFTP version 3 sets the two times together, and the owner together with the group: where one
 * of a pair stays as it is, its value is asked for first and sent back. Times are whole seconds;
 * finer ones are cut off, as the share's timestamp granularity announces. A symbolic link itself is
 * changed by lsetstat@openssh.com.
 */
final class SftpAttributeChanger {
  private final SftpClient client;
  private final SftpPaths paths;
  private final OwnerNames owners;
  private final SftpFailures failures;

  SftpAttributeChanger(
      SftpClient client, SftpPaths paths, OwnerNames owners, SftpFailures failures) {
    this.client = client;
    this.paths = paths;
    this.owners = owners;
    this.failures = failures;
  }

  CompletableFuture<@Nullable Void> change(
      String path, AttributeChange change, boolean followLinks) {
    CompletableFuture<@Nullable Void> result = new CompletableFuture<>();
    if (change.isOfDos()) {
      result.completeExceptionally(
          new UnsupportedOperationException(path + ": SFTP has no DOS attributes"));
      return result;
    }
    if (change.created() != null) {
      result.completeExceptionally(
          new UnsupportedOperationException(path + ": SFTP cannot set the creation time"));
      return result;
    }
    boolean user = change.uid() >= 0 || change.owner() != null;
    boolean group = change.gid() >= 0 || change.group() != null;
    boolean modified = change.modified() != null;
    boolean accessed = change.accessed() != null;
    if (!user && !group && !modified && !accessed && change.mode() < 0) {
      result.complete(null);
      return result;
    }
    boolean halfOfAPair = user != group || modified != accessed;
    String serverPath = paths.toServer(path);
    boolean follow = followLinks || path.equals("/");
    if (follow && !halfOfAPair) {
      set(path, change, SftpAttributes.NONE, false, result);
      return result;
    }
    Steps.then(
        client.stat(serverPath, follow),
        result,
        now -> {
          boolean link = now.type() == FileType.SYMBOLIC_LINK;
          if (link && change.mode() >= 0) {
            // Linux has no such modes, and MINA's server would change the file that it leads to.
            throw new UnsupportedOperationException(
                path + ": the mode of a symbolic link itself cannot be changed");
          }
          if (link && !client.has(SftpProtocol.LSETSTAT)) {
            throw new UnsupportedOperationException(
                path
                    + ": the server cannot change the attributes of a symbolic link itself;"
                    + " it lacks the SFTP extension "
                    + SftpProtocol.LSETSTAT);
          }
          set(path, change, now, link, result);
        },
        failure -> failed(failure, path, follow, result));
    return result;
  }

  private void set(
      String path,
      AttributeChange change,
      SftpAttributes now,
      boolean link,
      CompletableFuture<@Nullable Void> result) {
    SftpAttributes wanted;
    try {
      wanted = merge(path, change, now);
    } catch (FileSystemException | UnsupportedOperationException e) {
      result.completeExceptionally(e);
      return;
    }
    String serverPath = paths.toServer(path);
    Steps.then(
        link ? client.setLinkStat(serverPath, wanted) : client.setStat(serverPath, wanted),
        result,
        result::complete,
        failure -> failed(failure, path, !link, result));
  }

  private void failed(Throwable failure, String path, boolean follow, CompletableFuture<?> result) {
    if (follow && SftpFailures.isMissing(failure)) {
      failures.missing(failure, path, result);
    } else {
      result.completeExceptionally(SftpFailures.of(failure, path, null));
    }
  }

  private SftpAttributes merge(String path, AttributeChange change, SftpAttributes now)
      throws FileSystemException {
    int flags = 0;
    int uid = now.uid();
    int gid = now.gid();
    if (change.uid() >= 0 || change.owner() != null) {
      flags |= SftpProtocol.ATTR_IDS;
      uid = number(path, "user", change.uid(), change.owner(), true);
    }
    if (change.gid() >= 0 || change.group() != null) {
      flags |= SftpProtocol.ATTR_IDS;
      gid = number(path, "group", change.gid(), change.group(), false);
    }
    int mode = 0;
    if (change.mode() >= 0) {
      flags |= SftpProtocol.ATTR_PERMISSIONS;
      mode = change.mode() & 07777;
    }
    int accessed = now.accessed();
    int modified = now.modified();
    FileTime newAccessed = change.accessed();
    FileTime newModified = change.modified();
    if (newAccessed != null) {
      flags |= SftpProtocol.ATTR_TIMES;
      accessed = seconds(path, newAccessed);
    }
    if (newModified != null) {
      flags |= SftpProtocol.ATTR_TIMES;
      modified = seconds(path, newModified);
    }
    return new SftpAttributes(flags, 0, uid, gid, mode, accessed, modified);
  }

  private int number(String path, String kind, int id, @Nullable String name, boolean user) {
    if (name == null) {
      return id;
    }
    int found = user ? owners.uid(name) : owners.gid(name);
    if (found < 0) {
      throw new UnsupportedOperationException(
          path
              + ": SFTP sets owners by number and cannot look up the "
              + kind
              + " '"
              + name
              + "', who owns nothing that was seen here; give the number instead");
    }
    return found;
  }

  private static int seconds(String path, FileTime time) throws FileSystemException {
    long seconds = Math.floorDiv(time.to(TimeUnit.MILLISECONDS), 1000L);
    if (seconds < 0 || seconds > SftpAttributes.MAX_SECONDS) {
      throw new FileSystemException(
          path, null, "SFTP holds times from 1970 to 2106 only, not " + time);
    }
    return (int) seconds;
  }
}
