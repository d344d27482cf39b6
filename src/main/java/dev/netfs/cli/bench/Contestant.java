package dev.netfs.cli.bench;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

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
   * @param options of the mount, beside the usual ones, for those that understand them
   */
  void renew(Map<String, String> options) throws IOException;

  /** Returns the directory with the fixture's files, as this contestant shows it. */
  Path root();

  /** Returns what it has cost so far. */
  default Counters counters() {
    return Counters.NONE;
  }
}
