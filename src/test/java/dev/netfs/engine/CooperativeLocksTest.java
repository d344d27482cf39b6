package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.engine.locks.CooperativeLock;
import dev.netfs.engine.locks.CooperativeLocks;
import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Several clients with clocks of their own take random locks of one file by its table on the share,
 * under virtual time: they die, stand still, lose connections and answers, and see listings of no
 * single moment. Whenever a lock is granted, every holder of a conflicting one that has not given
 * it back must know by its own clock that it has lost it.
 */
@Timeout(600)
class CooperativeLocksTest {
  private static final String NAME = "netfs.locks";
  private static final String FILE = "/dir/f";
  private static final ShareConfig CONFIG =
      new ShareConfig(URI.create("netfs+sim://server/"), ShareOptions.of(Map.of()));

  static LongStream seeds() {
    Long one = Long.getLong(NAME + ".seed");
    return one != null
        ? LongStream.of(one)
        : LongStream.range(0, Long.getLong(NAME + ".seeds", 15));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("L2")
  @Tag("J7")
  void noTwoHoldWhatExcludesEachOther(long seed) throws Exception {
    VirtualTime time = new VirtualTime(seed);
    time.run(() -> new Run(time, seed).execute());
  }

  @Test
  void whatADeadHolderHadIsFreeWhenItsLeaseIsOver() throws Exception {
    VirtualTime time = new VirtualTime(1);
    time.run(
        () -> {
          SimServer server = new SimServer(1, time);
          Client one = new Client(time, server, 1.0);
          Client two = new Client(time, server, 1.0);
          CooperativeLock lock = Await.result(one.locks.lock(FILE, 0, 10, false, true));
          assertThat(lock).isNotNull();
          one.die();
          long begun = time.nanoTime();
          assertThat(Await.result(two.locks.lock(FILE, 5, 10, false, false))).isNull();
          CooperativeLock next = Await.result(two.locks.lock(FILE, 5, 10, false, true));
          assertThat(TimeUnit.NANOSECONDS.toSeconds(time.nanoTime() - begun)).isBetween(30L, 40L);
          assertThat(lock.lost()).contains("could not be renewed");
          assertThat(next.token()).isGreaterThan(lock.token());
        });
  }

  @Test
  void aLockIsRenewedForAsLongAsItIsHeld() throws Exception {
    VirtualTime time = new VirtualTime(2);
    time.run(
        () -> {
          SimServer server = new SimServer(2, time);
          Client one = new Client(time, server, 1.0);
          Client two = new Client(time, server, 1.0);
          CooperativeLock lock = Await.result(one.locks.lock(FILE, 0, 10, false, true));
          CompletableFuture<@Nullable CooperativeLock> waiting =
              two.locks.lock(FILE, 0, 10, true, true);
          time.sleep(10, TimeUnit.MINUTES);
          assertThat(lock.lost()).isNull();
          assertThat(waiting).isNotDone();
          Await.result(lock.release());
          assertThat(Await.result(waiting)).isNotNull();
          assertThat(time.nanoTime()).isLessThan(TimeUnit.SECONDS.toNanos(602));
        });
  }

  @Test
  void whoWasOvertakenTriesAgainThoughTheServerDoesNotSayWhatIsInTheWay() throws Exception {
    VirtualTime time = new VirtualTime(4);
    time.run(
        () -> {
          SimServer server = new SimServer(4, time);
          server.maxDelayMicros = 2_000;
          server.vagueLinks = true;
          List<CompletableFuture<?>> all = new ArrayList<>();
          for (int i = 0; i < 3; i++) {
            Client client = new Client(time, server, 1.0);
            long start = 10 * i;
            all.add(
                time.start(
                    "client " + i,
                    () -> {
                      for (int n = 0; n < 30; n++) {
                        Await.result(
                            Await.result(client.locks.lock(FILE, start, 10, false, true))
                                .release());
                      }
                    }));
          }
          for (CompletableFuture<?> each : all) {
            Await.result(each);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void oldTablesAreRemoved(boolean links) throws Exception {
    VirtualTime time = new VirtualTime(3);
    time.run(
        () -> {
          SimServer server = new SimServer(3, time);
          server.hardLinks = links;
          Client one = new Client(time, server, 1.0);
          Client two = new Client(time, server, 1.0);
          for (int i = 0; i < 50; i++) {
            Client client = i % 3 == 0 ? one : two;
            Await.result(Await.result(client.locks.lock(FILE, i, 1, false, true)).release());
          }
          time.sleep(1, TimeUnit.SECONDS);
          assertThat(server.tree.names()).hasSizeBetween(4, links ? 9 : 13);
          assertThat(server.count("link") > 0).isEqualTo(links);
        });
  }

  /** A mount, as far as its cooperative locks go, with a clock and threads of its own. */
  static final class Client implements Background {
    private final VirtualTime time;
    private final double rate;
    private final List<Share> shares = new ArrayList<>();
    private final SimServer server;
    private long frozenUntil;
    private boolean cutOff;
    private boolean dead;
    final ShareSession session;
    final CooperativeLocks locks;

    Client(VirtualTime time, SimServer server, double rate) throws IOException {
      this.time = time;
      this.rate = rate;
      this.server = server;
      this.session =
          new ShareSession(
              this, "sim", lost -> connect(), Duration.ofSeconds(10), 1000, new Stats());
      this.locks = new CooperativeLocks(new LockSurroundings(this, session));
    }

    private Share connect() throws IOException {
      if (cutOff) {
        throw new ShareConnectException(ShareConnectException.Reason.UNREACHABLE, "cut off", null);
      }
      Share share = server.connect(CONFIG);
      shares.add(share);
      return share;
    }

    /** Nothing comes through any more, for a while. */
    void cutOff(boolean now) {
      cutOff = now;
      if (now) {
        shares.forEach(Share::close);
        shares.clear();
      }
    }

    /** Its threads stand still for a while: a pause of the collector, a suspended machine. */
    void freeze(long nanos) {
      frozenUntil = time.nanoTime() + nanos;
    }

    void die() {
      dead = true;
      cutOff(true);
    }

    @Override
    public long nanoTime() {
      return (long) (time.nanoTime() * rate);
    }

    @Override
    public long currentTimeMillis() {
      return time.currentTimeMillis();
    }

    @Override
    public long random() {
      return time.random();
    }

    @Override
    public void execute(Runnable work) {
      time.execute(() -> run(work));
    }

    @Override
    public Task schedule(Runnable work, long delay, TimeUnit unit) {
      return time.schedule(
          () -> run(work), (long) (unit.toNanos(delay) / rate), TimeUnit.NANOSECONDS);
    }

    @Override
    public Task repeat(Runnable work, long pause, TimeUnit unit) {
      return time.repeat(() -> run(work), pause, unit);
    }

    private void run(Runnable work) {
      if (dead) {
        return;
      }
      if (time.nanoTime() < frozenUntil) {
        time.schedule(() -> run(work), frozenUntil - time.nanoTime(), TimeUnit.NANOSECONDS);
      } else {
        work.run();
      }
    }
  }

  private record Claim(CooperativeLock lock, long start, long end, boolean shared) {
    boolean excludes(Claim other) {
      return !(shared && other.shared) && start < other.end && other.start < end;
    }
  }

  private static final class Run {
    private static final int STEPS = 40;
    private final VirtualTime time;
    private final SimServer server;
    private final Random random;
    private final List<Claim> claims = new ArrayList<>();
    private final List<Claim> history = new ArrayList<>();
    private final double trouble;
    private final int linking; // by no client, by some, by all
    private int granted;

    Run(VirtualTime time, long seed) {
      this.time = time;
      this.random = new Random(seed);
      this.server = new SimServer(seed, time);
      this.trouble = new double[] {0, 0.1, 0.3}[random.nextInt(3)];
      this.linking = (int) (seed % 3);
      server.maxDelayMicros = new int[] {0, 2_000, 50_000, 3_000_000}[random.nextInt(4)];
      server.tornListRate = random.nextBoolean() ? 0.3 : 0;
      server.disconnectRate = random.nextInt(3) * 0.01;
      server.lostReplyRate = random.nextInt(4) == 0 ? 0.005 : 0;
    }

    void execute() throws Exception {
      List<CompletableFuture<?>> actors = new ArrayList<>();
      int count = 2 + random.nextInt(3);
      for (int i = 0; i < count; i++) {
        actors.add(time.start("client " + i, this::client));
      }
      for (CompletableFuture<?> actor : actors) {
        Await.untilDone(actor);
      }
      server.behave();
      server.tornListRate = 0;
      // Whatever has happened, the file can be locked in the end.
      Client last = new Client(time, server, 1.0);
      CompletableFuture<@Nullable CooperativeLock> all =
          last.locks.lock(FILE, 0, Long.MAX_VALUE, false, true);
      Claim claim = granted(Await.result(all), 0, Long.MAX_VALUE, false);
      assertThat(granted).isGreaterThan(1);
      Await.result(claim.lock.release());
    }

    private void client() throws Exception {
      Client client = connect();
      for (int step = 0; step < STEPS; step++) {
        if (client.dead) {
          client = connect();
        }
        step(client);
      }
    }

    private Client connect() throws Exception {
      while (true) {
        try {
          server.hardLinks = linking > 0 && (linking > 1 || random.nextBoolean());
          return new Client(time, server, 0.95 + random.nextInt(11) / 100.0);
        } catch (IOException e) {
          time.sleep(1, TimeUnit.SECONDS);
        }
      }
    }

    private void step(Client client) {
      long start = random.nextInt(100);
      long size = random.nextInt(10) == 0 ? Long.MAX_VALUE - start : 1 + random.nextInt(30);
      boolean shared = random.nextInt(3) == 0;
      boolean wait = random.nextBoolean();
      CompletableFuture<@Nullable CooperativeLock> asked =
          client.locks.lock(FILE, start, size, shared, wait);
      if (wait) {
        awaitFor(asked, random.nextInt(4) == 0 ? 1 : 60_000);
      }
      CooperativeLock lock;
      try {
        if (wait && !asked.isDone() && asked.cancel(false)) {
          return;
        }
        lock = Await.result(asked);
      } catch (IOException e) {
        return; // and whatever is left of it must not matter
      }
      if (lock == null) {
        time.sleep(random.nextInt(500), TimeUnit.MILLISECONDS);
        return;
      }
      Claim claim = granted(lock, start, start + size, shared);
      hold(client);
      if (client.dead) {
        return; // the claim stays
      }
      claims.remove(claim);
      try {
        Await.result(lock.release());
      } catch (IOException e) {
        // Then its lease ends it.
      }
    }

    /** Lets time pass while a lock is held, in one way or another. */
    private void hold(Client client) {
      if (random.nextDouble() >= trouble) {
        time.sleep(random.nextInt(random.nextInt(5) == 0 ? 60_000 : 500), TimeUnit.MILLISECONDS);
        return;
      }
      long nanos = TimeUnit.SECONDS.toNanos(random.nextInt(90));
      switch (random.nextInt(3)) {
        case 0 -> client.die();
        case 1 -> {
          client.freeze(nanos);
          time.sleep(nanos, TimeUnit.NANOSECONDS);
        }
        default -> {
          client.cutOff(true);
          time.sleep(nanos, TimeUnit.NANOSECONDS);
          client.cutOff(false);
        }
      }
    }

    private void awaitFor(CompletableFuture<?> stage, long millis) {
      CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
      time.schedule(() -> over.complete(null), millis, TimeUnit.MILLISECONDS);
      Await.untilDone(CompletableFuture.anyOf(stage, over));
    }

    private Claim granted(CooperativeLock lock, long start, long end, boolean shared) {
      Claim claim = new Claim(lock, start, end, shared);
      if (lock.lost() != null) {
        return claim; // it took so long to hear of it
      }
      for (Claim other : claims) {
        if (claim.excludes(other)) {
          assertThat(other.lock.lost()).as("%s excludes %s", claim, other).isNotNull();
        }
      }
      for (Claim other : history) {
        if (claim.excludes(other)) {
          assertThat(lock.token()).isGreaterThan(other.lock.token());
        }
      }
      claims.add(claim);
      history.add(claim);
      granted++;
      return claim;
    }
  }
}
