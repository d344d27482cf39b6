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
