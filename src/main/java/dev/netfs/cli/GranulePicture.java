package dev.netfs.cli;

import dev.netfs.fscache.CachedVolume.DirtyRange;
import dev.netfs.fscache.Cookie;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/**
 * A picture of an object's granules: a character for each, or for some that follow one another
 * where they are many.
 */
final class GranulePicture {
  /** Pictures have at most so many lines. */
  private static final int LINES = 16;

  /** What there is of a granule. */
  enum Granule {
    CACHED("cached", '█', '#'),
    PARTIAL("in part", '▒', '+'),
    DIRTY("not sent yet", '◆', '*'),
    ABSENT("absent", '░', '.');

    final String text;
    private final char block;
    private final char ascii;

    Granule(String text, char block, char ascii) {
      this.text = text;
      this.block = block;
      this.ascii = ascii;
    }
  }

  private final Map<Granule, Long> counts = new EnumMap<>(Granule.class);
  private final Granule[] cells;
  private final long granulesACell;
  private final int granule;

  /**
   * Looks at an object.
   *
   * @param dirty what of it is not sent yet, merged
   * @param width how many characters a line has room for
   */
  GranulePicture(Cookie cookie, List<DirtyRange> dirty, int width) throws IOException {
    granule = cookie.granule();
    long count = cookie.granules();
    long room = (long) width * LINES;
    granulesACell = Math.max(1, (count + room - 1) / room);
    cells = new Granule[(int) ((count + granulesACell - 1) / granulesACell)];
    for (Granule each : Granule.values()) {
      counts.put(each, 0L);
    }
    Arrays.fill(cells, Granule.ABSENT);
    long inFile = cookie.granulesInFile();
    for (long number = 0; number < inFile; number++) {
      note(number, number + 1, of(cookie.state(number, false)));
    }
    note(inFile, count, Granule.ABSENT);
    markDirty(cookie, dirty, count);
  }

  private static Granule of(Cookie.State state) {
    return switch (state) {
      case CACHED -> Granule.CACHED;
      case PARTIAL -> Granule.PARTIAL;
      case ABSENT, DAMAGED, UNREADABLE -> Granule.ABSENT;
    };
  }

  /** Takes in granules from one to another, exclusive, which come in their order. */
  private void note(long from, long to, Granule what) {
    counts.merge(what, to - from, Long::sum);
    for (long at = from; at < to; at = (at / granulesACell + 1) * granulesACell) {
      int cell = (int) (at / granulesACell);
      boolean first = at % granulesACell == 0;
      cells[cell] = first || cells[cell] == what ? what : Granule.PARTIAL;
    }
  }

  private void markDirty(Cookie cookie, List<DirtyRange> dirty, long count) throws IOException {
    long next = 0; // the first granule that no range before has counted
    for (DirtyRange range : dirty) {
      long end = Math.min(count, (range.end() + granule - 1) / granule);
      for (long at = Math.max(next, range.start() / granule); at < end; at++) {
        cells[(int) (at / granulesACell)] = Granule.DIRTY;
        counts.merge(of(cookie.state(at, false)), -1L, Long::sum);
        counts.merge(Granule.DIRTY, 1L, Long::sum);
        next = at + 1;
      }
    }
  }

  long count(Granule what) {
    return Objects.requireNonNull(counts.get(what));
  }

  /** Returns how many granules there are of each kind, as text. */
  String counts() {
    StringJoiner text = new StringJoiner(", ");
    for (Granule each : Granule.values()) {
      if (count(each) > 0) {
        text.add(count(each) + " " + each.text);
      }
    }
    return text.toString();
  }

  /**
   * Draws the picture, with a legend.
   *
   * @param blocks whether to draw it with block characters; if not, with ASCII
   */
  String draw(int width, boolean blocks) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < cells.length; i++) {
      text.append(blocks ? cells[i].block : cells[i].ascii);
      if ((i + 1) % width == 0 || i + 1 == cells.length) {
        text.append('\n');
      }
    }
    StringJoiner legend = new StringJoiner("  ", "", "\n");
    for (Granule each : Granule.values()) {
      legend.add((blocks ? each.block : each.ascii) + " " + each.text);
    }
    text.append(legend);
    text.append(
        granulesACell == 1
            ? String.format("Each character is a granule of %s.%n", Sizes.of(granule))
            : String.format(
                Locale.ROOT,
                "Each character is %d granules of %s.%n",
                granulesACell,
                Sizes.of(granule)));
    return text.toString();
  }

  /** Returns whether a terminal has the block characters. */
  static boolean hasBlocks(Terminal terminal) {
    StringBuilder all = new StringBuilder();
    for (Granule each : Granule.values()) {
      all.append(each.block);
    }
    return terminal.canShow(all.toString());
  }
}
