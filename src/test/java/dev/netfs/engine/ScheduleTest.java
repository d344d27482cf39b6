package dev.netfs.engine;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random schedules of several clients on one file, over a server that fails in every way: nobody
 * sees what he must not see, and nothing is lost, whatever comes before or after what else. Each
 * runs the same way every time; a failure prints its seed and the fewest steps that fail.
 *
 * <p>{@code -Dnetfs.schedules.seed=N} replays one, {@code -Dnetfs.schedules.seeds=10000} runs so
 * many, {@code -Dnetfs.schedules.first=N} from that one on.
 */
@Timeout(1200)
class ScheduleTest {
  private static final String NAME = "netfs.schedules";
  private static final int STEPS = Integer.getInteger(NAME + ".length", 40);

  @Test
  @Tag("S3")
  @Tag("S4")
  @Tag("R1")
  @Tag("R5")
  @Tag("C1")
  @Tag("C2")
  @Tag("C3")
  @Tag("W1")
  @Tag("W2")
  @Tag("W3")
  void nobodySeesWhatHeMustNot() {
    Long one = Long.getLong(NAME + ".seed");
    long first = one != null ? one : Long.getLong(NAME + ".first", 0);
    long count = one != null ? 1 : Long.getLong(NAME + ".seeds", 500);
    for (long seed = first; seed < first + count; seed++) {
      long now = seed;
      Shrinking.run(NAME, seed, STEPS, steps -> new Schedule(now, ModelWorld.SIMULATED).run(steps));
    }
  }
}
