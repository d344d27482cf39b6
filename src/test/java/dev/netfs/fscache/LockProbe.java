package dev.netfs.fscache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another JVM that looks whether a file is in use, or uses it. */
final class LockProbe {
  private LockProbe() {}

  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (arguments.length > 1) {
        FileRegionLock.tryLock(channel, FileRegionLock.IN_USE, true);
        System.out.println("uses it");
        System.in.read(); // until the other end is closed
        return;
      }
      boolean free = FileRegionLock.tryLock(channel, FileRegionLock.IN_USE, false) != null;
      System.out.print(free ? "free" : "in use");
    }
  }

  private static Process start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(LockProbe.class.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /** Starts another JVM that uses a file until the process's input is closed. */
  static Process user(Path file) throws IOException {
    Process process = start(file.toString(), "use");
    assertThat(process.inputReader().readLine()).isEqualTo("uses it");
    return process;
  }

  /** Returns whether another JVM finds a file in use. */
  static boolean inUse(Path file) throws IOException, InterruptedException {
    Process process = start(file.toString());
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(said).isIn("free", "in use");
    return said.equals("in use");
  }
}
