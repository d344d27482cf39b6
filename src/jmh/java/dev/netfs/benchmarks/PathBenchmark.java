package dev.netfs.benchmarks;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What is done with names. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PathBenchmark {
  private Files64 files;
  private FileSystem mount;
  private Path directory;
  private final String text = "/projects/2026/reports/quarter-3.pdf";

  @Setup
  public void open() throws IOException {
    files = new Files64();
    mount = files.mount();
    directory = mount.getPath("/projects/2026");
  }

  @TearDown
  public void close() throws IOException {
    files.close();
  }

  @Benchmark
  public Path parse() {
    return mount.getPath(text);
  }

  @Benchmark
  public Path resolve() {
    return directory.resolve("reports/quarter-3.pdf");
  }

  @Benchmark
  public Path normalize() {
    return mount.getPath("/projects/../projects/./2026//reports").normalize();
  }
}
