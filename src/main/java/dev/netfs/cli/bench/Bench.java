package dev.netfs.cli.bench;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Measures netfs beside the local disk and other clients, in one process: each round, each of them
 * does the same once, so that whatever else happens on the machine happens to all; the first round
 * does not count, and of the others the median does.
 *
 * <p>Between the first round and the others, all contestants that are Java code do the workload for
 * the same time, until they are compiled; OpenSSH's client, to which they are compared, came
 * compiled. The first figure of that time is reported too, as what a program sees that has only
 * just begun. What was warmed up on one link is warm on the next.
 *
 * <p>Confined to one thread.
 */
public final class Bench {
  private final BenchSettings settings;
  private final BenchServer server;
  private final List<Row> rows = new ArrayList<>();
  private final Map<Link, Duration> idle = new HashMap<>();

  /**
   * @param settings what is to be measured
   * @param server whose directory is empty, and may be filled
   */
  public Bench(BenchSettings settings, BenchServer server) {
    this.settings = settings;
    this.server = server;
  }

  /** Hears of what is measured as it is. */
  public interface Progress {
    /** Takes a line of text for the user. */
    void line(String text) throws IOException;
  }

  /** Returns the names of all workloads, and what they are. */
  public static Map<String, String> workloads() {
    Map<String, String> titles = new TreeMap<>();
    all().forEach(workload -> titles.put(workload.id(), workload.title()));
    return titles;
  }

  /** Returns whether a server of OpenSSH can be started here. */
  public static boolean hasSshd() {
    return SshdServer.program().isPresent();
  }

  /**
   * Starts OpenSSH's server.
   *
   * @param home an empty directory for its configuration
   * @param data the directory that it serves
   */
  public static BenchServer startSshd(Path home, Path data) throws IOException {
    return new SshdServer(home, data);
  }

  /** Returns whether a Samba server can be started here. */
  public static boolean hasSmbd() {
    return SmbdServer.program().isPresent();
  }

  /**
   * Starts a Samba server.
   *
   * @param home an empty directory for its configuration
   * @param data the directory that it serves
   * @param encrypted whether clients are to encrypt, or only to sign
   */
  public static BenchServer startSmbd(Path home, Path data, boolean encrypted) throws IOException {
    return new SmbdServer(home, data, encrypted);
  }

  private static List<Workload> all() {
    return Stream.of(
            StreamWorkloads.all(), RandomWorkloads.all(), TreeWorkloads.all(), DiskWorkloads.all())
        .flatMap(List::stream)
        .map(Workload.Builder::build)
        .toList();
  }

  /**
   * Measures.
   *
   * @return what came of it
   */
  public Report run(Progress progress) throws IOException {
    Path local = localDirectory();
    try {
      Path caches = Files.createDirectory(local.resolve("caches"));
      Fixture here = new Fixture(local, settings);
      Fixture there = new Fixture(server.data(), settings);
      Report report = new Report(settings, server.description(), local, rows, idle);
      progress.line(report.heading());
      for (Link link : settings.links()) {
        try (Line line = new Line(link, server.address());
            Field field = new Field(line, here, there, caches)) {
          line.idleRoundTrip().ifPresent(time -> idle.put(link, time));
          if (line.idleRoundTrip().isPresent()) {
            progress.line(Report.idle(link, line.idleRoundTrip().get()));
          }
          for (Workload workload : all()) {
            boolean wanted = settings.only().isEmpty() || settings.only().contains(workload.id());
            if (wanted && (workload.everyLink() || link.equals(settings.links().get(0)))) {
              Row row = field.measure(workload);
              rows.add(row);
              progress.line(Report.line(row));
            }
          }
        }
      }
      progress.line(report.verdicts());
      return report;
    } finally {
      TemporaryTree.delete(local);
    }
  }

  private Path localDirectory() throws IOException {
    Path parent = settings.localDirectory();
    return parent == null
        ? Files.createTempDirectory("netfs-bench-local-")
        : Files.createTempDirectory(parent, "netfs-bench-local-");
  }

  /** All that are compared on one link. */
  private final class Field implements Closeable {
    private final Line line;
    private final Fixture here;
    private final Fixture there;
    private final List<Contestant> contestants = new ArrayList<>();
    private @Nullable StockClient stock;
    private final @Nullable Fixture mounted;

    Field(Line line, Fixture here, Fixture there, Path caches) throws IOException {
      this.line = line;
      this.here = here;
      this.there = there;
      contestants.add(new NetfsContestant("netfs", server, line, settings, caches));
      contestants.add(new NetfsContestant("nodisk", server, line, settings, null));
      if (settings.peers().contains("local")) {
        contestants.add(new LocalContestant("local", here.root()));
      }
      Path mount = settings.mount();
      mounted = mount == null ? null : new Fixture(there.fresh("mount"), settings);
      if (mount != null && mounted != null) {
        contestants.add(new MountContestant(mount, mounted));
      }
      Optional<BenchServer.Login> login = server.login();
      renewStock();
      if (settings.peers().contains("rclone")
          && login.isPresent()
          && RcloneContestant.isInstalled()) {
        contestants.add(new RcloneContestant(login.orElseThrow(), line, caches));
      }
      if (settings.peers().contains("mina") && login.isPresent()) {
        contestants.add(new MinaContestant(login.orElseThrow(), line));
      }
    }

