package dev.netfs.cli.bench;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A way to the server: a proxy, or none where the link is plain loopback. */
final class Line implements Closeable {
  private final Link link;
  private final InetSocketAddress server;
  private final @Nullable LinkProxy proxy;
  private final @Nullable Duration idleRoundTrip;

  Line(Link link, InetSocketAddress server) throws IOException {
    this.link = link;
    this.server = server;
    idleRoundTrip = link.isPlain() ? null : IdleRoundTrip.measure(link);
    proxy = link.isPlain() ? null : LinkProxy.start(server, link);
  }

  /** Returns how long a byte and its answer take, nothing else being on the way, if measured. */
  Optional<Duration> idleRoundTrip() {
    return Optional.ofNullable(idleRoundTrip);
  }

  Link link() {
    return link;
  }

  /** Returns the proxy's port on 127.0.0.1; 0 if there is none. */
  int proxyPort() {
    return proxy == null ? 0 : proxy.port();
  }

  /** Returns where clients connect to. */
  InetSocketAddress address() {
    return proxy == null ? server : new InetSocketAddress("127.0.0.1", proxy.port());
  }

  /** Returns how many bytes have reached clients; -1 if nobody counts. */
  long bytesDown() {
    return proxy == null ? -1 : proxy.bytesDown();
  }

  /** Returns how often clients have waited for the server, or -1 if nobody counts. */
  long roundTrips() {
    return proxy == null ? -1 : proxy.roundTrips();
  }

  /** Returns how many bytes have reached the server; -1 if nobody counts. */
  long bytesUp() {
    return proxy == null ? -1 : proxy.bytesUp();
  }

  @Override
  public void close() throws IOException {
    if (proxy != null) {
      proxy.close();
    }
  }
}
