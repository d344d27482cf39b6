package dev.netfs.cli.bench;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Does work in several threads at once. */
final class Together {
  private Together() {}

  interface Part {
    long run(int number) throws IOException;
  }

  /** Runs the parts, and returns the sum of what they return. */
  static long sum(int threads, Part part) throws IOException {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Long>> parts = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int number = i;
        parts.add(executor.submit(() -> part.run(number)));
      }
      long sum = 0;
      for (Future<Long> each : parts) {
        sum += each.get();
      }
      return sum;
    } catch (ExecutionException e) {
      throw new BenchException("a thread of several failed: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } finally {
      executor.shutdownNow();
    }
  }
}
