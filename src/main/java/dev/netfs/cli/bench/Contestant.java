package dev.netfs.cli.bench;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * One of those that are compared: a way to get at the files of the {@link Fixture}. Confined to the
 * benchmark's thread, though its paths may be used by several.
 */
interface Contestant extends Closeable {
  /** Returns its name in the report: {@code netfs}, {@code local}, {@code mina}... */
  String name();

  /**
   * Forgets whatever it has cached, where it can be made to, and begins anew.
   *
   * @param workload what is going to be measured: its options are for those that understand them
   * @param first whether this is the first round of a series, so that nothing at all may be left
   */
  void renew(Workload workload, boolean first) throws IOException;

  /** Returns the directory with the fixture's files, as this contestant shows it. */
  Path root();

  /** Returns what it has cost so far. */
  default Counters counters() {
    return Counters.NONE;
  }
}
