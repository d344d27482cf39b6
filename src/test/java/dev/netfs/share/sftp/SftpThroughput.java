package dev.netfs.share.sftp;

import dev.netfs.share.IoSegments;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.OpenSshServer;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Measures the transport against OpenSSH's own {@code sftp}: one large file, read and written with
 * many requests outstanding, on loopback and behind a delay, in turns. Not a test; run its {@link
 * #main} by hand.
 */
final class SftpThroughput {
  private SftpThroughput() {}

  /**
   * @param args megabytes, rounds, outstanding requests, delay one way in milliseconds
   */
  public static void main(String[] args) throws Exception {
    int megabytes = args.length > 0 ? Integer.parseInt(args[0]) : 512;
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
    int depth = args.length > 2 ? Integer.parseInt(args[2]) : 64;
    int delay = args.length > 3 ? Integer.parseInt(args[3]) : 0;
    boolean peer = args.length <= 4 || !args[4].equals("alone");
    try (OpenSshServer server = OpenSshServer.start();
        CountingProxy proxy = CountingProxy.to("127.0.0.1", server.port())) {
      server.alsoKnownAt(proxy.port());
      Path file = server.data().resolve("big");
      fill(file, megabytes);
      server.own(file);
      int port = delay == 0 ? server.port() : proxy.delay(Duration.ofMillis(delay)).port();
      ShareConfig config = new ShareConfig(server.uri(port, ""), ShareOptions.of(server.options()));
      List<Double> ours = new ArrayList<>();
      List<Double> theirs = new ArrayList<>();
      List<Double> ourWrites = new ArrayList<>();
      List<Double> theirWrites = new ArrayList<>();
      try (Share share = new SftpShareProvider().connect(config)) {
        for (int round = 0; round <= rounds; round++) {
          double read = read(share, megabytes, depth);
          double sftpRead = peer ? sftp(server, port, megabytes, true) : 1;
          double write = write(share, megabytes, depth);
          double sftpWrite = peer ? sftp(server, port, megabytes, false) : 1;
          System.out.printf(
              Locale.ROOT,
              "round %d: read %.0f MB/s, sftp %.0f; write %.0f, sftp %.0f%n",
              round,
              read,
              sftpRead,
              write,
              sftpWrite);
          if (round > 0) { // the first one warms up
            ours.add(read);
            theirs.add(sftpRead);
            ourWrites.add(write);
            theirWrites.add(sftpWrite);
          }
        }
      }
      System.out.printf(
          Locale.ROOT,
          "median: read %.0f, sftp %.0f, ratio %.2f; write %.0f, sftp %.0f, ratio %.2f%n",
          median(ours),
          median(theirs),
          median(ours) / median(theirs),
          median(ourWrites),
          median(theirWrites),
          median(ourWrites) / median(theirWrites));
    }
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(value -> value).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private static void fill(Path file, int megabytes) throws Exception {
    byte[] bytes = new byte[1 << 20];
    Random random = new Random(1);
    try (OutputStream out = Files.newOutputStream(file)) {
      for (int i = 0; i < megabytes; i++) {
        random.nextBytes(bytes);
        out.write(bytes);
      }
    }
  }

  private interface Transfer {
    CompletableFuture<Long> at(ByteBuffer memory, long offset);
  }

  private static double read(Share share, int megabytes, int depth) throws Exception {
    ShareFile file = share.open("/big", OpenIntent.READ).toCompletableFuture().get();
    double speed =
        run(
            share.capabilities().rsize(),
            (long) megabytes << 20,
            depth,
            (memory, offset) ->
                file.read(IoSegments.of(memory), offset)
                    .toCompletableFuture()
                    .thenApply(result -> result.bytes()));
    file.close().toCompletableFuture().get();
    return speed;
  }

  private static double write(Share share, int megabytes, int depth) throws Exception {
    ShareFile file =
        share
            .open(
                "/copy",
                new OpenIntent(false, true, OpenIntent.Disposition.OPEN_OR_CREATE, true, -1))
            .toCompletableFuture()
            .get();
    double speed =
        run(
            share.capabilities().wsize(),
            (long) megabytes << 20,
            depth,
            (memory, offset) ->
                file.write(IoSegments.of(memory), offset)
                    .toCompletableFuture()
                    .thenApply(result -> result.bytes()));
    file.close().toCompletableFuture().get();
    return speed;
  }

  private static double run(int size, long total, int depth, Transfer transfer) throws Exception {
    Semaphore free = new Semaphore(depth);
    java.util.concurrent.ConcurrentLinkedQueue<ByteBuffer> buffers =
        new java.util.concurrent.ConcurrentLinkedQueue<>();
    for (int i = 0; i < depth; i++) {
      buffers.add(POOL.isEmpty() ? ByteBuffer.allocateDirect(size) : POOL.remove(0));
    }
    AtomicReference<Throwable> failed = new AtomicReference<>();
    long start = System.nanoTime();
    for (long offset = 0; offset < total; offset += size) {
      free.acquire();
      ByteBuffer memory = buffers.remove();
      int length = (int) Math.min(size, total - offset);
      memory.clear().limit(length);
      transfer
          .at(memory, offset)
          .whenComplete(
              (bytes, failure) -> {
                if (failure != null || bytes != length) {
                  failed.set(failure != null ? failure : new AssertionError("short: " + bytes));
                }
                buffers.add(memory);
                free.release();
              });
    }
    free.acquire(depth);
    double seconds = (System.nanoTime() - start) / 1e9;
    POOL.addAll(buffers);
    if (failed.get() != null) {
      throw new AssertionError(failed.get());
    }
    return total / 1e6 / seconds;
  }

  private static final List<ByteBuffer> POOL = new ArrayList<>();

  private static double sftp(OpenSshServer server, int port, int megabytes, boolean get)
      throws Exception {
    Path local = server.directory().resolve("local");
    Path batch = server.directory().resolve("batch");
    Files.writeString(
        batch,
        get
            ? "get " + server.data().resolve("big") + " " + local + "\n"
            : "put " + local + " " + server.data().resolve("copy2") + "\n");
    List<String> command =
        Arrays.asList(
            "sftp",
            "-q",
            "-F",
            "none",
            "-R",
            "64",
            "-c",
            "aes128-gcm@openssh.com",
            "-b",
            batch.toString(),
            "-i",
            server.privateKey().toString(),
            "-o",
            "UserKnownHostsFile=" + server.knownHosts(),
            "-P",
            Integer.toString(port),
            server.user() + "@127.0.0.1");
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (process.waitFor() != 0) {
      throw new AssertionError("sftp ended with " + process.exitValue());
    }
    return ((long) megabytes << 20) / 1e6 / ((System.nanoTime() - start) / 1e9);
  }
}
