package dev.netfs.nio;

import dev.netfs.NetfsFileSystem;
import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.DirectoryWatcher;
import dev.netfs.share.FileInfo;
import dev.netfs.share.IoSegments;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.ReadResult;
import dev.netfs.share.Share;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareLock;
import dev.netfs.share.ShareProvider;
import dev.netfs.share.ShareWatch;
import dev.netfs.share.SpaceInfo;
import dev.netfs.share.WriteResult;
import dev.netfs.share.path.PathShareProvider;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Shares whose connecting, reads, writes and locks wait at a gate until a test opens it: the scheme
 * {@code netfs+gated}.
 */
public final class GatedShares implements ShareProvider {
  static final String SCHEME = "netfs+gated";

  public GatedShares() {}

  /** The provider for them, which is not registered. */
  static final class Provider extends NetfsFileSystemProvider {
    Provider() {
      super(SCHEME);
    }
  }

  /** Where operations wait, and a count of those that have come. */
  static final class Gate {
    private volatile CompletableFuture<Void> opened = CompletableFuture.completedFuture(null);
    final AtomicInteger arrived = new AtomicInteger();

    void shut() {
      opened = new CompletableFuture<>();
    }

    void open() {
      opened.complete(null);
    }

    void openWith(Throwable failure) {
      opened.completeExceptionally(failure);
    }

    void awaitArrival(int count) {
      while (arrived.get() < count) {
        Thread.onSpinWait();
      }
    }

    <T> CompletableFuture<T> pass(Supplier<CompletionStage<T>> operation) {
      CompletableFuture<Void> gate = opened;
      arrived.incrementAndGet();
      return gate.thenCompose(done -> operation.get());
    }
  }

  /** What a test controls of one share. */
  static final class Control {
    final Gate reads = new Gate();
    final Gate writes = new Gate();
    final Gate locks = new Gate();
    final AtomicInteger connects = new AtomicInteger();
    final CountDownLatch connecting = new CountDownLatch(1);
    volatile CountDownLatch connectGate = new CountDownLatch(0);
    volatile IOException connectFailure;

    /** What somebody else does right after a file has been deleted. */
    volatile Runnable afterDelete = () -> {};

    /** Returns why a change of attributes fails, or null. */
    volatile Function<AttributeChange, Throwable> attributes = change -> null;

    /** Who watches a directory, where the capabilities say that one can: tests tell him. */
    volatile DirectoryWatcher watcher;

    /** Lifts off what the share can do, in a test of what happens without. */
    volatile java.util.function.UnaryOperator<ShareCapabilities> capabilities = c -> c;
  }

  static NetfsFileSystem mount(Path directory, String name, Control control, Object... options)
      throws IOException {
    Map<String, Object> env = new HashMap<>();
    env.put("path", directory);
    env.put("control", control);
    for (int i = 0; i < options.length; i += 2) {
      env.put((String) options[i], options[i + 1]);
    }
    return (NetfsFileSystem) new Provider().newFileSystem(uri(name), env);
  }

  static URI uri(String name) {
    return URI.create(SCHEME + "://test/" + name);
  }

  @Override
  public Set<String> schemes() {
    return Set.of(SCHEME);
  }

  @Override
  public Set<String> options() {
    return Set.of("path", "control");
  }

  @Override
  public String missingLibrary() {
    return null;
  }

  @Override
  public Share connect(ShareConfig config) throws IOException {
    Control control = (Control) config.options().get("control");
    control.connects.incrementAndGet();
    control.connecting.countDown();
    try {
      control.connectGate.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    if (control.connectFailure != null) {
      throw control.connectFailure;
    }
    return new Gated(new PathShareProvider().connect(config), control);
  }

  private record Gated(Share share, Control control) implements Share {
    @Override
    public ShareCapabilities capabilities() {
      return control.capabilities.apply(share.capabilities());
    }

    @Override
    public boolean isConnected() {
      return share.isConnected();
    }

    @Override
    public CompletionStage<ShareFile> open(String path, OpenIntent intent) {
      return share.open(path, intent).thenApply(file -> new GatedFile(file, control));
    }

    @Override
    public CompletionStage<FileInfo> stat(String path, boolean followLinks) {
      return share.stat(path, followLinks);
    }

    @Override
    public CompletionStage<Void> list(String path, Consumer<? super DirectoryEntry> entries) {
      return share.list(path, entries);
    }

    @Override
    public CompletionStage<Void> makeDirectory(String path, int mode) {
      return share.makeDirectory(path, mode);
    }

    @Override
    public CompletionStage<Void> deleteFile(String path) {
      return share.deleteFile(path).thenRun(control.afterDelete);
    }

    @Override
    public CompletionStage<Void> deleteDirectory(String path) {
      return share.deleteDirectory(path);
    }

    @Override
    public CompletionStage<Void> rename(String source, String target, boolean replace) {
      return share.rename(source, target, replace);
    }

    @Override
    public CompletionStage<Void> setAttributes(
        String path, AttributeChange change, boolean followLinks) {
      Throwable failure = control.attributes.apply(change);
      return failure == null
          ? share.setAttributes(path, change, followLinks)
          : CompletableFuture.failedFuture(failure);
    }

    @Override
    public CompletionStage<SpaceInfo> space(String path) {
      return share.space(path);
    }

    @Override
    public CompletionStage<Void> link(String link, String existing) {
      return share.link(link, existing);
    }

    @Override
    public CompletionStage<Void> symbolicLink(String link, String target) {
      return share.symbolicLink(link, target);
    }

    @Override
    public CompletionStage<String> readLink(String path) {
      return share.readLink(path);
    }

    @Override
    public CompletionStage<Void> copy(String source, String target) {
      return share.copy(source, target);
    }

    @Override
    public CompletionStage<ShareWatch> watch(String directory, DirectoryWatcher watcher) {
      control.watcher = watcher;
      return CompletableFuture.completedFuture(() -> {});
    }

    @Override
    public void close() {
      // As with a real one, no bytes arrive now, before whoever waits for them has been woken.
      control.reads.openWith(new ShareDisconnectedException("the share is closed", null));
      control.writes.open();
      share.close();
    }
  }

  private record GatedFile(ShareFile file, Control control) implements ShareFile {
    @Override
    public FileInfo openInfo() {
      return file.openInfo();
    }

    @Override
    public CompletionStage<ReadResult> read(IoSegments dst, long offset) {
      return control.reads.pass(() -> file.read(dst, offset));
    }

    @Override
    public CompletionStage<WriteResult> write(IoSegments src, long offset) {
      return control.writes.pass(() -> file.write(src, offset));
    }

    @Override
    public CompletionStage<FileInfo> stat() {
      return file.stat();
    }

    @Override
    public CompletionStage<Void> truncate(long size) {
      return file.truncate(size);
    }

    @Override
    public CompletionStage<Void> sync(boolean metadata) {
      return file.sync(metadata);
    }

    @Override
    public CompletableFuture<ShareLock> lock(
        long position, long size, boolean shared, boolean wait) {
      return wait
          ? control.locks.pass(() -> file.lock(position, size, shared, false))
          : file.lock(position, size, shared, false);
    }

    @Override
    public CompletionStage<Void> close() {
      return file.close();
    }
  }
}
