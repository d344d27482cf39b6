package dev.netfs.share.sftp;

import dev.netfs.share.IoSegments;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.sftp.PacketReader.ProtocolViolation;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The SFTP protocol's two streams of packets over one {@link Link}: requests out, answers in, any
 * number of them under way at once.
 *
 * <h2>Sending</h2>
 *
 * A request is numbered, noted in {@link #pending} and put in the {@link #queue} under {@link
 * #sendLock}; then its thread <em>pumps</em>: it cuts what is queued into packets of the link as
 * the link's window allows. Only one thread pumps at a time; one that finds another pumping leaves
 * its request to it ({@link #pumping} counts the calls meanwhile) and returns. So nobody ever waits
 * for the network, and the bytes of two requests never mix. Where the window is used up the pump
 * stops, and goes on when the link calls {@link #windowOpened}. What a write carries goes from the
 * engine's memory straight into the link's packet; until then only the request's head is held here.
 *
 * <h2>Receiving</h2>
 *
 * The link delivers bytes on one thread at a time, in order. An answer's head is collected in
 * {@link #head}; the bytes of a read go from the link's memory straight into the engine's ({@link
 * #filling}); any other answer is parsed where it lies, or collected in {@link #body} if it came in
 * pieces. The stage is then completed by that same thread, no lock held: the engine's completions
 * are short and never block, so handing over to another thread would only cost time.
 *
 * <h2>Loss</h2>
 *
 * {@link #lose} happens once: it sets {@link #lost} under {@link #sendLock}, after which no thread
 * reads the engine's memory; passes through {@link #receiveLock}, after which none writes to it;
 * and then fails everything that was pending. Nothing that may wait is called under either lock, of
 * the link only {@link Link#room} and {@link Link#packet}; {@link #receiveLock} is the outer one.
 */
final class SftpConnection {
  private static final System.Logger LOG = System.getLogger(SftpConnection.class.getName());

  /** Larger answers than any server sends: OpenSSH's limit is 256 KiB. */
  private static final int MAX_ANSWER = 8 << 20;

  /** Length, type, and request number (or version). */
  private static final int HEAD = 9;

  /** The same and the length of the data. */
  private static final int DATA_HEAD = 13;

  /** The stream of bytes to and from the server. Its methods do not block. */
  interface Link {
    /** Returns how many bytes may be sent now. */
    int room();

    /** Returns a packet for so many bytes, at most {@link #room()}, which are used up. */
    Packet packet(int bytes);

    /** Begins to end the connection. A second call does nothing. */
    void close();
  }

  /** One packet of the link. */
  interface Packet {
    byte[] array();

    /** Returns where in the array the bytes go. */
    int offset();

    void send() throws IOException;
  }

  /** Takes an answer. */
  interface Answer<T> {
    /**
     * @param type the answer's type, never {@link SftpProtocol#STATUS} with a code other than OK
     * @param fields its fields after the number
     */
    @Nullable T take(int type, PacketReader fields) throws IOException;
  }

  private final String server;
  private final Link link;

  private final ReentrantLock sendLock = new ReentrantLock();
  private final Map<Integer, Request<?>> pending = new HashMap<>(); // guarded by sendLock
  private final ArrayDeque<Request<?>> queue = new ArrayDeque<>(); // guarded by sendLock
  private long queuedBytes; // guarded by sendLock
  // The first request is INIT, whose answer shows the version where others have their number.
  private int nextId = SftpProtocol.VERSION; // guarded by sendLock
  private volatile @Nullable String lost; // why; written once, under sendLock
  private volatile @Nullable Throwable lostCause; // written once, before lost
  private final AtomicInteger pumping = new AtomicInteger();

  private final ReentrantLock receiveLock = new ReentrantLock();
  // All guarded by receiveLock; only the link's thread changes them.
  private final byte[] head = new byte[DATA_HEAD];
  private int headSize;
  private @Nullable Request<?> filling; // the read whose data is arriving
  private int fillingLeft; // how many bytes of it are still to come
  private byte @Nullable [] body; // the answer that is arriving in pieces
  private int bodySize;
  private int skip; // how many bytes to leave out
  private int skipAfterData; // how many follow the data in its packet

  /**
   * @param server how messages call the server
   */
  SftpConnection(String server, Link link) {
    this.server = server;
    this.link = link;
  }

  boolean isConnected() {
    return lost == null;
  }

  /** Returns how messages call the server. */
  String server() {
    return server;
  }

  /**
   * Sends a request.
   *
   * @return completes with what {@code answer} makes of it, or exceptionally with an {@link
   *     SftpStatus}, what {@code answer} threw, or a {@link ShareDisconnectedException}
   */
  <T> CompletableFuture<T> call(PacketWriter packet, Answer<T> answer) {
    return start(new Request<>(packet, answer, null, 0, null), true);
  }

  /** As {@link #call}, but sends with the next request only, in the same packet if it fits. */
  <T> CompletableFuture<T> callLater(PacketWriter packet, Answer<T> answer) {
    return start(new Request<>(packet, answer, null, 0, null), false);
  }

  /**
   * Sends a READ request.
   *
   * @param dst what the data fills
   * @return completes with the number of bytes filled
   */
  CompletableFuture<Integer> read(PacketWriter packet, IoSegments dst) {
    Answer<Integer> noData =
        (type, fields) -> {
          throw new ProtocolViolation("a read is answered by a packet of type " + type);
        };
    return start(new Request<>(packet, noData, null, 0, dst), true);
  }

  /** Sends a WRITE request that ends with the next {@code length} bytes of {@code src}. */
  <T> CompletableFuture<T> write(
      PacketWriter packet, IoSegments src, int length, Answer<T> answer) {
    return start(new Request<>(packet, answer, src, length, null), true);
  }

  /** The link's window has room again. Called on the link's thread. */
  void windowOpened() {
    pump();
  }

  /**
   * Takes bytes that arrived. Called on one thread at a time.
   *
   * @param bytes the array, not touched after the return
   */
  void received(byte[] bytes, int offset, int length) {
    int position = offset;
    int end = offset + length;
    try {
      while (position < end) {
        Progress progress;
        receiveLock.lock();
        try {
          if (lost != null) {
            return;
          }
          progress = advance(bytes, position, end);
        } finally {
          receiveLock.unlock();
        }
        position = progress.position;
        progress.complete();
      }
    } catch (IOException e) {
      lose(String.valueOf(e.getMessage()), e);
    } catch (RuntimeException | Error e) {
      lose("the receiver failed", e);
      throw e;
    }
  }

  /**
   * Ends the connection: everything outstanding fails, and the engine's memory is left alone from
   * the return on. Only the first call's reason counts.
   *
   * @param why what happened, in words that follow "the connection to ... was lost: "
   */
  void lose(String why, @Nullable Throwable cause) {
    List<Request<?>> failed = List.of();
    boolean first = false;
    sendLock.lock();
    try {
      if (lost == null) {
        first = true;
        lostCause = cause;
        lost = why;
        failed = new ArrayList<>(pending.values());
        pending.clear();
        queue.clear();
        queuedBytes = 0;
      }
    } finally {
      sendLock.unlock();
    }
    receiveLock.lock(); // waits until the receiver is out of the engine's memory
    receiveLock.unlock();
    if (first) {
      LOG.log(Level.DEBUG, "{0}: connection lost: {1}", server, why);
      for (Request<?> request : failed) {
        request.future.completeExceptionally(disconnected());
      }
      link.close();
    }
  }

  private ShareDisconnectedException disconnected() {
    return new ShareDisconnectedException(
        "the connection to " + server + " was lost: " + lost, lostCause);
  }

  // ---------------------------------------------------------------- sending

  private <T> CompletableFuture<T> start(Request<T> request, boolean send) {
    boolean usable;
    sendLock.lock();
    try {
      usable = lost == null;
      if (usable) {
        int id = nextId++;
        request.number(id);
        pending.put(id, request);
        queue.add(request);
        queuedBytes += request.unsent();
      }
    } finally {
      sendLock.unlock();
    }
    if (!usable) {
      request.future.completeExceptionally(disconnected());
    } else if (send) {
      pump();
    }
    return request.future;
  }

  /** Sends what is queued, as far as the window allows; or lets the thread do it that does now. */
  private void pump() {
    if (pumping.getAndIncrement() != 0) {
      return;
    }
    int calls = 1;
    do {
      try {
        Packet packet = nextPacket();
        while (packet != null) {
          packet.send();
          packet = nextPacket();
        }
      } catch (IOException | RuntimeException | Error e) {
        lose("sending failed: " + e.getMessage(), e);
        if (e instanceof Error error) {
          throw error; // nothing is sent any more, so it does no harm that pumping stays above 0
        }
      }
      calls = pumping.addAndGet(-calls);
    } while (calls != 0);
  }

  private @Nullable Packet nextPacket() {
    sendLock.lock();
    try {
      if (queue.isEmpty()) {
        return null;
      }
      int size = (int) Math.min(link.room(), queuedBytes);
      if (size <= 0) {
        return null;
      }
      Packet packet = link.packet(size);
      int position = packet.offset();
      int left = size;
      while (left > 0) {
        Request<?> first = queue.element();
        int count = (int) Math.min(left, first.unsent());
        first.drain(packet.array(), position, count);
        position += count;
        left -= count;
        if (first.unsent() == 0) {
          queue.remove();
        }
      }
      queuedBytes -= size;
      return packet;
    } finally {
      sendLock.unlock();
    }
  }

  // ---------------------------------------------------------------- receiving

  /** Goes on until an answer is complete or the bytes are used up. Under receiveLock. */
  private Progress advance(byte[] bytes, int from, int end) throws IOException {
    int position = from;
    while (position < end) {
      if (skip > 0) {
        int count = Math.min(skip, end - position);
        skip -= count;
        position += count;
      } else if (filling != null) {
        int count = Math.min(fillingLeft, end - position);
        filling.fill(bytes, position, count);
        fillingLeft -= count;
        position += count;
        if (fillingLeft == 0) {
          return filled(position);
        }
      } else if (body != null) {
        int count = Math.min(body.length - bodySize, end - position);
        System.arraycopy(bytes, position, body, bodySize, count);
        bodySize += count;
        position += count;
        if (bodySize == body.length) {
          PacketReader fields = new PacketReader(body, 0, bodySize);
          body = null;
          return answered(position, fields);
        }
      } else {
        int wanted = headSize >= HEAD && type() == SftpProtocol.DATA ? DATA_HEAD : HEAD;
        int count = Math.min(wanted - headSize, end - position);
        System.arraycopy(bytes, position, head, headSize, count);
        headSize += count;
        position += count;
        if (headSize == DATA_HEAD) {
          beginData();
          if (fillingLeft == 0) {
            return filled(position);
          }
        } else if (headSize == HEAD && type() != SftpProtocol.DATA) {
          int left = bodyLength();
          if (left <= end - position) {
            return answered(position + left, new PacketReader(bytes, position, left));
          }
          body = new byte[left];
          bodySize = 0;
        }
      }
    }
    return new Progress(position, null, 0, null);
  }

  private Progress answered(int position, PacketReader fields) throws IOException {
    headSize = 0;
    return new Progress(position, requestOfHead(true), type(), fields);
  }

  private Progress filled(int position) throws IOException {
    headSize = 0;
    skip = skipAfterData;
    filling = null;
    return new Progress(position, requestOfHead(true), SftpProtocol.DATA, null);
  }

  private void beginData() throws ProtocolViolation {
    int left = bodyLength() - 4;
    int data = PacketReader.getInt(head, HEAD);
    Request<?> read = requestOfHead(false);
    if (data < 0 || data > left || data > read.fillable()) {
      throw new ProtocolViolation("data that was not asked for");
    }
    filling = read;
    fillingLeft = data;
    skipAfterData = left - data;
  }

  private int type() {
    return head[4] & 0xff;
  }

  private int bodyLength() throws ProtocolViolation {
    int length = PacketReader.getInt(head, 0);
    if (length < HEAD - 4 || length > MAX_ANSWER) {
      throw new ProtocolViolation("an answer of " + Integer.toUnsignedString(length) + " bytes");
    }
    return length - (HEAD - 4);
  }

  private Request<?> requestOfHead(boolean remove) throws ProtocolViolation {
    int id = PacketReader.getInt(head, 5);
    if (type() == SftpProtocol.VERSION_REPLY && id != SftpProtocol.VERSION) {
      throw new ProtocolViolation("it answers with SFTP version " + id + ", 3 was asked for");
    }
    Request<?> request;
    sendLock.lock();
    try {
      request = remove ? pending.remove(id) : pending.get(id);
    } finally {
      sendLock.unlock();
    }
    if (request == null) {
      if (lost != null) {
        throw new ProtocolViolation("unread"); // lose() was faster; received() stops
      }
      throw new ProtocolViolation("an answer to request " + id + ", which nobody made");
    }
    return request;
  }

  /** How far the receiver came, and the answer that was complete there, if any. */
  private record Progress(
      int position, @Nullable Request<?> request, int type, @Nullable PacketReader fields) {

    void complete() throws ProtocolViolation {
      if (request != null) {
        request.complete(type, fields);
      }
    }
  }

  /** A request on its way, and its answer's. */
  private static final class Request<T> {
    final CompletableFuture<T> future = new CompletableFuture<>();
    private final PacketWriter packet;
    private final Answer<T> answer;

    /** What the packet goes on with; null for none. Read under sendLock only. */
    private final @Nullable IoSegments source;

    /** What the answer's data fills; null for none. Written to under receiveLock only. */
    private final @Nullable IoSegments target;

    private final int payload;
    private int sent; // guarded by sendLock
    private int received; // guarded by receiveLock

    Request(
        PacketWriter packet,
        Answer<T> answer,
        @Nullable IoSegments source,
        int payload,
        @Nullable IoSegments target) {
      this.packet = packet;
      this.answer = answer;
      this.source = source;
      this.payload = payload;
      this.target = target;
    }

    void number(int id) {
      packet.finish(id, payload);
    }

    int unsent() {
      return packet.size() + payload - sent;
    }

    /** Puts the next bytes to send into an array. */
    void drain(byte[] array, int offset, int count) {
      int ofHead = Math.max(0, Math.min(count, packet.size() - sent));
      if (ofHead > 0) {
        System.arraycopy(packet.bytes(), sent, array, offset, ofHead);
      }
      if (count > ofHead) {
        Objects.requireNonNull(source).get(array, offset + ofHead, count - ofHead);
      }
      sent += count;
    }

    long fillable() {
      return target == null ? -1 : target.remaining();
    }

    void fill(byte[] bytes, int offset, int count) {
      Objects.requireNonNull(target).put(bytes, offset, count);
      received += count;
    }

    /**
     * Completes the stage.
     *
     * @param fields the answer's, or null for data that has been filled in
     */
    @SuppressWarnings("unchecked") // a request with a target is a Request<Integer>
    void complete(int type, @Nullable PacketReader fields) throws ProtocolViolation {
      if (fields == null) {
        ((CompletableFuture<Integer>) future).complete(received);
        return;
      }
      @Nullable T result;
      try {
        if (type == SftpProtocol.STATUS) {
          int code = fields.int32();
          if (code != SftpProtocol.OK) {
            String text = fields.hasRemaining() ? fields.text() : "";
            future.completeExceptionally(new SftpStatus(code, text));
            return;
          }
        }
        result = answer.take(type, fields);
      } catch (ProtocolViolation e) {
        future.completeExceptionally(
            new ShareDisconnectedException(String.valueOf(e.getMessage()), e));
        throw e;
      } catch (IOException | RuntimeException e) {
        future.completeExceptionally(e);
        return;
      }
      future.complete(result);
    }
  }
}
