package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HotCounterTest {
  private final HotCounter counter = new HotCounter();

  private Thread toAdd(int times, long n) {
    return new Thread(
        () -> {
          for (int i = 0; i < times; i++) {
            counter.add(n);
          }
        });
  }

  private Thread adding(int times, long n) {
    Thread thread = toAdd(times, n);
    thread.start();
    return thread;
  }

  @Test
  void losesNothingOfThreadsThatAddAtTheSameTime() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    // More than there are cells, so that some have to share.
    for (int i = 0; i < 150; i++) {
      threads.add(adding(10_000, 3));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(counter.sum()).isEqualTo(150L * 10_000 * 3);
  }

  @Test
  void losesNothingOfThreadsWhosePlaceIsTheSame() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 2 * 64 + 1; i++) {
      Thread thread = toAdd(2_000_000, 1);
      if (i % 64 == 0) {
        threads.add(thread); // numbers are given when threads are made
      }
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(counter.sum()).isEqualTo(3L * 2_000_000);
  }

  @Test
  void keepsWhatThreadsHaveAddedThatEndedBeforeOthersTookTheirPlace() throws InterruptedException {
    for (int i = 0; i < 300; i++) {
      adding(5, 2).join();
      assertThat(counter.sum()).isEqualTo((i + 1) * 10L);
    }
  }

  @Test
  void seesAtOnceWhatItsOwnThreadAdds() {
    for (int i = 1; i < 100; i++) {
      counter.add(i);
      assertThat(counter.sum()).isEqualTo(i * (i + 1L) / 2);
    }
  }
}