    /** Connects the server's own client anew, if it takes part. */
    private Optional<StockClient> renewStock() throws IOException {
      closeStock();
      if (server instanceof StockServer itself && settings.peers().contains(itself.stockName())) {
        stock = itself.stockClient(line).orElse(null);
      }
      return Optional.ofNullable(stock);
    }

    private void closeStock() throws IOException {
      StockClient connected = stock;
      stock = null;
      if (connected != null) {
        connected.close();
      }
    }

    Row measure(Workload workload) throws IOException {
      List<Turn> turns = new ArrayList<>();
      Set<String> names = new TreeSet<>(workload.rivals());
      names.add("netfs");
      for (Contestant contestant : contestants) {
        if (names.contains(contestant.name())) {
          Fixture fixture = fixture(contestant);
          workload.prepare().on(fixture);
          turns.add(turn(workload, contestant, fixture));
        }
      }
      workload
          .bare()
          .forEach(
              (name, work) ->
                  turns.add(
                      new Turn(
                          name,
                          true,
                          round -> {
                            Run run = run(here.root(), here, round, true, () -> Counters.NONE);
                            work.run(run);
                            return run.sample();
                          })));
      Workload.StockWork command = workload.stock();
      if (stock != null && command != null) {
        here.large();
        turns.add(
            new Turn(
                stock.name(),
                false,
                round -> {
                  // As netfs is mounted anew: what a session has grown, at either end, stays with
                  // it, and the server's half of a new one takes a third longer.
                  StockClient program = renewStock().orElseThrow();
                  Run run = run(there.root(), there, round, true, () -> Counters.ofLine(line));
                  command.run(program, run);
                  return run.sample();
                }));
      }
      Row row = new Row(workload, line.link());
      boolean cold = line.link().equals(settings.links().get(0));
      for (Turn turn : turns) {
        take(turn, 0, row);
        if (cold && turn.compiled) {
          warmUp(turn, row);
        }
      }
      for (int round = 1; round <= settings.rounds(); round++) {
        for (int i = 0; i < turns.size(); i++) {
          // Nobody always comes first, or always after the same one.
          Turn turn = turns.get((i + round) % turns.size());
          take(turn, round, row).ifPresent(sample -> row.add(turn.name, sample));
        }
      }
      return row;
    }

    private void warmUp(Turn turn, Row row) {
      long end = System.nanoTime() + settings.warmUp().toNanos();
      Optional<Sample> sample = take(turn, 1, row);
      sample.ifPresent(early -> row.addEarly(turn.name, early));
      while (sample.isPresent() && System.nanoTime() - end < 0) {
        sample = take(turn, 1, row);
      }
    }

    private Optional<Sample> take(Turn turn, int round, Row row) {
      if (row.hasFailed(turn.name)) {
        return Optional.empty();
      }
      try {
        return Optional.of(turn.action.take(round));
      } catch (IOException | RuntimeException e) {
        row.fail(turn.name, e);
        return Optional.empty();
      }
    }

    private Turn turn(Workload workload, Contestant contestant, Fixture fixture) {
      boolean patient = contestant instanceof NetfsContestant;
      return new Turn(
          contestant.name(),
          !(contestant instanceof MountContestant || contestant instanceof RcloneContestant),
          round -> {
            if (workload.cold() || round == 0) {
              unmountOthers(contestant);
              contestant.renew(workload, round == 0);
            }
            // What the others have left is collected before the clock runs.
            System.gc();
            Run run = run(contestant.root(), fixture, round, patient, contestant::counters);
            workload.work().run(run);
            return run.sample();
          });
    }

    /** Of netfs there is one mount of a URI at a time. */
    private void unmountOthers(Contestant next) throws IOException {
      for (Contestant other : contestants) {
        if (next instanceof NetfsContestant && other instanceof NetfsContestant && other != next) {
          other.close();
        }
      }
    }

    private Run run(
        Path root,
        Fixture fixture,
        int round,
        boolean patient,
        java.util.function.Supplier<Counters> counters) {
      return new Run(
          root,
          fixture,
          here.root().resolve("large.bin"),
          settings,
          round,
          patient,
          line.idleRoundTrip(),
          counters);
    }

    private Fixture fixture(Contestant contestant) {
      if (contestant instanceof MountContestant && mounted != null) {
        return mounted;
      }
      return contestant instanceof LocalContestant ? here : there;
    }

    @Override
    public void close() throws IOException {
      for (Contestant contestant : contestants) {
        contestant.close();
      }
      closeStock();
    }
  }

  private interface Action {
    Sample take(int round) throws IOException;
  }

  /**
   * What one contestant does in a round.
   *
   * @param compiled whether it is this JVM's JIT compiler that compiles it
   */
  private record Turn(String name, boolean compiled, Action action) {}
}
