package dev.netfs.share.path;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/**
 * Another process that tries to lock a file: what the JVM's own table of locks cannot answer for.
 * It holds what it got until it is closed.
 */
final class LockProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;

  /** Starts the process; it tries at every {@link #tryLock}. */
  LockProcess() throws IOException {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                LockProcess.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    answers = process.inputReader();
  }

  /** Returns whether the other process got a lock; it holds it until {@link #release}. */
  boolean tryLock(Path file, long position, long size) throws IOException {
    return ask("lock " + position + " " + size + " " + file).equals("locked");
  }

  /** Has the other process release what it holds. */
  void release() throws IOException {
    ask("release");
  }

  private String ask(String command) throws IOException {
    process.outputWriter().write(command + "\n");
    process.outputWriter().flush();
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException("the lock process has died");
    }
    return answer;
  }

  @Override
  public void close() throws Exception {
    process.outputWriter().close();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }

  public static void main(String[] args) throws IOException {
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    FileChannel channel = null;
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      if (channel != null) {
        channel.close();
        channel = null;
      }
      FileLock lock = null;
      if (line.startsWith("lock ")) {
        String[] words = line.split(" ", 4);
        channel =
            FileChannel.open(Path.of(words[3]), StandardOpenOption.READ, StandardOpenOption.WRITE);
        lock = channel.tryLock(Long.parseLong(words[1]), Long.parseLong(words[2]), false);
      }
      System.out.println(lock == null ? "free" : "locked");
    }
  }
}
