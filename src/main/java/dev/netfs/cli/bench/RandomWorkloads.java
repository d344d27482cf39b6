package dev.netfs.cli.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** Files read and written here and there. */
final class RandomWorkloads {
  private static final int BLOCK = Content.BLOCK;
  private static final int PIECE = 64 << 10;
  private static final int THREADS = 8;
  private static final int BATCH = 1000;
  private static final int OTHERS = 100;
  private static final String LARGE = "large.bin";

  private RandomWorkloads() {}

  static List<Workload.Builder> all() {
    List<Workload.Builder> all = new ArrayList<>();
    for (int threads : new int[] {1, THREADS}) {
      all.add(
          Workload.warm(
                  threads == 1 ? "W3" : "W3x8",
                  "warm random 4 KiB reads, " + threads(threads),
                  "reads/s",
                  Workload.LOCAL,
                  fixture -> {
                    fixture.large();
                    fixture.small();
                  },
                  run -> readWarm(run, threads))
              .onFirstLinkOnly());
      all.add(
          Workload.cold(
              threads == 1 ? "W4" : "W4x8",
              "cold random 64 KiB reads, " + threads(threads),
              "reads/s",
              Workload.ALL,
              Fixture::large,
              run -> readCold(run, threads)));
    }
    all.add(
        Workload.cold(
            "W6",
            "random 4 KiB overwrites, force",
            "writes/s",
            Workload.ALL,
            fixture -> {},
            RandomWorkloads::overwrite));
    return all;
  }

  private static String threads(int count) {
    return count == 1 ? "1 thread" : count + " threads on one channel";
  }

  private static void readWarm(Run run, int threads) throws IOException {
    Path file = run.root().resolve(LARGE);
    long blocks = run.settings().size() / BLOCK;
    if (run.isFirst()) {
      Files.copy(file, java.io.OutputStream.nullOutputStream()); // now it is in memory
    }
    try (FileChannel channel = FileChannel.open(file)) {
      run.start();
      long reads =
          Together.sum(
              threads,
              number -> {
                SplittableRandom random = new SplittableRandom(run.round() * 1000L + number);
                ByteBuffer buffer = ByteBuffer.allocateDirect(BLOCK);
                long done = 0;
                do {
                  for (int i = 0; i < BATCH; i++) {
                    buffer.clear();
                    channel.read(buffer, random.nextLong(blocks) * BLOCK);
                  }
                  done += BATCH;
                } while (!run.enough());
                return done;
              });
      run.stop(reads);
    }
    if (threads == 1) {
      run.note("allocatedBytesPerRead", allocation(run));
    }
  }

  /** Measures what a warm read allocates, while other files are open and read in between. */
  private static double allocation(Run run) throws IOException {
    com.sun.management.ThreadMXBean beans =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Path small = run.root().resolve("small");
    int others = Math.min(OTHERS, run.settings().files());
    List<FileChannel> channels = new ArrayList<>();
    try {
      channels.add(FileChannel.open(run.root().resolve(LARGE)));
      for (int i = 0; i < others; i++) {
        channels.add(FileChannel.open(small.resolve(Fixture.smallName(i))));
      }
      ByteBuffer buffer = ByteBuffer.allocateDirect(BLOCK);
      long blocks = run.settings().size() / BLOCK;
      SplittableRandom random = new SplittableRandom(7);
      int reads = BATCH * 100;
      long before = 0;
      long thread = Thread.currentThread().getId();
      for (int i = -reads / 10; i < reads; i++) {
        if (i == 0) {
          before = beans.getThreadAllocatedBytes(thread);
        }
        buffer.clear();
        int which = Math.floorMod(i, 2 * others + 1);
        if (which < others) {
          channels.get(which + 1).read(buffer, 0);
        } else {
          channels.get(0).read(buffer, random.nextLong(blocks) * BLOCK);
        }
      }
      return (beans.getThreadAllocatedBytes(thread) - before) / (double) reads;
    } finally {
      for (FileChannel channel : channels) {
        channel.close();
      }
    }
  }

