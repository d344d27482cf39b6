package dev.netfs.share.smb;

import dev.netfs.share.IoSegments;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Receives what the server sends: takes frames apart, decrypts them or checks their signatures,
 * moves the bytes of READs to where they are wanted, and completes requests.
 *
 * <p>Runs on a thread of its own, to which all fields belong but where they say otherwise. What is
 * not as it has to be ends the connection: there is no way to go on after a message that was not
 * understood, and none to trust a server that signs wrongly.
 */
final class Receiver implements Runnable {
  private static final int LENGTH = 4;

  /** How far a system call may read beyond the frame that it is for. */
  private static final int AHEAD = 64 * 1024;

  /** Statuses that an answer may have and be of use. */
  private static final Set<Integer> USEFUL =
      Set.of(
          NtStatus.SUCCESS,
          NtStatus.BUFFER_OVERFLOW,
          NtStatus.MORE_PROCESSING_REQUIRED,
          NtStatus.NOTIFY_ENUM_DIR);

  /** Statuses that say that nothing will work any more. */
  private static final Set<Integer> FATAL =
      Set.of(
          NtStatus.USER_SESSION_DELETED,
          NtStatus.NETWORK_SESSION_EXPIRED,
          NtStatus.NETWORK_NAME_DELETED);

  private final SmbConnection connection;
  private final SocketChannel channel;

  /** Held while bytes are put into a request's memory. */
  final ReentrantLock memory = new ReentrantLock();

  private byte[] in = new byte[4 * AHEAD];
  private int start; // of what was received and not looked at yet
  private int end;
  private byte[] plain = new byte[0];

  private volatile int limit = 1 << 20; // set while nothing is under way
  private volatile @Nullable MessageSigner signer; // set while nothing is under way
  private volatile @Nullable MessageSealer sealer; // set while nothing is under way

  Receiver(SmbConnection connection, SocketChannel channel) {
    this.connection = connection;
    this.channel = channel;
  }

  void protect(@Nullable MessageSigner with, @Nullable MessageSealer within) {
    signer = with;
    sealer = within;
  }

  void limit(int bytes) {
    limit = bytes;
  }

  @Override
  public void run() {
    try {
      while (connection.isConnected()) {
        need(LENGTH);
        int length =
            (in[start + 1] & 0xFF) << 16 | (in[start + 2] & 0xFF) << 8 | in[start + 3] & 0xFF;
        if (in[start] != 0 || length > limit) {
          throw new IOException("the server sent what is no message of SMB");
        }
        need(LENGTH + length);
        frame(start + LENGTH, length);
        start += LENGTH + length;
      }
    } catch (IOException e) {
      connection.lose(String.valueOf(e.getMessage()), e);
    } catch (RuntimeException | Error e) {
      connection.lose("the server's message was not understood: " + e, e);
    } finally {
      connection.ended();
    }
  }

  /** Receives until so many bytes are there, from {@link #start} on. */
  private void need(int bytes) throws IOException {
    if (end - start >= bytes) {
      return;
    }
    if (start + bytes + AHEAD > in.length) {
      byte[] to = bytes + AHEAD > in.length ? new byte[bytes + 2 * AHEAD] : in;
      System.arraycopy(in, start, to, 0, end - start);
      in = to;
      end -= start;
      start = 0;
    }
    ByteBuffer buffer = ByteBuffer.wrap(in);
    while (end - start < bytes) {
      buffer.limit(start + bytes + AHEAD).position(end);
      int count = channel.read(buffer);
      if (count < 0) {
        throw new EOFException("the server closed it");
      }
      end += count;
    }
  }

  private void frame(int at, int length) throws IOException {
    int magic = length < 4 ? 0 : i32(in, at);
    if (magic == Smb2.MAGIC) {
      messages(in, at, at + length, false);
      return;
    }
    MessageSealer opening = sealer;
    if (magic == Smb2.SMB1_MAGIC) {
      throw new IOException("the server speaks SMB 1 only, which is not supported");
    }
    if (magic != Smb2.TRANSFORM_MAGIC || opening == null || length < MessageSealer.HEADER) {
      throw new IOException("the server sent what is no message of SMB 2 or 3");
    }
    if (plain.length < length) {
      plain = new byte[length + AHEAD];
    }
    int size;
    long before = System.nanoTime();
    try {
      size = opening.open(in, at, length, plain);
    } catch (GeneralSecurityException e) {
      throw new IOException("a message that cannot be decrypted: somebody may have changed it", e);
    }
    checked(length, before);
    if (MessageSealer.sessionOf(in, at) != connection.sessionId) {
      throw new IOException("a message of another session");
    }
    messages(plain, 0, size, true);
  }

