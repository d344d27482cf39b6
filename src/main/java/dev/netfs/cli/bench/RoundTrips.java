package dev.netfs.cli.bench;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts how often a client waited for the server: how often it said something after it had heard
 * something, on one connection. What it says in one breath, however many requests, is one. A client
 * of several threads, of which one talks while another waits, counts as talking.
 *
 * <p>Unlike the time that a client takes, the count does not depend on what else a machine does.
 */
final class RoundTrips {
  private final LongAdder count;
  private final AtomicBoolean heard = new AtomicBoolean(true); // nobody has heard so far

  /**
   * @param count of all connections together
   */
  RoundTrips(LongAdder count) {
    this.count = count;
  }

  /** Takes in that the client is about to get bytes. */
  void hears() {
    if (!heard.get()) {
      heard.set(true);
    }
  }

  /** Takes in that bytes have come from the client. */
  void said() {
    if (heard.get() && heard.getAndSet(false)) {
      count.increment();
    }
  }
}
