package dev.netfs.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.IoSegments;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareOptions;
import dev.netfs.share.ShareProvider;
import dev.netfs.testing.Faults.Fault;
import dev.netfs.testing.Faults.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FaultyShareTest {
  @TempDir Path root;

  private Share connect(Faults faults) throws IOException {
    ShareProvider provider =
        ServiceLoader.load(ShareProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(each -> each.schemes().contains("netfs+faulty"))
            .findFirst()
            .orElseThrow();
    return provider.connect(
        new ShareConfig(
            FaultyShareProvider.uri(), ShareOptions.of(FaultyShareProvider.options(root, faults))));
  }

  private static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private static void assertFails(CompletionStage<?> stage, Class<? extends Exception> type) {
    assertThatThrownBy(() -> await(stage))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isExactlyInstanceOf(type);
  }

  private List<String> traceOf(long seed) throws Exception {
    Faults faults =
        Faults.seeded(seed).rate(Fault.SHORT, 0.5).rate(Fault.ERROR, 0.2, Kind.STAT).build();
    Files.write(root.resolve("f"), new byte[1_000]);
    try (Share share = connect(faults)) {
      ShareFile file = await(share.open("/f", OpenIntent.READ));
      for (int i = 0; i < 50; i++) {
        await(file.read(IoSegments.of(ByteBuffer.allocate(100)), i));
        await(share.stat("/f", true).handle((info, failure) -> 0));
      }
    }
    assertThat(faults.calls(Kind.READ)).isEqualTo(50);
    assertThat(faults.injected(Fault.SHORT)).isBetween(10L, 40L);
    assertThat(faults.injected(Fault.ERROR)).isBetween(1L, 25L);
    assertThat(faults.bytesRead()).isLessThan(5_000);
    return faults.trace();
  }

  @Test
  void theSameSeedDoesTheSame() throws Exception {
    assertThat(traceOf(7)).isEqualTo(traceOf(7)).isNotEqualTo(traceOf(8));
  }

  @Test
  void shortTransfers() throws Exception {
    Faults faults = Faults.seeded(3).rate(Fault.SHORT, 1).build();
    byte[] content = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    Files.write(root.resolve("f"), content);
    try (Share share = connect(faults)) {
      ShareFile file =
          await(share.open("/f", new OpenIntent(true, true, Disposition.OPEN_EXISTING, false, -1)));
      byte[] read = new byte[10];
      IoSegments segments = IoSegments.of(ByteBuffer.wrap(read));
      long at = 0;
      while (segments.hasRemaining()) {
        long bytes = await(file.read(segments, at)).bytes();
        at += bytes;
        assertThat(segments.remaining()).isEqualTo(10 - at);
      }
      assertThat(read).isEqualTo(content);
      long written = await(file.write(IoSegments.of(ByteBuffer.wrap(new byte[10])), 0)).bytes();
      assertThat(written).isBetween(1L, 9L);
      await(file.close());
    }
  }

  @Test
  void errorsAreBeforeTheDeed() throws Exception {
    Faults faults = Faults.seeded(1).at(Kind.DELETE_FILE, 0, Fault.ERROR).build();
    Files.createFile(root.resolve("f"));
    try (Share share = connect(faults)) {
      assertFails(share.deleteFile("/f"), FileSystemException.class);
      assertThat(root.resolve("f")).exists();
      await(share.deleteFile("/f"));
      assertThat(root.resolve("f")).doesNotExist();
      assertThat(faults.trace()).containsExactly("DELETE_FILE#0 [ERROR]");
    }
  }

  @Test
  void connectionsAreLostBeforeAndAfterTheDeed() throws Exception {
    Faults faults = Faults.none();
    Share share = connect(faults);
    faults.next(Kind.MAKE_DIRECTORY, Fault.DISCONNECT_BEFORE);
    assertFails(share.makeDirectory("/d", -1), ShareDisconnectedException.class);
    assertThat(root.resolve("d")).doesNotExist();
    assertThat(share.isConnected()).isFalse();
    assertFails(share.stat("/", true), ShareDisconnectedException.class);

    share = connect(faults);
    faults.next(Kind.MAKE_DIRECTORY, Fault.DISCONNECT_AFTER);
    assertFails(share.makeDirectory("/d", -1), ShareDisconnectedException.class);
    assertThat(root.resolve("d")).exists();
    assertThat(share.isConnected()).isFalse();

    faults.next(Kind.CONNECT, Fault.ERROR);
    assertThatThrownBy(() -> connect(faults))
        .isInstanceOfSatisfying(
            ShareConnectException.class, e -> assertThat(e.isTransient()).isTrue());
    connect(faults).close();
    assertThat(faults.calls(Kind.CONNECT)).isEqualTo(4);
  }

  @Test
  void hangingCallsEndWithTheConnection() throws Exception {
    Faults faults = Faults.none();
    Files.write(root.resolve("f"), new byte[10]);
    Share share = connect(faults);
    ShareFile file = await(share.open("/f", OpenIntent.READ));
    faults.next(Kind.READ, Fault.HANG);
    CompletableFuture<?> read =
        file.read(IoSegments.of(ByteBuffer.allocate(4)), 0).toCompletableFuture();
    await(share.stat("/f", true));
    assertThat(read).isNotDone();
    share.close();
    assertFails(read, ShareDisconnectedException.class);
  }

  @Test
  void closesAreDoneEvenIfTheyFail() throws Exception {
    Faults faults = Faults.none();
    Files.write(root.resolve("f"), new byte[10]);
    try (Share share = connect(faults)) {
      ShareFile file = await(share.open("/f", OpenIntent.READ));
      faults.next(Kind.CLOSE, Fault.ERROR);
      assertFails(file.close(), FileSystemException.class);
      assertFails(file.stat(), java.nio.channels.ClosedChannelException.class);
    }
  }

  @Test
  void callersThatBreakTheRulesAreSeen() throws Exception {
    Faults faults = Faults.none();
    Files.write(root.resolve("f"), new byte[10]);
    try (Share share = connect(faults)) {
      ShareFile file = await(share.open("/f", OpenIntent.READ));
      await(share.stat("/", true));
      await(share.stat("/...", true).handle((info, failure) -> 0));
      assertThat(faults.violations()).isEmpty();
      await(file.read(IoSegments.of(ByteBuffer.allocate(0)), 0).handle((done, failure) -> 0));
      for (String path : List.of("", "f", "/f/", "//f", "/./f", "/a/../f", "/..")) {
        await(share.setAttributes(path, AttributeChange.NONE, true).handle((done, failure) -> 0));
      }
      assertThat(faults.violations()).hasSize(8);
    }
  }

  /** The engine gets over what it can get over. */
  @Test
  void mounts() throws Exception {
    Faults faults =
        Faults.seeded(5)
            .rate(Fault.SHORT, 0.3)
            .rate(Fault.DELAY_AFTER, 0.1)
            .rate(Fault.DISCONNECT_AFTER, 0.02, Kind.READ, Kind.WRITE)
            .rate(Fault.DISCONNECT_BEFORE, 0.02, Kind.READ, Kind.WRITE)
            .build();
    byte[] content = new byte[3_000_000];
    new java.util.Random(6).nextBytes(content);
    try (FileSystem fileSystem =
        FileSystems.newFileSystem(
            FaultyShareProvider.uri(), FaultyShareProvider.options(root, faults))) {
      Path file = fileSystem.getPath("/f");
      Files.write(file, content);
      assertThat(Files.readAllBytes(file)).isEqualTo(content);
      try (var names = Files.list(fileSystem.getPath("/"))) {
        assertThat(names.map(Path::toString).collect(Collectors.toList())).containsExactly("/f");
      }
    }
    assertThat(root.resolve("f")).hasBinaryContent(content);
    assertThat(faults.violations()).isEmpty();
    assertThat(faults.injected(Fault.SHORT)).isPositive();
  }
}
