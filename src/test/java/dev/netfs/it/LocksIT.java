package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.LockLostException;
import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.OpenSshServer;
import dev.netfs.testing.SambaServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.LockObtainFailedException;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.store.NativeFSLockFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Locks between JVMs, over real servers. {@code -Dnetfs.it.lockCycles=10000} for many cycles. */
@Timeout(900)
class LocksIT {
  private static final int CYCLES = Integer.getInteger("netfs.it.lockCycles", 240);

  private final long seed = Long.getLong("netfs.it.lockSeed", System.nanoTime());

  /** A JVM that counts, and what it has said it has done. */
  private static final class Counting {
    final Process process;
    final int[] begun = new int[LockWorker.COUNTERS]; // guarded by this
    final int[] ended = new int[LockWorker.COUNTERS]; // guarded by this
    private int cycles; // guarded by this
    private boolean done; // guarded by this
    private final CompletableFuture<Void> read;

    Counting(URI uri, Map<String, Object> options, long seed) throws IOException {
      process = LockWorker.start(uri, options, "count", "/f", String.valueOf(CYCLES), "" + seed);
      read = CompletableFuture.runAsync(this::read);
    }

    private void read() {
      try (BufferedReader lines = process.inputReader()) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          take(line);
        }
      } catch (IOException e) {
        // It was killed.
      }
    }

    private synchronized void take(String line) {
      done |= line.equals("done");
      String[] words = line.split(" ");
      if (words.length != 3) {
        return; // half a line of one that was killed
      }
      int[] counts = words[0].equals("b") ? begun : ended;
      int first = Integer.parseInt(words[1]);
      for (int i = first; i < first + Integer.parseInt(words[2]); i++) {
        counts[i]++;
      }
      if (words[0].equals("e")) {
        cycles++;
        notifyAll();
      }
    }

    synchronized void awaitCycles(int count) throws InterruptedException {
      while (cycles < count && process.isAlive()) {
        wait(1000);
      }
    }

    void end() throws Exception {
      assertThat(process.waitFor(10, TimeUnit.MINUTES)).as("no deadlock").isTrue();
      read.get();
      synchronized (this) {
        assertThat(done).as("it did all its cycles").isTrue();
      }
    }

    void kill() throws Exception {
      process.toHandle().destroyForcibly(); // the process's own would close what it has printed
      process.waitFor();
      read.get();
    }
  }

  private static void check(Path file, List<Counting> all) throws IOException {
    ByteBuffer counters = ByteBuffer.wrap(Files.readAllBytes(file));
    int total = 0;
    for (int i = 0; i < LockWorker.COUNTERS; i++) {
      int least = 0;
      int most = 0;
      for (Counting each : all) {
        synchronized (each) {
          least += each.ended[i];
          most += each.begun[i];
        }
      }
      assertThat(counters.getLong(LockWorker.OFFSET + 8 * i))
          .as("counter %s", i)
          .isBetween((long) least, (long) most);
      total += least;
    }
    assertThat(total).isGreaterThanOrEqualTo(CYCLES);
  }

  private static Path counters(Path directory) throws IOException {
    return Files.write(
        directory.resolve("f"), new byte[LockWorker.OFFSET + 8 * LockWorker.COUNTERS + 5]);
  }

  @Test
  @Tag("J7")
  @Tag("L1")
  void noUpdateIsLostOnSamba() throws Exception {
    try (SambaServer server = SambaServer.start()) {
      Path file = counters(server.data());
      server.own(file);
      Counting one = new Counting(server.uri(""), server.options(), seed);
      Counting two = new Counting(server.uri(""), server.options(), seed + 1);
      one.end();
      two.end();
      check(file, List.of(one, two));
    }
  }

  @Test
  @Tag("J7")
  void noUpdateIsLostOnSftpWithOneJvmKilled() throws Exception {
    try (OpenSshServer server = OpenSshServer.start()) {
      Path file = counters(server.data());
      server.own(file);
      Map<String, Object> options = new HashMap<>(server.options());
      options.put("locks", "cooperative");
      List<Counting> all = new ArrayList<>();
      Counting steady = new Counting(server.uri(""), options, seed);
      all.add(steady);
      Counting killed = new Counting(server.uri(""), options, seed + 1);
      all.add(killed);
      killed.awaitCycles(1 + new Random(seed).nextInt(Math.max(1, CYCLES / 4)));
      killed.kill();
      steady.end();
      check(file, all);
    }
  }

  @Test
  void lucenesLockExcludesAnotherJvmOnSamba() throws Exception {
    try (SambaServer server = SambaServer.start()) {
      Files.createDirectory(server.data().resolve("index"));
      server.own(server.data().resolve("index"));
      Process other = LockWorker.start(server.uri(""), server.options(), "lucene", "/index");
      BufferedReader answers = other.inputReader();
      assertThat(answers.readLine()).isEqualTo("locked");
      try (FileSystem fs = FileSystems.newFileSystem(server.uri(""), server.options());
          FSDirectory directory =
              new NIOFSDirectory(fs.getPath("/index"), NativeFSLockFactory.INSTANCE)) {
        assertThatThrownBy(() -> directory.obtainLock("write.lock"))
            .isInstanceOf(LockObtainFailedException.class);
        go(other);
        assertThat(answers.readLine()).isEqualTo("done");
        directory.obtainLock("write.lock").close();
      } finally {
        other.destroyForcibly();
      }
    }
  }

  @Test
  @Tag("L1")
  void whatIsNextToAnothersLockCanBeReadAndWrittenOnSamba() throws Exception {
    try (SambaServer server = SambaServer.start()) {
      Path file = Files.write(server.data().resolve("f"), new byte[100_000]);
      server.own(file);
      Process other = LockWorker.start(server.uri(""), server.options(), "lock", "/f", "0", "100");
      assertThat(other.inputReader().readLine()).isEqualTo("locked");
      try (FileSystem fs = FileSystems.newFileSystem(server.uri(""), server.options());
          FileChannel channel = open(fs)) {
        assertThat(channel.tryLock(50, 100, false)).isNull();
        assertThat(channel.read(ByteBuffer.allocate(100), 100)).isEqualTo(100);
        assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(100), 50))
            .isInstanceOf(dev.netfs.FileLockedException.class)
            .hasMessageContaining("100 bytes at 50");
        try (FileLock lock = channel.lock(100, 100, false)) {
          assertThat(channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 150)).isEqualTo(3);
          ByteBuffer read = ByteBuffer.allocate(100);
          assertThat(channel.read(read, 100)).isEqualTo(100);
          assertThat(read.get(51)).isEqualTo((byte) 2);
          assertThat(lock.isValid()).isTrue();
        }
        assertThat(Files.readAllBytes(file)[152]).isEqualTo((byte) 3);
      } finally {
        other.destroyForcibly();
      }
    }
  }

  @Test
  void aLockThatWentWithTheServerIsReportedAndOneThatCameBackHolds() throws Exception {
    try (SambaServer server = SambaServer.start()) {
      for (String name : List.of("f", "g")) {
        server.own(Files.write(server.data().resolve(name), new byte[1000]));
      }
      try (FileSystem fs = FileSystems.newFileSystem(server.uri(""), server.options());
          FileChannel written = open(fs);
          FileChannel kept =
              FileChannel.open(
                  fs.getPath("/g"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        FileLock lost = written.lock(10, 20, false);
        FileLock again = kept.lock(10, 20, false);
        written.write(ByteBuffer.wrap(new byte[] {1}), 12);
        written.force(false);
        server.kill();
        server.restart();
        assertThat(kept.read(ByteBuffer.allocate(100), 0)).isEqualTo(100);
        assertThat(again.isValid()).isTrue();
        // Whatever the first one notices, it is told so by the second at the latest.
        assertThatThrownBy(
                () -> {
                  written.force(false);
                  written.write(ByteBuffer.wrap(new byte[] {2}), 13);
                  written.force(false);
                  written.force(false);
                })
            .isInstanceOf(LockLostException.class);
        assertThat(lost.isValid()).isFalse();
        lost.release();
        Process other = LockWorker.start(server.uri(""), server.options(), "lock", "/g", "0", "15");
        assertThat(other.inputReader().readLine()).isEqualTo("refused");
        go(other);
        again.release();
        try (FileLock anew = written.lock(10, 20, false)) {
          ByteBuffer read = ByteBuffer.allocate(3);
          written.read(read, 12);
          assertThat(read.array()).containsExactly(1, 0, 0);
          assertThat(anew.isValid()).isTrue();
        }
        other.waitFor();
      }
    }
  }

  @Test
  void aConnectionThatTheServerStillTakesForAliveGivesItsLocksToTheNext() throws Exception {
    try (SambaServer server = SambaServer.start();
        CountingProxy proxy = CountingProxy.to(server.host(), server.port())) {
      server.own(Files.write(server.data().resolve("f"), new byte[1000]));
      try (NetfsFileSystem fs =
              (NetfsFileSystem)
                  FileSystems.newFileSystem(server.uri(proxy.port(), ""), server.options());
          FileChannel channel = open(fs);
          FileLock lock = channel.lock(10, 20, false)) {
        proxy.cutClients();
        assertThat(channel.read(ByteBuffer.allocate(100), 0)).isEqualTo(100);
        assertThat(fs.stats().reconnects()).isEqualTo(1);
        assertThat(lock.isValid()).isTrue();
        Process other = LockWorker.start(server.uri(""), server.options(), "lock", "/f", "0", "15");
        assertThat(other.inputReader().readLine()).isEqualTo("refused");
        go(other);
        other.waitFor();
      }
    }
  }

  private static FileChannel open(FileSystem fs) throws IOException {
    return FileChannel.open(fs.getPath("/f"), StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static void go(Process other) throws IOException {
    other.outputWriter().write("go\n");
    other.outputWriter().flush();
  }
}
