package dev.netfs.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the tests of {@link ShareContract} stand on: what a transport's subclass supplies, and
 * waiting for stages in a way that checks what they fail with.
 */
public abstract class ShareFixture {
  /** How long any single operation may take before the test calls it hanging. */
  protected static final long PATIENCE_SECONDS = 30;

  /**
   * What a transport may or may not have. A subclass says which it has, and the contract checks
   * that this is so, both ways: a feature that got lost fails a test, rather than skipping some.
   */
  public enum Feature {
    /** {@code mode} is shown and can be set. */
    POSIX,
    /** {@code uid} and {@code gid} are shown and can be set. */
    OWNER_NUMBERS,
    /** Modification and access times can be set. */
    SET_TIMES,
    /** The times of a symbolic link's own can be set. */
    SET_LINK_TIMES,
    SYMBOLIC_LINKS,
    HARD_LINKS,
    LOCKS,
    LEASES,
    NOTIFICATIONS,
    SERVER_COPY,
    ATOMIC_REPLACE,
    DURABLE_SYNC,
    SPACE,
    /** An open file's {@code stat} is right after the file was renamed. */
    STAT_AFTER_RENAME,
    /** An open file can be read and asked for its size after its name was deleted. */
    USE_AFTER_DELETE,
    /** Names may hold what only a slash and NUL may not: quotes, line breaks, backslashes. */
    ANY_NAME,
    /** A write far beyond the end costs no space. */
    SPARSE,
    /** {@link FileInfo#fileKey} is there. */
    FILE_KEYS,
    /** {@link FileInfo#links} is there. */
    LINK_COUNTS
  }

  /** The share under test, rooted in an empty directory of its own. */
  protected Share share;

  private final List<Share> connected = new ArrayList<>();

  /** Makes a fresh, empty root for one test. */
  protected abstract void makeRoot() throws Exception;

  /** Takes away what {@link #makeRoot} made, when all shares are closed. */
  protected abstract void removeRoot() throws Exception;

  /** Connects to this test's root: a new connection at each call. */
  protected abstract Share connect() throws IOException;

  /** Returns what this transport and server have. */
  protected abstract Set<Feature> features();

  /** Returns this test's root as the server itself sees it, or null if there is no way to look. */
  protected abstract Path serverRoot();

  @BeforeEach
  void connectFirst() throws Exception {
    makeRoot();
    share = another();
  }

  @AfterEach
  void closeAll() throws Exception {
    connected.forEach(Share::close);
    removeRoot();
  }

  /** Connects once more; the share is closed after the test. */
  protected final Share another() throws IOException {
    Share made = connect();
    connected.add(made);
    return made;
  }

  protected final boolean has(Feature feature) {
    return features().contains(feature);
  }

  /**
   * Returns whether the transport does not claim a feature: the test has nothing to do then, after
   * this has seen the share say so, and refuse.
   */
  protected final boolean lacks(Feature feature) throws IOException {
    if (has(feature)) {
      return false;
    }
    await(share.open("/lacking", CREATE)).close();
    switch (feature) {
      case LOCKS -> {
        assertThat(share.capabilities().locks()).isEqualTo(ShareCapabilities.LockKind.NONE);
        ShareFile file = await(share.open("/lacking", CREATE));
        assertRefused(file.lock(0, 1, false, false));
        await(file.close());
      }
      case LEASES -> assertThat(share.capabilities().leases()).isFalse();
      case NOTIFICATIONS -> {
        assertThat(share.capabilities().notifications()).isFalse();
        assertRefused(share.watch("/", new IgnoringWatcher()));
      }
      case SYMBOLIC_LINKS -> {
        assertThat(share.capabilities().symbolicLinks()).isFalse();
        assertRefused(share.symbolicLink("/link", "lacking"));
        assertRefused(share.readLink("/lacking"));
      }
      case HARD_LINKS -> {
        assertThat(share.capabilities().hardLinks()).isFalse();
        assertRefused(share.link("/link", "/lacking"));
      }
      case SERVER_COPY -> {
        assertThat(share.capabilities().serverCopy()).isFalse();
        assertRefused(share.copy("/lacking", "/copy"));
      }
      case POSIX -> {
        assertThat(await(share.stat("/lacking", true)).mode()).isEqualTo(-1);
        assertRefused(share.setAttributes("/lacking", AttributeChange.ofMode(0600), true));
      }
      default -> {
        // What cannot be refused: how much room a file takes, what the attributes hold.
      }
    }
    await(share.deleteFile("/lacking"));
    return true;
  }

  private static final class IgnoringWatcher implements DirectoryWatcher {
    @Override
    public void changed(Kind kind, String name) {}

    @Override
    public void overflowed() {}

    @Override
    public void ended() {}
  }

  private static void assertRefused(CompletionStage<?> stage) {
    assertThat(outcome(stage)).isInstanceOf(UnsupportedOperationException.class);
  }

  private static final OpenIntent CREATE =
      new OpenIntent(true, true, OpenIntent.Disposition.OPEN_OR_CREATE, false, -1);

  // Stages.

  /** Waits for a stage and returns its result; fails as the stage did. */
  protected static <T> T await(CompletionStage<T> stage) throws IOException {
    Throwable failure = outcome(stage);
    if (failure instanceof IOException e) {
      throw e;
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure != null) {
      throw new AssertionError(failure);
    }
    return stage.toCompletableFuture().join();
  }

