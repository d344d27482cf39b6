package dev.netfs.engine;

import dev.netfs.CacheMode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One run of a few programs that work on one file: two mounts, each used by two programs at once,
 * and a client who changes the server's file behind their backs, over a server that fails in every
 * way. The seed chooses all of it; {@link History} says what may be seen. Each step depends on the
 * seed and its number only, so that steps can be left out.
 */
final class Schedule {
  static final String FILE = "/f";
  private static final int PAGE = 4096;
  private static final long FAR = (4L << 30) + 12_345;
  private static final int PROGRAMS = 5;

  private final long seed;
  final ModelTime time;
  final ModelServer server;
  final History history;
  final long[] offsets;
  final long[] probes;
  final boolean unchanging;
  private final ScheduleClient[] clients;

  Schedule(long seed, ModelWorld world) throws IOException {
    this.seed = seed;
    Random random = new Random(seed * 7_919);
    time = world.time(seed);
    unchanging = random.nextInt(25) == 0;
    offsets = offsets(random);
    probes = probes(offsets);
    history = new History(FILE, probes, time::nanoTime);
    Behaviour behaviour = new Behaviour();
    int[] sizes = {97, 511, 4096, 5_000, 10_000, 65_537};
    behaviour.rsize = sizes[random.nextInt(sizes.length)];
    behaviour.wsize = sizes[random.nextInt(sizes.length)];
    behaviour.depth = 1 + random.nextInt(6);
    behaviour.shortRate = random.nextInt(3) * 0.15;
    behaviour.maxDelayMicros = random.nextInt(5) == 0 ? 0 : 1 << (6 + random.nextInt(9));
    behaviour.freshTimes = random.nextBoolean();
    behaviour.versions = random.nextInt(3) == 0;
    boolean faults = random.nextBoolean();
    behaviour.disconnectRate = faults && random.nextBoolean() ? 0.05 : 0;
    behaviour.lostReplyRate = faults && random.nextBoolean() ? 0.03 : 0;
    behaviour.refusalRate = faults && random.nextInt(4) == 0 ? 0.3 : 0;
    behaviour.errorRate = faults && random.nextBoolean() ? 0.05 : 0;
    server = world.server(seed, time, behaviour);
    clients =
        new ScheduleClient[] {
          new ScheduleClient(this, "a", options(random)),
          new ScheduleClient(this, "b", options(random)),
          new ScheduleClient(this, "c", Map.of())
        };
    history.log.add(
        "rsize "
            + behaviour.rsize
            + " wsize "
            + behaviour.wsize
            + " delay "
            + behaviour.maxDelayMicros
            + " a "
            + clients[0].options
            + " b "
            + clients[1].options);
  }

  /** Where operations begin and end. */
  private static long[] offsets(Random random) {
    TreeSet<Long> all = new TreeSet<>();
    for (long offset : new long[] {0, 1, 100, 4095, 4096, 4097, 8192, 9_000, 12_288, 20_000}) {
      all.add(offset);
    }
    for (int i = 0; i < 4; i++) {
      all.add((long) random.nextInt(20_000));
    }
    if (random.nextInt(4) == 0) {
      for (long offset : new long[] {0, 1, 5_000}) {
        all.add(FAR + offset);
      }
    }
    return all.stream().mapToLong(Long::longValue).toArray();
  }

  /** Both sides of every offset, something in between, and a place behind everything. */
  private static long[] probes(long[] offsets) {
    TreeSet<Long> all = new TreeSet<>(List.of(1L << 50));
    for (long offset : offsets) {
      all.add(offset);
      all.add(Math.max(0, offset - 1));
      all.add(offset + 50);
    }
    return all.stream().mapToLong(Long::longValue).toArray();
  }

