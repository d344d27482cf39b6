package dev.netfs.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.store.NativeFSLockFactory;

/**
 * Another JVM that locks ranges of files of a share, told what to do by its arguments, and where by
 * its standard input: the URI, then options, each a line, then an empty line. What it has done it
 * prints.
 */
final class LockWorker {
  /** How many counters the file has; each is 8 bytes, the first at {@link #OFFSET}. */
  static final int COUNTERS = 40;

  /** Makes the counters unaligned. */
  static final int OFFSET = 3;

  static final int THREADS = 8;

  private LockWorker() {}

  /** Starts one. */
  static Process start(URI uri, Map<String, Object> options, String... arguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                LockWorker.class.getName()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    StringBuilder where = new StringBuilder(uri + "\n");
    options.forEach(
        (name, value) ->
            where
                .append(name)
                .append('=')
                .append(value instanceof char[] secret ? new String(secret) : value)
                .append('\n'));
    process.outputWriter().write(where + "\n");
    process.outputWriter().flush();
    return process;
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    URI uri = URI.create(in.readLine());
    Map<String, Object> options = new HashMap<>();
    for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
      int at = line.indexOf('=');
      options.put(line.substring(0, at), line.substring(at + 1));
    }
    try (FileSystem fs = FileSystems.newFileSystem(uri, options)) {
      Path file = fs.getPath(arguments[1]);
      switch (arguments[0]) {
        case "count" -> count(file, Integer.parseInt(arguments[2]), Long.parseLong(arguments[3]));
        case "lock" -> {
          try (FileChannel channel = open(file)) {
            FileLock lock =
                channel.tryLock(Long.parseLong(arguments[2]), Long.parseLong(arguments[3]), false);
            System.out.println(lock == null ? "refused" : "locked");
            in.readLine();
          }
        }
        case "lucene" -> {
          try (FSDirectory directory = new NIOFSDirectory(file, NativeFSLockFactory.INSTANCE);
              var lock = directory.obtainLock("write.lock")) {
            lock.ensureValid();
            System.out.println("locked");
            in.readLine();
          }
        }
        default -> throw new IllegalArgumentException(arguments[0]);
      }
    }
    System.out.println("done");
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static void count(Path file, int cycles, long seed) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      Random random = new Random(seed * THREADS + i);
      all.add(
          threads.submit(
              () -> {
                try (FileChannel channel = open(file)) {
                  for (int cycle = 0; cycle < cycles / THREADS; cycle++) {
                    increment(channel, random);
                  }
                }
                return null;
              }));
    }
    for (Future<?> each : all) {
      each.get();
    }
    threads.shutdown();
  }

  /** Locks a random run of counters and adds one to each. */
  private static void increment(FileChannel channel, Random random) throws Exception {
    int first = random.nextInt(COUNTERS);
    int count = 1 + random.nextInt(Math.min(6, COUNTERS - first));
    long position = OFFSET + 8L * first;
    FileLock lock = null;
    while (lock == null) {
      try {
        lock = channel.lock(position, 8L * count, false);
      } catch (OverlappingFileLockException e) {
        Thread.sleep(1 + random.nextInt(3)); // another thread of this JVM
      }
    }
    System.out.println("b " + first + " " + count);
    ByteBuffer counters = ByteBuffer.allocate(8 * count);
    while (counters.hasRemaining()) {
      if (channel.read(counters, position + counters.position()) < 0) {
        throw new IOException("the file has become shorter");
      }
    }
    for (int i = 0; i < count; i++) {
      counters.putLong(8 * i, counters.getLong(8 * i) + 1);
    }
    channel.write(counters.flip(), position);
    lock.release();
    System.out.println("e " + first + " " + count);
  }
}
