package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final long MIB = 1 << 20;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
  private long now = 1_000_000_000;

  private Progress progress(boolean shown, long total) {
    return new Progress(out, shown, total, () -> now);
  }

  private void passSeconds(double seconds) {
    now += (long) (seconds * 1e9);
  }

  private String drawn() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void showsShareRateAndTheTimeLeft() {
    Progress progress = progress(true, 100 * MIB);
    progress.label("a.bin");
    passSeconds(1);
    progress.add(10 * MIB);
    assertThat(drawn())
        .startsWith("\ra.bin ")
        .endsWith("  10% [##                  ] 10.0 MiB/100.0 MiB  10.0 MiB/s  ETA 0:09");
    assertThat(drawn().length()).isEqualTo(80);
  }

  @Test
  void drawsAtMostTenTimesASecond() {
    Progress progress = progress(true, 100 * MIB);
    for (int i = 0; i < 1000; i++) {
      passSeconds(0.001);
      progress.add(1);
    }
    assertThat(drawn().chars().filter(c -> c == '\r').count()).isBetween(5L, 10L);
  }

  @Test
  void aLongOrHostileNameStaysOnItsLine() {
    Progress progress = progress(true, MIB);
    progress.label("x\u001b[2J\n" + "long".repeat(100));
    passSeconds(1);
    progress.add(1);
    assertThat(drawn()).hasSize(80).doesNotContain("\u001b", "\n").startsWith("\rx?[2J?");
  }

  @Test
  void leavesASummary() {
    Progress progress = progress(true, 10 * MIB);
    passSeconds(2);
    progress.add(10 * MIB);
    progress.finish("1 file");
    assertThat(drawn())
        .endsWith("\r1 file, 10.0 MiB in 2.0 s (5.0 MiB/s)" + System.lineSeparator());
  }

  @Test
  void printsNothingWithoutATerminal() {
    try (Progress progress = progress(false, MIB)) {
      passSeconds(2);
      progress.add(MIB);
      progress.finish("1 file");
    }
    assertThat(drawn()).isEmpty();
  }

  @Test
  void sizesAndTimesAreForPeople() {
    assertThat(Sizes.of(0)).isEqualTo("0 B");
    assertThat(Sizes.of(1023)).isEqualTo("1023 B");
    assertThat(Sizes.of(1536)).isEqualTo("1.5 KiB");
    assertThat(Sizes.of(MIB - 1)).isEqualTo("1.0 MiB");
    assertThat(Sizes.of(64 * MIB)).isEqualTo("64.0 MiB");
    assertThat(Sizes.of(Long.MAX_VALUE)).isEqualTo("8.0 EiB");
    assertThat(Sizes.clock(67)).isEqualTo("1:07");
    assertThat(Sizes.clock(3723)).isEqualTo("1:02:03");
  }
}
