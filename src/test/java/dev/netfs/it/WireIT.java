package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.NetfsFileSystem;
import dev.netfs.NetfsStats;
import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.OpenSshServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What goes over the wire to a real OpenSSH server, and what does not. */
@Timeout(180)
class WireIT {
  private static final int MIB = 1 << 20;
  private static final long ONE_REVALIDATION = 1_024;

  @TempDir Path local;
  private OpenSshServer server;
  private CountingProxy proxy;

  @BeforeEach
  void start() throws IOException {
    server = OpenSshServer.start();
    proxy = CountingProxy.to(server.host(), server.port());
    server.alsoKnownAt(proxy.port());
  }

  @AfterEach
  void stop() throws IOException {
    if (proxy != null) {
      proxy.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private NetfsFileSystem mount(Object... options) throws IOException {
    Map<String, Object> env = new HashMap<>(server.options());
    for (int i = 0; i < options.length; i += 2) {
      env.put((String) options[i], options[i + 1]);
    }
    return (NetfsFileSystem) FileSystems.newFileSystem(server.uri(proxy.port(), ""), env);
  }

  /** Puts a file on the server that is old enough for its time to prove something. */
  private byte[] put(String name, int size) throws IOException {
    byte[] data = new byte[size];
    new Random(size).nextBytes(data);
    Path file = server.data().resolve(name);
    Files.write(file, data);
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofMinutes(1))));
    server.own(file);
    return data;
  }

  private static byte[] digest(FileChannel channel) throws IOException {
    MessageDigest digest = sha256();
    ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
    while (channel.read(buffer.clear()) >= 0) {
      digest.update(buffer.flip());
    }
    return digest.digest();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private long wire() {
    return proxy.bytesUp() + proxy.bytesDown();
  }

  /** Waits until what was asked for without waiting (the closing of a handle) is over. */
  private void awaitSilence() {
    long seen = -1;
    while (seen != wire()) {
      seen = wire();
      LockSupport.parkNanos(200_000_000);
    }
  }

  @Test
  void theSecondReadOf256MebibytesMovesLessThanAKibibyte() throws IOException {
    byte[] expected = sha256().digest(put("big", 256 * MIB));
    try (NetfsFileSystem fs = mount()) {
      Path file = fs.getPath("/big");
      try (FileChannel channel = FileChannel.open(file)) {
        assertThat(digest(channel)).isEqualTo(expected);
      }
      assertThat(fs.stats().bytesFromServer()).isEqualTo(256L * MIB);
      awaitSilence();
      long before = wire();
      long opened;
      try (FileChannel channel = FileChannel.open(file)) {
        awaitSilence();
        opened = wire() - before;
        assertThat(digest(channel)).isEqualTo(expected);
        awaitSilence();
        assertThat(wire() - before - opened).as("bytes besides the revalidation").isZero();
      }
      assertThat(opened).as("bytes of the revalidation").isLessThan(ONE_REVALIDATION);
      assertThat(fs.stats().bytesFromServer()).isEqualTo(256L * MIB);
    }
  }

  @Test
  void afterARestart256MebibytesComeFromTheDisk() throws IOException {
    byte[] expected = sha256().digest(put("restart", 256 * MIB));
    Path key = Files.write(local.resolve("key"), new byte[32]);
    for (boolean first : new boolean[] {true, false}) {
      long before = wire();
      try (NetfsFileSystem fs = mount("disk", local.resolve("cache"), "encryptionKeyFile", key);
          FileChannel channel = FileChannel.open(fs.getPath("/restart"))) {
        awaitSilence();
        long connected = wire();
        assertThat(digest(channel)).isEqualTo(expected);
        awaitSilence();
        if (!first) {
          assertThat(fs.stats().bytesFromServer()).as("from the server").isZero();
          assertThat(fs.stats().bytesFromDisk()).as("from the disk").isEqualTo(256L * MIB);
          assertThat(wire() - connected).as("bytes on the wire for the content").isZero();
        }
      }
      assertThat(first || wire() - before <= 16 << 10)
          .as("%d bytes on the wire, connecting included", wire() - before)
          .isTrue();
    }
  }

  @Test
  @Tag("C3")
  void aChangeWithinTheSameSecondIsSeenAtTheNextOpen() throws IOException {
    Path onServer = server.data().resolve("young");
    try (NetfsFileSystem fs = mount()) {
      for (int round = 0; round < 10; round++) {
        Files.writeString(onServer, "first " + round);
        FileTime time = Files.getLastModifiedTime(onServer);
        assertThat(Files.readString(fs.getPath("/young"))).isEqualTo("first " + round);
        Files.writeString(onServer, "other " + round);
        Files.setLastModifiedTime(onServer, time); // the same second, as if both were in it
        assertThat(Files.readString(fs.getPath("/young"))).isEqualTo("other " + round);
      }
    }
  }

  @Test
  @Tag("R6")
  void eightReadersOfOneColdFileDownloadItOnce() throws Exception {
    byte[] expected = sha256().digest(put("cold", 64 * MIB));
    try (NetfsFileSystem fs = mount()) {
      Path file = fs.getPath("/cold");
      List<Callable<byte[]>> readers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        readers.add(
            () -> {
              try (FileChannel channel = FileChannel.open(file)) {
                return digest(channel);
              }
            });
      }
      assertMovesOnce(fs, readers, expected);
    }
  }

  @Test
  @Tag("R6")
  void eightThreadsOnOneColdChannelDownloadItOnce() throws Exception {
    byte[] expected = sha256().digest(put("cold", 64 * MIB));
    try (NetfsFileSystem fs = mount();
        FileChannel channel = FileChannel.open(fs.getPath("/cold"))) {
      List<Callable<byte[]>> readers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        readers.add(
            () -> {
              MessageDigest digest = sha256();
              ByteBuffer buffer = ByteBuffer.allocate(50_000);
              for (long at = 0; channel.read(buffer.clear(), at) >= 0; at += buffer.limit()) {
                digest.update(buffer.flip());
              }
              return digest.digest();
            });
      }
      assertMovesOnce(fs, readers, expected);
    }
  }

  private void assertMovesOnce(NetfsFileSystem fs, List<Callable<byte[]>> readers, byte[] expected)
      throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newFixedThreadPool(readers.size());
    try {
      long before = wire();
      for (Future<byte[]> reader : threads.invokeAll(readers)) {
        assertThat(reader.get()).isEqualTo(expected);
      }
      assertThat(fs.stats().bytesFromServer()).isEqualTo(64L * MIB);
      assertThat(wire() - before).isLessThan((long) (1.02 * 64 * MIB));
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void walkingTenThousandFilesListsEachDirectoryOnceAndAsksForNothingElse() throws IOException {
    for (int d = 0; d < 100; d++) {
      Path directory = Files.createDirectory(server.data().resolve("directory-" + d));
      for (int f = 0; f < 100; f++) {
        Files.write(directory.resolve("file-" + f), new byte[f]);
      }
    }
    try (NetfsFileSystem fs = mount()) {
      long bytes = proxy.bytesUp();
      NetfsStats before = fs.stats();
      List<Path> walked;
      try (Stream<Path> walk = Files.walk(fs.getPath("/"))) {
        walked = walk.toList();
      }
      assertThat(walked).hasSize(1 + 100 + 10_000);
      assertOnlyListings(before, fs.stats());
      // The server's side of it: 10,000 questions would be more than half a megabyte of them.
      assertThat(proxy.bytesUp() - bytes).isLessThan(150_000);
      fs.dropCaches();
      before = fs.stats();
      long[] sizes = {0, 0};
      Files.walkFileTree(
          fs.getPath("/"),
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              sizes[0] += attributes.size();
              sizes[1] += Files.size(file);
              return FileVisitResult.CONTINUE;
            }
          });
      assertThat(sizes).isEqualTo(new long[] {100 * 4_950, 100 * 4_950});
      assertOnlyListings(before, fs.stats());
    }
  }

  private static void assertOnlyListings(NetfsStats before, NetfsStats after) {
    assertThat(after.requests("list") - before.requests("list")).isEqualTo(101);
    assertThat(after.requests("stat") - before.requests("stat"))
        .as("only the walk's own root is asked for, which no listing showed")
        .isLessThanOrEqualTo(1);
    assertThat(after.totalRequests() - before.totalRequests()).isLessThanOrEqualTo(102);
  }

  @Test
  void twoClientsSeeEachOthersChangesFromCloseToOpen() throws IOException {
    try (NetfsFileSystem one = mount();
        NetfsFileSystem two =
            (NetfsFileSystem) FileSystems.newFileSystem(server.uri(""), server.options())) {
      byte[] data = new byte[300_000];
      Random random = new Random(7);
      for (int round = 0; round < 20; round++) {
        NetfsFileSystem writer = round % 2 == 0 ? one : two;
        NetfsFileSystem reader = round % 2 == 0 ? two : one;
        random.nextBytes(data);
        Files.write(writer.getPath("/shared"), data);
        assertThat(Arrays.mismatch(Files.readAllBytes(reader.getPath("/shared")), data))
            .isEqualTo(-1);
      }
    }
  }
}
