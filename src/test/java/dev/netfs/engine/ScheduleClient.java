package dev.netfs.engine;

import dev.netfs.CacheMode;
import dev.netfs.engine.OpenMode.Caching;
import dev.netfs.engine.OpenMode.Durability;
import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One of a {@link Schedule}'s clients: a mount and what its programs do with it, each step checked
 * against the {@link History}; or, without options, the third client, who has no mount.
 */
final class ScheduleClient {
  /** An open file, and when it was asked for. */
  static final class Opened {
    final OpenFile file;
    final OpenMode mode;
    final long tick;
    final long nanos;

    Opened(OpenFile file, OpenMode mode, long tick, long nanos) {
      this.file = file;
      this.mode = mode;
      this.tick = tick;
      this.nanos = nanos;
    }

    @Override
    public String toString() {
      return mode.caching() + " " + mode.durability() + " opened at " + tick;
    }
  }

  /** How long a lease's end takes to be known, at most. */
  private static final long NEWS_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final Caching[] CACHING = {Caching.CACHED, Caching.UNBUFFERED, Caching.DIRECT};

  private final Schedule schedule;
  private final ModelTime time;
  private final ModelServer server;
  private final History history;
  private final long[] probes;
  private final boolean unchanging;
  final String name;
  final Map<String, Object> options;
  final List<Opened> files = new CopyOnWriteArrayList<>();
  private volatile @Nullable Mount mount;
  private final AtomicBoolean appending = new AtomicBoolean();

  ScheduleClient(Schedule schedule, String name, Map<String, Object> options) {
    this.schedule = schedule;
    this.time = schedule.time;
    this.server = schedule.server;
    this.history = schedule.history;
    this.probes = schedule.probes;
    this.unchanging = schedule.unchanging;
    this.name = name;
    this.options = options;
  }

  Mount mounted() {
    return Objects.requireNonNull(mount);
  }

  void mount() throws IOException {
    if (options.isEmpty()) {
      return;
    }
    mount = server.mount(name, options);
  }

  void step(Random random, String who) throws IOException {
    if (mount == null) {
      if (!unchanging) {
        log(who, "changes the file");
        schedule.change(random, false);
      }
      return;
    }
    int kind = random.nextInt(unchanging ? 10 : 26);
    List<Opened> now = List.copyOf(files);
    if (now.isEmpty() && kind >= 2) {
      kind = 0;
    }
    Opened any = now.isEmpty() ? null : now.get(random.nextInt(now.size()));
    if (any == null || (kind < 3 && now.size() < 4)) {
      open(mode(random), who);
      return;
    }
    boolean asynchronous = random.nextInt(4) == 0;
    long from = schedule.offset(random, 0, Long.MAX_VALUE);
    int length = (int) (schedule.offset(random, from, from + 20_000) - from);
    switch (kind) {
      case 3, 4, 5, 6 -> read(any, from, Math.max(1, length), asynchronous, who);
      case 7 -> size(any, who);
      case 8 -> close(any, who);
      case 9 -> other(random, who);
      case 10, 11, 12, 13, 14, 15, 16 -> write(any, from, Math.max(1, length), asynchronous, who);
      case 17 -> append(any, 1 + random.nextInt(3_000), who);
      case 18, 19 -> cut(any, from, who);
      case 20, 21 -> force(any, who);
      case 22 -> interrupt(any, who);
      case 23 -> {
        log(who, "sync");
        long before = history.tick();
        if (succeeds(() -> mounted().sync())) {
          history.checkSent(name, before);
        }
      }
      case 24 -> close(any, who);
      default -> read(any, from, Math.max(1, length), asynchronous, who);
    }
  }

  private void log(String who, String what) {
    history.log.add(history.tick() + " " + who + " " + what);
  }

  private OpenMode mode(Random random) {
    Caching caching =
        random.nextInt(3) == 0 ? CACHING[random.nextInt(CACHING.length)] : Caching.CACHED;
    Durability durability =
        random.nextInt(6) == 0
            ? Durability.values()[random.nextInt(Durability.values().length)]
            : Durability.BACK;
    boolean write = !unchanging && random.nextInt(4) != 0;
    boolean cut = write && random.nextInt(8) == 0;
    return new OpenMode(true, write, Disposition.OPEN_EXISTING, cut, -1, durability, caching);
  }