  private Map<String, Object> options(Random random) {
    Map<String, Object> options = new HashMap<>();
    options.put("pageSize", PAGE << random.nextInt(2));
    options.put("memory", random.nextBoolean() ? 64 << 10 : 1 << 20);
    options.put("timeout", "2s");
    options.put("retries", random.nextInt(3) == 0 ? 1 : 20);
    options.put("attrTtl", new String[] {"0s", "50ms", time.span(3_000)}[random.nextInt(3)]);
    if (random.nextInt(3) == 0) {
      options.put("dirtyLimit", 5_000);
    }
    if (random.nextInt(3) == 0) {
      options.put("writebackAge", random.nextBoolean() ? "1ms" : "100ms");
    }
    if (random.nextInt(3) == 0) {
      options.put("readahead", random.nextBoolean() ? 0 : 10_000);
    }
    if (random.nextInt(8) == 0) {
      options.put("write", "through");
    }
    CacheMode[] modes = {CacheMode.LOOSE, CacheMode.LOOSE, CacheMode.NONE, CacheMode.STRICT};
    int mode = random.nextInt(9);
    CacheMode chosen = mode < modes.length ? modes[mode] : CacheMode.CLOSE_TO_OPEN;
    if (unchanging) {
      chosen = CacheMode.IMMUTABLE;
    }
    options.put("cache", chosen.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    return options;
  }

  /** Runs some of the steps. */
  void run(List<Integer> steps) throws Exception {
    try {
      time.run(
          () -> {
            try (server) {
              runAll(steps);
            }
          });
    } catch (Exception | AssertionError e) {
      throw new AssertionError(
          String.join("\n", history.log.toArray(String[]::new)) + "\n\n" + e.getMessage(), e);
    }
  }

  private void runAll(List<Integer> steps) throws Exception {
    byte[] dirt = new byte[100_000];
    Arrays.fill(dirt, (byte) History.MOST_OPERATIONS);
    server.put("/dirt", dirt);
    server.put(FILE, new byte[0]);
    server.observe(history);
    change(random(-1), true);
    for (ScheduleClient client : clients) {
      client.mount();
    }
    List<List<Integer>> parts = new ArrayList<>();
    for (int i = 0; i < PROGRAMS; i++) {
      parts.add(new ArrayList<>());
    }
    for (int step : steps) {
      parts.get(random(step).nextInt(PROGRAMS)).add(step);
    }
    List<CompletableFuture<@Nullable Void>> programs = new ArrayList<>();
    for (int i = 0; i < PROGRAMS; i++) {
      ScheduleClient client = clients[i / 2];
      List<Integer> part = parts.get(i);
      programs.add(
          time.start(
              client.name + i,
              () -> {
                for (int step : part) {
                  Random random = random(step);
                  random.nextInt(PROGRAMS);
                  pause(random);
                  if (!history.isFull()) {
                    client.step(random, step + " " + client.name);
                  }
                  checkServer();
                }
              }));
    }
    for (CompletableFuture<@Nullable Void> program : programs) {
      Await.untilDone(program);
    }
    end();
  }

  private Random random(int step) {
    Random random = new Random(seed * 1_000_003 + step);
    random.nextInt();
    return random;
  }

  private void pause(Random random) {
    switch (random.nextInt(6)) {
      case 0 -> time.sleep(random.nextInt(50), TimeUnit.MICROSECONDS);
      case 1 -> time.sleep(random.nextInt(50_000), TimeUnit.MICROSECONDS);
      case 2 -> time.sleep(random.nextInt(2_000), TimeUnit.MILLISECONDS);
      default -> {}
    }
  }

  private void checkServer() {
    AssertionError violation = history.violation;
    if (violation != null) {
      throw violation;
    }
  }

  /** All is well again, and everything has to arrive. */
  private void end() throws Exception {
    server.behave();
    for (ScheduleClient client : List.of(clients[0], clients[1])) {
      long before = history.tick();
      for (ScheduleClient.Opened opened : List.copyOf(client.files)) {
        client.close(opened, "end " + client.name);
      }
      try {
        client.mounted().sync();
      } catch (IOException e) {
        history.log.add("sync: " + e);
        client.mounted().sync();
      }
      checkServer();
      history.checkSent(client.name, before);
    }
    time.sleep(4, TimeUnit.SECONDS); // nothing may be trusted for so long
    for (ScheduleClient client : List.of(clients[0], clients[1])) {
      ScheduleClient.Opened opened =
          Objects.requireNonNull(client.open(OpenMode.READ, "end " + client.name));
      for (long from = 0; from < 30_000; from += 10_000) {
        client.read(opened, from, 10_000, false, "end " + client.name);
      }
      client.read(opened, FAR - 100, 10_000, false, "end " + client.name);
      client.close(opened, "end " + client.name);
    }
    clients[0].unmount();
    clients[1].unmount();
    checkServer();
    if (server instanceof SimServer simulated && simulated.openHandles() > 0) {
      throw new AssertionError("handles are left open");
    }
  }

  /**
   * The third client changes the file.
   *
   * @param whole whether it is to be a new file, from end to end
   */
  void change(Random random, boolean whole) throws IOException {
    int kind = whole ? 0 : random.nextInt(4);
    long from = whole ? 0 : offset(random, 0, Long.MAX_VALUE);
    switch (kind) {
      case 0 -> {
        if (whole || from == 0) {
          History.Operation cut = history.cut("c", 0);
          server.cut("c", FILE, 0);
          cut.cutDone();
        }
        write(from, from == 0 ? 20_000 : offset(random, from, from + 20_000));
      }
      case 1 -> {
        History.Operation cut = history.cut("c", from);
        server.cut("c", FILE, from);
        cut.cutDone();
      }
      default -> write(from, offset(random, from, from + 20_000));
    }
  }

  private void write(long from, long to) throws IOException {
    if (from < to) {
      History.Operation write = history.write("c", from, to);
      server.write("c", FILE, from, write.bytes());
      write.done();
    }
  }

  /** One of the offsets within a range, or its beginning where there is none. */
  long offset(Random random, long from, long to) {
    long[] within = Arrays.stream(offsets).filter(at -> at > from && at <= to).toArray();
    if (from == 0 && to == Long.MAX_VALUE) {
      within = offsets;
    }
    return within.length == 0 ? from : within[random.nextInt(within.length)];
  }
}
