package dev.netfs.cli.bench;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A program that comes with the server's system and copies files from and to it, kept connected, so
 * that what is measured is the transfer and not the start of a program.
 */
interface StockClient extends Closeable {
  /** Returns the program's name. */
  String name();

  /**
   * Copies a file from the server.
   *
   * @param remote its path below the benchmark's directory, with slashes
   * @param local where to; may be a device
   */
  void get(String remote, Path local) throws IOException;

  /**
   * Copies a file to the server; where the program can, so that it is on the server's disk then.
   *
   * @param remote its new path below the benchmark's directory, with slashes
   */
  void put(Path local, String remote) throws IOException;
}