  @Nullable Opened open(OpenMode mode, String who) {
    log(who, "open " + (mode.write() ? "" : "read-only ") + (mode.truncate() ? "cutting" : ""));
    History.Operation cut = mode.truncate() ? history.cut(name, 0) : null;
    long tick = history.tick();
    long nanos = time.nanoTime();
    try {
      Opened opened = new Opened(mounted().open(Schedule.FILE, mode), mode, tick, nanos);
      if (cut != null) {
        cut.cutDone();
      }
      log(who, "has opened " + opened);
      files.add(opened);
      return opened;
    } catch (IOException e) {
      log(who, "open: " + e);
      if (cut != null) {
        cut.failed();
      }
      if (e instanceof NoSuchFileException) {
        throw new AssertionError("the file is gone", e);
      }
      return null;
    }
  }

  private History.View view(Opened opened) {
    long begun = history.tick();
    long from = opened.tick;
    OpenMode real = opened.mode.on(mounted().services().options(), server.isLeased());
    if (real.caching() == Caching.LEASED) {
      // A server waits for nobody who holds a lease to read: its word is on the way so long.
      from = history.tickAt(time.nanoTime() - NEWS_NANOS);
    } else if (real.caching() == Caching.DIRECT) {
      from = begun;
    } else if (mounted().services().options().cache() == CacheMode.LOOSE) {
      long trusted = mounted().services().options().attrTtl().toNanos();
      from = Math.min(from, history.tickAt(opened.nanos - trusted));
    } else if (unchanging) {
      from = 0;
    }
    return new History.View(name, from, begun);
  }

  void read(Opened opened, long from, int length, boolean asynchronous, String who)
      throws IOException {
    log(who, "read " + from + " + " + length + " " + opened);
    History.View view = view(opened);
    Unsent unsent = new Unsent(opened.file.inode(), probes);
    ByteBuffer buffer = ByteBuffer.allocate(length);
    int count =
        count(
            who,
            () ->
                asynchronous
                    ? Await.result(opened.file.asynchronous(time::execute).read(buffer, from))
                    : opened.file.read(buffer, from));
    if (count == FAILED) {
      return;
    }
    log(who, "has read " + count + " (" + view.begun() + ")");
    unsent.look();
    byte[] bytes = Arrays.copyOf(buffer.array(), Math.max(0, count));
    history.checkBytes(view, from, bytes, unsent::was);
    boolean ends = count < length;
    history.checkSize(
        view,
        count > 0 ? from + count : 0, // nothing at all does not say that it reaches here
        ends ? from + Math.max(0, count) : Long.MAX_VALUE,
        unsent.end);
  }

  private void size(Opened opened, String who) throws IOException {
    log(who, "size " + opened);
    History.View view = view(opened);
    Unsent unsent = new Unsent(opened.file.inode(), probes);
    long[] size = new long[1];
    if (succeeds(() -> size[0] = opened.file.size())) {
      unsent.look();
      history.checkSize(view, size[0], size[0], unsent.end);
    }
  }

  private void write(Opened opened, long from, int length, boolean asynchronous, String who)
      throws IOException {
    if (!opened.mode.write()) {
      read(opened, from, length, asynchronous, who);
      return;
    }
    History.Operation write = history.write(name, from, from + length);
    log(who, write + " " + opened);
    ByteBuffer bytes = ByteBuffer.wrap(write.bytes());
    if (succeeds(
        who,
        () -> {
          if (asynchronous) {
            Await.result(opened.file.asynchronous(time::execute).write(bytes, from));
          } else {
            opened.file.write(bytes, from);
          }
        })) {
      write.done();
      sent(opened, write);
    } else {
      write.failed();
    }
    log(who, "wrote " + write);
  }

  /** What waits for the server has it hold what was written. */
  private void sent(Opened opened, History.Operation write) {
    OpenMode real = opened.mode.on(mounted().services().options(), server.isLeased());
    boolean mayWait = real.caching() == Caching.CACHED || real.caching() == Caching.LEASED;
    if (!mayWait || real.durability() != Durability.BACK) {
      history.checkSent(write);
    }
  }

