package dev.netfs.share.smb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.netfs.share.DirectoryWatcher;
import dev.netfs.share.Holder;
import dev.netfs.share.LeaseRequest;
import dev.netfs.share.LeaseState;
import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Servers that answer with what is no SMB, or nearly is: whatever comes, operations end, with an
 * {@link IOException} where they fail. Each case is made from a seed, which a failure names.
 */
@Timeout(60)
class HostileServerTest {
  private static final int CASES = 4_000;

  /** Something that is made of a server's bytes. */
  private interface Parser {
    void parse(byte[] message) throws IOException;
  }

  /** Feeds a parser with random bytes and with changed good ones. */
  private static void feed(byte[] good, Parser parser) throws IOException {
    parser.parse(good);
    for (int seed = 0; seed < CASES; seed++) {
      Random random = new Random(seed);
      byte[] message = seed % 4 == 0 ? random(random, good.length + 64) : changed(random, good);
      try {
        parser.parse(message);
      } catch (IOException e) {
        // As it should be.
      } catch (RuntimeException | Error e) {
        fail("seed " + seed, e);
      }
    }
  }

  private static byte[] random(Random random, int most) {
    byte[] bytes = new byte[random.nextInt(most)];
    random.nextBytes(bytes);
    return bytes;
  }

  /** Cuts, and puts in bytes which are likely to matter. */
  private static byte[] changed(Random random, byte[] good) {
    byte[] bytes =
        java.util.Arrays.copyOf(
            good, random.nextInt(8) == 0 ? random.nextInt(good.length) : good.length);
    int changes = 1 + random.nextInt(4);
    byte[] telling = {0, 1, 0x7F, (byte) 0x80, (byte) 0xFF, (byte) 0xFE, 4, 0x40};
    for (int i = 0; i < changes && bytes.length > 0; i++) {
      int at = random.nextInt(bytes.length);
      bytes[at] = random.nextBoolean() ? telling[random.nextInt(8)] : (byte) random.nextInt();
    }
    return bytes;
  }

  @Test
  void spnego() throws IOException {
    feed(Spnego.next(new byte[200], new byte[16]), Spnego::responseToken);
  }

