package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.NetfsFileSystem;
import dev.netfs.engine.Leaks;
import dev.netfs.nio.Mounts;
import dev.netfs.testing.Faults;
import dev.netfs.testing.Faults.Fault;
import dev.netfs.testing.Faults.Kind;
import dev.netfs.testing.FaultyShareProvider;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Eight threads at two hundred open files of a mount with little memory and a bad server, for a few
 * seconds, or as many as {@code -Dnetfs.soak} says: whatever is read has to be what was written, no
 * thread may get stuck, and nothing may be left at the end.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class SoakTest {
  private static final long SECONDS = Long.getLong("netfs.soak", 5);
  private static final int FILES = 200;
  private static final int THREADS = 8;

  /** An operation may lose its connection a few times, and each time the reply for a timeout. */
  private static final long STUCK_SECONDS = 60;

  @TempDir Path backing;
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final AtomicLong operations = new AtomicLong();
  private final List<SoakFile> files = new ArrayList<>();

  /** One of the threads. */
  private final class Worker extends Thread {
    private final SplittableRandom random;
    private final NetfsFileSystem fs;
    volatile long sinceNanos = System.nanoTime();
    volatile String doing = "";

    Worker(int number, NetfsFileSystem fs) {
      super("soak-" + number);
      this.random = new SplittableRandom(number);
      this.fs = fs;
    }

    @Override
    public void run() {
      try {
        while (!over.get()) {
          SoakFile file = files.get(random.nextInt(FILES));
          doing = file.toString();
          sinceNanos = System.nanoTime();
          file.operate(random);
          operations.incrementAndGet();
          if (random.nextInt(20_000) == 0) {
            doing = "drop caches";
            fs.dropCaches();
          }
        }
      } catch (IOException | RuntimeException | Error e) {
        failure.compareAndSet(null, e);
        over.set(true);
      }
      doing = "";
    }
  }

  @Test
  void nothingIsLostMixedUpStuckOrLeftBehind() throws Exception {
    Faults faults =
        Faults.seeded(System.nanoTime())
            .maxDelay(Duration.ofMillis(5))
            .rate(Fault.SHORT, 0.1)
            .rate(Fault.DELAY_BEFORE, 0.05)
            .rate(Fault.DELAY_AFTER, 0.05)
            .rate(Fault.ERROR, 0.002, Kind.OPEN, Kind.READ, Kind.WRITE, Kind.FILE_STAT, Kind.SYNC)
            .rate(Fault.DISCONNECT_BEFORE, 0.0003)
            .rate(Fault.DISCONNECT_AFTER, 0.0003)
            .rate(Fault.HANG, 0.00003)
            .build();
    Map<String, Object> options = FaultyShareProvider.options(backing, faults);
    options.put("memory", "64MiB");
    options.put("timeout", "2s");
    options.put("retries", 100);
    options.put("writebackAge", "500ms");
    long threadsBefore = netfsThreads();
    long peak = 0;
    try (NetfsFileSystem fs =
        (NetfsFileSystem) FileSystems.newFileSystem(FaultyShareProvider.uri(), options)) {
      for (int i = 0; i < FILES; i++) {
        files.add(new SoakFile(fs.getPath("/file-" + i)));
      }
      List<Worker> workers = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        workers.add(new Worker(i, fs));
        workers.get(i).start();
      }
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
      while (System.nanoTime() < end && !over.get()) {
        Thread.sleep(200);
        peak = Math.max(peak, fs.stats().cachedBytes());
        assertNoneStuck(workers);
      }
      over.set(true);
      for (Worker worker : workers) {
        worker.join(TimeUnit.SECONDS.toMillis(STUCK_SECONDS));
        assertThat(worker.isAlive()).as("%s is stuck in %s", worker, worker.doing).isFalse();
      }
      if (failure.get() != null) {
        throw new AssertionError("after " + operations + " operations", failure.get());
      }
      faults.stop();
      for (SoakFile file : files) {
        file.finish();
      }
      System.out.println(
          operations + " operations, " + fs.stats() + ", " + faults.trace().size() + " faults");
      Leaks.assertNone(Mounts.of(fs));
    }
    for (int i = 0; i < FILES; i++) {
      files.get(i).assertStored(backing.resolve("file-" + i));
    }
    assertThat(faults.violations()).isEmpty();
    assertThat(peak).as("most bytes in memory").isLessThanOrEqualTo(64L << 20);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (netfsThreads() > threadsBefore || openDescriptors() > 0) {
      assertThat(System.nanoTime())
          .as("%s threads, %s descriptors left", netfsThreads() - threadsBefore, openDescriptors())
          .isLessThan(deadline);
      Thread.sleep(50);
    }
  }

  private static void assertNoneStuck(List<Worker> workers) {
    for (Worker worker : workers) {
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - worker.sinceNanos);
      if (seconds > STUCK_SECONDS && worker.isAlive()) {
        AssertionError stuck =
            new AssertionError(worker.getName() + ": " + seconds + " s at " + worker.doing);
        stuck.setStackTrace(worker.getStackTrace());
        throw stuck;
      }
    }
  }

  /** Returns how many threads there are that belong to a mount, and not to all of them. */
  private static long netfsThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("netfs"))
        .filter(name -> !name.startsWith("netfs-worker") && !name.startsWith("netfs-timer"))
        .count();
  }

  /** Returns how many files of the server's this process has open; 0 where that cannot be told. */
  private long openDescriptors() throws IOException {
    Path descriptors = Path.of("/proc/self/fd");
    if (!Files.isDirectory(descriptors)) {
      return 0;
    }
    try (Stream<Path> all = Files.list(descriptors)) {
      return all.filter(
              one -> {
                try {
                  return Files.readSymbolicLink(one).startsWith(backing);
                } catch (IOException e) {
                  return false; // closed meanwhile
                }
              })
          .count();
    }
  }
}
