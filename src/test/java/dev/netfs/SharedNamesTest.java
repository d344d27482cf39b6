package dev.netfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * JVMs that share a cache directory, believe for an hour what is kept there of names, change names,
 * and are killed in the middle of it: none shows what was before a change of its predecessor.
 * {@code -Dnetfs.kills=1000} kills so many.
 */
@DisabledOnOs(OS.WINDOWS) // no process can be killed there so that it notices nothing
@Timeout(3600)
class SharedNamesTest {
  private static final int KILLS = Integer.getInteger("netfs.kills", 4);
  private static final int JVMS = 2;

  @TempDir Path temp;

  /** A JVM that works in a folder of its own, and what it has printed. */
  private final class Worker {
    final Process process;
    final Thread listener;
    final Semaphore steps = new Semaphore(0);
    volatile String last = "";

    Worker(int folder, long seed) throws IOException {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx128m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  NamesWorker.class.getName(),
                  temp.resolve("share").toString(),
                  temp.resolve("cache").toString(),
                  temp.resolve("key").toString(),
                  "w" + folder,
                  Long.toString(seed))
              .redirectErrorStream(true)
              .start();
      listener = new Thread(this::listen, "listener");
      listener.start();
    }

    private void listen() {
      try (BufferedReader out = process.inputReader()) {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
          if (line.equals("step")) {
            steps.release();
          } else {
            last = last.length() < 4_000 ? last + line + "\n" : last;
          }
        }
      } catch (IOException e) {
        // It was killed.
      } finally {
        steps.release(1_000_000); // nobody waits for one that has ended
      }
    }

    void kill() throws InterruptedException {
      assertThat(process.isAlive()).as("alive when it is killed: %s", last).isTrue();
      process.destroyForcibly(); // SIGKILL
      assertThat(process.waitFor(300, TimeUnit.SECONDS)).as("ends").isTrue();
      listener.join();
      assertThat(last).contains("ready").doesNotContain("Error").doesNotContain("Exception");
    }
  }

  @Test
  @Tag("C8")
  void noneShowsWhatWasBeforeAChangeOfAnotherThatWasKilled() throws Exception {
    Files.write(temp.resolve("key"), new byte[32]);
    List<Worker> workers = new ArrayList<>();
    Random random = new Random(7);
    for (int i = 0; i < JVMS; i++) {
      Files.createDirectories(temp.resolve("share/w" + i));
      workers.add(new Worker(i, i));
    }
    for (int i = 0; i < KILLS; i++) {
      int victim = i % JVMS;
      // Some are killed soon, and some when what they were told has been written behind.
      workers.get(victim).steps.acquire(1 + random.nextInt(random.nextBoolean() ? 20 : 400));
      workers.get(victim).kill();
      workers.set(victim, new Worker(victim, random.nextLong()));
    }
    for (Worker worker : workers) {
      worker.steps.acquire(5);
      worker.kill();
    }
  }
}
