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

  static Builder cold(
      String id, String title, String unit, Set<String> rivals, Preparation prepare, Work work) {
    return new Builder(id, title, unit, true, rivals, prepare, work);
  }

  static Builder warm(
      String id, String title, String unit, Set<String> rivals, Preparation prepare, Work work) {
    return new Builder(id, title, unit, false, rivals, prepare, work);
  }

  /** A workload, and what is particular about it. */
  static final class Builder {
    private final String id;
    private final String title;
    private final String unit;
    private final boolean cold;
    private final Set<String> rivals;
    private final Preparation prepare;
    private final Work work;
    private final Map<String, String> options = new HashMap<>();
    private final Map<String, Work> bare = new HashMap<>();
    private boolean everyLink = true;
    private Disk disk = Disk.NONE;
    private @Nullable StockWork stock;

    private Builder(
        String id,
        String title,
        String unit,
        boolean cold,
        Set<String> rivals,
        Preparation prepare,
        Work work) {
      this.id = id;
      this.title = title;
      this.unit = unit;
      this.cold = cold;
      this.rivals = rivals;
      this.prepare = prepare;
      this.work = work;
    }

    Builder onFirstLinkOnly() {
      everyLink = false;
      return this;
    }

    Builder option(String name, String value) {
      options.put(name, value);
      return this;
    }

    Builder disk(Disk what) {
      disk = what;
      return this;
    }

    Builder bare(String name, Work how) {
      bare.put(name, how);
      return this;
    }

    Builder stock(StockWork how) {
      stock = how;
      return this;
    }

    Workload build() {
      return new Workload(
          id, title, unit, cold, everyLink, rivals, options, disk, prepare, work, bare, stock);
    }
  }
}
