package dev.netfs.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
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

/**
 * Reads of what is not in memory, from a server that answers at once: what the readahead's
 * decision, the plan, the requests, the pages and their eviction cost.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MissBenchmark {
  private static final int SIZE = 64 << 20;
  private static final int BLOCK = 4 << 10;

  private final SplittableRandom random = new SplittableRandom(1);
  private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
  private Mount mount;
  private OpenFile file;
  private long next;

  @Setup
  public void open() throws IOException {
    SimServer server = new SimServer(1);
    server.put("/f", new byte[SIZE]);
    mount = server.mount(Map.of("memory", 4 << 20));
    file = mount.open("/f", OpenMode.READ);
  }

  @TearDown
  public void close() throws IOException {
    file.close();
    mount.close();
  }

  @Benchmark
  public int random4KiB() throws IOException {
    return file.read(block.clear(), random.nextInt(SIZE / BLOCK) * (long) BLOCK);
  }

  @Benchmark
  public int sequential4KiB() throws IOException {
    long at = next;
    next = (next + BLOCK) % SIZE;
    return file.read(block.clear(), at);
  }
}
