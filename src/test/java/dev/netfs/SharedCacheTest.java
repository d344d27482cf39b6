package dev.netfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * JVMs that share a cache directory and are killed in the middle of things. {@code
 * -Dnetfs.kills=1000} kills so many, {@code -Dnetfs.hammer=120} has four of them at it for so many
 * seconds.
 */
@DisabledOnOs(OS.WINDOWS) // no process can be killed there so that it notices nothing
@Timeout(1200)
class SharedCacheTest {
  private static final int KILLS = Integer.getInteger("netfs.kills", 4);
  private static final int HAMMER_SECONDS = Integer.getInteger("netfs.hammer", 8);
  private static final int JVMS = 4;
  private static final int FILES = 24;

  @TempDir Path temp;
  private Path share;
  private Path key;
  private long total;

  @BeforeEach
  void fill() throws IOException {
    share = Files.createDirectory(temp.resolve("share"));
    key = Files.write(temp.resolve("key"), new byte[32]);
    Random random = new Random(1);
    for (int i = 0; i < FILES; i++) {
      byte[] bytes = new byte[random.nextInt(2_000_000)];
      random.nextBytes(bytes);
      if (i % 3 != 0) {
        shorten(bytes);
      }
      Path file = Files.write(share.resolve("file-" + i), bytes);
      Files.setLastModifiedTime(file, FileTime.fromMillis(1_600_000_000_000L + i));
      total += bytes.length;
    }
  }

  /** Has bytes repeat themselves here and there, so that they can be compressed. */
  private static void shorten(byte[] bytes) {
    for (int at = 50_000; at < bytes.length; at += 1_000) {
      System.arraycopy(bytes, at - 40_000, bytes, at, Math.min(900, bytes.length - at));
    }
  }

  /** A JVM that reads, and what it has printed. */
  private final class Reader {
    final Process process;
    final Thread listener;
    volatile long downloaded;
    volatile int files; // written by the listener
    volatile boolean ready;
    volatile boolean done;
    volatile String last = "";

    Reader(long seed, int count, String diskSize) throws IOException {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx128m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  CacheReader.class.getName(),
                  share.toString(),
                  temp.resolve("cache").toString(),
                  key.toString(),
                  Long.toString(seed),
                  Integer.toString(count),
                  diskSize)
              .redirectErrorStream(true)
              .start();
      listener = new Thread(this::listen, "listener");
      listener.start();
    }

    private void listen() {
      try (BufferedReader out = process.inputReader()) {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
          if (line.startsWith("downloaded ")) {
            downloaded = Long.parseLong(line.substring(11));
            files++;
          } else {
            ready |= line.equals("ready");
            done |= line.equals("done");
            last = last.length() < 4_000 ? last + line + "\n" : last;
          }
        }
      } catch (IOException e) {
        // It was killed.
      }
    }

    void awaitReady() throws InterruptedException {
      while (!ready && process.isAlive()) {
        Thread.sleep(5);
      }
    }

    /** Waits until it has read some files. */
    void awaitProgress() throws InterruptedException {
      while (files < 5 && process.isAlive()) {
        Thread.sleep(5);
      }
    }

    void kill() throws InterruptedException {
      process.destroyForcibly(); // SIGKILL
      end();
    }

    void end() throws InterruptedException {
      assertThat(process.waitFor(300, TimeUnit.SECONDS)).as("ends").isTrue();
      listener.join();
      assertThat(last).doesNotContain("AssertionError").doesNotContain("Exception");
    }
  }

  @Test
  @Tag("C8")
  void aJvmThatIsKilledAtAnyMomentLeavesNothingWrong() throws Exception {
    Random random = new Random(7);
    for (int i = 0; i < KILLS; i++) {
      // With little room, so that there is culling too.
      Reader reader =
          new Reader(random.nextLong(), 100_000, random.nextBoolean() ? "1GiB" : "8MiB");
      reader.awaitReady();
      Thread.sleep(random.nextInt(700));
      assertThat(reader.process.isAlive()).as("alive when it is killed: %s", reader.last).isTrue();
      reader.kill();
    }
    Reader after = new Reader(3, 3 * FILES, "1GiB");
    after.end();
    assertThat(after.done).as(after.last).isTrue();
  }

  @Test
  @Tag("C8")
  void fourJvmsShareOneDirectoryAndOneIsKilledNowAndThen() throws Exception {
    Random random = new Random(8);
    List<Reader> readers = new ArrayList<>();
    List<Reader> gone = new ArrayList<>();
    for (int i = 0; i < JVMS; i++) {
      readers.add(new Reader(random.nextLong(), 1_000_000, "1GiB"));
    }
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(HAMMER_SECONDS);
    while (System.nanoTime() < end) {
      Thread.sleep(2_000);
      Reader victim = readers.remove(0);
      victim.awaitProgress();
      assertThat(victim.process.isAlive()).as(victim.last).isTrue();
      victim.kill();
      gone.add(victim);
      readers.add(new Reader(random.nextLong(), 1_000_000, "1GiB"));
    }
    for (Reader reader : readers) {
      reader.awaitProgress();
      reader.kill();
      gone.add(reader);
    }
    long downloaded = gone.stream().mapToLong(reader -> reader.downloaded).sum();
    System.out.printf("%d bytes downloaded by all, of %d%n", downloaded, total);
    assertThat(downloaded)
        .as("bytes downloaded by all, of %d", total)
        .isBetween(1L, total * 13 / 10);
  }
}
