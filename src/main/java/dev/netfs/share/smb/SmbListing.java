package dev.netfs.share.smb;

import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One listing of a directory.
 *
 * <p>Opening it, its entries, and the word that there are no more go out as one: a directory of a
 * few hundred entries is listed in one round trip. Larger ones go on from there, two questions at a
 * time. Nothing here runs on two threads at once: each step is taken by the completion of the one
 * before.
 */
final class SmbListing {
  /** What an answer may hold; a few hundred entries. */
  static final int BYTES = 64 * 1024;

  /** How many answers are asked for at once. */
  static final int ANSWERS = 2;

  /** Of an entry (MS-FSCC 2.4.21), where its name begins. */
  private static final int NAME = 104;

  private final SmbClient client;
  private final String path;
  private final Consumer<? super DirectoryEntry> entries;
  private final int bytes;
  private final CompletableFuture<@Nullable Void> result = new CompletableFuture<>();

  SmbListing(SmbClient client, String path, Consumer<? super DirectoryEntry> entries) {
    this.client = client;
    this.path = path;
    this.entries = entries;
    this.bytes = Math.min(BYTES, client.maxTransact());
  }

  CompletableFuture<@Nullable Void> start() {
    Request create;
    try {
      create =
          Packets.create(
              client.names().find(path),
              Smb2.FILE_READ_DATA | Smb2.FILE_READ_ATTRIBUTES,
              Smb2.OPEN,
              Smb2.DIRECTORY_FILE);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
    Request first = Packets.list(Smb2.RELATED_FILE, bytes);
    Request second = Packets.list(Smb2.RELATED_FILE, bytes);
    client.sendRelated(create, first, second);
    create.answer.whenComplete(
        (created, failure) -> {
          if (failure != null) {
            result.completeExceptionally(SmbFailures.of(failure, path, null));
          } else {
            take(Packets.fileOf(created), first, second);
          }
        });
    return result;
  }

  private void take(byte[] directory, Request first, Request second) {
    first.answer.whenComplete(
        (answer, failure) -> {
          if (!taken(directory, answer, failure)) {
            return;
          }
          second.answer.whenComplete(
              (more, ended) -> {
                if (taken(directory, more, ended)) {
                  Request third = Packets.list(directory, bytes);
                  Request fourth = Packets.list(Smb2.RELATED_FILE, bytes);
                  client.sendRelated(third, fourth); // or they could be answered in any order
                  take(directory, third, fourth);
                }
              });
        });
  }

  /** Hands on the entries of an answer, and returns whether there may be more. */
  private boolean taken(byte[] directory, @Nullable Response answer, @Nullable Throwable failure) {
    Throwable end = failure;
    if (answer != null) {
      try {
        handOn(answer);
        return true;
      } catch (IOException | RuntimeException | Error e) {
        end = e;
      }
    }
    client.abandon(directory);
    int status = end == null ? NtStatus.SUCCESS : SmbStatus.of(end);
    if (status == NtStatus.NO_MORE_FILES || status == NtStatus.NO_SUCH_FILE) {
      result.complete(null);
    } else if (end != null) {
      result.completeExceptionally(SmbFailures.of(end, path, null));
    }
    return false;
  }

  private void handOn(Response answer) throws IOException {
    ByteBuffer output;
    try {
      output = answer.output();
    } catch (BufferUnderflowException e) {
      throw malformed();
    }
    int at = 0;
    while (at < output.limit()) {
      int next;
      String name;
      FileInfo info;
      try {
        ByteBuffer entry =
            output.slice(at, output.limit() - at).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        next = entry.getInt(0);
        name = text(entry, NAME, entry.getInt(60));
        info = client.shown(FileFacts.ofEntry(entry));
      } catch (IndexOutOfBoundsException e) {
        throw malformed();
      }
      if (isName(name)) {
        if (!client.connection().isConnected()) {
          throw client.connection().disconnected();
        }
        entries.accept(new DirectoryEntry(name, info));
      }
      if (next <= 0) {
        return;
      }
      at += next;
    }
  }

  private FileSystemException malformed() {
    return new FileSystemException(path, null, "the server's listing is malformed");
  }

  /**
   * Returns text as the protocol has it.
   *
   * @param bytes how long it is
   * @throws IndexOutOfBoundsException if it is not within the buffer
   */
  static String text(ByteBuffer in, int at, int bytes) {
    ByteBuffer part = in.slice(at, bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    char[] text = new char[bytes / 2];
    part.asCharBuffer().get(text);
    return new String(text);
  }

  /** A server that lists {@code ../x} wants to be written to elsewhere. */
  static boolean isName(String name) {
    return !name.isEmpty()
        && !name.equals(".")
        && !name.equals("..")
        && name.indexOf('/') < 0
        && name.indexOf('\\') < 0
        && name.indexOf('\0') < 0;
  }
}
