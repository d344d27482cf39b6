package dev.netfs.cli.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The processes of one private Samba server, known by the configuration that it was started with.
 *
 * <p>Not all are children of the one that was started: what answers remote procedure calls ({@code
 * samba-dcerpcd} and the {@code rpcd_*} that it starts) makes itself a daemon, and stays when the
 * server is killed.
 */
public final class SambaProcesses {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private SambaProcesses() {}

  /**
   * Returns those that there are.
   *
   * @param configuration the path of its {@code smb.conf}, which no other server has
   */
  public static List<ProcessHandle> of(Path configuration) {
    return ProcessHandle.allProcesses().filter(each -> isOf(each, configuration)).toList();
  }

  private static boolean isOf(ProcessHandle process, Path configuration) {
    String program = process.info().command().orElse("");
    String name = program.substring(program.lastIndexOf('/') + 1);
    if (!name.equals("smbd") && !name.equals("samba-dcerpcd") && !name.startsWith("rpcd_")) {
      return false;
    }
    for (String argument : process.info().arguments().orElseGet(() -> new String[0])) {
      if (argument.endsWith(configuration.toString())) {
        return true;
      }
    }
    return false;
  }

  /**
   * Kills all of them, also what one of them starts meanwhile. They are not asked to end: smbd
   * would ask all of its process group then, which may be the JVM's.
   */
  public static void kill(Path configuration) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    List<ProcessHandle> alive = of(configuration);
    while (!alive.isEmpty() && System.nanoTime() < end) {
      alive.forEach(ProcessHandle::destroyForcibly);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      alive = of(configuration);
    }
  }
}
