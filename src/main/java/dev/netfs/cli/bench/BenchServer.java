package dev.netfs.cli.bench;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The server that a benchmark is run against. */
public interface BenchServer extends Closeable {
  /** Returns what it is, for the report. */
  String description();

  /** Returns where it listens. */
  InetSocketAddress address();

  /**
   * Returns the directory that the benchmark may fill, as the server itself has it: a local
   * directory, or one of a mount that keeps nothing in memory.
   */
  Path data();

  /**
   * Returns how netfs mounts that directory through a port of 127.0.0.1, or without a proxy.
   *
   * @param port the proxy's port, or 0 for none
   */
  URI uri(int port) throws IOException;

  /**
   * Returns the options of such a mount.
   *
   * @param port as above
   */
  Map<String, ?> options(int port) throws IOException;

  /** Returns how other clients sign on; empty if only netfs knows. */
  Optional<Login> login();

  /**
   * How a client signs on.
   *
   * @param user the name
   * @param privateKey a key without a pass phrase, of type ECDSA, in OpenSSH's format
   * @param directory the directory of {@link #data()} as the server calls it
   */
  record Login(String user, Path privateKey, String directory) {}
}
