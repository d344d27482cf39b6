package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

/** Counts what a mount has left when everything is closed. */
public final class Leaks {
  private Leaks() {}

  /**
   * Sends what is dirty and drops what is clean, and checks that nothing is left then: no page, no
   * dirty byte, no inode, no open file, no permit, no request. Every channel has to be closed.
   */
  public static void assertNone(Mount mount) throws IOException {
    mount.sync();
    mount.dropCaches();
    Services services = mount.services();
    SimServer.eventually("no permit is held", () -> services.depth().outstanding() == 0);
    SimServer.eventually("no request is made", () -> services.session().outstanding() == 0);
    assertThat(services.dirty().bytes()).as("dirty bytes").isZero();
    SimServer.eventually(
        "no page is in memory",
        () -> {
          mount.dropCaches(); // what was asked for ahead may have come since
          return services.pages().usedBytes() == 0;
        });
    // Nobody waits for the server's answer to a close.
    SimServer.eventually("no inode is known", () -> services.inodes().all().isEmpty());
    assertThat(mount.openFiles()).as("open files").isZero();
  }
}