  @Test
  void ntlmChallenges() throws IOException {
    byte[] info = {2, 0, 2, 0, 65, 0, 7, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0};
    byte[] challenge =
        new PacketWriter()
            .bytes("NTLMSSP\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
            .u32(2)
            .u64(0)
            .u32(0xE2898215)
            .u64(1)
            .u64(0)
            .u16(info.length)
            .u16(info.length)
            .u32(48)
            .bytes(info)
            .toBytes();
    feed(
        challenge,
        bytes -> {
          Ntlm ntlm = new Ntlm("me", "", "secret".toCharArray(), "server");
          ntlm.first();
          ntlm.next(Spnego.next(bytes, null));
        });
  }

  @Test
  void answersToNegotiate() throws IOException {
    PacketWriter body =
        new PacketWriter()
            .zeros(Smb2.HEADER)
            .u16(65)
            .u16(3)
            .u16(0x311)
            .u16(3)
            .zeros(16)
            .u32(0x6F)
            .u32(8 << 20)
            .u32(8 << 20)
            .u32(8 << 20)
            .u64(0)
            .u64(0)
            .u16(128)
            .u16(0)
            .u32(128);
    body.u16(1).u16(38).u32(0).u16(1).u16(32).u16(1).zeros(32).align8();
    body.u16(2).u16(4).u32(0).u16(1).u16(2).align8();
    body.u16(8).u16(4).u32(0).u16(1).u16(2);
    feed(
        body.toBytes(),
        bytes -> parse(() -> new Negotiation(true).answered(new Response(padded(bytes), 0))));
  }

  /** What connecting makes of an answer that is cut off is an IOException there. */
  private static void parse(IoRunnable work) throws IOException {
    try {
      work.run();
    } catch (java.nio.BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new IOException(e);
    }
  }

  private interface IoRunnable {
    void run() throws IOException;
  }

  /** The receiver hands on no message without a header. */
  private static byte[] padded(byte[] bytes) {
    return bytes.length < Smb2.HEADER ? java.util.Arrays.copyOf(bytes, Smb2.HEADER) : bytes;
  }

  // ---------------------------------------------------------------- a whole connection

  /** A server of which a test says what it answers; it asks for nothing. */
  private static final class Server implements AutoCloseable {
    private final ServerSocket listener;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    interface Answers {
      /** Returns what to send on a request, as frames without their lengths. */
      List<byte[]> to(byte[] request) throws IOException;
    }

    Server(Answers answers) throws IOException {
      listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
      Thread thread = new Thread(() -> serve(answers), "hostile-server");
      thread.setDaemon(true);
      thread.start();
    }

    int port() {
      return listener.getLocalPort();
    }

    private void serve(Answers answers) {
      try (Socket socket = listener.accept()) {
        InputStream in = socket.getInputStream();
        while (true) {
          byte[] head = in.readNBytes(4);
          if (head.length < 4) {
            return;
          }
          byte[] request = in.readNBytes(ByteBuffer.wrap(head).getInt());
          for (byte[] frame : answers.to(request)) {
            ByteBuffer out = ByteBuffer.allocate(4 + frame.length);
            out.putInt(frame.length).put(frame);
            socket.getOutputStream().write(out.array());
          }
        }
      } catch (IOException e) {
        // The client has hung up, or the test is over.
      } finally {
        done.complete(null);
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
  void connectingToWhatIsNoServerFails(int seed) throws Exception {
    Random random = new Random(seed);
    try (Server server =
        new Server(
            request -> {
              byte[] frame = random(random, 400);
              if (seed % 2 == 0 && frame.length > 4) {
                System.arraycopy(new byte[] {(byte) 0xFE, 'S', 'M', 'B'}, 0, frame, 0, 4);
              }
              return List.of(frame);
            })) {
      URI uri = URI.create("netfs+smb://me@127.0.0.1:" + server.port() + "/data");
      Map<String, Object> options = Map.of("password", "x", "connectTimeout", "2s");
      try (Share share =
          new SmbShareProvider().connect(new ShareConfig(uri, ShareOptions.of(options)))) {
        fail("seed %d: connected to noise as %s", seed, share);
      } catch (IOException e) {
        assertThat(e.getMessage()).as("seed %d", seed).contains("127.0.0.1:" + server.port());
      }
    }
  }

  /** Answers of a good server to requests by their commands, which are changed then. */
  private static List<byte[]> answers(byte[] request, Random random, boolean hostile) {
    List<byte[]> frames = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (at + Smb2.HEADER <= request.length) {
      int next = in.getInt(at + Smb2.AT_NEXT);
      int command = in.getShort(at + Smb2.AT_COMMAND);
      PacketWriter out = new PacketWriter();
      out.u32(Smb2.MAGIC).u16(64).u16(1).u32(0).u16(command).u16(256).u32(1).u32(0);
      out.u64(in.getLong(at + Smb2.AT_MESSAGE_ID)).u32(0).u32(1).u64(0).zeros(16);
      body(out, command, in, at + Smb2.HEADER);
      byte[] good = out.toBytes();
      frames.add(hostile ? changed(random, good) : good);
      if (hostile && random.nextInt(6) == 0) {
        frames.add(changed(random, leaseBreak()));
      }
      if (next <= 0) {
        break;
      }
      at += next;
    }
    return frames;
  }

  private static byte[] leaseBreak() {
    PacketWriter out = new PacketWriter();
    out.u32(Smb2.MAGIC).u16(64).u16(0).u32(0).u16(Smb2.OPLOCK_BREAK).u16(0).u32(1).u32(0);
    out.u64(-1).u64(0).u64(0).zeros(16);
    out.u16(44).u16(2).u32(1).u64(0).u64(7L << 56).u32(7).u32(1).zeros(12);
    return out.toBytes();
  }

  private static void body(PacketWriter out, int command, ByteBuffer in, int at) {
    switch (command) {
      case Smb2.CREATE -> {
        out.u16(89).u8(0xFF).u8(0).u32(1).zeros(32).zeros(16).u32(0x20).u32(0).u64(5).u64(6);
        out.u32(Smb2.HEADER + 88).u32(76);
        out.u32(0).u16(16).u16(4).u16(0).u16(24).u32(52);
        out.bytes(new byte[] {'R', 'q', 'L', 's'}).u32(0);
        out.u64(0).u64(7L << 56).u32(7).zeros(32);
      }
      case Smb2.QUERY_INFO -> {
        if (in.get(at + 2) == Smb2.INFO_SECURITY) {
          out.u16(9).u16(Smb2.HEADER + 8).u32(60);
          out.u8(1).u8(0).u16(0x8004).u32(20).u32(0).u32(0).u32(32);
          out.bytes(Sid.EVERYONE.toBytes()).u8(2).u8(0).u16(28).u16(1).u16(0);
          out.bytes(Ace.allowingAll(Sid.EVERYONE).bytes());
          return;
        }
        out.u16(9).u16(Smb2.HEADER + 8).u32(104);
        out.u64(1).u64(2).u64(3).u64(4).u32(0x20).u32(0).u64(4096).u64(10).u32(1).u32(0);
        out.u64(77).zeros(28).u32(0).zeros(4);
      }
      case Smb2.QUERY_DIRECTORY -> {
        out.u16(9).u16(Smb2.HEADER + 8).u32(108);
        out.u32(0).u32(0).u64(1).u64(2).u64(3).u64(4).u64(10).u64(4096).u32(0x20).u32(4);
        out.zeros(32).u64(9).u16('a').u16('b');
      }
      case Smb2.CHANGE_NOTIFY ->
          out.u16(9).u16(Smb2.HEADER + 8).u32(16).u32(0).u32(1).u32(4).u16('a').u16('b');
      case Smb2.READ -> {
        int length = Math.min(in.getInt(at + 4), 100);
        out.u16(17).u8(80).u8(0).u32(length).u64(0).zeros(length);
      }
      case Smb2.WRITE -> out.u16(17).u16(0).u32(in.getInt(at + 4)).u64(0);
      case Smb2.IOCTL ->
          out.u16(49).u16(0).u32(0).zeros(16).u32(112).u32(0).u32(112).u32(32).u64(0).zeros(32);
      default -> out.u16(4).u16(0).zeros(56);
    }
  }

  @Test
  void referrals() throws IOException {
    PacketWriter good = new PacketWriter().u16(8).u16(2).u32(2);
    String[] names = {"\\one\\share", "\\two\\share\\x"};
    int at = 2 * 34;
    for (String name : names) {
      good.u16(3).u16(34).u32(0).u32(60).u16(0).u16(0).u16(at).zeros(16);
      at += 2 * name.length() + 2 - 34;
    }
    for (String name : names) {
      good.bytes(PacketWriter.utf16(name)).u16(0);
    }
    String asked = "\\a\\b\\c";
    assertThat(DfsReferral.parse(ByteBuffer.wrap(good.toBytes()), asked).of(asked))
        .containsExactly("\\one\\share\\c", "\\two\\share\\x\\c");
    assertThat(DfsReferral.parse(ByteBuffer.wrap(good.toBytes()), asked).lifetime())
        .isEqualTo(Duration.ofSeconds(60));
    feed(good.toBytes(), bytes -> DfsReferral.parse(ByteBuffer.wrap(bytes), asked).of(asked));
  }

  /** A share over a connection that nobody has negotiated: neither signed nor encrypted. */
  private static SmbShare share(Server server) throws IOException {
    SmbConnection connection =
        new SmbConnection(
            "smb://test",
            SocketChannel.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port())));
    Negotiation negotiation = new Negotiation(false);
    PacketWriter body = new PacketWriter().zeros(Smb2.HEADER).u16(65).u16(1).u16(0x302).u16(0);
    body.zeros(16).u32(0x7).u32(1 << 20).u32(1 << 20).u32(1 << 20).zeros(28);
    negotiation.answered(new Response(body.toBytes(), 0));
    connection.treeId = 1;
    connection.start();
    connection.earn(256, 0);
    return new SmbShare(
        new SmbClient(connection, negotiation, new SmbNames("", ""), -1),
        new SmbPipes(connection, "127.0.0.1"));
  }

  private static List<CompletableFuture<?>> operations(SmbShare share, Random random) {
    List<CompletableFuture<?>> all = new ArrayList<>();
    Watcher watcher = new Watcher();
    Holder holder = new Holder();
    LeaseRequest lease = new LeaseRequest(new UUID(0, 7), LeaseState.ALL, holder);
    for (int i = 0; i < 12; i++) {
      switch (random.nextInt(12)) {
        case 0 -> all.add(share.list("/d", entry -> {}).toCompletableFuture());
        case 1 -> all.add(share.stat("/f", true).toCompletableFuture());
        case 2 -> all.add(share.copy("/a", "/b").toCompletableFuture());
        case 3 -> all.add(share.space("/").toCompletableFuture());
        case 4 -> all.add(share.rename("/a", "/b", true).toCompletableFuture());
        case 5 -> all.add(share.watch("/d", watcher).toCompletableFuture());
        case 6 -> all.add(share.deleteFile("/f").toCompletableFuture());
        case 7 -> all.add(share.acl("/f", true).toCompletableFuture());
        case 8 -> all.add(share.setAcl("/f", List.of(), true).toCompletableFuture());
        case 9 -> all.add(share.principal("somebody", false).toCompletableFuture());
        default ->
            all.add(
                share
                    .open(
                        "/f",
                        new dev.netfs.share.OpenIntent(
                                true,
                                true,
                                dev.netfs.share.OpenIntent.Disposition.OPEN_OR_CREATE,
                                false,
                                -1)
                            .withLease(lease))
                    .thenCompose(
                        file ->
                            file.read(dev.netfs.share.IoSegments.of(ByteBuffer.allocate(100)), 0)
                                .thenCompose(read -> file.stat())
                                .thenCompose(stat -> file.close()))
                    .toCompletableFuture());
      }
    }
    return all;
  }

  private static final class Watcher implements DirectoryWatcher {
    @Override
    public void changed(Kind kind, String name) {
      assertThat(name).isNotEmpty().doesNotContain("/", "\\");
    }

    @Override
    public void overflowed() {}

    @Override
    public void ended() {}
  }

  /** Sees the harness itself right: nothing fails where nothing is changed. */
  @Test
  void aFriendlyServerIsUnderstood() throws Exception {
    try (Server server = new Server(request -> answers(request, new Random(0), false));
        SmbShare share = share(server)) {
      assertThat(share.stat("/f", true).toCompletableFuture().get(10, TimeUnit.SECONDS).size())
          .isEqualTo(10);
      CompletableFuture<?> read =
          share
              .open("/f", dev.netfs.share.OpenIntent.READ)
              .thenCompose(
                  file -> file.read(dev.netfs.share.IoSegments.of(ByteBuffer.allocate(100)), 0))
              .toCompletableFuture();
      read.get(10, TimeUnit.SECONDS);
      assertThat(share.isConnected()).isTrue();
    }
  }

  /** Else a server might answer the second first: as to what comes after the other's entries. */
  @Test
  void aLongListingAsksForTwoAnswersInTheirOrder() throws Exception {
    List<Integer> askedAtOnce = new ArrayList<>();
    try (Server server =
            new Server(
                request -> {
                  List<byte[]> frames = answers(request, new Random(0), false);
                  int lists = 0;
                  for (byte[] frame : frames) {
                    ByteBuffer answer = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
                    if (answer.getShort(Smb2.AT_COMMAND) == Smb2.QUERY_DIRECTORY) {
                      lists++;
                      if (askedAtOnce.size() == 3) {
                        answer.putInt(Smb2.AT_STATUS, NtStatus.NO_MORE_FILES);
                      }
                    }
                  }
                  if (lists > 0) {
                    askedAtOnce.add(lists);
                  }
                  return frames;
                });
        SmbShare share = share(server)) {
      share.list("/d", entry -> {}).toCompletableFuture().get(10, TimeUnit.SECONDS);
      assertThat(askedAtOnce).containsExactly(2, 2, 2, 2);
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        NtStatus.QUOTA_EXCEEDED,
        NtStatus.DISK_QUOTA_EXCEEDED,
        NtStatus.ALLOTTED_SPACE_EXCEEDED
      })
  void aQuotaThatIsUsedUpIsSaidSo(int status) throws Exception {
    try (Server server =
            new Server(
                request -> {
                  List<byte[]> frames = answers(request, new Random(0), false);
                  ByteBuffer first = ByteBuffer.wrap(frames.get(0)).order(ByteOrder.LITTLE_ENDIAN);
                  if (first.getShort(Smb2.AT_COMMAND) == Smb2.WRITE) {
                    first.putInt(Smb2.AT_STATUS, status);
                  }
                  return frames;
                });
        SmbShare share = share(server)) {
      CompletableFuture<?> write =
          share
              .open(
                  "/f",
                  new dev.netfs.share.OpenIntent(
                      false, true, dev.netfs.share.OpenIntent.Disposition.CREATE_NEW, false, -1))
              .thenCompose(
                  file -> file.write(dev.netfs.share.IoSegments.of(ByteBuffer.allocate(100)), 0))
              .toCompletableFuture();
      assertThat(write)
          .failsWithin(10, TimeUnit.SECONDS)
          .withThrowableOfType(ExecutionException.class)
          .havingCause()
          .isExactlyInstanceOf(java.nio.file.FileSystemException.class)
          .withMessage("/f: Disk quota exceeded on the server: delete files of this user there");
    }
  }

  @Test
  void changedAnswersEndOperationsProperly() throws Exception {
    int ended = 0;
    for (int seed = 0; seed < 150; seed++) {
      Random random = new Random(seed);
      Random changes = new Random(~seed);
      try (Server server = new Server(request -> answers(request, changes, true));
          SmbShare share = share(server)) {
        for (CompletableFuture<?> each : operations(share, random)) {
          try {
            // An answer with a wrong number is none: then it takes the mount's own limit of time.
            each.get(50, TimeUnit.MILLISECONDS);
          } catch (java.util.concurrent.TimeoutException e) {
            share.close();
          } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (!(cause instanceof UnsupportedOperationException)) {
              assertThat(cause).as("seed %d", seed).isInstanceOf(IOException.class);
            }
            ended++;
          }
        }
        share.close();
        assertThat(share.isConnected()).isFalse();
        CompletableFuture<?> after = share.stat("/f", true).toCompletableFuture();
        assertThat(after).isCompletedExceptionally();
        after
            .handle(
                (value, failure) ->
                    assertThat(failure).isInstanceOf(ShareDisconnectedException.class))
            .get();
      }
    }
    assertThat(ended).as("operations that failed at all").isGreaterThan(100);
  }
}
