package dev.netfs.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IZ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/** What becomes of a page's entries in index and table where two go about them at once. */
public final class PageEntryStress {
  private PageEntryStress() {}

  /** A page that is evicted while it is being mapped has no entry afterwards. */
  @JCStressTest
  @Outcome(id = "false", expect = ACCEPTABLE, desc = "no entry")
  @Outcome(id = "true", expect = FORBIDDEN, desc = "an entry of a page that has gone")
  @State
  public static class MapAgainstEviction extends StressedFile {
    private final Page page = page(0, frame(), A);

    public MapAgainstEviction() {
      index.put(page);
      page.dropPin();
    }

    @Actor
    public void map() {
      table.map(page, index);
    }

    @Actor
    public void evict() {
      page.tryEvict(); // and nothing else: who evicts may be held up before the index
    }

    @Arbiter
    public void end(Z_Result result) {
      result.r1 = table.entry(0) != 0;
    }
  }

  /** A page that is taken out of the index while it is being mapped has no entry afterwards. */
  @JCStressTest
  @Outcome(id = "false", expect = ACCEPTABLE, desc = "no entry")
  @Outcome(id = "true", expect = FORBIDDEN, desc = "an entry of a page that is not in the file")
  @State
  public static class MapAgainstRemoval extends StressedFile {
    private final Page page = page(0, frame(), A);

    public MapAgainstRemoval() {
      index.put(page);
    }

    @Actor
    public void map() {
      table.map(page, index);
    }

    @Actor
    public void remove() {
      index.remove(page);
    }

    @Arbiter
    public void end(Z_Result result) {
      result.r1 = table.entry(0) != 0;
    }
  }

  /** An entry that a reader notes the use of while it is taken away is not brought back. */
  @JCStressTest
  @Outcome(id = "false", expect = ACCEPTABLE, desc = "no entry")
  @Outcome(id = "true", expect = FORBIDDEN, desc = "it is back again")
  @State
  public static class UseAgainstEviction extends StressedFile {
    private final Page page = mapped(0, A);

    @Actor
    public void use() {
      page.usedInEpoch = 1;
      table.use(page);
    }

    @Actor
    public void evict() {
      page.tryEvict();
    }

    @Arbiter
    public void end(Z_Result result) {
      result.r1 = table.entry(0) != 0;
    }
  }

  /** A new page stays in the index while the one before it is taken out. */
  @JCStressTest
  @Outcome(id = "1, true", expect = ACCEPTABLE, desc = "the new one, and no other")
  @Outcome(expect = FORBIDDEN, desc = "it was taken out, or is counted twice")
  @State
  public static class PutAgainstRemoval extends StressedFile {
    private final Page before = mapped(0, A);
    private final Page after = page(0, frame(), B);

    @Actor
    public void put() {
      index.put(after);
    }

    @Actor
    public void remove() {
      index.remove(before);
    }

    @Arbiter
    public void end(IZ_Result result) {
      result.r1 = index.size();
      result.r2 = index.get(0) == after;
    }
  }

  /** Who is taken out by two is taken out once. */
  @JCStressTest
  @Outcome(id = "1, true", expect = ACCEPTABLE, desc = "one is left")
  @Outcome(expect = FORBIDDEN, desc = "counted twice")
  @State
  public static class TwoRemovals extends StressedFile {
    private final Page page = mapped(0, A);
    private final Page other = mapped(1, A);

    @Actor
    public void one() {
      index.remove(page);
    }

    @Actor
    public void two() {
      index.remove(page);
    }

    @Arbiter
    public void end(IZ_Result result) {
      result.r1 = index.size();
      result.r2 = index.get(1) == other;
    }
  }

  /** A page is evicted, or gets a pin, and never both. */
  @JCStressTest
  @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "pinned")
  @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "evicted")
  @Outcome(expect = FORBIDDEN, desc = "both or neither")
  @State
  public static class PinAgainstEviction extends StressedFile {
    private final Page page = mapped(0, A);

    @Actor
    public void pin(ZZ_Result result) {
      result.r1 = page.tryPin();
    }

    @Actor
    public void evict(ZZ_Result result) {
      result.r2 = page.tryEvict();
    }
  }

  /** Whoever finds no page, or one that he cannot pin, finds the zero point raised (S2). */
  @JCStressTest
  @Outcome(id = "false", expect = ACCEPTABLE, desc = "there, or raised")
  @Outcome(id = "true", expect = FORBIDDEN, desc = "its bytes would be taken for zeros")
  @State
  public static class ZeroPointAgainstEviction extends StressedFile {
    private final Page page = mapped(0, A);

    public ZeroPointAgainstEviction() {
      inode.wrote(SIZE);
      inode.sent(SIZE);
    }

    @Actor
    public void look(Z_Result result) {
      Page found = index.get(0);
      result.r1 = (found == null || found.isEvicted()) && inode.zeroPoint() < SIZE;
    }

    @Actor
    public void evict() {
      PageCache.evict(page, SIZE);
    }
  }
}
