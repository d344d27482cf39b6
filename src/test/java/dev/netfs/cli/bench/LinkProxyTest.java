package dev.netfs.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.Threads;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class LinkProxyTest {
  private ServerSocket server;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
    server.setSoTimeout(20_000);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  /** A clock that stands until it is told to go on. */
  private static final class StandingClock implements LinkClock {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long now; // guarded by lock
    private long looks; // guarded by lock; how often somebody has looked
    private long awaited = -1; // guarded by lock; what somebody waits for, or has waited for

    @Override
    public long nanoTime() {
      lock.lock();
      try {
        looks++;
        changed.signalAll();
        return now;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void awaitUntil(long time) throws InterruptedException {
      lock.lockInterruptibly();
      try {
        awaited = time;
        changed.signalAll();
        while (now < time) {
          changed.await();
        }
      } finally {
        lock.unlock();
      }
    }

    /** Waits until somebody waits for a moment; returns how often the clock was looked at. */
    long awaitWaiter(Duration moment) throws InterruptedException {
      lock.lock();
      try {
        while (awaited != moment.toNanos()) {
          changed.await();
        }
        return looks;
      } finally {
        lock.unlock();
      }
    }

    void awaitLooks(long wanted) throws InterruptedException {
      lock.lock();
      try {
        while (looks < wanted) {
          changed.await();
        }
      } finally {
        lock.unlock();
      }
    }

    void advance(Duration by) {
      lock.lock();
      try {
        now += by.toNanos();
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  private LinkProxy proxy(Link link, LinkClock clock) throws IOException {
    return LinkProxy.start(new InetSocketAddress("127.0.0.1", server.getLocalPort()), link, clock);
  }

  private static Socket connect(LinkProxy proxy) throws IOException {
    Socket socket = new Socket("127.0.0.1", proxy.port());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(20_000);
    return socket;
  }

  /** The ring of a limited link is 2 MiB: it is gone around many times. */
  @ParameterizedTest
  @CsvSource({"0, 0", "2, 0", "0, 200000000", "2, 200000000"})
  void everyByteComesOutInOrderBothWays(int roundTrip, long bandwidth) throws Exception {
    byte[] bytes = new byte[(20 << 20) + 12_345];
    new Random(1).nextBytes(bytes);
    Link link = new Link(Duration.ofMillis(roundTrip), bandwidth);
    try (LinkProxy proxy = proxy(link, LinkClock.SYSTEM);
        Socket client = connect(proxy);
        Socket remote = server.accept()) {
      CompletableFuture<byte[]> received =
          CompletableFuture.supplyAsync(() -> readAll(remote), Threads.EACH);
      CompletableFuture<byte[]> answered =
          CompletableFuture.supplyAsync(() -> readAll(client), Threads.EACH);
      CompletableFuture<Void> answers =
          CompletableFuture.runAsync(() -> writeAll(remote, bytes), Threads.EACH);
      writeAll(client, bytes);
      answers.get(30, TimeUnit.SECONDS);
      assertThat(Arrays.equals(received.get(30, TimeUnit.SECONDS), bytes)).isTrue();
      assertThat(Arrays.equals(answered.get(30, TimeUnit.SECONDS), bytes)).isTrue();
      assertThat(proxy.bytesUp()).isEqualTo(bytes.length);
      assertThat(proxy.bytesDown()).isEqualTo(bytes.length);
      assertThat(proxy.connections()).isEqualTo(1);
    }
  }

  private static byte[] readAll(Socket socket) {
    try {
      return socket.getInputStream().readAllBytes();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void writeAll(Socket socket, byte[] bytes) {
    try {
      OutputStream out = socket.getOutputStream();
      // Odd pieces, so that reads and writes of the proxy do not fall together.
      for (int from = 0, size = 1; from < bytes.length; from += size, size = size * 3 % 99_991) {
        size = Math.min(size, bytes.length - from);
        out.write(bytes, from, size);
      }
      socket.shutdownOutput();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void bytesOnTheirWayAreManyAndAllOfThemArriveOnceTheirDelayIsOver() throws Exception {
    StandingClock clock = new StandingClock();
    // 32 MiB, far more than socket buffers hold: had a byte waited for another's delivery, this
    // write would not end, since the clock stands and nothing is delivered.
    byte[] bytes = new byte[32 << 20];
    new Random(2).nextBytes(bytes);
    try (LinkProxy proxy = proxy(new Link(Duration.ofMillis(20), 0), clock);
        Socket client = connect(proxy);
        Socket remote = server.accept()) {
      client.getOutputStream().write(bytes);
      client.getOutputStream().flush();
      assertThat(proxy.bytesUp()).isZero();
      assertThat(remote.getInputStream().available()).isZero();
      clock.advance(Duration.ofMillis(10));
      byte[] received = new byte[bytes.length];
      // One delay has delivered them all. What was still in the socket when the clock moved is
      // stamped late, so the clock goes on for it.
      CompletableFuture<Void> all =
          CompletableFuture.runAsync(() -> readFully(remote, received), Threads.EACH);
      while (!all.isDone()) {
        clock.advance(Duration.ofMillis(10));
        TimeUnit.MILLISECONDS.sleep(1);
      }
      all.get();
      assertThat(Arrays.equals(received, bytes)).isTrue();
    }
  }

  private static void readFully(Socket socket, byte[] into) {
    try {
      new DataInputStream(socket.getInputStream()).readFully(into);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void whatWasSentLaterArrivesLater() throws Exception {
    StandingClock clock = new StandingClock();
    try (LinkProxy proxy = proxy(new Link(Duration.ofMillis(20), 0), clock);
        Socket client = connect(proxy);
        Socket remote = server.accept()) {
      InputStream in = remote.getInputStream();
      client.getOutputStream().write('a');
      long looks = clock.awaitWaiter(Duration.ofMillis(10));
      clock.advance(Duration.ofMillis(4));
      client.getOutputStream().write('b');
      clock.awaitLooks(looks + 1); // which was for the stamp of b: the writer waits for a
      clock.advance(Duration.ofMillis(6));
      assertThat(in.read()).isEqualTo('a');
      assertThat(in.available()).as("b is on its way for 6 ms only").isZero();
      clock.advance(Duration.ofMillis(4));
      assertThat(in.read()).isEqualTo('b');
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "4"})
  void roundTripsAreHowOftenTheClientSpeaksAfterItHasHeard(int roundTrip) throws Exception {
    try (LinkProxy proxy = proxy(new Link(Duration.ofMillis(roundTrip), 0), LinkClock.SYSTEM);
        Socket client = connect(proxy);
        Socket remote = server.accept()) {
      for (int question = 1; question <= 5; question++) {
        for (int word = 0; word < 3; word++) { // without an answer in between
          client.getOutputStream().write(word);
          assertThat(remote.getInputStream().read()).isEqualTo(word);
        }
        for (int word = 0; word < 2; word++) {
          remote.getOutputStream().write(word);
          assertThat(client.getInputStream().read()).isEqualTo(word);
        }
        assertThat(proxy.roundTrips()).isEqualTo(question);
      }
    }
  }

  @Test
  void aServerThatIsNotThereEndsTheConnection() throws Exception {
    server.close();
    try (LinkProxy proxy = proxy(Link.LOOPBACK, LinkClock.SYSTEM);
        Socket client = connect(proxy)) {
      assertThat(endOf(client)).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "20"})
  void closingEndsItsConnections(int roundTrip) throws Exception {
    LinkProxy proxy = proxy(new Link(Duration.ofMillis(roundTrip), 0), LinkClock.SYSTEM);
    try (Socket client = connect(proxy);
        Socket remote = server.accept()) {
      client.getOutputStream().write(1);
      assertThat(remote.getInputStream().read()).isEqualTo(1);
      proxy.close();
      assertThat(endOf(client)).isTrue();
      assertThat(endOf(remote)).isTrue();
    }
  }

  private static boolean endOf(Socket socket) {
    try {
      return socket.getInputStream().read() < 0;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true; // a reset
    }
  }
}
