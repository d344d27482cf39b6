package dev.netfs.testing;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.Share;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareFile;
import dev.netfs.share.SpaceInfo;
import dev.netfs.testing.Faults.Fault;
import dev.netfs.testing.Faults.Kind;
import dev.netfs.testing.Faults.Plan;
import java.nio.file.FileSystemException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A share that goes wrong as {@link Faults} says, over one that does not. It keeps the contract of
 * the SPI: what it does is what a bad server on a bad line may do.
 *
 * <p>Also checks some of its caller's side of the contract: see {@link Faults#violations}.
 */
public final class FaultyShare implements Share {
  private static final ScheduledThreadPoolExecutor TIMER =
      new ScheduledThreadPoolExecutor(
          2,
          task -> {
            Thread thread = new Thread(task, "faulty-share-timer");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * Makes the calls that change a file's content, which it so sees before they go to the server,
   * and may put off.
   */
  public interface Witness {
    /** Makes a write of all these bytes. */
    <T> CompletionStage<T> writing(
        String path, long offset, byte[] bytes, Supplier<CompletionStage<T>> call);

    /** Makes a call that cuts or extends a file. */
    <T> CompletionStage<T> cutting(String path, long size, Supplier<CompletionStage<T>> call);

    /**
     * The connection is about to be closed: none of the calls may begin any more, and those that
     * have begun have to be over when this returns.
     */
    void closing();
  }

  private static final Witness NOBODY =
      new Witness() {
        @Override
        public <T> CompletionStage<T> writing(
            String path, long offset, byte[] bytes, Supplier<CompletionStage<T>> call) {
          return call.get();
        }

        @Override
        public <T> CompletionStage<T> cutting(
            String path, long size, Supplier<CompletionStage<T>> call) {
          return call.get();
        }

        @Override
        public void closing() {}
      };

  private final Share share;
  private final Faults faults;
  private final Witness witness;
  private final Set<CompletableFuture<?>> outstanding = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile String lost = "closed";

  /**
   * @param share what really does the work; closed with this share
   * @param faults what goes wrong
   */
  public FaultyShare(Share share, Faults faults) {
    this(share, faults, NOBODY);
  }

  /**
   * @param share what really does the work; closed with this share
   * @param faults what goes wrong
   * @param witness sees what is changed
   */
  public FaultyShare(Share share, Faults faults, Witness witness) {
    this.share = share;
    this.faults = faults;
    this.witness = witness;
  }

  /** Loses the connection now, as if the line was cut. */
  public void disconnect() {
    disconnect("cut");
  }

  @Override
  public ShareCapabilities capabilities() {
    return share.capabilities();
  }

  @Override
  public boolean isConnected() {
    return !closed.get() && share.isConnected();
  }

  @Override
  public CompletionStage<ShareFile> open(String path, OpenIntent intent) {
    return call(
        Kind.OPEN,
        path,
        plan ->
            (intent.truncate()
                    ? witness.cutting(path, 0, () -> share.open(path, intent))
                    : share.open(path, intent))
                .thenApply(file -> new FaultyShareFile(this, faults, witness, file, path)));
  }

  @Override
  public CompletionStage<FileInfo> stat(String path, boolean followLinks) {
    return call(Kind.STAT, path, plan -> share.stat(path, followLinks));
  }

  @Override
  public CompletionStage<Void> list(String path, Consumer<? super DirectoryEntry> entries) {
    return call(Kind.LIST, path, plan -> share.list(path, entries));
  }

  @Override
  public CompletionStage<Void> makeDirectory(String path, int mode) {
    return call(Kind.MAKE_DIRECTORY, path, plan -> share.makeDirectory(path, mode));
  }

  @Override
  public CompletionStage<Void> deleteFile(String path) {
    return call(Kind.DELETE_FILE, path, plan -> share.deleteFile(path));
  }

  @Override
  public CompletionStage<Void> deleteDirectory(String path) {
    return call(Kind.DELETE_DIRECTORY, path, plan -> share.deleteDirectory(path));
  }

  @Override
  public CompletionStage<Void> rename(String source, String target, boolean replace) {
    checkPath(target);
    return call(Kind.RENAME, source, plan -> share.rename(source, target, replace));
  }

  @Override
  public CompletionStage<Void> setAttributes(
      String path, AttributeChange change, boolean followLinks) {
    return call(Kind.SET_ATTRIBUTES, path, plan -> share.setAttributes(path, change, followLinks));
  }

  @Override
  public CompletionStage<SpaceInfo> space(String path) {
    return call(Kind.SPACE, path, plan -> share.space(path));
  }

  @Override
  public CompletionStage<Void> link(String link, String existing) {
    checkPath(existing);
    return call(Kind.LINK, link, plan -> share.link(link, existing));
  }

  @Override
  public CompletionStage<Void> symbolicLink(String link, String target) {
    return call(Kind.SYMBOLIC_LINK, link, plan -> share.symbolicLink(link, target));
  }

  @Override
  public CompletionStage<String> readLink(String path) {
    return call(Kind.READ_LINK, path, plan -> share.readLink(path));
  }

  @Override
  public CompletionStage<Void> copy(String source, String target) {
    checkPath(target);
    return call(Kind.COPY, source, plan -> share.copy(source, target));
  }

  @Override
  public void close() {
    disconnect("closed");
  }

  private void checkPath(String path) {
    boolean normal =
        path.equals("/") || (path.startsWith("/") && !(path + "/").matches("(?s).*/(\\.{0,2})/.*"));
    faults.check(normal, "not a path of the SPI: '" + path + "'");
  }

  /** Makes a call, as its plan says. */
  <T> CompletableFuture<T> call(
      Kind kind, String path, Function<Plan, CompletionStage<T>> operation) {
    checkPath(path);
    Plan plan = faults.plan(kind);
    CompletableFuture<T> result = new CompletableFuture<>();
    outstanding.add(result);
    result.whenComplete((value, failure) -> outstanding.remove(result));
    if (closed.get()) {
      result.completeExceptionally(disconnected());
      return result;
    }
    if (plan.has(Fault.DELAY_BEFORE)) {
      TIMER.schedule(
          () -> make(plan, path, operation, result), plan.delayMicros(), TimeUnit.MICROSECONDS);
    } else {
      make(plan, path, operation, result);
    }
    return result;
  }

  private <T> void make(
      Plan plan,
      String path,
      Function<Plan, CompletionStage<T>> operation,
      CompletableFuture<T> result) {
    if (result.isDone() || plan.has(Fault.HANG)) {
      return;
    }
    if (plan.has(Fault.DISCONNECT_BEFORE)) {
      lose("lost before " + plan);
      return;
    }
    if (plan.isError() && !plan.failsAfterwards()) {
      result.completeExceptionally(injected(plan, path));
      return;
    }
    CompletionStage<T> stage = operation.apply(plan);
    if (plan.kind() == Kind.LOCK) {
      // Cancelling ends the wait, here and below.
      result.whenComplete(
          (value, failure) -> {
            if (result.isCancelled()) {
              stage.toCompletableFuture().cancel(false);
            }
          });
    }
    stage.whenComplete(
        (value, failure) -> {
          if (plan.has(Fault.DELAY_AFTER)) {
            TIMER.schedule(
                () -> answer(plan, path, value, failure, result),
                plan.delayMicros(),
                TimeUnit.MICROSECONDS);
          } else {
            answer(plan, path, value, failure, result);
          }
        });
  }

  private <T> void answer(
      Plan plan, String path, T value, Throwable failure, CompletableFuture<T> result) {
    if (plan.has(Fault.DISCONNECT_AFTER)) {
      lose("lost after " + plan);
    } else if (plan.isError()) {
      result.completeExceptionally(injected(plan, path));
    } else if (failure != null) {
      boolean wrapped = failure instanceof CompletionException && failure.getCause() != null;
      result.completeExceptionally(wrapped ? failure.getCause() : failure);
    } else {
      result.complete(value);
    }
  }

  private void lose(String why) {
    if (witness == NOBODY) {
      disconnect(why);
    } else {
      // This may be a transport's thread, by which what the witness waits for would come.
      TIMER.execute(() -> disconnect(why));
    }
  }

  private void disconnect(String why) {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    lost = why;
    witness.closing();
    share.close();
    for (CompletableFuture<?> call : outstanding) {
      call.completeExceptionally(disconnected());
    }
  }

  private ShareDisconnectedException disconnected() {
    return new ShareDisconnectedException("faulty share: " + lost, null);
  }

  private static FileSystemException injected(Plan plan, String path) {
    return new FileSystemException(path, null, "injected at " + plan);
  }
}
