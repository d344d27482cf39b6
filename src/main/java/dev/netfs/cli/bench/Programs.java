package dev.netfs.cli.bench;

import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Writer;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Finds and runs the programs of others. */
final class Programs {
  /** So long a program may take until it is ready. */
  static final Duration PATIENCE = Duration.ofSeconds(20);

  private Programs() {}

  /** Finds a program, also where administrators' are, which the path of most users lacks. */
  static Optional<Path> find(String name) {
    List<String> folders = new ArrayList<>();
    String path = System.getenv("PATH");
    if (path != null) {
      folders.addAll(List.of(path.split(File.pathSeparator)));
    }
    folders.addAll(List.of("/usr/sbin", "/usr/local/sbin", "/sbin"));
    return folders.stream()
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, name).toAbsolutePath())
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Something that is so some time after a program was started; what it throws is: not yet. */
  @FunctionalInterface
  interface Readiness {
    boolean isReached() throws IOException;
  }

  /**
   * Waits until a program that was started is ready.
   *
   * @return false if it has ended, or is not ready after {@link #PATIENCE}
   */
  static boolean await(Process started, Readiness ready) {
    long begun = System.nanoTime();
    while (started.isAlive() && System.nanoTime() - begun < PATIENCE.toNanos()) {
      try {
        if (ready.isReached()) {
          return true;
        }
      } catch (IOException e) {
        // Not yet.
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    return false;
  }

  /** Runs a program that needs no input to its end; returns all that it printed. */
  static String run(List<String> command) throws IOException {
    return run(command, "");
  }

  /** Runs a program on some input to its end; returns all that it printed. */
  static String run(List<String> command, String input) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (Writer in = process.outputWriter(Charset.defaultCharset())) {
      in.write(input);
    }
    String output = new String(process.getInputStream().readAllBytes(), Charset.defaultCharset());
    try {
      if (process.waitFor() != 0) {
        throw new BenchException(command.get(0) + " failed: " + output.strip());
      }
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while " + command.get(0) + " ran");
    }
    return output;
  }
}
