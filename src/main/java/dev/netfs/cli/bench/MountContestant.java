package dev.netfs.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Another client's mount of the server's directory, which the user has made. Nobody here can make
 * it forget what it has cached; so its files get a new name on the server whenever they are to be
 * cold.
 */
final class MountContestant implements Contestant {
  private static final String NAME = "mount-";

  private final Path mount;
  private final Fixture fixture;
  private int renamed;

  /**
   * @param mount the directory that shows what the server has in the benchmark's directory
   * @param fixture its files, as the server has them, beside those of the others
   */
  MountContestant(Path mount, Fixture fixture) {
    this.mount = mount;
    this.fixture = fixture;
  }

  @Override
  public String name() {
    return "mount";
  }

  @Override
  public void renew(Workload workload, boolean first) throws IOException {
    fixture.rename(NAME + ++renamed + "-" + Long.toString(System.nanoTime(), 36));
    if (!Files.isDirectory(root())) {
      throw new BenchException(
          root() + ": is not there; --mount needs a mount of the directory that --server names");
    }
  }

  @Override
  public Path root() {
    // The benchmark's own directory, below what is mounted, and the one in it.
    Path directory = fixture.root();
    return mount.resolve(
        directory.subpath(directory.getNameCount() - 2, directory.getNameCount()).toString());
  }

  @Override
  public void close() {}
}
