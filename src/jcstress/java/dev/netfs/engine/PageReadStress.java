package dev.netfs.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** Reads without a lock, against who writes the page, and who takes its frame away. */
public final class PageReadStress {
  private PageReadStress() {}

  /** By the table, while the page is written and mapped again. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "refused")
  @Outcome(
      id = {"1", "2"},
      expect = ACCEPTABLE,
      desc = "before or after the write")
  @Outcome(expect = FORBIDDEN, desc = "torn")
  @State
  public static class TableAgainstWrite extends StressedFile {
    private final Page page = mapped(0, A);

    @Actor
    public void read(I_Result result) {
      result.r1 = readByTable(0);
    }

    @Actor
    public void write() {
      inode.lock.lock();
      try {
        if (page.tryPin()) {
          fill(page, B);
          page.dropPin();
          table.map(page, index);
        }
      } finally {
        inode.lock.unlock();
      }
    }
  }

  /** By the page, while it is written. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "refused")
  @Outcome(
      id = {"1", "2"},
      expect = ACCEPTABLE,
      desc = "before or after the write")
  @Outcome(expect = FORBIDDEN, desc = "torn")
  @State
  public static class PageAgainstWrite extends StressedFile {
    private final Page page = page(0, frame(), A);

    @Actor
    public void read(I_Result result) {
      result.r1 = readByPage(page);
    }

    @Actor
    public void write() {
      fill(page, B);
    }
  }

  /** By the table, while the page is evicted and its frame becomes another one. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "refused")
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "before the eviction")
  @Outcome(expect = FORBIDDEN, desc = "another page's bytes")
  @State
  public static class TableAgainstReuse extends StressedFile {
    private final Page page = mapped(0, A);

    @Actor
    public void read(I_Result result) {
      result.r1 = readByTable(0);
    }

    @Actor
    public void reuse() {
      if (PageCache.evict(page, SIZE)) {
        Page next = page(1, page.frame, B);
        index.put(next);
        table.map(next, index);
      }
    }
  }

  /** By the page, while it is evicted and its frame becomes another one. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "refused")
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "before the eviction")
  @Outcome(expect = FORBIDDEN, desc = "another page's bytes")
  @State
  public static class PageAgainstReuse extends StressedFile {
    private final Page page = mapped(0, A);

    @Actor
    public void read(I_Result result) {
      result.r1 = readByPage(page);
    }

    @Actor
    public void reuse() {
      if (PageCache.evict(page, SIZE)) {
        index.put(page(1, page.frame, B));
      }
    }
  }

  /** By the table, while the page is invalidated and fetched again into another frame. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "refused")
  @Outcome(
      id = {"1", "2"},
      expect = ACCEPTABLE,
      desc = "before or after")
  @Outcome(expect = FORBIDDEN, desc = "torn")
  @State
  public static class TableAgainstInvalidation extends StressedFile {
    private final Page page = mapped(0, A);
    private final FramePool.Frame other = frame();

    @Actor
    public void read(I_Result result) {
      result.r1 = readByTable(0);
    }

    @Actor
    public void replace() {
      inode.lock.lock();
      try {
        index.remove(page);
        page.tryEvict();
        Page next = page(0, other, B);
        index.put(next);
        table.map(next, index);
      } finally {
        inode.lock.unlock();
      }
    }
  }
}
