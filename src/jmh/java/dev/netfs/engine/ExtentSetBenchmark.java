package dev.netfs.engine;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A range that becomes dirty, and clean again, among others. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ExtentSetBenchmark {
  @Param({"1", "100", "2000"})
  private int ranges;

  private final SplittableRandom random = new SplittableRandom(1);
  private ExtentSet set;

  @Setup(Level.Iteration)
  public void fill() {
    set = new ExtentSet();
    for (int i = 0; i < ranges; i++) {
      set.add(i * 100L, i * 100L + 50);
    }
  }

  @Benchmark
  public ExtentSet addAndRemove() {
    long from = random.nextInt(ranges) * 100L + 60;
    set.add(from, from + 10);
    set.remove(from, from + 10);
    return set;
  }

  @Benchmark
  public boolean contains() {
    long from = random.nextInt(ranges) * 100L;
    return set.contains(from, from + 50);
  }
}
