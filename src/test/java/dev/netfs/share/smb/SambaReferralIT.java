package dev.netfs.share.smb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.IoSegments;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** For how long it is gone by where a DFS link of a Samba server led. */
@Timeout(60)
class SambaReferralIT {
  /** More than what any server's answer is good for, here. */
  private static final Duration LONG = Duration.ofDays(2);

  private final AtomicLong clock = new AtomicLong();
  private SambaServer server;
  private DfsShare share;

  @BeforeEach
  void start() throws IOException {
    server =
        SambaServer.builder()
            .setting("host msdfs = yes")
            .share("root", "msdfs root = yes")
            .share("other", "msdfs root = yes")
            .start();
    for (String each : new String[] {"data", "other"}) {
      server.own(Files.writeString(server.data(each).resolve("f"), each));
    }
    link("data");
    share =
        (DfsShare)
            new SmbShareProvider(clock::get)
                .connect(
                    new ShareConfig(
                        server.uri(server.port(), "root", ""), ShareOptions.of(server.options())));
  }

  @AfterEach
  void stop() {
    if (share != null) {
      share.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private Path link() {
    return server.data("root").resolve("link");
  }

  private void link(String to) throws IOException {
    Files.deleteIfExists(link());
    Files.createSymbolicLink(link(), Path.of("msdfs:127.0.0.1\\" + to));
  }

  private static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private static String read(ShareFile file) throws Exception {
    ByteBuffer text = ByteBuffer.allocateDirect(20);
    int count = (int) await(file.read(IoSegments.of(text), 0)).bytes();
    text.position(0).limit(count);
    return StandardCharsets.US_ASCII.decode(text).toString();
  }

  private String read(String path) throws Exception {
    ShareFile file = await(share.open(path, OpenIntent.READ));
    try {
      return read(file);
    } finally {
      await(file.close());
    }
  }

  @Test
  void aLinkIsAskedAgainWhereItLeadsWhenTheTimeOfTheAnswerIsUp() throws Exception {
    ShareFile open = await(share.open("/link/f", OpenIntent.READ));
    assertThat(read(open)).isEqualTo("data");
    SmbShare data = share.shares().get("/link");
    link("other");
    assertThat(read("/link/f")).as("within the time").isEqualTo("data");
    clock.addAndGet(LONG.toNanos());
    assertThat(read("/link/f")).isEqualTo("other");
    assertThat(read(open)).as("what was open stays so").isEqualTo("data");
    assertThat(share.isConnected()).isTrue();
    data.close();
    assertThat(share.isConnected()).as("what is open needs that connection too").isFalse();
  }

  @Test
  void aLinkThatLeadsWhereItDidCostsNoNewConnection() throws Exception {
    assertThat(read("/link/f")).isEqualTo("data");
    SmbShare before = share.shares().get("/link");
    clock.addAndGet(LONG.toNanos());
    assertThat(read("/link/f")).isEqualTo("data");
    link("other,127.0.0.1\\data"); // the place in use is still one of them
    clock.addAndGet(LONG.toNanos());
    assertThat(read("/link/f")).isEqualTo("data");
    assertThat(share.shares().get("/link")).isSameAs(before);
  }

  @Test
  void aLinkThatHasGoneIsGoneWhenTheTimeIsUp() throws Exception {
    assertThat(read("/link/f")).isEqualTo("data");
    Files.delete(link());
    server.own(Files.createDirectory(link()));
    server.own(Files.writeString(link().resolve("f"), "a directory"));
    clock.addAndGet(LONG.toNanos());
    assertThat(read("/link/f")).isEqualTo("a directory");
    assertThat(share.shares()).containsOnlyKeys("");
  }

  @Test
  void withinWhatALinkLedToNothingIsFollowedAnyMore() throws Exception {
    Files.createSymbolicLink(
        server.data("other").resolve("inner"), Path.of("msdfs:127.0.0.1\\data"));
    link("other");
    assertThat(read("/link/inner/f")).isEqualTo("data");
    link("data");
    clock.addAndGet(LONG.toNanos());
    assertThatThrownBy(() -> read("/link/inner/f"))
        .hasCauseInstanceOf(java.nio.file.NoSuchFileException.class);
    assertThat(share.shares()).containsOnlyKeys("", "/link");
  }
}
