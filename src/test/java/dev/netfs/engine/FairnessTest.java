package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.testing.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who gets room for dirty bytes, and who gets a place among the requests. */
class FairnessTest {
  /** Runs everything at once, and nothing later. */
  private static final Background AT_ONCE =
      new Background() {
        @Override
        public long nanoTime() {
          return 0;
        }

        @Override
        public long currentTimeMillis() {
          return 0;
        }

        @Override
        public void execute(Runnable work) {
          work.run();
        }

        @Override
        public Task schedule(Runnable work, long delay, TimeUnit unit) {
          return () -> {};
        }

        @Override
        public Task repeat(Runnable work, long pause, TimeUnit unit) {
          return () -> {};
        }
      };

  private final DirtyLimit limit = new DirtyLimit(AT_ONCE, 100, 1_000);
  private final List<String> granted = new ArrayList<>();

  /** A file that wants to write pieces of one size. */
  private final class Writer implements DirtyLimit.Owner {
    final String name;
    long unsent;

    Writer(String name) {
      this.name = name;
    }

    @Override
    public long unsentBytes() {
      return unsent;
    }

    DirtyLimit.Waiter wants(int bytes) {
      DirtyLimit.Waiter waiter = limit.queue(bytes, this);
      waiter.over.thenRun(
          () -> {
            if (waiter.finish()) {
              granted.add(name);
              dirtied(bytes);
              limit.end(bytes);
            }
          });
      return waiter;
    }

    void dirtied(int bytes) {
      unsent += bytes;
      limit.add(bytes);
    }

    void sent(int bytes) {
      unsent -= bytes;
      limit.add(-bytes);
    }
  }

  @Test
  void roomGoesInTurnToTheOneWhoWaitedLongestAndToTheOneWithTheLeast() {
    Writer stream = new Writer("stream");
    Writer small = new Writer("small");
    stream.dirtied(100);
    for (int i = 0; i < 4; i++) {
      stream.wants(25);
    }
    small.wants(1);
    small.wants(1);
    assertThat(granted).isEmpty();
    stream.sent(25);
    assertThat(granted).containsExactly("stream");
    stream.sent(1);
    assertThat(granted).containsExactly("stream", "small");
    stream.sent(24); // which is 24 of the 25 that the one who has waited longest wants
    assertThat(granted).hasSize(2);
    stream.sent(2);
    assertThat(granted).containsExactly("stream", "small", "stream", "small");
  }

  @Test
  void whoComesLaterDoesNotOvertakeWhoWaits() {
    Writer stream = new Writer("stream");
    stream.dirtied(90);
    DirtyLimit.Waiter waiter = stream.wants(25);
    assertThat(limit.tryReserve(1)).as("there would be room for it").isFalse();
    assertThat(waiter.finish()).isFalse();
    assertThat(limit.tryReserve(10)).isTrue();
    assertThat(limit.tryReserve(1)).isFalse();
    limit.end(10);
    assertThat(limit.tryReserve(1)).isTrue();
  }

  @Test
  void whoGivesUpHoldsUpNobody() {
    Writer stream = new Writer("stream");
    Writer small = new Writer("small");
    stream.dirtied(99);
    DirtyLimit.Waiter impatient = stream.wants(25);
    small.wants(1);
    assertThat(granted).isEmpty();
    assertThat(impatient.finish()).isFalse();
    assertThat(granted).containsExactly("small");
  }

