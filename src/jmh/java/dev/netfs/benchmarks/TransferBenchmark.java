package dev.netfs.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** {@code transferTo} of 64 MiB that are in memory: to nobody, to a local file, and back to us. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class TransferBenchmark {
  private Files64 files;
  private FileChannel from;
  private Path local;
  private FileChannel toLocal;
  private Path ours;
  private FileChannel toOurs;

  private final WritableByteChannel nobody =
      new WritableByteChannel() {
        @Override
        public int write(ByteBuffer src) {
          int count = src.remaining();
          src.position(src.limit());
          return count;
        }

        @Override
        public boolean isOpen() {
          return true;
        }

        @Override
        public void close() {}
      };

  @Setup
  public void open() throws IOException {
    files = new Files64();
    from = FileChannel.open(files.file(true));
    local = Files.createTempFile("netfs-jmh", ".bin");
    toLocal = FileChannel.open(local, StandardOpenOption.WRITE);
    ours = files.mount().getPath("/copy.bin");
    toOurs = FileChannel.open(ours, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  @TearDown
  public void close() throws IOException {
    from.close();
    toLocal.close();
    toOurs.close();
    Files.delete(local);
    Files.delete(ours);
    files.close();
  }

  @Benchmark
  public long toNobody() throws IOException {
    return from.transferTo(0, Files64.SIZE, nobody);
  }

  @Benchmark
  public long toALocalFile() throws IOException {
    return from.transferTo(0, Files64.SIZE, toLocal.position(0));
  }

  /** A quarter of it, so that it is in memory and nobody waits for the server. */
  @Benchmark
  public long toOurselves() throws IOException {
    return from.transferTo(0, Files64.SIZE / 4, toOurs.position(0));
  }
}
