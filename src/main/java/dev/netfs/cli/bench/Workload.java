package dev.netfs.cli.bench;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Something that programs do with files, and that is measured.
 *
 * @param id its name, as in {@code --only}
 * @param title what it is
 * @param unit of its figure; more is better
 * @param cold whether every round begins with nothing in any cache
 * @param everyLink whether the network matters; otherwise the first link is the only one
 * @param rivals who does it beside netfs, where they are there
 * @param options of netfs's mount
 * @param prepare makes the files that it needs
 * @param work does it once, with the stopwatch around what counts
 * @param stock does it by a command of {@code sftp} or {@code smbclient}; null if there is none
 */
record Workload(
    String id,
    String title,
    String unit,
    boolean cold,
    boolean everyLink,
    Set<String> rivals,
    Map<String, String> options,
    Preparation prepare,
    Work work,
    @Nullable StockWork stock) {

  static final Set<String> ALL = Set.of("local", "mina", "mount");
  static final Set<String> LOCAL = Set.of("local", "mount");

  interface Preparation {
    void on(Fixture fixture) throws IOException;
  }

  interface Work {
    void run(Run run) throws IOException;
  }

  interface StockWork {
    void run(StockClient client, Run run) throws IOException;
  }

  static Workload cold(
      String id, String title, String unit, Set<String> rivals, Preparation prepare, Work work) {
    return new Workload(id, title, unit, true, true, rivals, Map.of(), prepare, work, null);
  }

  static Workload warm(
      String id, String title, String unit, Set<String> rivals, Preparation prepare, Work work) {
    return new Workload(id, title, unit, false, true, rivals, Map.of(), prepare, work, null);
  }

  Workload onFirstLinkOnly() {
    return new Workload(id, title, unit, cold, false, rivals, options, prepare, work, stock);
  }

  Workload option(String name, String value) {
    return new Workload(
        id, title, unit, cold, everyLink, rivals, Map.of(name, value), prepare, work, stock);
  }

  Workload stock(StockWork how) {
    return new Workload(id, title, unit, cold, everyLink, rivals, options, prepare, work, how);
  }
}
