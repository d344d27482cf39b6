package dev.netfs.share.sftp;

import dev.netfs.share.OpenIntent;
import dev.netfs.share.OpenIntent.Disposition;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One copy of a file on the server, by the extension copy-data
 * (draft-ietf-secsh-filexfer-extensions-00, section 7). The new file gets the permissions of the
 * old one, as the server's umask leaves them.
 *
 * <p>The server does nothing else meanwhile, so it copies a piece at a time, and other requests
 * come in between; the last piece goes on to wherever the end of the file is by then.
 */
final class SftpCopy {
  private static final long PIECE = 64L << 20;

  private final SftpClient client;
  private final SftpPaths paths;
  private final SftpOpener opener;
  private final String source;
  private final String target;
  private final CompletableFuture<@Nullable Void> result = new CompletableFuture<>();

  SftpCopy(SftpClient client, SftpPaths paths, SftpOpener opener, String source, String target) {
    this.client = client;
    this.paths = paths;
    this.opener = opener;
    this.source = source;
    this.target = target;
  }

  CompletableFuture<@Nullable Void> start() {
    opener.open(source, OpenIntent.READ, result, this::create);
    return result;
  }

  private void create(byte[] from, SftpAttributes attributes) {
    int mode = attributes.has(SftpProtocol.ATTR_PERMISSIONS) ? attributes.permissions() & 0777 : -1;
    // Opened for writing even where that mode does not let anybody write, as open(2) has it.
    OpenIntent intent = new OpenIntent(false, true, Disposition.CREATE_NEW, false, mode);
    CompletableFuture<@Nullable Void> created = new CompletableFuture<>();
    opener.open(
        target,
        intent,
        created,
        (to, made) -> {
          created.complete(null);
          copy(from, to, 0, attributes.size());
        });
    created.whenComplete(
        (done, failure) -> {
          if (failure != null) {
            client.close(from);
            result.completeExceptionally(failure);
          }
        });
  }

  private void copy(byte[] from, byte[] to, long offset, long size) {
    boolean last = size - offset <= PIECE;
    Consumer<Throwable> failed = failure -> finish(from, to, failure);
    Steps.then(
        client.copyData(from, to, offset, last ? 0 : PIECE),
        result,
        done -> {
          if (last) {
            finish(from, to, null);
          } else {
            copy(from, to, offset + PIECE, size);
          }
        },
        failure -> {
          // The file became shorter meanwhile.
          boolean end = SftpFailures.code(failure) == SftpProtocol.EOF;
          failed.accept(end ? null : failure);
        });
  }

  private void finish(byte[] from, byte[] to, @Nullable Throwable failure) {
    client.close(from);
    CompletableFuture<@Nullable Void> closed = client.close(to);
    if (failure != null) {
      undo(failure);
    } else {
      Steps.then(closed, result, result::complete, this::undo);
    }
  }

  private void undo(Throwable failure) {
    Throwable exact = SftpFailures.of(failure, source, target);
    Steps.atEnd(
        client.remove(paths.toServer(target)), result, () -> result.completeExceptionally(exact));
  }
}