  /** Waits for a stage and returns what it failed with, or null; the test fails if it hangs. */
  protected static Throwable outcome(CompletionStage<?> stage) {
    // What the stage itself holds, not what join() makes of it.
    CompletableFuture<Throwable[]> seen = new CompletableFuture<>();
    stage.whenComplete((value, failure) -> seen.complete(new Throwable[] {failure}));
    Throwable failure;
    try {
      failure = seen.get(PATIENCE_SECONDS, TimeUnit.SECONDS)[0];
    } catch (TimeoutException e) {
      return fail("a stage is hanging");
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    if (failure != null) {
      assertSpiType(failure);
    }
    return failure;
  }

  private static void assertSpiType(Throwable failure) {
    assertThat(failure).isNotInstanceOf(CompletionException.class);
    assertThat(failure.getClass().getName())
        .as("the type of %s", failure)
        .matches("(java\\.(io|nio|lang|util)|dev\\.netfs\\.share)\\..*");
    if (!(failure instanceof UnsupportedOperationException)) {
      assertThat(failure).isInstanceOf(IOException.class);
    }
  }

  /** Asserts that a stage fails with exactly this type, about this path. */
  protected static void assertFails(
      CompletionStage<?> stage, Class<? extends FileSystemException> type, String path) {
    Throwable failure = outcome(stage);
    assertThat(failure).isNotNull().isExactlyInstanceOf(type);
    assertThat(((FileSystemException) failure).getFile()).isEqualTo(path);
  }

  /** Asserts that a stage fails with one of these types, about one of these paths. */
  protected static void assertFails(
      CompletionStage<?> stage, Set<Class<?>> types, Set<String> paths) {
    Throwable failure = outcome(stage);
    assertThat(failure).isNotNull();
    assertThat(failure.getClass()).isIn(types);
    assertThat(((FileSystemException) failure).getFile()).isIn(paths);
  }

  // Files.

  protected static OpenIntent create() {
    return new OpenIntent(true, true, Disposition.CREATE_NEW, false, -1);
  }

  protected static OpenIntent update() {
    return new OpenIntent(true, true, Disposition.OPEN_EXISTING, false, -1);
  }

  protected static byte[] bytes(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Makes a file with some content and closes it. */
  protected final void create(String path, byte[] content) throws IOException {
    ShareFile file = await(share.open(path, create()));
    writeFully(file, content, 0);
    await(file.close());
  }

  protected final void create(String path) throws IOException {
    create(path, new byte[0]);
  }

  protected final ShareFile open(String path, OpenIntent intent) throws IOException {
    return await(share.open(path, intent));
  }

  /** Writes all, in requests of at most the share's {@code wsize}. */
  protected final void writeFully(ShareFile file, byte[] content, long offset) throws IOException {
    int done = 0;
    while (done < content.length) {
      int length = Math.min(content.length - done, share.capabilities().wsize());
      ByteBuffer part = ByteBuffer.wrap(content, done, length);
      long written = await(file.write(IoSegments.of(part), offset + done)).bytes();
      assertThat(written).isBetween(1L, (long) length);
      done += (int) written;
    }
  }

  /** Reads up to a length or the end, in requests of at most the share's {@code rsize}. */
  protected final byte[] readFully(ShareFile file, long offset, int length) throws IOException {
    byte[] content = new byte[length];
    int done = 0;
    while (done < length) {
      int asked = Math.min(length - done, share.capabilities().rsize());
      ReadResult result =
          await(file.read(IoSegments.of(ByteBuffer.wrap(content, done, asked)), offset + done));
      assertThat(result.bytes()).isLessThanOrEqualTo(asked);
      done += (int) result.bytes();
      if (result.endOfFile()) {
        break;
      }
      assertThat(result.bytes()).as("bytes of a read not at the end").isPositive();
    }
    return java.util.Arrays.copyOf(content, done);
  }

  /** Returns a file's content, read through the share on a handle of its own. */
  protected final byte[] contentOf(String path) throws IOException {
    ShareFile file = open(path, OpenIntent.READ);
    try {
      return readFully(file, 0, (int) Math.min(file.openInfo().size() + 1, 1 << 28));
    } finally {
      await(file.close());
    }
  }

  /** Asserts a file's content, as the share has it and, if one can look, as the server has it. */
  protected final void assertContent(String path, byte[] expected) throws IOException {
    assertThat(contentOf(path)).isEqualTo(expected);
    Path root = serverRoot();
    if (root != null) {
      assertThat(Files.readAllBytes(root.resolve(path.substring(1)))).isEqualTo(expected);
    }
  }

  protected final FileInfo stat(String path) throws IOException {
    return await(share.stat(path, false));
  }

  protected final boolean exists(String path) {
    Throwable failure = outcome(share.stat(path, false));
    if (failure != null) {
      assertThat(failure).isInstanceOf(java.nio.file.NoSuchFileException.class);
    }
    return failure == null;
  }

  /** Lists a directory; the names come once each. */
  protected final Map<String, FileInfo> list(String path) throws IOException {
    List<DirectoryEntry> entries = new ArrayList<>();
    await(share.list(path, entries::add));
    Map<String, FileInfo> byName = new TreeMap<>();
    for (DirectoryEntry entry : entries) {
      assertThat(byName.put(entry.name(), entry.info())).as(entry.name() + ", twice").isNull();
    }
    return byName;
  }
}
