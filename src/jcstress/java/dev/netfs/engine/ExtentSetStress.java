package dev.netfs.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.locks.ReentrantLock;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** A set of extents under its owner's lock: as if its users came one after the other. */
@JCStressTest
@Outcome(id = "20, 2", expect = ACCEPTABLE, desc = "the removal first")
@Outcome(id = "10, 2", expect = ACCEPTABLE, desc = "the removal last")
@Outcome(expect = FORBIDDEN, desc = "no order comes to that")
@State
public class ExtentSetStress {
  private final ReentrantLock lock = new ReentrantLock();
  private final ExtentSet set = new ExtentSet();

  @Actor
  public void add() {
    lock.lock();
    try {
      set.add(0, 10);
      set.add(20, 30);
    } finally {
      lock.unlock();
    }
  }

  @Actor
  public void remove() {
    lock.lock();
    try {
      set.remove(5, 25);
    } finally {
      lock.unlock();
    }
  }

  @Arbiter
  public void end(JJ_Result result) {
    result.r1 = set.bytes();
    result.r2 = set.size();
  }
}
