package dev.netfs.share.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.ShareDisconnectedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkersTest {
  private final Workers workers = new Workers("test", false);
  private final CountDownLatch hanging = new CountDownLatch(1);

  @AfterEach
  void letGo() {
    hanging.countDown();
    workers.close();
    workers.shutdown(1_000);
  }

  /** A backing store that hangs does not keep a share from closing, nor writes into its memory. */
  @Test
  void closesWhileCallsHang() throws Exception {
    AtomicInteger touched = new AtomicInteger();
    AtomicInteger unwanted = new AtomicInteger();
    CountDownLatch inside = new CountDownLatch(Workers.DEPTH);
    CountDownLatch outside = new CountDownLatch(Workers.DEPTH);
    List<CompletableFuture<String>> calls = new ArrayList<>();
    Queue<Throwable> late = new ConcurrentLinkedQueue<>();
    for (int i = 0; i < 3 * Workers.DEPTH; i++) {
      boolean touches = i % 2 == 0;
      calls.add(
          workers.run(
              operation -> {
                inside.countDown();
                hanging.await();
                try {
                  if (touches) {
                    operation.touch(touched::incrementAndGet);
                  }
                  return "late";
                } catch (Throwable e) {
                  late.add(e);
                  throw e;
                } finally {
                  outside.countDown();
                }
              },
              e -> e,
              value -> unwanted.incrementAndGet()));
    }
    inside.await();
    workers.close();
    for (CompletableFuture<String> call : calls) {
      assertThat(call).isDone();
      assertThatThrownBy(call::get)
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isExactlyInstanceOf(ShareDisconnectedException.class);
    }
    hanging.countDown();
    outside.await();
    workers.shutdown(10_000);
    assertThat(touched).hasValue(0);
    assertThat(late).hasSize(Workers.DEPTH / 2);
    assertThat(late).allSatisfy(e -> assertThat(e).isInstanceOf(ShareDisconnectedException.class));
    assertThat(unwanted).as("results that nobody took").hasValue(Workers.DEPTH / 2);
  }

  @Test
  void afterTheEndNothingRuns() {
    workers.close();
    workers.shutdown(1_000);
    AtomicBoolean ran = new AtomicBoolean();
    CompletableFuture<Void> call = workers.perform(operation -> ran.set(true), e -> e);
    assertThat(call).isCompletedExceptionally();
    assertThat(ran).isFalse();
  }

  /** An interrupt that a completion left behind would close the next call's channel. */
  @Test
  void interruptsDoNotReachTheNextCall() throws Exception {
    AtomicInteger interrupted = new AtomicInteger();
    for (int i = 0; i < 200; i++) {
      workers
          .perform(
              operation -> {
                if (Thread.currentThread().isInterrupted()) {
                  interrupted.incrementAndGet();
                }
              },
              e -> e)
          .whenComplete((done, e) -> Thread.currentThread().interrupt())
          .handle((done, e) -> null)
          .get(30, TimeUnit.SECONDS);
      Thread.interrupted(); // where the completion ran on this thread
    }
    assertThat(interrupted).hasValue(0);
  }

  @Test
  void failuresAreWhatTheTranslationSays() {
    CompletableFuture<Void> call =
        workers.perform(
            operation -> {
              throw new IllegalStateException("below");
            },
            e -> new java.io.IOException("above", e));
    assertThatThrownBy(() -> call.get(30, TimeUnit.SECONDS))
        .cause()
        .isExactlyInstanceOf(java.io.IOException.class)
        .hasMessage("above");
  }

  @Test
  void buffersAreOfTheLengthAskedFor() throws Exception {
    assertThat(workers.run(operation -> Workers.buffer(100).remaining(), e -> e).get())
        .isEqualTo(100);
    assertThat(workers.run(operation -> Workers.buffer(1L << 40).remaining(), e -> e).get())
        .isEqualTo(Workers.BUFFER_SIZE);
  }
}