  private void checked(int length, long sinceNanos) {
    Practice practice = connection.practice();
    if (practice != null) {
      practice.took(length, System.nanoTime() - sinceNanos);
    }
  }

  private void messages(byte[] buffer, int from, int to, boolean sealed) throws IOException {
    int at = from;
    while (true) {
      if (to - at < Smb2.HEADER || i32(buffer, at) != Smb2.MAGIC) {
        throw new IOException("the server sent half a message");
      }
      int next = i32(buffer, at + Smb2.AT_NEXT);
      if (next != 0 && (next < Smb2.HEADER || next > to - at)) {
        throw new IOException("the server sent messages that overlap");
      }
      message(buffer, at, next == 0 ? to - at : next, sealed);
      if (next == 0) {
        return;
      }
      at += next;
    }
  }

  private void message(byte[] buffer, int at, int length, boolean sealed) throws IOException {
    long id = i64(buffer, at + Smb2.AT_MESSAGE_ID);
    int status = i32(buffer, at + Smb2.AT_STATUS);
    int flags = i32(buffer, at + Smb2.AT_FLAGS);
    if ((flags & Smb2.FLAG_RESPONSE) == 0) {
      throw new IOException("the server sent a request");
    }
    if (id == -1) { // never signed (MS-SMB2 3.2.5.19)
      connection.notice(new Response(Arrays.copyOfRange(buffer, at, at + length), 0));
      return;
    }
    boolean interim = status == NtStatus.PENDING && (flags & Smb2.FLAG_ASYNC) != 0;
    MessageSigner checking = signer;
    if (sealer != null && !sealed) {
      throw new IOException("a message that is not encrypted");
    }
    if (checking != null && !interim) {
      long before = System.nanoTime();
      if (!checking.verify(buffer, at, length)) {
        throw new IOException(
            "a message that is not signed as it should be: somebody may have changed it");
      }
      checked(length, before);
    }
    Request request = connection.pending(id);
    int granted = i32(buffer, at + Smb2.AT_CREDITS) & 0xFFFF;
    connection.earn(granted, interim || request == null ? 0 : connection.charge(request));
    if (request == null) {
      return;
    }
    if (interim) {
      request.asyncId = i64(buffer, at + Smb2.AT_ASYNC_ID);
      request.whenPending.run();
      return;
    }
    if (FATAL.contains(status) && connection.treeId != 0) {
      throw new IOException("the server ended the session: " + NtStatus.name(status));
    }
    if (!USEFUL.contains(status)) {
      connection.answered(id);
      request.answer.completeExceptionally(new SmbStatus(status));
      return;
    }
    int kept = length;
    int filled = 0;
    IoSegments sink = request.sink;
    if (sink != null) {
      filled = fill(request, sink, buffer, at, length);
      kept = Smb2.HEADER + 16;
    }
    connection.answered(id);
    request.answer.complete(new Response(Arrays.copyOfRange(buffer, at, at + kept), filled));
  }

  /** Moves what a READ brought (MS-SMB2 2.2.20) to its memory. */
  private int fill(Request request, IoSegments sink, byte[] buffer, int at, int length)
      throws IOException {
    if (length < Smb2.HEADER + 16) {
      throw new IOException("the server sent half an answer");
    }
    int offset = buffer[at + Smb2.HEADER + 2] & 0xFF;
    int count = i32(buffer, at + Smb2.HEADER + 4);
    if (count < 0 || count > request.length || offset + count > length) {
      throw new IOException("the server sent more bytes than were asked for");
    }
    memory.lock();
    try {
      if (!connection.isConnected()) {
        throw connection.disconnected();
      }
      sink.put(buffer, at + offset, count);
    } finally {
      memory.unlock();
    }
    return count;
  }

  private static int i32(byte[] buffer, int at) {
    return (buffer[at] & 0xFF)
        | (buffer[at + 1] & 0xFF) << 8
        | (buffer[at + 2] & 0xFF) << 16
        | buffer[at + 3] << 24;
  }

  private static long i64(byte[] buffer, int at) {
    return ByteBuffer.wrap(buffer).order(ByteOrder.LITTLE_ENDIAN).getLong(at);
  }
}
