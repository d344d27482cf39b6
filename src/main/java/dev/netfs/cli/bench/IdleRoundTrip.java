package dev.netfs.cli.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;

/**
 * How long a {@link LinkProxy} really takes for one byte and the answer to it, with nothing else on
 * the way: its own round trip, and what the machine takes to wake the threads on the way up. It is
 * the unit in which a client's time can be counted as round trips.
 */
final class IdleRoundTrip {
  private static final int TIMES = 11;

  private IdleRoundTrip() {}

  /** Measures a link, through a proxy of its own; takes some round trips. */
  static Duration measure(Link link) throws IOException {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    try (ServerSocketChannel listener =
            ServerSocketChannel.open().bind(new InetSocketAddress(loopback, 0));
        LinkProxy proxy = LinkProxy.start((InetSocketAddress) listener.getLocalAddress(), link);
        SocketChannel client = SocketChannel.open(new InetSocketAddress(loopback, proxy.port()))) {
      Thread echo = new Thread(() -> echo(listener), "netfs-bench-echo");
      echo.setDaemon(true);
      echo.start();
      client.setOption(StandardSocketOptions.TCP_NODELAY, true);
      ByteBuffer one = ByteBuffer.allocateDirect(1);
      long[] nanos = new long[TIMES];
      for (int i = 0; i < TIMES; i++) {
        long began = System.nanoTime();
        client.write(one.clear());
        if (client.read(one.clear()) != 1) {
          throw new BenchException("the proxy ended a connection");
        }
        nanos[i] = System.nanoTime() - began;
      }
      Arrays.sort(nanos);
      return Duration.ofNanos(nanos[TIMES / 2]);
    }
  }

  private static void echo(ServerSocketChannel listener) {
    try (SocketChannel client = listener.accept()) {
      client.setOption(StandardSocketOptions.TCP_NODELAY, true);
      ByteBuffer one = ByteBuffer.allocateDirect(1);
      while (client.read(one.clear()) == 1) {
        client.write(one.flip());
      }
    } catch (IOException e) {
      // The measurement is over, or fails for want of an answer.
    }
  }
}
