package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What {@link WorkQueue} is drained of, and when. */
@Timeout(30)
class WorkQueueTest {
  private final List<Throwable> failures = new ArrayList<>();
  private final WorkQueue queue = new WorkQueue(Background.SYSTEM, 1, failures::add);

  @Test
  void anIdleQueueIsDrained() {
    assertThat(queue.drained()).isCompletedWithValue(true);
  }

  @Test
  void workUnderWayAndWhatItAddsIsWaitedFor() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    CompletableFuture<Boolean> second = new CompletableFuture<>();
    queue.add(
        () -> {
          Await.untilDone(CompletableFuture.runAsync(() -> countedDown(go)));
          queue.add(() -> second.complete(true));
        });
    CompletableFuture<Boolean> drained = queue.drained();
    assertThat(drained).isNotDone();
    go.countDown();
    drained.get(20, TimeUnit.SECONDS);
    assertThat(second).isCompletedWithValue(true);
  }

  @Test
  void whatIsAnnouncedIsWaitedFor() throws Exception {
    queue.expect();
    CompletableFuture<Boolean> drained = queue.drained();
    assertThat(drained).isNotDone();
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    queue.add(() -> done.complete(true));
    done.get(20, TimeUnit.SECONDS);
    assertThat(drained).as("while more may come").isNotDone();
    queue.arrived();
    drained.get(20, TimeUnit.SECONDS);
  }

  @Test
  void whatIsAnnouncedAndNeverComesEndsToo() {
    queue.expect();
    CompletableFuture<Boolean> drained = queue.drained();
    queue.arrived();
    assertThat(drained).isCompletedWithValue(true);
  }

  @Test
  void workThatThrowsDoesNotStopTheQueue() throws Exception {
    queue.add(
        () -> {
          throw new IllegalStateException("thrown");
        });
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    queue.add(() -> done.complete(true));
    done.get(20, TimeUnit.SECONDS);
    assertThat(failures).hasSize(1);
  }

  private static void countedDown(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
