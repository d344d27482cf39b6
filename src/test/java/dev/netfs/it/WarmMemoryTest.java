package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** How much memory a process takes that reads what is in memory: {@link WarmMemory}. */
@Timeout(240)
class WarmMemoryTest {
  /** What a JVM takes for itself, its code and its heap. */
  private static final int BESIDES_MIB = 150;

  /** A small heap: by itself a JVM lets garbage lie about in a sixty-fourth of the machine. */
  private static final String HEAP = "-Xmx64m";

  @TempDir Path directory;

  @Test
  @EnabledOnOs(OS.LINUX) // which tells how much memory a process has had
  void aProcessTakesLittleMoreThanItsBudget() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                HEAP,
                "-cp",
                System.getProperty("java.class.path"),
                WarmMemory.class.getName(),
                directory.toString())
            .redirectErrorStream(true)
            .start();
    String output;
    try (var in = process.getInputStream()) {
      output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(output).isZero();
    } finally {
      process.destroyForcibly();
    }
    List<String> lines = output.lines().toList();
    long mib = Long.parseLong(lines.get(lines.size() - 1)) >> 10;
    System.out.println("peak resident memory of the warm workloads: " + mib + " MiB");
    assertThat(mib).as(output).isLessThanOrEqualTo(WarmMemory.BUDGET_MIB + BESIDES_MIB);
  }
}
