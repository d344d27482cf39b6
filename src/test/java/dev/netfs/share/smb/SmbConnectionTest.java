package dev.netfs.share.smb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.IoSegments;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A connection to a server that accepts it and says nothing: a single credit, and no answer. */
@Timeout(30)
class SmbConnectionTest {
  private ServerSocket server;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  @Test
  void losingItFailsRequestsThatWaitForCredits() throws Exception {
    SmbConnection connection = connect();
    CompletableFuture<Response> sent = connection.send(Packets.flush(new byte[16]));
    Request first = Packets.flush(new byte[16]);
    Request second = Packets.close(new byte[16]);
    connection.sendRelated(first, second);
    while (!connection.credits.hasQueuedThreads()) {
      Thread.onSpinWait(); // until the sender has taken both and waits
    }
    CompletableFuture<Response> queued = connection.send(Packets.flush(new byte[16]));
    connection.lose("it was closed here", null);
    for (CompletableFuture<Response> answer : List.of(sent, first.answer, second.answer, queued)) {
      assertDisconnected(answer);
    }
  }

  /** Who loses it waits; who comes meanwhile must not give back what is still being filled. */
  @Test
  void memoryIsNotGivenBackWhileItIsFilled() throws Exception {
    SmbConnection connection = connect();
    Request read = Packets.read(new byte[16], 0, 8, IoSegments.of(ByteBuffer.allocate(8)));
    CompletableFuture<Response> filled = connection.send(read);
    while (connection.pending(0) == null) {
      Thread.onSpinWait();
    }
    ReentrantLock memory = connection.receiver.memory;
    Thread loser = new Thread(() -> connection.lose("it was closed here", null));
    Thread sender = new Thread(() -> connection.send(Packets.flush(new byte[16])));
    memory.lock(); // as the receiving thread does that fills it
    try {
      loser.start();
      while (connection.isConnected()) {
        Thread.onSpinWait();
      }
      sender.start();
      while (sender.isAlive() && !memory.hasQueuedThread(sender)) {
        Thread.onSpinWait();
      }
      assertThat(filled).isNotDone();
    } finally {
      memory.unlock();
    }
    assertDisconnected(filled);
    loser.join();
    sender.join();
  }

  @Test
  void whatARequestCarriesIsPaidFor() {
    IoSegments source = IoSegments.of(ByteBuffer.allocate(0));
    assertThat(Packets.write(new byte[16], 0, 65_536, source).charge()).isEqualTo(1);
    assertThat(Packets.write(new byte[16], 0, 65_537, source).charge()).isEqualTo(2);
    assertThat(Packets.read(new byte[16], 0, 131_073, source).charge()).isEqualTo(3);
  }

  /** It takes one number for each message, whatever is said there; the next has to be that. */
  @Test
  void aServerThatCountsMessagesIsPaidByTheMessage() throws Exception {
    Request large = Packets.control(Smb2.FSCTL_PIPE_TRANSCEIVE, new byte[16], new byte[0], 100_000);
    Request next = Packets.flush(new byte[16]);
    SmbConnection connection = connect();
    connection.limit(65_536, false);
    connection.earn(1, 0);
    connection.sendRelated(large, next);
    while (connection.pending(1) == null) {
      Thread.onSpinWait();
    }
    assertThat(connection.pending(1)).isSameAs(next);
  }

  /** An opened directory and its first two answers come as one. */
  @Test
  void aListingIsNotTooLongForAServerOfSmallMessages() throws Exception {
    SmbConnection connection = connect();
    connection.limit(65_536, false);
    Request[] chain = {
      Packets.create("d", Smb2.FILE_READ_DATA, Smb2.OPEN, Smb2.DIRECTORY_FILE),
      Packets.list(Smb2.RELATED_FILE, 65_536),
      Packets.list(Smb2.RELATED_FILE, 65_536)
    };
    connection.earn(2, 0);
    connection.sendRelated(chain);
    while (connection.pending(2) == null) {
      Thread.onSpinWait();
    }
    PacketWriter frame = new PacketWriter();
    for (int i = 0; i < chain.length; i++) {
      int bytes = i == 0 ? 88 : 8 + 65_536;
      int next = i + 1 < chain.length ? Smb2.HEADER + bytes : 0;
      frame.u32(Smb2.MAGIC).u16(64).u16(1).u32(0).u16(chain[i].command).u16(1).u32(1).u32(next);
      frame.u64(i).u32(0).u32(1).u64(0).zeros(16).zeros(bytes);
    }
    byte[] message = frame.toBytes();
    try (Socket accepted = server.accept()) {
      ByteBuffer out = ByteBuffer.allocate(4 + message.length).putInt(message.length).put(message);
      accepted.getOutputStream().write(out.array());
      chain[2].answer.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void aRequestThatCannotBeMadeFailsWithTheConnection() {
    SmbConnection connection = connect();
    IoSegments tooShort = IoSegments.of(ByteBuffer.allocate(8));
    assertDisconnected(connection.send(Packets.write(new byte[16], 0, 16, tooShort)));
    assertThat(connection.isConnected()).isFalse();
  }

  @Test
  void connectingCanBeInterrupted() throws Exception {
    AtomicReference<Throwable> seen = new AtomicReference<>();
    AtomicReference<Boolean> kept = new AtomicReference<>();
    Thread thread =
        new Thread(
            () -> {
              seen.set(failureOfConnecting());
              kept.set(Thread.interrupted());
            });
    thread.start();
    server.accept();
    thread.interrupt();
    thread.join();
    assertThat(seen.get()).isInstanceOf(InterruptedIOException.class);
    assertThat(kept.get()).isTrue();
  }

  @Test
  void anInterruptBeforeConnectingCountsToo() {
    Thread.currentThread().interrupt();
    Throwable failure = failureOfConnecting();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure).isInstanceOf(InterruptedIOException.class);
  }

  private Throwable failureOfConnecting() {
    URI uri = URI.create("netfs+smb://me@127.0.0.1:" + server.getLocalPort() + "/share");
    Map<String, Object> options = Map.of("password", "secret".toCharArray());
    try {
      new SmbShareProvider().connect(new ShareConfig(uri, ShareOptions.of(options))).close();
      return null;
    } catch (IOException | RuntimeException e) {
      return e;
    }
  }

  private SmbConnection connect() {
    try {
      SmbConnection connection =
          new SmbConnection("silent", SocketChannel.open(server.getLocalSocketAddress()));
      connection.start();
      return connection;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertDisconnected(CompletableFuture<Response> answer) {
    assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ShareDisconnectedException.class);
  }
}
