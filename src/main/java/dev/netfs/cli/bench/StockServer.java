package dev.netfs.cli.bench;

import java.io.IOException;
import java.util.Optional;

/** A server that a program of its own system can be measured against. */
interface StockServer extends BenchServer {
  /** Returns that program's name. */
  String stockName();

  /**
   * Returns that program, connected; empty if it is not installed.
   *
   * @param line how to reach the server
   */
  Optional<StockClient> stockClient(Line line) throws IOException;
}
