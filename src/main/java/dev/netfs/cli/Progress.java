package dev.netfs.cli;

import java.io.Closeable;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * A progress bar on one line of a terminal: how much of it all is done, how fast, and how long the
 * rest will take at the pace of the last seconds. Without a terminal it prints nothing.
 *
 * <p>Confined to one thread, on which it also draws: at most ten times a second.
 */
final class Progress implements Closeable {
  private static final int WIDTH = 79;
  private static final int BAR = 20;
  private static final long REDRAW_NANOS = 100_000_000;

  /** How long a change of pace takes to show: about three times this. */
  private static final double SMOOTHING_SECONDS = 2;

  private final PrintStream out;
  private final boolean shown;
  private final LongSupplier clock;
  private final long total;
  private final long startedNanos;
  private long done;
  private String label = "";
  private long drawnNanos;
  private long drawnDone;
  private double bytesPerSecond;
  private boolean drawn; // whether the bar is on the screen

  /**
   * @param shown whether anything is drawn
   * @param total how many bytes there are in all
   * @param clock returns the time in nanoseconds
   */
  Progress(PrintStream out, boolean shown, long total, LongSupplier clock) {
    this.out = out;
    this.shown = shown;
    this.clock = clock;
    this.total = total;
    this.startedNanos = clock.getAsLong();
    this.drawnNanos = startedNanos;
  }

  /** Says what is being worked on. */
  void label(String text) {
    label = Terminal.visible(text);
  }

  /** Counts bytes that are done, or (negative) have to be done again. */
  void add(long bytes) {
    done += bytes;
    if (shown && clock.getAsLong() - drawnNanos >= REDRAW_NANOS) {
      draw();
    }
  }

  private void draw() {
    long now = clock.getAsLong();
    double passed = (now - drawnNanos) / 1e9;
    double pace = (done - drawnDone) / passed;
    double weight = drawnDone == 0 ? 1 : 1 - Math.exp(-passed / SMOOTHING_SECONDS);
    bytesPerSecond += weight * (pace - bytesPerSecond);
    drawnNanos = now;
    drawnDone = done;
    drawn = true;
    out.print("\r" + line());
    out.flush();
  }

  private String line() {
    double share = total == 0 ? 1 : Math.min(1, (double) done / total);
    int filled = (int) (share * BAR);
    String eta =
        bytesPerSecond < 1
            ? "--:--"
            : Sizes.clock(Math.round(Math.max(0, total - done) / bytesPerSecond));
    String figures =
        String.format(
            Locale.ROOT,
            " %3d%% [%s%s] %s/%s  %s/s  ETA %s",
            (int) (share * 100),
            "#".repeat(filled),
            " ".repeat(BAR - filled),
            Sizes.of(done),
            Sizes.of(total),
            Sizes.of(Math.max(0, Math.round(bytesPerSecond))),
            eta);
    int room = Math.max(0, WIDTH - figures.length());
    String name = label.length() <= room ? label : label.substring(0, Math.max(0, room - 1)) + "~";
    return String.format(Locale.ROOT, "%-" + Math.max(1, room) + "s%s", name, figures);
  }

  /** Removes the bar, so that a message can be printed in its place; the next change redraws it. */
  void clear() {
    if (drawn) {
      drawn = false;
      out.print("\r" + " ".repeat(WIDTH) + "\r");
      out.flush();
    }
  }

  /**
   * Removes the bar and leaves a summary.
   *
   * @param what what was done: {@code 3 files}
   */
  void finish(String what) {
    if (!shown) {
      return;
    }
    clear();
    double seconds = Math.max(1e-9, (clock.getAsLong() - startedNanos) / 1e9);
    out.printf(
        Locale.ROOT,
        "%s, %s in %.1f s (%s/s)%n",
        what,
        Sizes.of(done),
        seconds,
        Sizes.of(Math.round(done / seconds)));
  }

  @Override
  public void close() {
    clear();
  }
}
