package dev.netfs.share.smb;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.concurrent.CompletableFuture;

/**
 * Copies a file on the server (MS-SMB2 3.3.5.15.6, "copychunk"): nothing of it comes here. Each
 * step is taken by the completion of the one before.
 */
final class SmbCopy {
  // What servers take by default (MS-SMB2 3.3.3).
  private static final int CHUNK = 1 << 20;
  private static final int CHUNKS = 16;
  private static final int KEY = 24;

  private final SmbClient client;
  private final SmbChanges changes;
  private final String source;
  private final String target;
  private byte[] from = new byte[0];
  private byte[] to = new byte[0];
  private byte[] key = new byte[0];
  private long size;

  SmbCopy(SmbClient client, SmbChanges changes, String source, String target) {
    this.client = client;
    this.changes = changes;
    this.source = source;
    this.target = target;
  }

  CompletableFuture<Void> start() throws IOException {
    String targetPath = client.names().make(target);
    Request open =
        Packets.create(
            client.names().find(source),
            Smb2.FILE_READ_DATA | Smb2.FILE_READ_ATTRIBUTES,
            Smb2.OPEN,
            Smb2.NON_DIRECTORY_FILE);
    Request query = Packets.queryAll(Smb2.RELATED_FILE);
    Request resume =
        Packets.control(Smb2.FSCTL_SRV_REQUEST_RESUME_KEY, Smb2.RELATED_FILE, new byte[0], KEY + 8);
    client.sendRelated(open, query, resume);
    return Steps.compose(
        SmbFailures.about(open.answer, source),
        opened -> {
          from = Packets.fileOf(opened);
          CompletableFuture<Void> copied =
              Steps.compose(
                  SmbFailures.about(query.answer, source),
                  all -> {
                    size = FileFacts.of(all).size();
                    return Steps.compose(
                        SmbFailures.about(resume.answer, source),
                        resumed -> {
                          key = new byte[KEY];
                          Packets.controlOutput(resumed).get(key);
                          return create(targetPath);
                        });
                  });
          copied.whenComplete((done, failure) -> client.abandon(from));
          return copied;
        });
  }

  private CompletableFuture<Void> create(String targetPath) {
    Request create =
        Packets.create(
            targetPath,
            Smb2.FILE_READ_DATA | Smb2.FILE_WRITE_DATA | Smb2.FILE_READ_ATTRIBUTES,
            Smb2.CREATE_NEW,
            Smb2.NON_DIRECTORY_FILE);
    return Steps.compose(
        SmbFailures.about(client.send(create), target),
        created -> {
          to = Packets.fileOf(created);
          CompletableFuture<Void> closed =
              Steps.compose(
                  copyFrom(0),
                  done ->
                      Steps.map(
                          SmbFailures.about(client.send(Packets.close(to)), target),
                          answer -> null));
          return Steps.recover(closed, this::undo);
        });
  }

  /** Leaves no half of a copy. */
  private CompletableFuture<Void> undo(Throwable failure) {
    client.abandon(to);
    CompletableFuture<Void> failed = CompletableFuture.failedFuture(failure);
    return Steps.recover(
        Steps.compose(changes.deleteFile(target), done -> failed), either -> failed);
  }

  private CompletableFuture<Void> copyFrom(long offset) {
    if (offset >= size) {
      return CompletableFuture.completedFuture(null);
    }
    PacketWriter chunks = new PacketWriter();
    int count = 0;
    long at = offset;
    while (count < CHUNKS && at < size) {
      int length = (int) Math.min(CHUNK, size - at);
      chunks.u64(at).u64(at).u32(length).u32(0);
      at += length;
      count++;
    }
    byte[] input =
        new PacketWriter().bytes(key).u32(count).u32(0).bytes(chunks.toBytes()).toBytes();
    return Steps.compose(
        SmbFailures.about(
            client.send(Packets.control(Smb2.FSCTL_SRV_COPYCHUNK_WRITE, to, input, 12)), target),
        answer -> {
          long copied = Packets.controlOutput(answer).getInt(8) & 0xFFFFFFFFL;
          if (copied == 0) {
            throw new FileSystemException(
                source, target, "the server copied only " + offset + " of " + size + " bytes");
          }
          return copyFrom(offset + copied);
        });
  }
}
