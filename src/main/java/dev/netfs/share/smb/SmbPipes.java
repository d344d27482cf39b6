package dev.netfs.share.smb;

import dev.netfs.share.IoSegments;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A server's pipes, by which it is asked for what is not about files: connected over the share
 * {@code IPC$}, when they are needed first. Safe for use by several threads.
 */
final class SmbPipes {
  private static final int ANSWER = 16 * 1024;
  private static final int MOST_ANSWER = 256 * 1024;

  private final SmbConnection connection;
  private final String host;
  private final AtomicReference<@Nullable CompletableFuture<Integer>> tree =
      new AtomicReference<>();

  SmbPipes(SmbConnection connection, String host) {
    this.connection = connection;
    this.host = host;
  }

  /** Returns the number of the connected share; a server that refuses it is asked once. */
  private CompletableFuture<Integer> tree() {
    CompletableFuture<Integer> connecting = new CompletableFuture<>();
    CompletableFuture<Integer> before = tree.compareAndExchange(null, connecting);
    if (before != null) {
      return before;
    }
    connection
        .send(Packets.treeConnect("\\\\" + host + "\\IPC$"))
        .whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                connecting.complete(answer.treeId());
              } else {
                connecting.completeExceptionally(failure);
              }
            });
    return connecting;
  }

  /**
   * Asks where a path is kept.
   *
   * @param path such as {@code \\server\share\directory}
   */
  CompletableFuture<DfsReferral> referral(String path) {
    return Steps.compose(
        tree(),
        id ->
            Steps.map(
                connection.send(
                    Packets.control(
                            Smb2.FSCTL_DFS_GET_REFERRALS,
                            Smb2.RELATED_FILE,
                            DfsReferral.question(path),
                            ANSWER)
                        .on(id)),
                answer -> DfsReferral.parse(Packets.controlOutput(answer), path)));
  }

  /** Opens a pipe. */
  CompletableFuture<Pipe> open(String name) {
    return Steps.compose(
        tree(),
        id ->
            Steps.map(
                connection.send(
                    Packets.create(
                            name,
                            Smb2.FILE_READ_DATA | Smb2.FILE_WRITE_DATA,
                            Smb2.OPEN,
                            Smb2.NON_DIRECTORY_FILE)
                        .on(id)),
                created -> new Pipe(id, Packets.fileOf(created))));
  }

  /** An open pipe. One question at a time. */
  final class Pipe {
    private final int id;
    private final byte[] file;

    private Pipe(int id, byte[] file) {
      this.id = id;
      this.file = file;
    }

    /** Says something, and returns the fragments of what the server says to that. */
    CompletableFuture<List<ByteBuffer>> ask(byte[] message) {
      return Steps.compose(
          connection.send(
              Packets.control(Smb2.FSCTL_PIPE_TRANSCEIVE, file, message, ANSWER).on(id)),
          answer -> {
            ByteBuffer output = Packets.controlOutput(answer);
            byte[] begun = new byte[output.remaining()];
            output.get(begun);
            return all(begun);
          });
    }

    /** Reads on until there is all of a message. */
    private CompletableFuture<List<ByteBuffer>> all(byte[] begun) throws IOException {
      List<ByteBuffer> fragments = Lsa.fragments(begun);
      if (fragments != null) {
        return CompletableFuture.completedFuture(fragments);
      }
      if (begun.length > MOST_ANSWER) {
        throw new IOException("the server's pipe comes to no end");
      }
      byte[] more = new byte[ANSWER];
      IoSegments sink = IoSegments.of(ByteBuffer.wrap(more));
      return Steps.compose(
          connection.send(Packets.read(file, 0, more.length, sink).on(id)),
          answer -> {
            if (answer.filled() == 0) {
              throw new IOException("the server's pipe ends too soon");
            }
            byte[] both = java.util.Arrays.copyOf(begun, begun.length + answer.filled());
            System.arraycopy(more, 0, both, begun.length, answer.filled());
            return all(both);
          });
    }

    void close() {
      connection.send(Packets.close(file).on(id));
    }
  }
}
