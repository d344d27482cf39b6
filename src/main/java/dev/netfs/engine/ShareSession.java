package dev.netfs.engine;

import dev.netfs.share.Share;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareDisconnectedException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A mount's connection to its server, as one thing that outlives the connections it is made of.
 *
 * <p>A {@link Share} is one connection: once lost it stays lost. The session hands operations to
 * the share of the moment, and where one fails with {@link ShareDisconnectedException} it connects
 * a new share (one at a time, whoever asks; backing off while nobody answers) and makes the
 * operation again, up to the mount's {@code retries}. An operation that takes longer than {@code
 * timeout} has its connection closed under it, which makes it fail as disconnected: the only way to
 * be sure that the transport no longer touches the memory that was lent to it. One that waits for
 * somebody else, and lends nothing, is {@linkplain #callPatiently excepted}.
 *
 * <p>An operation may have been carried out although its answer was lost. Reads, writes at offsets
 * and attribute changes are the same done twice; for the others the caller says what a repeated
 * operation's failure means ({@link Replay}).
 *
 * <p><b>Concurrency.</b> {@link #lock} guards which share is current and whether one is being
 * connected; it is a leaf: nothing is called while it is held. Completions run on the transport's
 * threads or on the timer's.
 */
final class ShareSession implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ShareSession.class.getName());
  private static final long FIRST_BACKOFF_MILLIS = 50;
  private static final long MAX_BACKOFF_MILLIS = 5_000;

  /** Connects a share; blocks. */
  interface Connector {
    /**
     * @param lost the share that was connected before and is closed, or null
     */
    Share connect(@Nullable Share lost) throws IOException;
  }

  /**
   * Says what the failure of an operation means that was made before, its answer lost: a delete
   * that finds nothing to delete was carried out the first time.
   */
  interface Replay {
    /** For operations whose failure always means what it says. */
    Replay NEVER = failure -> false;

    /**
     * Returns whether the failure shows that an earlier attempt succeeded; the operation then
     * completes with null.
     */
    boolean doneBefore(Throwable failure);
  }

  private final Background background;
  private final Connector connector;
  private final String name;
  private final Duration timeout;
  private final int retries;
  private final Stats stats;
  private final ShareCapabilities capabilities;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Share current; // guarded by lock
  private Share latest; // guarded by lock: what was connected last, lost or not
  private @Nullable CompletableFuture<Share> connecting; // guarded by lock
  private volatile boolean closed; // written under lock

  /**
   * Whoever wants to be told that there is another connection; as long as there are any, one is.
   */
  private final Set<Runnable> keepers = ConcurrentHashMap.newKeySet();

  private final Set<Sent> outstanding = ConcurrentHashMap.newKeySet();
  private final Background.Task watchdog;

  /**
   * Connects for the first time.
   *
   * @param name how messages call the server
   * @throws IOException if the share cannot be connected
   */
  ShareSession(
      Background background,
      String name,
      Connector connector,
      Duration timeout,
      int retries,
      Stats stats)
      throws IOException {
    this.background = background;
    this.name = name;
    this.connector = connector;
    this.timeout = timeout;
    this.retries = retries;
    this.stats = stats;
    Share first = connector.connect(null);
    this.current = first;
    this.latest = first;
    this.capabilities = first.capabilities();
    long period = Math.max(10, Math.min(1000, timeout.toMillis() / 4));
    this.watchdog = background.repeat(this::watch, period, TimeUnit.MILLISECONDS);
  }

  /** Returns what the share can do, as the first connection said. */
  ShareCapabilities capabilities() {
    return capabilities;
  }

  /** Returns how many operations are under way. */
  int outstanding() {
    return outstanding.size();
  }

  /**
   * Has something done, on a worker, each time that there is another connection, which is made
   * within a second or so of the loss, whether anybody needs it or not.
   */
  void keep(Runnable keeper) {
    keepers.add(keeper);
  }

  /** Ends what {@link #keep} began. */
  void endKeeping(Runnable keeper) {
    keepers.remove(keeper);
  }

  /** Carries out an operation that does no harm when it is done twice. */
  <T> CompletableFuture<T> call(String kind, Function<Share, CompletionStage<T>> operation) {
    return call(kind, operation, Replay.NEVER);
  }

  /**
   * Carries out an operation.
   *
   * @param kind what the statistics call it
   * @param operation starts it on a share
   * @param replay what a repeated operation's failure means
   * @return the operation's result, or what it failed with: never a {@link
   *     ShareDisconnectedException} before the retries are used up
   */
  <T> CompletableFuture<T> call(
      String kind, Function<Share, CompletionStage<T>> operation, Replay replay) {
    return start(new Attempt<>(kind, operation, replay, false));
  }

  /**
   * Carries out an operation that may take as long as it likes, and does no harm when it is done
   * twice.
   *
   * @param question asks something else, again and again meanwhile, so that it shows when the
   *     server does not answer at all
   */
  <T> CompletableFuture<T> callPatiently(
      String kind, Function<Share, CompletionStage<T>> operation, Runnable question) {
    Background.Task asking =
        background.repeat(
            () -> background.execute(question),
            Math.max(1, timeout.toMillis() / 2),
            TimeUnit.MILLISECONDS);
    return start(new Attempt<>(kind, operation, Replay.NEVER, true))
        .whenComplete((value, failure) -> asking.cancel());
  }

  private static <T> CompletableFuture<T> start(Attempt<T> attempt) {
    attempt.start();
    return attempt.result;
  }

  /** Has what was sent on a connection of before answered within {@code timeout}, as a call is. */
  <T> CompletionStage<T> watched(String kind, CompletionStage<T> answer) {
    Share share = connectedShare();
    if (share == null) {
      return answer; // which fails with its connection
    }
    Sent sent = new Sent(kind, share, background.nanoTime());
    outstanding.add(sent);
    return answer.whenComplete((value, failure) -> outstanding.remove(sent));
  }

  /** Ends the connection. Operations still outstanding fail. A second call does nothing. */
  @Override
  public void close() {
    Share share;
    lock.lock();
    try {
      closed = true;
      share = current;
      current = null;
    } finally {
      lock.unlock();
    }
    watchdog.cancel();
    if (share != null) {
      share.close();
    }
  }

  /** What waits for an answer over one connection. Its identity matters, not its content. */
  private static final class Sent {
    final String kind;
    final Share share;
    final long nanos;

    Sent(String kind, Share share, long nanos) {
      this.kind = kind;
      this.share = share;
      this.nanos = nanos;
    }
  }

  /** One operation on its way, over as many connections as it takes. */
  private final class Attempt<T> {
    final CompletableFuture<T> result = new CompletableFuture<>();
    private final String kind;
    private final Function<Share, CompletionStage<T>> operation;
    private final Replay replay;
    private final boolean patient;
    private int made; // confined: attempts follow one another

    Attempt(
        String kind,
        Function<Share, CompletionStage<T>> operation,
        Replay replay,
        boolean patient) {
      this.kind = kind;
      this.operation = operation;
      this.replay = replay;
      this.patient = patient;
    }

    void start() {
      Share ready = connectedShare();
      if (ready != null) {
        run(ready);
      } else {
        connection().whenComplete(this::connected);
      }
    }

    private void connected(@Nullable Share ready, @Nullable Throwable failure) {
      if (ready != null) {
        run(ready);
      } else {
        result.completeExceptionally(Await.cause(java.util.Objects.requireNonNull(failure)));
      }
    }

    private void run(Share ready) {
      made++;
      stats.request(kind);
      Sent sent = new Sent(kind, ready, background.nanoTime());
      if (!patient) {
        outstanding.add(sent);
      }
      CompletionStage<T> stage;
      try {
        stage = operation.apply(ready);
      } catch (RuntimeException | Error e) {
        outstanding.remove(sent);
        result.completeExceptionally(e);
        return;
      }
      stage.whenComplete(
          (value, failure) -> {
            outstanding.remove(sent);
            if (failure == null) {
              result.complete(value);
            } else {
              failed(sent, Await.cause(failure));
            }
          });
    }

    @SuppressWarnings("NullAway") // only operations without a result have a Replay
    private void completeEmpty() {
      result.complete(null);
    }

    private void failed(Sent sent, Throwable failure) {
      if (!(failure instanceof ShareDisconnectedException)) {
        if (made > 1 && replay.doneBefore(failure)) {
          completeEmpty();
        } else {
          result.completeExceptionally(failure);
        }
        return;
      }
      discard(sent.share);
      if (patient && background.nanoTime() - sent.nanos > timeout.toNanos()) {
        made =
            1; // the connection was good for a while: what is counted is one failure after another
      }
      if (closed || made > retries) {
        result.completeExceptionally(
            closed
                ? failure
                : new IOException(
                    name
                        + ": gave up after "
                        + made
                        + " attempts to "
                        + kind
                        + ": "
                        + failure.getMessage(),
                    failure));
        return;
      }
      stats.retries.increment();
      // On a worker, since this may be the very thread of the transport that has to wind up.
      background.execute(this::start);
    }
  }

  /** Returns the current share if it is usable. */
  private @Nullable Share connectedShare() {
    lock.lock();
    try {
      return current != null && current.isConnected() ? current : null;
    } finally {
      lock.unlock();
    }
  }

  private void discard(Share share) {
    lock.lock();
    try {
      if (current == share) {
        current = null;
      }
    } finally {
      lock.unlock();
    }
    share.close();
  }

  /** Returns the connection that is being made, begun now if none is. */
  private CompletableFuture<Share> connection() {
    Share lost = null;
    CompletableFuture<Share> future;
    boolean begin = false;
    lock.lock();
    try {
      if (closed) {
        return CompletableFuture.failedFuture(
            new ShareDisconnectedException(name + ": the file system is closed", null));
      }
      if (current != null && current.isConnected()) {
        return CompletableFuture.completedFuture(current);
      }
      if (connecting == null) {
        lost = current;
        current = null;
        connecting = new CompletableFuture<>();
        begin = true;
      }
      future = connecting;
    } finally {
      lock.unlock();
    }
    if (lost != null) {
      lost.close();
    }
    if (begin) {
      long now = background.nanoTime();
      background.execute(() -> connect(now, FIRST_BACKOFF_MILLIS));
    }
    return future;
  }

  /** Tries to connect, again and again while nobody answers and {@code timeout} has not passed. */
  private void connect(long begunNanos, long backoffMillis) {
    try {
      Share share = connector.connect(latest());
      stats.reconnects.increment();
      LOG.log(Level.INFO, "{0}: connected again", name);
      settle(share, null);
    } catch (ShareConnectException e) {
      boolean inTime = background.nanoTime() - begunNanos < timeout.toNanos();
      if (e.isTransient() && inTime && !closed) {
        LOG.log(Level.DEBUG, "{0}: {1}; trying again", name, e.getMessage());
        background.schedule(
            () ->
                background.execute(
                    () -> connect(begunNanos, Math.min(2 * backoffMillis, MAX_BACKOFF_MILLIS))),
            backoffMillis,
            TimeUnit.MILLISECONDS);
      } else {
        settle(null, e);
      }
    } catch (IOException | RuntimeException | Error e) {
      settle(null, e);
    }
  }

  private Share latest() {
    lock.lock();
    try {
      return latest;
    } finally {
      lock.unlock();
    }
  }

  private void settle(@Nullable Share share, @Nullable Throwable failure) {
    CompletableFuture<Share> future;
    boolean unwanted;
    lock.lock();
    try {
      future = java.util.Objects.requireNonNull(connecting);
      connecting = null;
      unwanted = closed;
      if (!unwanted) {
        current = share;
        latest = share == null ? latest : share;
      }
    } finally {
      lock.unlock();
    }
    if (unwanted && share != null) {
      share.close();
    }
    if (share != null && !unwanted) {
      future.complete(share);
      keepers.forEach(background::execute);
    } else {
      future.completeExceptionally(
          failure != null
              ? failure
              : new ShareDisconnectedException(name + ": the file system is closed", null));
    }
  }

  private void watch() {
    closeOverdue();
    if (!keepers.isEmpty()) {
      connection();
    }
  }

  private void closeOverdue() {
    long now = background.nanoTime();
    for (Sent sent : outstanding) {
      if (now - sent.nanos > timeout.toNanos()) {
        LOG.log(
            Level.WARNING,
            "{0}: no answer to {1} within {2}; closing the connection",
            name,
            sent.kind,
            timeout);
        background.execute(sent.share::close);
      }
    }
  }
}
