package dev.netfs.cli.bench;

import java.nio.file.Path;

/**
 * Files of the machine itself, through the JDK's own provider: those of the local disk, or those
 * that somebody else's mount shows.
 */
record LocalContestant(String name, Path root) implements Contestant {
  /** Cannot make the kernel forget; so the local disk is always the page cache. */
  @Override
  public void renew(Workload workload, boolean first) {}

  @Override
  public void close() {}
}
