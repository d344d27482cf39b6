package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;

/** What has to hold for an inode between any two operations, looked at from inside. */
final class Invariants {
  private Invariants() {}

  /** Says which values a byte may have. */
  @FunctionalInterface
  interface Content {
    boolean allows(long position, byte value);
  }

  /**
   * Checks every valid byte in memory, and that what is behind the end is zeros (S5, R3).
   *
   * @param onServer the server's content, if only this mount changes it: then whatever it has at or
   *     after the zero point has to be in memory, or be zeros (S1, S2)
   */
  static void check(Inode inode, int pageSize, Content content, @Nullable SparseBytes onServer) {
    inode.lock.lock();
    try {
      long size = inode.localSize();
      assertThat(inode.remoteSize()).isGreaterThanOrEqualTo(0);
      inode.pages.forEachFrom(
          0,
          page -> {
            long base = page.number * pageSize;
            page.validSet()
                .forEachIn(
                    0,
                    pageSize,
                    (from, to) -> {
                      for (long at = from; at < to; at++) {
                        byte value = page.frame.slab.get(page.frame.offset + (int) at);
                        long position = base + at;
                        if (position >= size ? value != 0 : !content.allows(position, value)) {
                          throw new AssertionError(
                              "in memory at " + position + " is " + value + ": " + inode);
                        }
                      }
                    });
          });
      if (onServer != null) {
        checkZeroPoint(inode, pageSize, onServer);
      }
    } finally {
      inode.lock.unlock();
    }
  }

  /** Checks that a mount whose files are closed keeps nothing that it does not say it keeps. */
  static void checkNothingIsLeft(Mount mount, ModelTime time) {
    // What was asked for ahead of readers who have gone may still be on its way.
    time.settle(
        () -> {
          mount.dropCaches();
          return mount.services().pages().usedBytes() == 0
              && mount.services().depth().outstanding() == 0;
        });
    mount.dropCaches();
    assertThat(mount.stats().dirtyBytes()).as("dirty bytes").isZero();
    assertThat(mount.services().pages().usedBytes()).as("bytes in memory").isZero();
    assertThat(mount.services().depth().outstanding()).as("requests outstanding").isZero();
    assertThat(mount.stats().backlog()).as("files with logs").isZero();
  }

  private static void checkZeroPoint(Inode inode, int pageSize, SparseBytes onServer) {
    long from = Math.min(inode.zeroPoint(), inode.localSize());
    long to = Math.min(onServer.size(), inode.localSize());
    onServer.forEachNonZero(
        from,
        to,
        position -> {
          Page page = inode.pages.get(position / pageSize);
          int offset = (int) (position % pageSize);
          if (page == null || !page.validSet().contains(offset, offset + 1)) {
            throw new AssertionError(
                "the server has a byte at " + position + " that would be read as 0: " + inode);
          }
        });
  }
}