  private void append(Opened opened, int length, String who) throws IOException {
    if (!opened.mode.write() || !appending.compareAndSet(false, true)) {
      return; // two who append wait for each other, which time does not see here
    }
    History.View view = view(opened);
    History.Operation append = history.append(name, length);
    log(who, "append " + append + " " + opened);
    long[] end = new long[1];
    try {
      if (succeeds(who, () -> end[0] = opened.file.append(ByteBuffer.wrap(append.bytes())))) {
        history.checkSize(view, end[0] - length, end[0] - length, Long.MAX_VALUE);
        append.appended(end[0]);
      } else {
        append.failed();
      }
    } finally {
      appending.set(false);
    }
    log(who, "has appended " + append);
  }

  private void cut(Opened opened, long size, String who) throws IOException {
    if (!opened.mode.write()) {
      size(opened, who);
      return;
    }
    History.Operation cut = history.cut(name, size);
    log(who, cut + " " + opened);
    if (succeeds(who, () -> opened.file.truncate(size))) {
      cut.cutDone();
    } else {
      cut.failed();
    }
    log(who, "has cut " + cut);
  }

  private void force(Opened opened, String who) throws IOException {
    log(who, "force " + opened);
    long before = history.tick();
    if (succeeds(who, () -> opened.file.force(true))) {
      history.checkSent(name, before);
    }
  }

  void close(Opened opened, String who) throws IOException {
    log(who, "close " + opened);
    files.remove(opened);
    long before = history.tick();
    if (succeeds(who, opened.file::close) && opened.mode.write()) {
      history.checkSent(name, before);
    }
  }

  /** As an interrupt of a channel does. */
  private void interrupt(Opened opened, String who) {
    log(who, "interrupt " + opened);
    files.remove(opened);
    opened.file.abandon();
  }

  private void other(Random random, String who) throws IOException {
    switch (random.nextInt(4)) {
      case 0 -> {
        log(who, "drop caches");
        succeeds(who, () -> mounted().dropCaches());
      }
      case 1 -> {
        log(who, "read another file");
        succeeds(
            who,
            () -> {
              try (OpenFile dirt = mounted().open("/dirt", OpenMode.READ)) {
                dirt.read(ByteBuffer.allocate(100_000), 0);
              }
            });
      }
      case 2 -> {
        log(who, "stat");
        succeeds(who, () -> mounted().stat(Schedule.FILE, true));
      }
      default -> {
        log(who, "cut the connection");
        server.breakConnection();
      }
    }
  }

  void unmount() throws IOException {
    Mount ending = mounted();
    Invariants.checkNothingIsLeft(ending, time);
    ending.close();
  }

  private static final int FAILED = -2;

  /** What a step does to the engine. */
  private interface Call {
    void run() throws IOException;
  }

  private interface Counting {
    int run() throws IOException;
  }

  private int count(String who, Counting call) {
    int[] count = {FAILED};
    return succeeds(who, () -> count[0] = call.run()) ? count[0] : FAILED;
  }

  private boolean succeeds(Call call) {
    return succeeds("", call);
  }

  private boolean succeeds(String who, Call call) {
    try {
      call.run();
      return true;
    } catch (IOException e) {
      log(who, "failed: " + e);
      return false;
    }
  }

  /** What a mount still had to send, as it says itself, at either of two moments. */
  private static final class Unsent {
    private final Inode inode;
    private final ExtentSet ranges = new ExtentSet();
    private final long[] probes;
    long end;

    Unsent(Inode inode, long[] probes) {
      this.inode = inode;
      this.probes = probes;
      look();
    }

    void look() {
      inode.lock.lock();
      try {
        end = Math.max(end, inode.writeback.end());
        for (long at : probes) {
          if (inode.writeback.intersects(at, at + 1)) {
            ranges.add(at, at + 1);
          }
        }
      } finally {
        inode.lock.unlock();
      }
    }

    boolean was(long position) {
      return ranges.intersects(position, position + 1);
    }
  }
}
