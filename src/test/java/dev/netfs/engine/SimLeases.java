package dev.netfs.engine;

import dev.netfs.share.LeaseHolder;
import dev.netfs.share.LeaseRequest;
import dev.netfs.share.LeaseState;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The leases of a {@link SimServer}, and another client who breaks them. For one client with leases
 * at a time, under {@link VirtualTime}.
 */
final class SimLeases {
  /** A lease that somebody holds. */
  private static final class Lease {
    final UUID key;
    final LeaseHolder holder;
    LeaseState state = LeaseState.NONE;
    int opens;
    boolean breaking;
    LeaseState left = LeaseState.ALL;

    Lease(UUID key, LeaseHolder holder) {
      this.key = key;
      this.holder = holder;
    }
  }

  private final SimServer server;
  private final Map<String, Lease> leases = new HashMap<>();

  /** What the server grants at most. */
  LeaseState most = LeaseState.ALL;

  /** Whether others wait too for an answer of who has the right to read alone, as nowhere real. */
  boolean patient = true;

  SimLeases(SimServer server) {
    this.server = server;
  }

  void opened(String path, @Nullable LeaseRequest wish) {
    if (wish == null) {
      return;
    }
    Lease lease = leases.computeIfAbsent(path, p -> new Lease(wish.key(), wish.holder()));
    if (!lease.key.equals(wish.key())) {
      throw new AssertionError("one file, two keys");
    }
    lease.opens++;
    if (lease.breaking) {
      // The server says what is held and that it is being asked back; the transport, what is left.
      lease.holder.granted(lease.state.and(lease.left));
      return;
    }
    lease.state = wish.wanted().and(most);
    lease.holder.granted(lease.state);
  }

  void closed(String path, @Nullable LeaseRequest wish) {
    Lease lease = leases.get(path);
    if (wish != null && lease != null && --lease.opens == 0) {
      leases.remove(path);
    }
  }

  /** The connection has gone, and with it what was held through it. */
  void lost() {
    List<Lease> all = List.copyOf(leases.values());
    leases.clear();
    all.forEach(lease -> lease.holder.lost());
  }

  /** Another client's operation: carried out once nobody has a right that is in its way. */
  <T> CompletableFuture<T> other(String path, LeaseState left, Supplier<T> operation) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Runnable carryOut =
        () -> {
          synchronized (server) {
            result.complete(operation.get());
          }
        };
    Lease lease = leases.get(path);
    if (lease == null || lease.state.and(left).equals(lease.state)) {
      carryOut.run();
      return result;
    }
    if (!patient && !lease.state.write()) {
      carryOut.run();
      lease.state = lease.state.and(left);
      server.time.schedule(
          () -> lease.holder.breaking(left, () -> {}), server.below(2_000), TimeUnit.MICROSECONDS);
      return result;
    }
    lease.breaking = true;
    lease.left = left;
    server.time.schedule(
        () ->
            lease.holder.breaking(
                lease.state.and(left),
                () ->
                    server.time.schedule(
                        () -> {
                          lease.state = lease.state.and(left);
                          lease.breaking = false;
                          carryOut.run();
                        },
                        server.below(2_000),
                        TimeUnit.MICROSECONDS)),
        server.below(2_000),
        TimeUnit.MICROSECONDS);
    return result;
  }
}
