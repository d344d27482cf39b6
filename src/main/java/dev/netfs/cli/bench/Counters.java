package dev.netfs.cli.bench;

import java.util.Map;
import java.util.TreeMap;

/**
 * What a client has cost the server and the network so far.
 *
 * @param requests by kind; empty where the client does not count
 * @param fileBytesDown bytes of file content that the server sent; -1 where nobody counts
 * @param fileBytesUp bytes of file content that the server took; -1 where nobody counts
 * @param wireDown bytes that the link delivered to the client; -1 without a proxy
 * @param wireUp bytes that the link delivered to the server; -1 without a proxy
 * @param roundTrips how often the client waited for the server; -1 without a proxy
 */
record Counters(
    Map<String, Long> requests,
    long fileBytesDown,
    long fileBytesUp,
    long wireDown,
    long wireUp,
    long roundTrips) {

  static final Counters NONE = new Counters(Map.of(), -1, -1, -1, -1, -1);

  /** Returns what is known of a client that does not count itself. */
  static Counters ofLine(Line line) {
    return new Counters(Map.of(), -1, -1, line.bytesDown(), line.bytesUp(), line.roundTrips());
  }

  /** Returns what came after an earlier look at the same counters. */
  Counters since(Counters before) {
    Map<String, Long> more = new TreeMap<>();
    requests.forEach(
        (kind, count) -> {
          long added = count - before.requests.getOrDefault(kind, 0L);
          if (added > 0) {
            more.put(kind, added);
          }
        });
    return new Counters(
        more,
        difference(fileBytesDown, before.fileBytesDown),
        difference(fileBytesUp, before.fileBytesUp),
        difference(wireDown, before.wireDown),
        difference(wireUp, before.wireUp),
        difference(roundTrips, before.roundTrips));
  }

  private static long difference(long now, long before) {
    return now < 0 || before < 0 ? -1 : now - before;
  }

  /** Returns how many requests there were, of any kind. */
  long totalRequests() {
    return requests.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns how many requests of a kind there were. */
  long requests(String kind) {
    return requests.getOrDefault(kind, 0L);
  }
}
