package dev.netfs.cli.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Files read and written from one end to the other. */
final class StreamWorkloads {
  static final int PIECE = 64 << 10;
  static final int READERS = 8;

  private static final String UNIT = "MB/s";
  static final double MB = 1e6;
  static final String LARGE = "large.bin";
  private static final String MEDIUM = "medium.bin";

  private StreamWorkloads() {}

  static List<Workload.Builder> all() {
    List<Workload.Builder> all = new ArrayList<>();
    all.add(
        Workload.cold(
                "W1",
                "cold sequential read, 64 KiB pieces",
                UNIT,
                Workload.ALL,
                Fixture::large,
                StreamWorkloads::readOnce)
            .stock(
                (client, run) -> {
                  run.start();
                  client.get(LARGE, Path.of("/dev/null"));
                  run.stop(run.settings().size() / MB);
                }));
    all.add(
        Workload.warm(
            "W2",
            "warm sequential read after re-open, 64 KiB pieces",
            UNIT,
            Workload.LOCAL,
            Fixture::large,
            run -> repeat(run, LARGE, StreamWorkloads::readPieces)));
    all.add(
        Workload.warm(
            "W2copy",
            "warm Files.copy to a null stream",
            UNIT,
            Workload.LOCAL,
            Fixture::large,
            run -> repeat(run, LARGE, (f, r) -> Files.copy(f, OutputStream.nullOutputStream()))));
    all.add(
        Workload.warm(
            "W2all",
            "warm Files.readAllBytes",
            UNIT,
            Workload.LOCAL,
            Fixture::medium,
            run -> repeat(run, MEDIUM, (f, r) -> Files.readAllBytes(f).length)));
    all.add(
        Workload.cold(
                "W5",
                "sequential write, 64 KiB pieces, force, close",
                UNIT,
                Workload.ALL,
                fixture -> {},
                StreamWorkloads::write)
            .stock(StreamWorkloads::put));
    all.add(
        Workload.cold(
            "W10",
            "8 readers of one cold file, together",
            UNIT,
            Workload.ALL,
            Fixture::medium,
            StreamWorkloads::readTogether));
    return all;
  }

  private interface Reading {
    long read(Path file, Run run) throws IOException;
  }

  static void readOnce(Run run) throws IOException {
    if (run.isFirst()) {
      // Not counted anyway, so here is the time to look at what is read; of rivals, some would
      // take forever.
      if (run.isPatient()) {
        run.start();
        Fixture.check(run.root().resolve(LARGE), run.settings().size(), Fixture.LARGE_SEED);
        run.stop(run.settings().size() / MB);
        return;
      }
    }
    run.start();
    run.stop(readPieces(run.root().resolve(LARGE), run) / MB);
  }

  private static long readPieces(Path file, Run run) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
    long bytes = 0;
    try (FileChannel channel = FileChannel.open(file)) {
      for (int n = channel.read(buffer); n >= 0 && !run.expired(); n = channel.read(buffer)) {
        bytes += n;
        buffer.clear();
      }
    }
    return bytes;
  }

  /** Reads a file whole, from its opening on, until the clock has something to measure. */
  private static void repeat(Run run, String name, Reading reading) throws IOException {
    Path file = run.root().resolve(name);
    if (run.isFirst()) {
      reading.read(file, run); // now it is in memory
    }
    long bytes = 0;
    run.start();
    do {
      bytes += reading.read(file, run);
    } while (!run.enough());
    run.stop(bytes / MB);
  }

  private static void write(Run run) throws IOException {
    long size = run.settings().size();
    long seed = 100 + run.round();
    Path directory = run.fixture().fresh("written");
    ByteBuffer content = ByteBuffer.allocateDirect(1 << 20);
    Content.fill(content, seed, 0);
    long bytes = 0;
    run.start();
    try (FileChannel channel =
        FileChannel.open(
            run.root().resolve("written/new.bin"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE)) {
      while (bytes < size && !run.expired()) {
        int from = (int) (bytes % content.capacity());
        int length = (int) Math.min(Math.min(PIECE, size - bytes), content.capacity() - from);
        content.limit(from + length).position(from);
        while (content.hasRemaining()) {
          bytes += channel.write(content);
        }
      }
      channel.force(true);
    }
    run.stop(bytes / MB);
    checkWritten(directory.resolve("new.bin"), bytes, content);
    run.fixture().fresh("written");
  }

  private static void checkWritten(Path file, long bytes, ByteBuffer content) throws IOException {
    ByteBuffer found = ByteBuffer.allocateDirect(content.capacity());
    try (FileChannel channel = FileChannel.open(file)) {
      if (channel.size() != bytes) {
        throw new BenchException(file + ": has " + channel.size() + " bytes, not " + bytes);
      }
      for (long at = 0; at < bytes; at += content.capacity()) {
        int length = (int) Math.min(content.capacity(), bytes - at);
        found.clear().limit(length);
        while (found.hasRemaining() && channel.read(found) >= 0) {
          // Reads on.
        }
        content.clear().limit(length);
        if (!found.flip().equals(content)) {
          throw new BenchException(file + ": what is in it near byte " + at + " is wrong");
        }
      }
    }
  }

  private static void put(StockClient client, Run run) throws IOException {
    Path local = run.localFile();
    Path target = run.fixture().fresh("written").resolve("new.bin");
    run.start();
    client.put(local, "written/new.bin");
    run.stop(run.settings().size() / MB);
    if (Files.size(target) != run.settings().size()) {
      throw new BenchException(client.name() + " put did not write it all");
    }
    run.fixture().fresh("written");
  }

  private static void readTogether(Run run) throws IOException {
    Path file = run.root().resolve(MEDIUM);
    run.start();
    long bytes = Together.sum(READERS, reader -> readPieces(file, run));
    run.stop(bytes / MB);
    long size = Files.size(run.fixture().medium());
    if (run.cost().fileBytesDown() >= 0) {
      run.note("downloadedOfSize", run.cost().fileBytesDown() / (double) size);
    }
  }
}
