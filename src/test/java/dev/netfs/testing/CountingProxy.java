package dev.netfs.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A TCP proxy on loopback between a client and a server, that counts the bytes each way and can be
 * an unfriendly network: it delays, cuts, stalls and refuses.
 *
 * <p>A delay is one way and does not limit the rate: bytes that are on their way do not hold up
 * others. "Up" is from the client to the server, "down" the other way. Safe for several threads.
 */
public final class CountingProxy implements AutoCloseable {
  private static final int CHUNK = 64 * 1024;

  private final InetSocketAddress server;
  private final InetSocketAddress address;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicLong up = new AtomicLong();
  private final AtomicLong down = new AtomicLong();
  private final AtomicLong upLeft = new AtomicLong(Long.MAX_VALUE);
  private final AtomicLong downLeft = new AtomicLong(Long.MAX_VALUE);
  private volatile ServerSocket listener;
  private volatile long delayNanos;
  private volatile boolean stalled;

  private CountingProxy(InetSocketAddress server, InetAddress address, int port)
      throws IOException {
    this.server = server;
    this.listener = new ServerSocket(port, 50, address);
    this.address = (InetSocketAddress) listener.getLocalSocketAddress();
    listen(listener);
  }

  /** Starts a proxy on a free port of loopback. */
  public static CountingProxy to(String host, int port) throws IOException {
    return new CountingProxy(
        new InetSocketAddress(host, port), InetAddress.getLoopbackAddress(), 0);
  }

  /** Starts a proxy on a port that clients insist on, of a loopback address that is free there. */
  static CountingProxy on(int listenOn, String host, int port) throws IOException {
    for (int attempt = 1; ; attempt++) {
      byte[] address = new byte[4];
      ThreadLocalRandom.current().nextBytes(address);
      address[0] = 127;
      try {
        return new CountingProxy(
            new InetSocketAddress(host, port), InetAddress.getByAddress(address), listenOn);
      } catch (BindException e) {
        if (attempt == 10) {
          throw e;
        }
      }
    }
  }

  /** Returns where clients connect to. */
  public int port() {
    return address.getPort();
  }

  /** Returns the address that clients connect to. */
  String host() {
    return address.getAddress().getHostAddress();
  }

  /** Returns how many bytes clients have sent to the server so far. */
  public long bytesUp() {
    return up.get();
  }

  /** Returns how many bytes the server has sent to clients so far. */
  public long bytesDown() {
    return down.get();
  }

  /** Returns how many connections were accepted so far. */
  public int accepted() {
    return accepted.get();
  }

  /** Delays every byte from now on by so much, each way. */
  public CountingProxy delay(Duration oneWay) {
    delayNanos = oneWay.toNanos();
    return this;
  }

  /** Cuts all connections now. New ones are accepted. */
  public void cut() {
    connections.forEach(Connection::close);
  }

  /**
   * Cuts all connections on the clients' side only, now: the server is not told, as by a network
   * that went away, and keeps what it has for them.
   */
  public void cutClients() {
    connections.forEach(Connection::closeClient);
  }

  /** Cuts all connections once the server has sent so many more bytes. */
  public void cutAfterDown(long bytes) {
    downLeft.set(bytes);
  }

  /** Cuts all connections once clients have sent so many more bytes. */
  public void cutAfterUp(long bytes) {
    upLeft.set(bytes);
  }

  /** Keeps all bytes, without closing anything, as a network that went away does; or lets go. */
  public void stall(boolean on) {
    stalled = on;
  }

  /** Refuses new connections and cuts those there are; or accepts again, on the same port. */
  public void unreachable(boolean on) throws IOException {
    if (on) {
      listener.close();
      cut();
    } else {
      ServerSocket again = new ServerSocket();
      again.setReuseAddress(true);
      again.bind(address, 50);
      listener = again;
      listen(again);
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      cut();
    }
  }

  private void listen(ServerSocket socket) {
    start(
        "proxy-accept",
        () -> {
          while (!socket.isClosed()) {
            Socket client = socket.accept();
            accepted.incrementAndGet();
            Connection connection = new Connection(client);
            connection.begin();
            if (socket.isClosed()) {
              connection.close(); // it became unreachable at this very moment
            }
          }
        });
  }

  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private static void start(String name, Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException | InterruptedException e) {
                // Its sockets were closed.
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
  }

  private record Chunk(byte[] bytes, long due) {}

  private final class Connection {
    private final Socket client;
    private final Socket remote = new Socket();
    private volatile boolean halfOpen;

    Connection(Socket client) {
      this.client = client;
    }

    void begin() {
      connections.add(this);
      start(
          "proxy-connect",
          () -> {
            try {
              client.setTcpNoDelay(true);
              remote.setTcpNoDelay(true);
              remote.connect(server);
            } catch (IOException e) {
              close();
              return;
            }
            direction(client, remote, up, upLeft);
            direction(remote, client, down, downLeft);
          });
    }

    void direction(Socket from, Socket to, AtomicLong count, AtomicLong left) {
      BlockingQueue<Chunk> queue = new LinkedBlockingQueue<>(4096);
      start(
          "proxy-read",
          () -> {
            try {
              InputStream in = from.getInputStream();
              byte[] buffer = new byte[CHUNK];
              for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                queue.put(new Chunk(Arrays.copyOf(buffer, n), System.nanoTime() + delayNanos));
              }
              queue.put(new Chunk(new byte[0], System.nanoTime() + delayNanos));
            } catch (IOException e) {
              closeUnlessHalfOpen();
            }
          });
      start(
          "proxy-write",
          () -> {
            try {
              OutputStream out = to.getOutputStream();
              for (Chunk chunk = queue.take(); chunk.bytes.length > 0; chunk = queue.take()) {
                waitFor(chunk.due);
                long allowed = left.getAndAdd(-chunk.bytes.length);
                int n = (int) Math.max(0, Math.min(allowed, chunk.bytes.length));
                out.write(chunk.bytes, 0, n);
                count.addAndGet(n);
                if (n < chunk.bytes.length) {
                  left.set(Long.MAX_VALUE);
                  cut();
                  return;
                }
              }
              if (!halfOpen) {
                to.shutdownOutput();
              }
            } catch (IOException e) {
              closeUnlessHalfOpen();
            }
          });
    }

    private void waitFor(long due) {
      for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
        LockSupport.parkNanos(wait);
      }
      while (stalled && !client.isClosed()) {
        LockSupport.parkNanos(1_000_000);
      }
    }

    void closeClient() {
      halfOpen = true;
      try {
        client.close();
      } catch (IOException e) {
        // It is of no more use either way.
      }
    }

    private void closeUnlessHalfOpen() {
      if (!halfOpen) {
        close();
      }
    }

    void close() {
      connections.remove(this);
      for (Socket socket : new Socket[] {client, remote}) {
        try {
          socket.close();
        } catch (IOException e) {
          // It is of no more use either way.
        }
      }
    }
  }
}
