package dev.netfs.cli.bench;

import java.io.IOException;
import java.util.HashMap;
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
 * @param disk what caching clients may keep on the local disk
 * @param prepare makes the files that it needs
 * @param work does it once, with the stopwatch around what counts
 * @param bare what is measured beside the contestants with nothing but the JDK, by its name: what
 *     the machine could do at best
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
    Disk disk,
    Preparation prepare,
    Work work,
    Map<String, Work> bare,
    @Nullable StockWork stock) {

  static final Set<String> ALL = Set.of("local", "mina", "mount");
  static final Set<String> LOCAL = Set.of("local", "mount");

  /** What a client may keep on the local disk. */
  enum Disk {
    /** Nothing: there is no cache on disk. */
    NONE,
    /** Nothing that is there when a round begins. */
    EMPTY,
    /** What it has left there in the round before. */
    KEPT,
    /** The same, and it need not be encrypted. */
    KEPT_PLAIN
  }

  /** Returns whether what netfs keeps on the local disk is encrypted. */
  boolean isEncrypted() {
    return disk != Disk.KEPT_PLAIN;
  }

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
    return new Workload(
        id, title, unit, true, true, rivals, Map.of(), Disk.NONE, prepare, work, Map.of(), null);
  }

  static Workload warm(
      String id, String title, String unit, Set<String> rivals, Preparation prepare, Work work) {
    return new Workload(
        id, title, unit, false, true, rivals, Map.of(), Disk.NONE, prepare, work, Map.of(), null);
  }

  Workload onFirstLinkOnly() {
    return new Workload(
        id, title, unit, cold, false, rivals, options, disk, prepare, work, bare, stock);
  }

  Workload option(String name, String value) {
    Map<String, String> more = new HashMap<>(options);
    more.put(name, value);
    return new Workload(
        id, title, unit, cold, everyLink, rivals, more, disk, prepare, work, bare, stock);
  }

  Workload disk(Disk what) {
    return new Workload(
        id, title, unit, cold, everyLink, rivals, options, what, prepare, work, bare, stock);
  }

  Workload bare(String name, Work how) {
    Map<String, Work> more = new HashMap<>(bare);
    more.put(name, how);
    return new Workload(
        id, title, unit, cold, everyLink, rivals, options, disk, prepare, work, more, stock);
  }

  Workload stock(StockWork how) {
    return new Workload(
        id, title, unit, cold, everyLink, rivals, options, disk, prepare, work, bare, how);
  }
}
