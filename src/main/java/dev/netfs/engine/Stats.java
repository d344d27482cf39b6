package dev.netfs.engine;

import dev.netfs.NetfsStats;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** The counters of a mount. Adding takes no lock that another adder can hold. */
final class Stats {
  private final Map<String, LongAdder> requests = new ConcurrentHashMap<>();
  final LongAdder bytesFromServer = new LongAdder();
  final LongAdder bytesToServer = new LongAdder();
  final HotCounter bytesFromMemory = new HotCounter();
  final LongAdder bytesFromZero = new LongAdder();
  final LongAdder bytesFromDisk = new LongAdder();
  final LongAdder bytesToDisk = new LongAdder();
  final LongAdder conflicts = new LongAdder();
  final LongAdder retries = new LongAdder();
  final LongAdder reconnects = new LongAdder();

  final LongAdder listingsAhead = new LongAdder();
  final LongAdder listingsAheadUsed = new LongAdder();
  final LongAdder filesAhead = new LongAdder();
  final LongAdder filesAheadUsed = new LongAdder();

  /** Counts a request to the server. */
  void request(String kind) {
    requests.computeIfAbsent(kind, k -> new LongAdder()).increment();
  }

  NetfsStats snapshot(
      long cachedBytes, long dirtyBytes, long diskBytes, long diskFailures, int backlog) {
    Map<String, Long> counts = new HashMap<>();
    requests.forEach((kind, count) -> counts.put(kind, count.sum()));
    return new NetfsStats(
        counts,
        bytesFromServer.sum(),
        bytesToServer.sum(),
        bytesFromMemory.sum(),
        bytesFromZero.sum(),
        retries.sum(),
        reconnects.sum(),
        cachedBytes,
        dirtyBytes,
        listingsAhead.sum(),
        listingsAheadUsed.sum(),
        filesAhead.sum(),
        filesAheadUsed.sum(),
        bytesFromDisk.sum(),
        bytesToDisk.sum(),
        diskBytes,
        diskFailures,
        backlog,
        conflicts.sum());
  }
}
