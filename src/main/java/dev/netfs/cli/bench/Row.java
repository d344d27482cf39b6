package dev.netfs.cli.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** What came of one workload on one link. Confined to the benchmark's thread. */
final class Row {
  private final Workload workload;
  private final Link link;
  private final Map<String, List<Sample>> samples = new LinkedHashMap<>();
  private final Map<String, Sample> early = new LinkedHashMap<>();
  private final Map<String, String> failures = new LinkedHashMap<>();

  Row(Workload workload, Link link) {
    this.workload = workload;
    this.link = link;
  }

  Workload workload() {
    return workload;
  }

  Link link() {
    return link;
  }

  void add(String contestant, Sample sample) {
    samples.computeIfAbsent(contestant, name -> new ArrayList<>()).add(sample);
  }

  /** Notes what a contestant did before it was compiled. */
  void addEarly(String contestant, Sample sample) {
    early.put(contestant, sample);
  }

  /** Returns what was measured before anything was compiled, by contestant; perhaps nothing. */
  Map<String, Sample> early() {
    return early;
  }

  /** Notes that a contestant cannot do it. */
  void fail(String contestant, Throwable why) {
    failures.put(contestant, why.toString());
  }

  boolean hasFailed(String contestant) {
    return failures.containsKey(contestant);
  }

  /** Returns who could not do it, and why. */
  Map<String, String> failures() {
    return failures;
  }

  /** Returns all that was measured, by contestant. */
  Map<String, List<Sample>> samples() {
    return samples;
  }

  /** Returns a contestant's figure: the median of its rounds. */
  OptionalDouble value(String contestant) {
    List<Sample> of = samples.get(contestant);
    return of == null ? OptionalDouble.empty() : OptionalDouble.of(Sample.median(of).value());
  }

  /** Returns one of netfs's further figures, of the round in the middle. */
  OptionalDouble note(String name) {
    List<Sample> of = samples.get("netfs");
    Double note = of == null ? null : Sample.median(of).notes().get(name);
    return note == null ? OptionalDouble.empty() : OptionalDouble.of(note);
  }

  /** Returns how many times a rival's figure netfs's is. */
  OptionalDouble ratio(String rival) {
    OptionalDouble ours = value("netfs");
    OptionalDouble theirs = value(rival);
    return ours.isPresent() && theirs.isPresent()
        ? OptionalDouble.of(ours.getAsDouble() / theirs.getAsDouble())
        : OptionalDouble.empty();
  }

  /** Returns which part of the link's bandwidth netfs uses, where its bytes go over it. */
  OptionalDouble ofLink() {
    OptionalDouble ours = value("netfs");
    boolean bytes = workload.cold() && workload.unit().equals("MB/s") && link.bytesPerSecond() > 0;
    return bytes && ours.isPresent()
        ? OptionalDouble.of(ours.getAsDouble() * 1e6 / link.bytesPerSecond())
        : OptionalDouble.empty();
  }
}
