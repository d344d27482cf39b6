package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.testing.Threads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whoever finds no page, or one that he cannot pin, finds the zero point raised over it: otherwise
 * he would take bytes that the server has for zeros.
 */
@Tag("S2")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EvictionOrderTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 4000;

  private final SimServer server = new SimServer(1);
  private Mount mount;
  private OpenFile file;
  private Inode inode;

  /** Writes a file and sends it: all of it is in memory, and nothing of it was ever asked for. */
  @BeforeEach
  void write() throws IOException {
    server.put("/f", new byte[0]);
    mount = server.mount(Map.of("pageSize", PAGE, "memory", 64 << 20));
    file = mount.open("/f", OpenModes.UPDATE);
    inode = file.inode();
    file.write(ByteBuffer.allocate(PAGES * PAGE), 0);
    file.force(false);
    assertThat(inode.zeroPoint()).isZero();
  }

  @AfterEach
  void unmount() throws IOException {
    file.close();
    mount.close();
  }

  private Page page(long number) {
    return Objects.requireNonNull(inode.pages.get(number));
  }

  @Test
  void anEvictionThatMeetsAPinHasRaisedTheZeroPointBefore() {
    Page page = page(5);
    assertThat(page.tryPin()).isTrue();
    assertThat(PageCache.evict(page, PAGE)).isFalse();
    assertThat(page(5)).isSameAs(page);
    assertThat(inode.zeroPoint()).isEqualTo(6 * PAGE);
    mount.services().pages().unpin(page);
    assertThat(PageCache.evict(page, PAGE)).isTrue();
    assertThat(inode.pages.get(5)).isNull();
    mount.services().pages().release(page.frame);
  }

  @Test
  void aPageThatCannotBePinnedIsBelowTheZeroPoint() throws Exception {
    watch(
        page -> {
          assertThat(PageCache.evict(page, PAGE)).isTrue();
          mount.services().pages().release(page.frame);
        });
  }

  @Test
  void aPageThatIsDroppedIsBelowTheZeroPoint() throws Exception {
    watch(page -> mount.services().pages().drop(page));
  }

  /** Has one page after another taken out, while another thread waits for that to happen to it. */
  private void watch(Consumer<Page> out) throws Exception {
    List<Page> pages = new ArrayList<>();
    inode.pages.forEachFrom(0, pages::add);
    assertThat(pages).hasSize(PAGES);
    AtomicLong watched = new AtomicLong(-1);
    CompletableFuture<Long> watcher =
        CompletableFuture.supplyAsync(
            () -> {
              long late = 0;
              for (Page page : pages) {
                watched.set(page.number);
                while (!page.isEvicted() && inode.pages.get(page.number) == page) {
                  // until either is so
                }
                late += inode.zeroPoint() < (page.number + 1) * PAGE ? 1 : 0;
              }
              return late;
            },
            Threads.EACH);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
    for (Page page : pages) {
      // On a machine that is so busy that the two never run at once, it is not waited for.
      while (watched.get() < page.number && System.nanoTime() < deadline) {
        Thread.onSpinWait();
      }
      out.accept(page);
    }
    assertThat(watcher.get()).as("pages that were gone too early").isZero();
  }
}
