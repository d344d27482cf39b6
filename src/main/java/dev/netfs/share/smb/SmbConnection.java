package dev.netfs.share.smb;

import dev.netfs.share.ShareDisconnectedException;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection with one session and one tree, and every request that is under way on it.
 *
 * <h2>Threads</h2>
 *
 * A connection has two: one {@linkplain Sender sends}, one {@linkplain Receiver receives}. Each
 * owns its buffers, its keys and its ciphers alone. {@link #send} puts requests in the sender's
 * queue and returns; answers complete on the receiving thread. Requests go out in the order in
 * which they were put there.
 *
 * <h2>Credits</h2>
 *
 * The server says by credits how much it wants to have to do at once (MS-SMB2 3.2.4.1.2). They are
 * {@linkplain #credits counted} here: the sender takes them, and waits where there are too few; the
 * receiver adds what each answer brings. Requests ask for more until {@link #CREDIT_TARGET} are
 * ours.
 *
 * <h2>The end</h2>
 *
 * {@link #lose} ends it, once and for good: whoever calls it fails all requests that have no answer
 * yet. A request that is put in the queue at that very moment is failed by the one who put it, and
 * one that the sender has taken from the queue and has not sent yet by the sender as it ends. When
 * it has returned nobody moves bytes from or to a request's memory any more: both threads do that
 * under a lock of theirs, and look whether the connection was lost when they have it. Nor does
 * anybody when a request is failed, whoever fails it: he waits for these locks first.
 */
final class SmbConnection {
  /** Enough for 64 MiB on their way. */
  static final int CREDIT_TARGET = 1024;

  private final String server;
  private final SocketChannel channel;
  private final Sender sender;
  private final Thread sending;
  private final Thread receiving;
  final Receiver receiver;

  /** Requests that were sent and have no answer yet, by their message's number. */
  private final ConcurrentHashMap<Long, Request> pending = new ConcurrentHashMap<>();

  /** What the server lets us send; the first message needs one. */
  final Semaphore credits = new Semaphore(1);

  /** All credits that are ours: those that can be used, and those that requests hold. */
  final AtomicInteger owned = new AtomicInteger(1);

  private final AtomicReference<@Nullable ShareDisconnectedException> lost =
      new AtomicReference<>();

  /** Takes what the server says unasked: that a lease is to be given back. */
  private volatile Consumer<Response> notices = notice -> {};

  private volatile Runnable whenEnded = () -> {};

  private volatile @Nullable Practice practice; // in what messages are protected by
  private volatile String protection = "neither signed nor encrypted";

  private volatile boolean multiCredit; // set while nothing is under way

  volatile long sessionId;
  volatile int treeId;

  /**
   * @param server how messages call the server
   * @param channel a connected channel in blocking mode
   */
  SmbConnection(String server, SocketChannel channel) {
    this.server = server;
    this.channel = channel;
    this.sender = new Sender(this, channel);
    this.receiver = new Receiver(this, channel);
    this.sending = thread(sender, "netfs-smb-send");
    this.receiving = thread(receiver, "netfs-smb-receive");
  }

  private static Thread thread(Runnable work, String name) {
    Thread thread = new Thread(null, work, name, 0, false);
    thread.setDaemon(true);
    return thread;
  }

  void start() {
    sending.start();
    receiving.start();
  }

  boolean isConnected() {
    return lost.get() == null;
  }

  /**
   * Both are run on the receiving thread.
   *
   * @param taker takes what the server says unasked, as it comes
   * @param ended is run when nothing more comes, after the connection was lost
   */
  void onNotice(Consumer<Response> taker, Runnable ended) {
    notices = taker;
    whenEnded = ended;
  }

  /** Has messages signed, or encrypted, from now on; nothing must be under way. */
  void protect(SessionKeys keys, boolean seal) {
    byte[] sealing = keys.sealing();
    byte[] opening = keys.opening();
    practice =
        seal ? Practice.ofSealing(keys.cipher()) : Practice.ofSigning(keys.signingAlgorithm());
    protection = seal ? "encrypted by " + keys.cipherName() : "signed by " + keys.signingName();
    if (!seal) {
      sender.protect(MessageSigner.of(keys.signingAlgorithm(), keys.signing()), null);
      receiver.protect(MessageSigner.of(keys.signingAlgorithm(), keys.signing()), null);
    } else if (sealing != null && opening != null) {
      sender.protect(null, MessageSealer.of(keys.cipher(), sealing));
      receiver.protect(null, MessageSealer.of(keys.cipher(), opening));
    } else {
      throw new IllegalStateException("no keys to encrypt with");
    }
  }

  /**
   * Keeps to what was negotiated; nothing must be under way. The server's frames may be as long as
   * the largest payload, or as a {@linkplain SmbListing listing's} two answers, and some headers.
   *
   * @param payload the most bytes that one message may carry
   * @param multiCredit whether the server counts by bytes what a request costs; else each is one
   */
  void limit(int payload, boolean multiCredit) {
    receiver.limit(Math.max(payload, SmbListing.ANSWERS * SmbListing.BYTES) + 65_536);
    this.multiCredit = multiCredit;
  }

  /** Returns what a request costs, and how many numbers of messages it takes. */
  int charge(Request request) {
    return multiCredit ? request.charge() : 1;
  }

  /** Sends a request. */
  CompletableFuture<Response> send(Request request) {
    submit(List.of(request));
    return request.answer;
  }

  /**
   * Sends requests that belong together: each works on the file that the first one opens, and fails
   * as it does.
   */
  void sendRelated(Request... requests) {
    submit(List.of(requests));
  }

  /** Asks the server to give up a request. */
  void cancel(Request request) {
    if (!request.answer.isDone()) {
      submit(List.of(Request.cancelling(request)));
    }
  }

  private void submit(List<Request> chain) {
    sender.queue.add(chain);
    if (lost.get() != null) {
      failAll();
    }
  }

  /** Notes a request that is about to be sent. */
  void sent(long messageId, Request request) {
    pending.put(messageId, request);
    if (lost.get() != null) {
      failAll();
    }
  }

  /** Returns the request that a message belongs to, or null. */
  @Nullable Request pending(long messageId) {
    return pending.get(messageId);
  }

  /** Takes a request out whose answer has come. */
  void answered(long messageId) {
    pending.remove(messageId);
  }

  void notice(Response notice) {
    notices.accept(notice);
  }

  /** The receiving thread ends. */
  void ended() {
    whenEnded.run();
  }

  /** Counts credits that an answer has brought, and those that its request has used up. */
  void earn(int granted, int used) {
    owned.addAndGet(granted - used);
    credits.release(granted);
  }

  /**
   * Ends the connection.
   *
   * @param why what happened, to follow "the connection to the server was lost:"
   */
  void lose(String why, @Nullable Throwable cause) {
    ShareDisconnectedException exception =
        new ShareDisconnectedException("the connection to " + server + " was lost: " + why, cause);
    if (!lost.compareAndSet(null, exception)) {
      awaitMemory();
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      // It is of no more use either way.
    }
    if (Thread.currentThread() != sending) {
      sending.interrupt(); // it may wait for credits, or for work
    }
    failAll();
  }

  /**
   * Returns when no thread of ours moves bytes from or to a request's memory any more. The
   * connection is lost; who calls this holds neither lock.
   */
  private void awaitMemory() {
    receiver.memory.lock();
    receiver.memory.unlock();
    sender.memory.lock();
    sender.memory.unlock();
  }

  private void failAll() {
    awaitMemory();
    for (Iterator<Request> all = pending.values().iterator(); all.hasNext(); ) {
      Request request = all.next();
      all.remove();
      fail(request);
    }
    for (List<Request> chain = sender.queue.poll(); chain != null; chain = sender.queue.poll()) {
      chain.forEach(this::fail);
    }
  }

  /** Tells a request that the connection was lost. */
  void fail(Request request) {
    request.answer.completeExceptionally(disconnected());
  }

  /** Returns a new exception that says why the connection was lost. */
  ShareDisconnectedException disconnected() {
    ShareDisconnectedException first = lost.get();
    return first == null
        ? new ShareDisconnectedException("the connection to " + server + " was lost", null)
        : new ShareDisconnectedException(String.valueOf(first.getMessage()), first);
  }

  String server() {
    return server;
  }

  /** Returns this JVM's practice in how messages are signed or encrypted; null if they are not. */
  @Nullable Practice practice() {
    return practice;
  }

  /** Returns how messages are protected, in words. */
  String protection() {
    return protection;
  }
}
