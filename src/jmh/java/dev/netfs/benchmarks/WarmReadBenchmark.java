package dev.netfs.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Reads of what is in memory, and the same from the local disk's page cache. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WarmReadBenchmark {
  @Param({"netfs", "local"})
  private String where;

  private final SplittableRandom random = new SplittableRandom(1);
  private final ByteBuffer block = ByteBuffer.allocateDirect(Files64.BLOCK);
  private final ByteBuffer piece = ByteBuffer.allocateDirect(Files64.PIECE);
  private Files64 files;
  private FileChannel channel;
  private long next;

  @Setup
  public void open() throws IOException {
    files = new Files64();
    channel = FileChannel.open(files.file(where.equals("netfs")));
  }

  @TearDown
  public void close() throws IOException {
    channel.close();
    files.close();
  }

  @Benchmark
  public int random4KiB() throws IOException {
    long place = random.nextInt(Files64.SIZE / Files64.BLOCK) * (long) Files64.BLOCK;
    return channel.read(block.clear(), place);
  }

  @Benchmark
  public int sequential64KiB() throws IOException {
    next = (next + Files64.PIECE) % Files64.SIZE;
    return channel.read(piece.clear(), next);
  }
}
