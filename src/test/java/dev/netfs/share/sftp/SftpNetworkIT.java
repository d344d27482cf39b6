package dev.netfs.share.sftp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileType;
import dev.netfs.share.IoSegments;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.ReadResult;
import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.OpenSshServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The transport over OpenSSH and a network that is slow, breaks, or changes its keys. */
@Timeout(120)
class SftpNetworkIT {
  private static final int SIZE = 20 << 20;
  private static OpenSshServer server;
  private static byte[] content;

  private CountingProxy proxy;
  private Share share;

  @BeforeAll
  static void startServer() throws IOException {
    // Keys are exchanged anew after each 2 MB, by the server's wish.
    server = OpenSshServer.builder().setting("RekeyLimit 2M").start();
    content = new byte[SIZE];
    new Random(1).nextBytes(content);
    server.own(Files.write(server.data().resolve("big"), content));
    Path many = Files.createDirectory(server.data().resolve("many"));
    for (int i = 0; i < 3_000; i++) {
      Files.createFile(many.resolve("file" + i));
    }
  }

  @AfterAll
  static void stopServer() {
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void connect() throws IOException {
    proxy = CountingProxy.to("127.0.0.1", server.port());
    server.alsoKnownAt(proxy.port());
    share = another();
  }

  @AfterEach
  void disconnect() {
    if (share != null) {
      share.close();
    }
    proxy.close();
  }

  private Share another() throws IOException {
    return new SftpShareProvider()
        .connect(new ShareConfig(server.uri(proxy.port(), ""), ShareOptions.of(server.options())));
  }

  // ---------------------------------------------------------------- pipelining

  @Test
  void manyRequestsShareOneRoundTrip() throws Exception {
    ShareFile file = get(share.open("/big", OpenIntent.READ));
    proxy.delay(Duration.ofMillis(100));
    long start = System.nanoTime();
    List<CompletionStage<ReadResult>> reads = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      reads.add(file.read(IoSegments.of(ByteBuffer.allocate(4096)), i * 4096L));
    }
    for (CompletionStage<ReadResult> read : reads) {
      assertThat(get(read).bytes()).isEqualTo(4096);
    }
    // One after another they would take 12.8 s.
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(6));
  }

  @Test
  void aLongListingTakesFewRoundTrips() throws Exception {
    proxy.delay(Duration.ofMillis(100));
    Set<String> names = new TreeSet<>();
    long start = System.nanoTime();
    get(share.list("/many", entry -> names.add(entry.name())));
    // 30 batches of 100 names: one after another they would take more than 6 s.
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(4));
    assertThat(names).hasSize(3_000);
  }

  @Test
  void anOpenTakesOneRoundTrip() throws Exception {
    get(get(share.open("/big", OpenIntent.READ)).close()); // learns the owner's name
    proxy.delay(Duration.ofMillis(250));
    long start = System.nanoTime();
    ShareFile file = get(share.open("/big", OpenIntent.READ));
    assertThat(System.nanoTime() - start).isBetween(500_000_000L, 950_000_000L);
    assertThat(file.openInfo().size()).isEqualTo(SIZE);
  }

  @Test
  void keysAreExchangedAnewUnderLoad() throws Exception {
    ShareFile in = get(share.open("/big", OpenIntent.READ));
    ShareFile out =
        get(share.open("/copy", new OpenIntent(false, true, Disposition.CREATE_NEW, false, -1)));
    int piece = 200_000;
    int size = 30 * piece;
    byte[] read = new byte[size];
    List<CompletableFuture<?>> all = new ArrayList<>();
    for (int at = 0; at < size; at += piece) {
      int offset = at;
      int length = piece;
      ByteBuffer memory = ByteBuffer.wrap(read, at, length);
      ByteBuffer source = ByteBuffer.wrap(content, at, length);
      all.add(
          in.read(IoSegments.of(memory), offset)
              .toCompletableFuture()
              .thenAccept(result -> assertThat(result.bytes()).isEqualTo(length)));
      all.add(
          out.write(IoSegments.of(source), offset)
              .toCompletableFuture()
              .thenAccept(result -> assertThat(result.bytes()).isEqualTo(length)));
    }
    for (CompletableFuture<?> each : all) {
      get(each);
    }
    get(out.sync(true));
    get(out.close());
    assertThat(Arrays.equals(read, Arrays.copyOf(content, size))).isTrue();
    assertThat(server.data().resolve("copy")).hasBinaryContent(read);
    get(share.deleteFile("/copy"));
  }

  @Test
  void aKeyThatWasAcceptedIsWrittenDownOnce(@TempDir Path directory) throws Exception {
    Path known = directory.resolve("known_hosts");
    Map<String, Object> options = new HashMap<>(server.options());
    options.put("knownHosts", known);
    options.put("hostKey", "accept-new");
    ShareConfig config = new ShareConfig(server.uri(""), ShareOptions.of(options));
    try (Share trusting = new SftpShareProvider().connect(config)) {
      ShareFile file = get(trusting.open("/big", OpenIntent.READ));
      for (int i = 0; i < 20; i++) {
        get(file.read(IoSegments.of(ByteBuffer.allocate(250_000)), i * 250_000L));
      }
      assertThat(get(trusting.stat("/big", true)).size()).isEqualTo(SIZE);
    }
    assertThat(Files.readAllLines(known)).hasSize(1);
  }

  // ---------------------------------------------------------------- breaking

  private interface Break {
    void happen() throws IOException;
  }

  /** Fills the pipe with requests, breaks it, and looks at how they end. */
  private void assertEndsAll(Break damage) throws Exception {
    assertEndsAll(() -> {}, damage);
  }

  /**
   * The same, with what is prepared before the first request: a cut after so many bytes has to be,
   * or all of them may be through by then.
   */
  private void assertEndsAll(Break before, Break damage) throws Exception {
    ShareFile file = get(share.open("/big", OpenIntent.READ));
    ShareFile out =
        get(share.open("/w", new OpenIntent(true, true, Disposition.OPEN_OR_CREATE, true, -1)));
    List<CompletionStage<?>> requests = new ArrayList<>();
    List<byte[]> memory = new ArrayList<>();
    List<DirectoryEntry> entries = new ArrayList<>();
    before.happen();
    for (int i = 0; i < 60; i++) {
      byte[] bytes = new byte[250_000];
      memory.add(bytes);
      requests.add(file.read(IoSegments.of(ByteBuffer.wrap(bytes)), i * 250_000L));
      requests.add(
          out.write(IoSegments.of(ByteBuffer.wrap(content, i * 50_000, 50_000)), i * 50_000L));
    }
    requests.add(share.list("/many", entries::add));
    requests.add(share.stat("/big", true));
    requests.add(share.copy("/big", "/copy-cut"));
    requests.add(share.rename("/no-such", "/other", true));
    damage.happen();
    int failed = 0;
    for (CompletionStage<?> request : requests) {
      Throwable failure = outcome(request);
      if (failure instanceof ShareDisconnectedException) {
        assertThat(failure).hasMessageContaining("sftp://" + server.user() + "@127.0.0.1:");
        failed++;
      }
    }
    assertThat(failed).isPositive();
    assertThat(share.isConnected()).isFalse();
    List<byte[]> then = memory.stream().map(byte[]::clone).toList();
    int listed = entries.size();
    assertThat(outcome(share.stat("/", true))).isInstanceOf(ShareDisconnectedException.class);
    share.close();
    for (int i = 0; i < then.size(); i++) {
      assertThat(Arrays.equals(then.get(i), memory.get(i))).isTrue();
    }
    assertThat(entries).hasSize(listed);
    // The engine's next step: the same again, on a new connection.
    try (Share again = another()) {
      ShareFile reopened = get(again.open("/big", OpenIntent.READ));
      byte[] bytes = new byte[100_000];
      get(reopened.read(IoSegments.of(ByteBuffer.wrap(bytes)), 0));
      assertThat(bytes).isEqualTo(Arrays.copyOf(content, bytes.length));
    }
  }

  @Test
  void aCutEndsEverythingOutstanding() throws Exception {
    proxy.delay(Duration.ofMillis(20));
    assertEndsAll(() -> proxy.cut());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 100_000, 3_500_000})
  void aCutInTheMiddleOfTheAnswers(long bytes) throws Exception {
    proxy.delay(Duration.ofMillis(20));
    assertEndsAll(() -> proxy.cutAfterDown(bytes), () -> {});
  }

  @Test
  void aCutInTheMiddleOfTheRequests() throws Exception {
    proxy.delay(Duration.ofMillis(20));
    assertEndsAll(() -> proxy.cutAfterUp(300_000), () -> {});
  }

  @Test
  void theServersProcessIsKilled() throws Exception {
    proxy.delay(Duration.ofMillis(20));
    assertEndsAll(server::killSessions);
  }

  @Test
  void closingDoesNotWaitForAServerThatIsGone() throws Exception {
    ShareFile file = get(share.open("/big", OpenIntent.READ));
    proxy.stall(true);
    CompletionStage<?> read = file.read(IoSegments.of(ByteBuffer.allocate(1000)), 0);
    long start = System.nanoTime();
    share.close();
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(5));
    assertThat(read.toCompletableFuture()).isCompletedExceptionally();
    assertThat(outcome(read))
        .isInstanceOf(ShareDisconnectedException.class)
        .hasMessageContaining("closed here");
  }

  @Test
  void aServerThatIsAway() throws Exception {
    share.close();
    proxy.unreachable(true);
    assertThatThrownBy(this::another)
        .isInstanceOfSatisfying(
            ShareConnectException.class, e -> assertThat(e.isTransient()).isTrue());
    proxy.unreachable(false);
    another().close();
  }

  @Test
  void aConnectionThatBreaksWhileItIsMade() throws Exception {
    share.close();
    for (long bytes : new long[] {0, 20, 600, 1_500, 2_500, 3_200, 3_700}) {
      proxy.cutAfterDown(bytes);
      try {
        another().close();
      } catch (ShareConnectException e) {
        assertThat(e.isTransient()).as("after %d bytes: %s", bytes, e.getMessage()).isTrue();
      }
    }
    proxy.cutAfterDown(Long.MAX_VALUE);
    another().close();
  }

  // ---------------------------------------------------------------- OpenSSH's own

  @Test
  void namesOfOwnersCostOneRequest() throws Exception {
    assertThat(get(share.stat("/big", true)).owner()).isEqualTo(server.user());
    long before = proxy.bytesUp();
    assertThat(get(share.stat("/big", true)).owner()).isEqualTo(server.user());
    long once = proxy.bytesUp() - before;
    before = proxy.bytesUp();
    assertThat(get(share.stat("/big", true)).group()).isNotEmpty();
    assertThat(proxy.bytesUp() - before).isEqualTo(once).isLessThan(200);
  }

  @Test
  void writeOnlyNeedsNoRightToRead() throws Exception {
    OpenIntent create = new OpenIntent(false, true, Disposition.CREATE_NEW, false, 0200);
    ShareFile file = get(share.open("/secret", create));
    get(file.write(IoSegments.of(ByteBuffer.wrap(new byte[] {1, 2, 3})), 0));
    assertThat(get(file.stat()).size()).isEqualTo(3);
    get(file.close());
    file =
        get(
            share.open(
                "/secret", new OpenIntent(false, true, Disposition.OPEN_EXISTING, false, -1)));
    get(file.write(IoSegments.of(ByteBuffer.wrap(new byte[] {4})), 3));
    get(file.close());
    assertThat(Files.size(server.data().resolve("secret"))).isEqualTo(4);
    get(share.deleteFile("/secret"));
  }

  @Test
  void linksOutOfTheShareStayOutside() throws Exception {
    Path link = server.data().resolve("out");
    Files.createSymbolicLink(link, Path.of("/etc/passwd"));
    String target = get(share.readLink("/out"));
    assertThat(target).startsWith("../").endsWith("/etc/passwd");
    assertThat(server.data().resolve(target).normalize()).isEqualTo(Path.of("/etc/passwd"));
    assertThat(get(share.stat("/out", false)).type()).isEqualTo(FileType.SYMBOLIC_LINK);
    Files.delete(link);
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static Throwable outcome(CompletionStage<?> stage) throws Exception {
    return stage
        .handle((value, failure) -> failure)
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }
}
