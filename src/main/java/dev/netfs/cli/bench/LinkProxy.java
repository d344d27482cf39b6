package dev.netfs.cli.bench;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A TCP proxy on the loopback interface that makes it as slow as a distant network: bytes come out
 * half a round trip after they went in, and no more of them a second than the bandwidth allows,
 * each way.
 *
 * <p>Bytes are delayed, not serialised: however many are on their way, none waits for another's
 * delivery, let alone for an answer. All connections share the bandwidth. "Up" is from the client
 * to the server, "down" the other way.
 *
 * <p>Safe for use by several threads. Each connection has two threads each way, one if the link is
 * {@linkplain Link#LOOPBACK plain}; all end when the proxy or the connection does.
 */
public final class LinkProxy implements Closeable {
  private final InetSocketAddress server;
  private final Link link;
  private final LinkClock clock;
  private final LinkSchedule upwards;
  private final LinkSchedule downwards;
  private final ServerSocketChannel listener;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final LongAdder up = new LongAdder();
  private final LongAdder down = new LongAdder();
  private final LongAdder roundTrips = new LongAdder();

  private LinkProxy(InetSocketAddress server, Link link, LinkClock clock) throws IOException {
    this.server = server;
    this.link = link;
    this.clock = clock;
    upwards = new LinkSchedule(link, clock.nanoTime());
    downwards = new LinkSchedule(link, clock.nanoTime());
    listener = ServerSocketChannel.open();
    listener.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
  }

  /**
   * Starts a proxy on a free port of 127.0.0.1.
   *
   * @param server where connections are passed on to
   * @param link how slow it is on the way
   */
  public static LinkProxy start(InetSocketAddress server, Link link) throws IOException {
    return start(server, link, LinkClock.SYSTEM);
  }

  /** As {@link #start(InetSocketAddress, Link)}, with another clock. */
  static LinkProxy start(InetSocketAddress server, Link link, LinkClock clock) throws IOException {
    LinkProxy proxy = new LinkProxy(server, link, clock);
    proxy.run("netfs-link-accept", null, proxy::accept);
    return proxy;
  }

  /** Returns the port that clients connect to. */
  public int port() {
    return listener.socket().getLocalPort();
  }

  /** Returns how many bytes have been delivered to the server so far. */
  public long bytesUp() {
    return up.sum();
  }

  /** Returns how many bytes have been delivered to clients so far. */
  public long bytesDown() {
    return down.sum();
  }

  /** Returns how often clients have waited for the server so far; see {@link RoundTrips}. */
  public long roundTrips() {
    return roundTrips.sum();
  }

  /** Returns how many connections there have been. */
  public int connections() {
    return accepted.get();
  }

  /** Ends all connections, and takes no more. */
  @Override
  public void close() throws IOException {
    listener.close();
    connections.forEach(Connection::close);
  }

  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  /** Runs work in a thread of its own; when it fails, its connection is of no more use. */
  private Thread run(String name, @Nullable Connection of, Work work) {
    Thread thread =
        new Thread(
            () -> {
              boolean done = false;
              try {
                work.run();
                done = true;
              } catch (IOException | InterruptedException e) {
                // One of the two ends has gone, or close() was called: the other hears of it by
                // the end of its connection, which is all that a network would tell it.
              } finally {
                // Whatever happened, such as no memory for a ring: nobody waits for bytes in vain.
                if (!done && of != null) {
                  of.close();
                }
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void accept() throws IOException {
    while (listener.isOpen()) {
      SocketChannel client = listener.accept();
      accepted.incrementAndGet();
      Connection connection = new Connection(client, SocketChannel.open());
      connections.add(connection);
      if (!listener.isOpen()) {
        connection.close(); // close() may have missed it
      }
      run("netfs-link-connect", connection, connection::begin);
    }
  }

  private final class Connection {
    private final SocketChannel client;
    private final SocketChannel remote;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private final AtomicInteger directions = new AtomicInteger(2);

    Connection(SocketChannel client, SocketChannel remote) {
      this.client = client;
      this.remote = remote;
    }

    void begin() throws IOException {
      client.setOption(StandardSocketOptions.TCP_NODELAY, true);
      remote.setOption(StandardSocketOptions.TCP_NODELAY, true);
      remote.connect(server);
      RoundTrips talk = new RoundTrips(roundTrips);
      Runnable nothing = () -> {};
      begin(new LinkPipe(client, remote, link, upwards, clock, up, talk::said, nothing));
      begin(new LinkPipe(remote, client, link, downwards, clock, down, nothing, talk::hears));
    }

    private void begin(LinkPipe pipe) {
      if (pipe.isStraight()) {
        start(
            () -> {
              pipe.forward();
              directionEnded();
            });
        return;
      }
      ByteBuffer ring = pipe.ring();
      start(() -> pipe.read(ring));
      start(
          () -> {
            pipe.write(ring);
            directionEnded();
          });
    }

    private void start(Work work) {
      threads.add(run("netfs-link", this, work));
    }

    private void directionEnded() {
      if (directions.decrementAndGet() == 0) {
        close();
      }
    }

    void close() {
      connections.remove(this);
      for (SocketChannel channel : new SocketChannel[] {client, remote}) {
        try {
          channel.close();
        } catch (IOException e) {
          // It is of no more use either way.
        }
      }
      threads.forEach(Thread::interrupt);
    }
  }
}