  @Test
  void flowsTakeTurns() {
    DepthLimit depth = new DepthLimit(2, Long.MAX_VALUE);
    List<String> started = new ArrayList<>();
    List<CompletableFuture<String>> running = new ArrayList<>();
    for (String name : List.of("a1", "a2", "a3", "a4", "a5", "b1", "b2", "c1")) {
      CompletableFuture<String> result =
          depth.submit(
              name.charAt(0),
              1,
              () -> {
                started.add(name);
                CompletableFuture<String> operation = new CompletableFuture<>();
                running.add(operation);
                return operation;
              });
      assertThat(result).isNotDone();
    }
    assertThat(started).containsExactly("a1", "a2");
    for (int i = 0; i < 8; i++) {
      running.get(i).complete("done");
    }
    assertThat(started).containsExactly("a1", "a2", "a3", "b1", "c1", "a4", "b2", "a5");
    assertThat(depth.outstanding()).isZero();
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void whatIsOverAtOnceHasItsTurnAndMakesRoom() {
    DepthLimit depth = new DepthLimit(1, Long.MAX_VALUE);
    CompletableFuture<String> running = new CompletableFuture<>();
    List<String> started = new ArrayList<>();
    depth.submit("flow", 1, () -> running);
    assertThat(CompletableFuture.supplyAsync(depth::outstanding, Threads.EACH).join()).isOne();
    List<CompletableFuture<String>> waiting = new ArrayList<>();
    for (String name : List.of("a", "b", "c")) {
      waiting.add(
          depth.submit(
              "flow",
              1,
              () -> {
                started.add(name);
                assertThat(depth.outstanding()).isOne();
                return CompletableFuture.completedFuture(name);
              }));
    }
    assertThat(started).isEmpty();
    running.complete("done");
    assertThat(started).containsExactly("a", "b", "c");
    assertThat(waiting).allMatch(each -> each.isDone() && !each.isCompletedExceptionally());
    assertThat(CompletableFuture.supplyAsync(depth::outstanding, Threads.EACH).join()).isZero();
  }

  @Test
  void whoComesWhileAnotherIsStartedHasHisTurnAfterIt() {
    DepthLimit depth = new DepthLimit(1, Long.MAX_VALUE);
    List<CompletableFuture<String>> second = new ArrayList<>();
    CompletableFuture<String> first =
        depth.submit(
            "flow",
            1,
            () -> {
              second.add(
                  depth.submit("flow", 1, () -> CompletableFuture.completedFuture("second")));
              assertThat(second.get(0)).isNotDone();
              return CompletableFuture.completedFuture("first");
            });
    assertThat(first).isCompletedWithValue("first");
    assertThat(second.get(0)).isCompletedWithValue("second");
    assertThat(depth.outstanding()).isZero();
  }

  @Test
  void whatFailsMakesRoomToo() {
    DepthLimit depth = new DepthLimit(1, 10);
    IllegalStateException broken = new IllegalStateException("broken");
    CompletableFuture<String> running = new CompletableFuture<>();
    CompletableFuture<String> late = depth.submit("flow", 10, () -> running);
    CompletableFuture<String> thrown =
        depth.submit(
            "flow",
            10,
            () -> {
              throw broken;
            });
    CompletableFuture<String> next =
        depth.submit("flow", 10, () -> CompletableFuture.completedFuture("next"));
    assertThat(thrown).isNotDone();
    running.completeExceptionally(broken);
    for (CompletableFuture<String> failed : List.of(late, thrown)) {
      assertThat(failed).isCompletedExceptionally();
      assertThatThrownBy(failed::join).hasCause(broken);
    }
    assertThat(next).isCompletedWithValue("next");
    assertThat(depth.outstanding()).isZero();
  }

  @Test
  void manySmallOperationsOrFewLargeOnesAreUnderWay() {
    DepthLimit depth = new DepthLimit(6, 10);
    List<CompletableFuture<Integer>> running = new ArrayList<>();
    for (int size : new int[] {12, 4, 5, 1, 7, 1, 1, 1, 1, 1, 1}) {
      depth.submit(
          "flow",
          size,
          () -> {
            CompletableFuture<Integer> operation = new CompletableFuture<>();
            running.add(operation);
            return operation;
          });
    }
    assertThat(running).as("one may be larger than the window").hasSize(1);
    running.get(0).complete(12);
    assertThat(running).as("4, 5 and 1 fill the window").hasSize(4);
    running.get(1).complete(4);
    assertThat(running).as("nobody overtakes the one that does not fit").hasSize(4);
    running.get(2).complete(5);
    assertThat(running).as("7 and two small ones fit").hasSize(7);
    running.get(4).complete(7);
    assertThat(running).as("as many small ones as the depth allows").hasSize(10);
    for (int i = 0; i < 11; i++) {
      running.get(i).complete(0);
    }
    assertThat(depth.outstanding()).isZero();
  }
}
