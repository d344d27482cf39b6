package dev.netfs.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Writes that only make bytes dirty; sending them goes on in the background meanwhile. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SmallWriteBenchmark {
  private final SplittableRandom random = new SplittableRandom(1);
  private final ByteBuffer block = ByteBuffer.allocateDirect(Files64.BLOCK);
  private Files64 files;
  private FileChannel channel;

  @Setup
  public void open() throws IOException {
    files = new Files64();
    channel = FileChannel.open(files.file(true), StandardOpenOption.WRITE);
  }

  @TearDown
  public void close() throws IOException {
    channel.close();
    files.close();
  }

  /** The same block again and again: it is dirty already, but for once in a while. */
  @Benchmark
  public int again4KiB() throws IOException {
    return channel.write(block.clear(), 0);
  }

  @Benchmark
  public int random4KiB() throws IOException {
    long place = random.nextInt(Files64.SIZE / Files64.BLOCK) * (long) Files64.BLOCK;
    return channel.write(block.clear(), place);
  }
}
