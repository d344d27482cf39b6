package dev.netfs.share;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A lease's holder that notes what it is told, and acknowledges when the test wants it. */
public final class Holder implements LeaseHolder {
  /** What was told and not asked for yet: {@code granted RWH}, {@code breaking R}, {@code lost}. */
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

  private final BlockingQueue<Runnable> acknowledgements = new LinkedBlockingQueue<>();

  @Override
  public void granted(LeaseState state) {
    told.add("granted " + state);
  }

  @Override
  public void breaking(LeaseState to, Runnable acknowledgement) {
    acknowledgements.add(acknowledgement);
    told.add("breaking " + to);
  }

  @Override
  public void lost() {
    told.add("lost");
  }

  /** Waits for what is told next; returns "nothing" where the wait is too long. */
  public String next() throws InterruptedException {
    String next = told.poll(ShareFixture.PATIENCE_SECONDS, TimeUnit.SECONDS);
    return next == null ? "nothing" : next;
  }

  /** Takes all that was told so far. */
  public List<String> drain() {
    List<String> all = new ArrayList<>();
    told.drainTo(all);
    return all;
  }

  /** Acknowledges the oldest break that was told and is not acknowledged. */
  public void acknowledge() {
    acknowledgement().run();
  }

  /** Acknowledges all breaks that were told so far. */
  public void acknowledgeAll() {
    for (Runnable each = acknowledgements.poll(); each != null; each = acknowledgements.poll()) {
      each.run();
    }
  }

  /** Returns the acknowledgement of the oldest break that was told, once. */
  public Runnable acknowledgement() {
    return acknowledgements.remove();
  }
}
