package dev.netfs.cli;

import dev.netfs.NetfsStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The demo's table: one row an operation, from what the mount's statistics say of it. */
final class DemoTable {
  private static final String FORMAT = "%-36s %10s %8s  %-8s  %s%n";

  private final Terminal terminal;

  DemoTable(Terminal terminal) {
    this.terminal = terminal;
  }

  /** What an operation has done, as the difference of two snapshots. */
  record Delta(Map<String, Long> requests, long fromServer, long toServer, long nanos) {
    static Delta between(NetfsStats before, NetfsStats after, long nanos) {
      Map<String, Long> requests = new TreeMap<>();
      after
          .requests()
          .forEach(
              (kind, count) -> {
                long more = count - before.requests(kind);
                if (more > 0) {
                  requests.put(kind, more);
                }
              });
      return new Delta(
          requests,
          after.bytesFromServer() - before.bytesFromServer(),
          after.bytesToServer() - before.bytesToServer(),
          nanos);
    }

    long requests(String kind) {
      return requests.getOrDefault(kind, 0L);
    }

    long totalRequests() {
      return requests.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  void heading() throws Terminal.OutputException {
    row("operation", "bytes", "time", "requests", "where the bytes came from");
    row("-".repeat(36), "-".repeat(10), "-".repeat(8), "-".repeat(8), "-".repeat(25));
  }

  /** Prints the row of an operation that moved bytes to or from the application. */
  void row(String operation, long bytes, String source, Delta delta)
      throws Terminal.OutputException {
    row(
        operation,
        bytes < 0 ? "-" : Sizes.of(bytes),
        String.format(Locale.ROOT, "%.3f s", delta.nanos() / 1e9),
        Long.toString(delta.totalRequests()),
        source + kinds(delta.requests()));
  }

  private static String kinds(Map<String, Long> requests) {
    List<String> kinds = new ArrayList<>();
    requests.forEach((kind, count) -> kinds.add(count + " " + kind));
    return kinds.isEmpty() ? "" : " (" + String.join(", ", kinds) + ")";
  }

  /** Says where what was read came from: of what the server did not send, memory had a copy. */
  static String source(long bytes, Delta delta) {
    long server = Math.min(bytes, delta.fromServer());
    if (server == bytes) {
      return "server";
    }
    return server == 0
        ? "memory"
        : "server " + Sizes.of(server) + ", memory " + Sizes.of(bytes - server);
  }

  /** Prints a line between two rows. */
  void note(String text) throws Terminal.OutputException {
    terminal.print("  " + text + "\n");
  }

  private void row(String operation, String bytes, String time, String requests, String source)
      throws Terminal.OutputException {
    terminal.print(String.format(FORMAT, operation, bytes, time, requests, source));
  }
}
