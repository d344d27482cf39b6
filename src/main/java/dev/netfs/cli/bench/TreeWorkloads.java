package dev.netfs.cli.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** Many names and small files. */
final class TreeWorkloads {
  private static final String FILES = "files/s";
  private static final String NAMES = "names/s";

  private TreeWorkloads() {}

  static List<Workload.Builder> all() {
    List<Workload.Builder> all = new ArrayList<>();
    all.add(
        Workload.cold(
            "W7",
            "cold walk with attributes",
            NAMES,
            Workload.ALL,
            Fixture::tree,
            run -> {
              run.start();
              run.stop(walk(run));
              noteRequests(run, run.fixture().treeNames());
            }));
    all.add(
        Workload.warm(
            "W7warm",
            "warm walk with attributes",
            NAMES,
            Workload.LOCAL,
            Fixture::tree,
            run -> {
              walk(run); // what was known has become too old between two rounds
              long names = 0;
              run.start();
              do {
                names += walk(run);
              } while (!run.enough());
              run.stop(names);
            }));
    all.add(
        Workload.cold(
            "W8",
            "create 4 KiB files, 1 thread",
            FILES,
            Workload.ALL,
            fixture -> {},
            TreeWorkloads::create));
    for (String mode : new String[] {"close-to-open", "loose"}) {
      all.add(
          Workload.cold(
                  mode.equals("loose") ? "W9loose" : "W9",
                  "list, open and read cold 4 KiB files, " + mode,
                  FILES,
                  mode.equals("loose") ? java.util.Set.of() : Workload.ALL,
                  Fixture::small,
                  run -> {
                    run.start();
                    int files = readSmall(run);
                    run.stop(files);
                    noteRequests(run, files);
                  })
              .option("cache", mode));
    }
    all.add(
        Workload.warm(
                "W9warm",
                "list, open and read warm 4 KiB files, loose",
                FILES,
                Workload.LOCAL,
                Fixture::small,
                run -> {
                  readSmall(run); // what was known has become too old between two rounds
                  long files = 0;
                  run.start();
                  do {
                    files += readSmall(run);
                  } while (!run.enough());
                  run.stop(files);
                })
            .option("cache", "loose"));
    return all;
  }

  private static void noteRequests(Run run, long items) {
    if (!run.cost().requests().isEmpty()) {
      run.note("requestsPerItem", run.cost().totalRequests() / (double) items);
    }
    if (run.cost().roundTrips() >= 0) {
      run.note("roundTripsPerItem", run.cost().roundTrips() / (double) items);
    }
  }

  /** Returns how many names there were; not all, if it took too long. */
  private static int walk(Run run) throws IOException {
    int names = 0;
    try (Stream<Path> walk = Files.walk(run.root().resolve("tree"))) {
      for (Iterator<Path> i = walk.iterator(); i.hasNext(); ) {
        BasicFileAttributes attributes = Files.readAttributes(i.next(), BasicFileAttributes.class);
        if (!attributes.isDirectory() && attributes.size() != 0) {
          throw new BenchException("the tree has empty files only");
        }
        names++;
        if (run.expired()) {
          return names;
        }
      }
    }
    if (names != run.fixture().treeNames()) {
      throw new BenchException("the walk found " + names + " names");
    }
    return names;
  }

  private static void create(Run run) throws IOException {
    Path there = run.fixture().fresh("created");
    int files = run.settings().files();
    int done = 0;
    byte[][] contents = new byte[files][];
    for (int i = 0; i < files; i++) {
      contents[i] = Fixture.smallContent(i);
    }
    Path directory = run.root().resolve("created");
    run.start();
    for (; done < files && !run.expired(); done++) {
      Files.write(
          directory.resolve(Fixture.smallName(done)),
          contents[done],
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE);
    }
    run.stop(done);
    Fixture.checkSmall(there, done); // whose files are on the server, or it does not count
    noteRequests(run, done);
    run.note("secondsPerFile", run.seconds() / done);
    int made = done;
    run.roundTripsByTheClock().ifPresent(all -> run.note("roundTripsByTheClock", all / made));
    run.fixture().fresh("created");
  }

  private static int readSmall(Run run) throws IOException {
    int done = 0;
    try (DirectoryStream<Path> names = Files.newDirectoryStream(run.root().resolve("small"))) {
      for (Path file : names) {
        byte[] content = Files.readAllBytes(file);
        if (run.isFirst()) {
          String name = file.getFileName().toString();
          int number = Integer.parseInt(name.substring("file-".length()));
          if (!Arrays.equals(content, Fixture.smallContent(number))) {
            throw new BenchException(file + ": what was read is wrong");
          }
        }
        done++;
        if (run.expired()) {
          return done;
        }
      }
    }
    return done;
  }
}
