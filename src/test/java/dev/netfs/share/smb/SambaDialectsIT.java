package dev.netfs.share.smb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.DirectoryWatcher;
import dev.netfs.share.Holder;
import dev.netfs.share.IoSegments;
import dev.netfs.share.LeaseRequest;
import dev.netfs.share.LeaseState;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.SambaServer;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every dialect, cipher and signature that is spoken here, with a real Samba server. */
@Timeout(60)
class SambaDialectsIT {
  private static final int SIZE = 3_000_001;

  private static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @CsvSource({
    "server max protocol = SMB2_10, auto, 'SMB 2.1, signed by HMAC-SHA256'",
    "server max protocol = SMB3_00, auto, 'SMB 3.0, encrypted by AES-128-CCM'",
    "server max protocol = SMB3_00, server, 'SMB 3.0, signed by AES-128-CMAC'",
    "server max protocol = SMB3_02, required, 'SMB 3.0.2, encrypted by AES-128-CCM'",
    "server smb encrypt = off, auto, 'SMB 3.1.1, signed by AES-128-GMAC'",
    "server smb encrypt = required, server, 'SMB 3.1.1, encrypted by AES-128-GCM'",
    "server smb3 signing algorithms = aes-128-cmac, server, 'SMB 3.1.1, signed by AES-128-CMAC'",
    "server smb3 signing algorithms = hmac-sha256, server, 'SMB 3.1.1, signed by HMAC-SHA256'",
    "server smb3 encryption algorithms = aes-256-gcm, auto, 'SMB 3.1.1, encrypted by AES-256-GCM'",
    "server smb3 encryption algorithms = aes-128-ccm, auto, 'SMB 3.1.1, encrypted by AES-128-CCM'"
  })
  void isSpoken(String setting, String seal, String spoken) throws Exception {
    try (SambaServer server = SambaServer.builder().setting(setting).start()) {
      Map<String, Object> options = new HashMap<>(server.options());
      options.put("seal", seal);
      try (Share share =
          new SmbShareProvider()
              .connect(new ShareConfig(server.uri(""), ShareOptions.of(options)))) {
        assertThat(share).hasToString("smb://127.0.0.1:" + server.port() + ": " + spoken);
        exercise(server, share);
        assertThat(share.isConnected()).isTrue();
      }
    }
  }

  private static void exercise(SambaServer server, Share share) throws Exception {
    LinkedBlockingQueue<String> told = new LinkedBlockingQueue<>();
    await(share.watch("/", new Watcher(told)));
    // Samba says that it watches when it has told its notify daemon to, which may be about to
    // begin.
    for (int i = 0; told.isEmpty(); i++) {
      OpenIntent another = new OpenIntent(true, true, Disposition.CREATE_NEW, false, -1);
      await(await(share.open("/before-" + i, another)).close());
      TimeUnit.MILLISECONDS.sleep(50);
    }
    Holder holder = new Holder();
    OpenIntent intent =
        new OpenIntent(true, true, Disposition.CREATE_NEW, false, -1)
            .withLease(new LeaseRequest(UUID.randomUUID(), LeaseState.ALL, holder));
    ShareFile file = await(share.open("/f", intent));
    assertThat(holder.next()).isEqualTo("granted RWH");
    String event = told.poll(30, TimeUnit.SECONDS);
    while (event != null && !event.equals("CREATED f")) {
      event = told.poll(30, TimeUnit.SECONDS);
    }
    assertThat(event).isEqualTo("CREATED f");
    byte[] data = new byte[SIZE];
    new Random(1).nextBytes(data);
    for (int at = 0; at < SIZE; ) {
      int length = Math.min(SIZE - at, share.capabilities().wsize());
      at += (int) await(file.write(IoSegments.of(ByteBuffer.wrap(data, at, length)), at)).bytes();
    }
    byte[] read = new byte[SIZE];
    for (int at = 0; at < SIZE; ) {
      int length = Math.min(SIZE - at, share.capabilities().rsize());
      at += (int) await(file.read(IoSegments.of(ByteBuffer.wrap(read, at, length)), at)).bytes();
    }
    assertThat(read).isEqualTo(data);
    assertThat(server.data().resolve("f")).hasBinaryContent(data);
    assertThat(await(share.acl("/f", true)).owner().getName())
        .isEqualToIgnoringCase("NETFSTEST\\" + server.user());
    assertThat(await(file.lock(10, 10, false, true))).isNotNull();
    CompletionStage<String> got =
        java.util.concurrent.CompletableFuture.supplyAsync(
            () -> {
              try {
                return server.smbclient("allinfo f; rename f g");
              } catch (java.io.IOException e) {
                return e.toString();
              }
            });
    while (!got.toCompletableFuture().isDone()) {
      holder.acknowledgeAll();
      TimeUnit.MILLISECONDS.sleep(5);
    }
    await(file.close());
    assertThat(
            await(share.stat(Files.exists(server.data().resolve("g")) ? "/g" : "/f", true)).size())
        .isEqualTo(SIZE);
  }

  private record Watcher(LinkedBlockingQueue<String> told) implements DirectoryWatcher {
    @Override
    public void changed(Kind kind, String name) {
      told.add(kind + " " + name);
    }

    @Override
    public void overflowed() {
      told.add("overflowed");
    }

    @Override
    public void ended() {
      told.add("ended");
    }
  }
}
