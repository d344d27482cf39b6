package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageIndexTest {
  private final FramePool pool = new FramePool(FramePool.SMALLEST);
  private final PageIndex index = new PageIndex();
  private Mount mount;
  private Inode inode;

  @BeforeEach
  void inode() throws IOException {
    mount = new SimServer(1).mount(Map.of());
    inode = new Inode(mount.services(), mount.services().inodes(), "/f");
  }

  @AfterEach
  void unmount() throws IOException {
    mount.close();
  }

  private Page page(long number) {
    return new Page(inode, number, pool.allocate(FramePool.SMALLEST), 0);
  }

  private List<Page> from(long first) {
    List<Page> found = new ArrayList<>();
    index.forEachFrom(first, found::add);
    return found;
  }

  /** Numbers near the places where the tree grows, and anywhere in a file of any size. */
  private static long number(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt(70);
      case 1 -> 4096 - 3 + random.nextInt(6);
      case 2 -> (1L << 6 * (1 + random.nextInt(8))) - 2 + random.nextInt(4);
      default -> random.nextLong() >>> (1 + random.nextInt(60));
    };
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void agreesWithASortedMap(long seed) {
    Random random = new Random(seed);
    TreeMap<Long, Page> model = new TreeMap<>();
    for (int i = 0; i < 1_000; i++) {
      long number = number(random);
      if (random.nextInt(3) > 0) {
        Page page = page(number);
        index.put(page);
        model.put(number, page);
      } else {
        Map.Entry<Long, Page> some = model.ceilingEntry(number);
        if (some != null) {
          index.remove(some.getValue());
          model.remove(some.getKey());
        }
      }
      assertThat(index.size()).isEqualTo(model.size());
      assertThat(index.get(number)).isSameAs(model.get(number));
      if (i % 50 == 0) {
        assertThat(from(number)).containsExactlyElementsOf(model.tailMap(number).values());
      }
    }
    model.forEach((number, page) -> assertThat(index.get(number)).isSameAs(page));
    assertThat(from(0)).containsExactlyElementsOf(model.values());
  }

  @Test
  void findsNothingBesideWhatIsThere() {
    index.put(page(64 + 5));
    for (long number : new long[] {5, 64 + 4, 2 * 64 + 5, 4096 + 64 + 5, (1L << 60) + 64 + 5}) {
      assertThat(index.get(number)).as("page %d", number).isNull();
    }
  }

  @Test
  void aPageThatHasBeenReplacedTakesNobodyOut() {
    Page evicted = page(7);
    Page fresh = page(7);
    index.put(evicted);
    index.put(fresh);
    index.remove(evicted);
    assertThat(index.get(7)).isSameAs(fresh);
    assertThat(index.size()).isEqualTo(1);
  }

  @Test
  void aPageThatWasNeverInIsTakenOutInVain() {
    index.remove(page(1 << 20));
    index.put(page(3));
    index.remove(page(1 << 20));
    assertThat(index.size()).isEqualTo(1);
  }

  @Test
  void isTrimmedOnceItIsEmptyAndNotBefore() {
    Page far = page(1L << 40);
    index.put(far);
    index.trim();
    assertThat(index.get(far.number)).isSameAs(far);
    index.remove(far);
    index.trim();
    assertThat(index).hasToString("PageIndex[0 pages, no node]");
    Page near = page(0);
    index.put(near);
    assertThat(from(0)).containsExactly(near);
  }
}
