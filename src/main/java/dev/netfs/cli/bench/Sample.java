package dev.netfs.cli.bench;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * One measurement.
 *
 * @param value the figure, in the workload's unit, which is something per second
 * @param cost what it cost the server and the network
 * @param notes further figures, by name
 */
record Sample(double value, Counters cost, Map<String, Double> notes) {

  /** Returns the one in the middle; of an even number, the lower of the two. */
  static Sample median(List<Sample> samples) {
    List<Sample> sorted = samples.stream().sorted(Comparator.comparing(Sample::value)).toList();
    return sorted.get((sorted.size() - 1) / 2);
  }
}
