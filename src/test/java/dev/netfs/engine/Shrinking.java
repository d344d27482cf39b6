package dev.netfs.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Runs a random test's steps, and where they fail looks for few of them that fail too: leaves out
 * halves, quarters and so on, as long as the rest fails.
 */
public final class Shrinking {
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** Runs some of a seed's steps, given by their numbers; each step depends on its number only. */
  @FunctionalInterface
  public interface Steps {
    void run(List<Integer> steps) throws Exception;
  }

  private Shrinking() {}

  /**
   * Runs all steps.
   *
   * @param name what the properties are called that replay: {@code -Dname.seed}, {@code
   *     -Dname.steps}
   * @throws AssertionError what the fewest steps found fail with, naming them
   */
  public static void run(String name, long seed, int count, Steps steps) {
    String chosen = System.getProperty(name + ".steps");
    List<Integer> all =
        chosen != null
            ? List.of(chosen.split(",")).stream().map(Integer::valueOf).toList()
            : IntStream.range(0, count).boxed().toList();
    Throwable failure = failure(steps, all);
    if (failure == null) {
      return;
    }
    List<Integer> fewest = all;
    long deadline = System.nanoTime() + MOST_NANOS;
    int size = Math.max(1, all.size() / 2);
    while (System.nanoTime() < deadline) {
      boolean less = false;
      for (int from = 0; from < fewest.size() && System.nanoTime() < deadline; ) {
        List<Integer> fewer = new ArrayList<>(fewest.subList(0, from));
        fewer.addAll(fewest.subList(Math.min(fewest.size(), from + size), fewest.size()));
        Throwable next = failure(steps, fewer);
        if (next != null && kind(next).equals(kind(failure))) {
          fewest = fewer;
          failure = next;
          less = true;
        } else {
          from += size;
        }
      }
      if (size == 1 && !less) {
        break;
      }
      size = Math.max(1, size / 2);
    }
    throw new AssertionError(
        "seed "
            + seed
            + ", replay with -D"
            + name
            + ".seed="
            + seed
            + " -D"
            + name
            + ".steps="
            + fewest.stream().map(String::valueOf).collect(Collectors.joining(","))
            + "\n"
            + failure.getMessage(),
        failure);
  }

  /** Returns what a failure is called, in the last line of its message, whatever its figures. */
  private static String kind(Throwable failure) {
    String message = String.valueOf(failure.getMessage()).strip();
    String last = message.substring(message.lastIndexOf("\n\n") + 1).strip();
    return last.lines().findFirst().orElse("").replaceAll("[0-9]+", "");
  }

  private static @Nullable Throwable failure(Steps steps, List<Integer> numbers) {
    try {
      steps.run(numbers);
      return null;
    } catch (Exception | AssertionError e) {
      return e;
    }
  }
}