  /**
   * Returns disjoint places for reads, in random order, at no particular alignment but a block's.
   */
  private static long[] places(Run run) {
    SplittableRandom random = new SplittableRandom(run.round());
    List<Long> slots = new ArrayList<>();
    for (long at = 0; at + 2 * PIECE <= run.settings().size(); at += 2 * PIECE) {
      slots.add(at + random.nextInt(PIECE / BLOCK) * (long) BLOCK);
    }
    Collections.shuffle(slots, new Random(run.round()));
    int count = Math.min(slots.size(), Math.max(1, run.settings().operations() / 10));
    return slots.stream().limit(count).mapToLong(Long::longValue).toArray();
  }

  private static void readCold(Run run, int threads) throws IOException {
    long[] places = places(run);
    AtomicInteger next = new AtomicInteger();
    try (FileChannel channel = FileChannel.open(run.root().resolve(LARGE))) {
      run.start();
      long reads =
          Together.sum(
              threads,
              number -> {
                ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
                long done = 0;
                for (int i = next.getAndIncrement();
                    i < places.length && !run.expired();
                    i = next.getAndIncrement()) {
                  buffer.clear();
                  while (buffer.hasRemaining()
                      && channel.read(buffer, places[i] + buffer.position()) >= 0) {
                    // A read may be short.
                  }
                  check(run, buffer, places[i]);
                  done++;
                }
                return done;
              });
      run.stop(reads);
      Counters cost = run.cost();
      if (cost.fileBytesDown() >= 0) {
        run.note("requestsPerRead", cost.requests("read") / (double) reads);
        run.note("bytesOfAsked", cost.fileBytesDown() / ((double) reads * PIECE));
      }
    }
  }

  private static void check(Run run, ByteBuffer buffer, long place) throws IOException {
    if (run.isFirst()) {
      ByteBuffer expected = ByteBuffer.allocate(PIECE);
      Content.fill(expected, Fixture.LARGE_SEED, place);
      if (!buffer.flip().equals(expected.flip())) {
        throw new BenchException(LARGE + ": what was read at " + place + " is wrong");
      }
    }
  }

  private static void overwrite(Run run) throws IOException {
    // A file of its own: what it holds is a matter of the round.
    Path file = run.fixture().edited();
    List<Long> blocks = new ArrayList<>();
    for (long i = 0; i < run.settings().size() / BLOCK; i++) {
      blocks.add(i);
    }
    Collections.shuffle(blocks, new Random(run.round()));
    long seed = 1000 + run.round();
    int count = Math.min(blocks.size(), run.settings().operations());
    int done = 0;
    ByteBuffer buffer = ByteBuffer.allocateDirect(BLOCK);
    try (FileChannel channel =
        FileChannel.open(
            run.root().resolve(file.getFileName().toString()), StandardOpenOption.WRITE)) {
      run.start();
      for (; done < count && !run.expired(); done++) {
        buffer.clear().put(Content.block(seed, blocks.get(done))).flip();
        channel.write(buffer, blocks.get(done) * BLOCK);
      }
      channel.force(true);
      run.stop(done);
      // On the server now, not only when the channel is closed.
      checkOverwritten(file, seed, blocks.subList(0, done));
    }
    if (run.cost().fileBytesUp() >= 0) {
      run.note("uploadedOfWritten", run.cost().fileBytesUp() / ((double) done * BLOCK));
    }
  }

  private static void checkOverwritten(Path file, long seed, List<Long> blocks) throws IOException {
    byte[] found = new byte[BLOCK];
    try (FileChannel channel = FileChannel.open(file)) {
      for (long block : blocks) {
        ByteBuffer into = ByteBuffer.wrap(found);
        while (into.hasRemaining() && channel.read(into, block * BLOCK + into.position()) >= 0) {
          // A read may be short.
        }
        if (!Arrays.equals(found, Content.block(seed, block))) {
          throw new BenchException(
              file + ": block " + block + " is not what was written and forced");
        }
      }
    }
  }
}
