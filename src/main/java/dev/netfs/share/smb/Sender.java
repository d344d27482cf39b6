package dev.netfs.share.smb;

import dev.netfs.share.IoSegments;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sends a connection's requests: numbers them, puts headers before them, signs or encrypts them.
 *
 * <p>Runs on a thread of its own, to which all fields belong but where they say otherwise.
 */
final class Sender implements Runnable {
  /** Small requests that wait for the wire together are written together, up to about so much. */
  private static final int BATCH = 64 * 1024;

  /** What one system call takes: the JDK copies it to memory that it keeps. */
  private static final int WRITE = 256 * 1024;

  private static final int LENGTH = 4;
  private static final int MOST_EXTRA_CREDITS = 128;

  private final SmbConnection connection;
  private final SocketChannel channel;

  /** Requests to be sent, each list as one frame. Safe for use by several threads. */
  final LinkedBlockingQueue<List<Request>> queue = new LinkedBlockingQueue<>();

  /** Held while bytes are taken from a request's memory. */
  final ReentrantLock memory = new ReentrantLock();

  private byte[] out = new byte[2 * BATCH];
  private int used; // bytes of out that wait to be written
  private byte[] plain = new byte[0];
  private long nextId;

  /** What was taken from the queue and is not noted as sent: nobody else knows of it. */
  private List<Request> inHand = List.of();

  private volatile @Nullable MessageSigner signer; // set while nothing is under way
  private volatile @Nullable MessageSealer sealer; // set while nothing is under way

  Sender(SmbConnection connection, SocketChannel channel) {
    this.connection = connection;
    this.channel = channel;
  }

  void protect(@Nullable MessageSigner with, @Nullable MessageSealer within) {
    signer = with;
    sealer = within;
  }

  @Override
  public void run() {
    try {
      while (connection.isConnected()) {
        List<Request> chain = queue.take();
        while (chain != null) {
          inHand = chain;
          pay(chain);
          append(chain);
          inHand = List.of();
          chain = used >= BATCH ? null : queue.poll();
        }
        flush();
      }
    } catch (InterruptedException e) {
      connection.lose("it was closed here", null); // which it was: nobody else interrupts this
    } catch (IOException e) {
      connection.lose(String.valueOf(e.getMessage()), e);
    } catch (RuntimeException | Error e) {
      connection.lose("a request could not be made: " + e, e);
    } finally {
      inHand.forEach(connection::fail);
    }
  }

  /** Takes credits for requests, after waiting for them if need be. */
  private void pay(List<Request> chain) throws InterruptedException, IOException {
    int price = 0;
    for (Request request : chain) {
      price += request.command == Smb2.CANCEL ? 0 : connection.charge(request);
    }
    if (price > 0 && !connection.credits.tryAcquire(price)) {
      flush();
      connection.credits.acquire(price);
    }
  }

  private void append(List<Request> chain) throws IOException {
    MessageSealer sealing = sealer;
    int size = 0;
    for (int i = 0; i < chain.size(); i++) {
      size += size(chain, i);
    }
    int room = LENGTH + MessageSealer.HEADER + size + MessageSealer.TAG;
    if (out.length - used < room) {
      flush();
      if (out.length < room) {
        out = new byte[room + BATCH];
      }
    }
    if (sealing != null && plain.length < size) {
      plain = new byte[size + BATCH];
    }
    byte[] target = sealing == null ? out : plain;
    int at = sealing == null ? used + LENGTH : 0;
    for (int i = 0; i < chain.size(); i++) {
      if (!message(chain, i, target, at)) {
        return; // a CANCEL of what has its answer by now
      }
      at += size(chain, i);
    }
    int length = size;
    if (sealing != null) {
      length = sealing.seal(connection.sessionId, plain, size, out, used + LENGTH);
    }
    out[used] = 0;
    out[used + 1] = (byte) (length >>> 16);
    out[used + 2] = (byte) (length >>> 8);
    out[used + 3] = (byte) length;
    used += LENGTH + length;
  }

  /** All but the last message of a frame end at a multiple of 8. */
  private static int size(List<Request> chain, int index) {
    int size = Smb2.HEADER + chain.get(index).bodyBytes();
    return index + 1 < chain.size() ? size + 7 & ~7 : size;
  }

  private boolean message(List<Request> chain, int index, byte[] target, int at)
      throws IOException {
    Request request = chain.get(index);
    int size = size(chain, index);
    ByteBuffer header = ByteBuffer.wrap(target).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    Arrays.fill(target, at, at + Smb2.HEADER, (byte) 0);
    header.putInt(at, Smb2.MAGIC);
    header.putShort(at + 4, (short) Smb2.HEADER);
    header.putShort(at + Smb2.AT_COMMAND, (short) request.command);
    header.putInt(at + Smb2.AT_NEXT, index + 1 < chain.size() ? size : 0);
    int tree = request.treeId == Request.NO_TREE ? connection.treeId : request.treeId;
    header.putInt(at + Smb2.AT_TREE_ID, tree);
    header.putLong(at + Smb2.AT_SESSION_ID, connection.sessionId);
    long id;
    Request cancelled = request.target;
    if (cancelled != null) {
      id = cancelled.messageId;
      if (cancelled.answer.isDone() && connection.pending(id) != cancelled) {
        return false;
      }
      long asyncId = cancelled.asyncId;
      if (asyncId != 0) {
        header.putInt(at + Smb2.AT_FLAGS, Smb2.FLAG_ASYNC);
        header.putLong(at + Smb2.AT_ASYNC_ID, asyncId);
      }
    } else {
      int charge = connection.charge(request);
      id = nextId;
      nextId += charge;
      int missing = SmbConnection.CREDIT_TARGET - connection.owned.get();
      int asked = charge + Math.max(0, Math.min(missing, MOST_EXTRA_CREDITS));
      header.putShort(at + Smb2.AT_CREDIT_CHARGE, (short) charge);
      header.putShort(at + Smb2.AT_CREDITS, (short) asked);
      header.putInt(at + Smb2.AT_FLAGS, index > 0 ? Smb2.FLAG_RELATED : 0);
    }
    header.putLong(at + Smb2.AT_MESSAGE_ID, id);
    body(request, target, at + Smb2.HEADER, at + size);
    MessageSigner signing = signer;
    if (signing != null) {
      signing.sign(target, at, size);
    }
    if (request.kept) {
      request.sent = Arrays.copyOfRange(target, at, at + size);
    }
    if (cancelled == null) {
      request.messageId = id;
      connection.sent(id, request);
    }
    return true;
  }

  private void body(Request request, byte[] target, int at, int end) throws IOException {
    System.arraycopy(request.body, 0, target, at, request.body.length);
    int from = at + request.body.length;
    IoSegments source = request.source;
    if (source != null) {
      memory.lock();
      try {
        if (!connection.isConnected()) {
          throw connection.disconnected();
        }
        source.get(target, from, request.length);
      } finally {
        memory.unlock();
      }
      from += request.length;
    }
    Arrays.fill(target, from, end, (byte) 0);
  }

  private void flush() throws IOException {
    int at = 0;
    while (at < used) {
      ByteBuffer part = ByteBuffer.wrap(out, at, Math.min(WRITE, used - at));
      while (part.hasRemaining()) {
        channel.write(part);
      }
      at += WRITE;
    }
    used = 0;
  }
}
