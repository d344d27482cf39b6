package dev.netfs.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * rclone's mount of the same directory over SFTP, with its full VFS cache on the local disk, which
 * is not encrypted. It is mounted anew before each round, so that the kernel has nothing of it in
 * memory but the cache's own files.
 */
final class RcloneContestant implements Contestant {
  private final BenchServer.Login login;
  private final Line line;
  private final Path caches;
  private final Path mountPoint;
  private @Nullable Process process;

  /** Returns whether rclone is here, and what it mounts with. */
  static boolean isInstalled() {
    return Programs.find("rclone").isPresent()
        && fusermount().isPresent()
        && Files.exists(Path.of("/dev/fuse"));
  }

  private static Optional<Path> fusermount() {
    return Programs.find("fusermount3").or(() -> Programs.find("fusermount"));
  }

  /**
   * Nothing is mounted until {@link #renew}.
   *
   * @param caches where its cache and its mount are
   */
  RcloneContestant(BenchServer.Login login, Line line, Path caches) throws IOException {
    this.login = login;
    this.line = line;
    this.caches = caches;
    mountPoint = Files.createTempDirectory(caches, "rclone-mount-");
  }

  @Override
  public String name() {
    return "rclone";
  }

  @Override
  public void renew(Workload workload, boolean first) throws IOException {
    unmount();
    Path cache = caches.resolve("rclone-" + workload.id());
    if (first || workload.disk() == Workload.Disk.EMPTY) {
      TemporaryTree.delete(cache);
    }
    Path log = caches.resolve("rclone.log");
    Process started =
        new ProcessBuilder(
                "rclone",
                "mount",
                ":sftp:" + login.directory(),
                mountPoint.toString(),
                "--config=/dev/null",
                "--sftp-host=127.0.0.1",
                "--sftp-port=" + line.address().getPort(),
                "--sftp-user=" + login.user(),
                "--sftp-key-file=" + login.privateKey(),
                "--sftp-shell-type=none",
                "--vfs-cache-mode=full",
                "--cache-dir=" + cache,
                "--read-only")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    process = started;
    if (!Programs.await(started, this::isMounted)) {
      throw new BenchException("rclone does not mount: " + Files.readString(log).strip());
    }
  }

  private boolean isMounted() throws IOException {
    return !Files.getFileStore(mountPoint).equals(Files.getFileStore(caches));
  }

  @Override
  public Path root() {
    return mountPoint;
  }

  @Override
  public Counters counters() {
    return Counters.ofLine(line);
  }

  private void unmount() throws IOException {
    Process running = process;
    process = null;
    if (running == null) {
      return;
    }
    try {
      if (running.isAlive()) {
        Programs.run(List.of(fusermount().orElseThrow().toString(), "-u", mountPoint.toString()));
      }
      if (!running.waitFor(Programs.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        running.destroy();
      }
    } catch (InterruptedException e) {
      running.destroy();
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    unmount();
  }
}
