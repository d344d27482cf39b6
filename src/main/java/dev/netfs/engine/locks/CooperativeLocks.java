package dev.netfs.engine.locks;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One mount's byte-range locks on a share whose server has none: a table of each file's locks, kept
 * on the share, which all clients that mount the same root with {@code locks=cooperative} honour.
 *
 * <h2>The rule</h2>
 *
 * A holder's locks live for {@link Agent#LEASE_MILLIS} after the moment at which it began to write
 * the table that last named it. It renews them three times as often, and takes them for lost when
 * it could not. Others count from the moment at which they have read that table, wait for a quarter
 * longer, and whoever writes the next table then leaves that holder's locks out. So no two clocks
 * are ever compared: it is enough that a clock measures a minute as a minute, give or take ten
 * seconds.
 *
 * <p>Safe for use by several threads.
 */
public final class CooperativeLocks {
  /** The name of the folder of all tables, in the root of the mount, to be kept out of listings. */
  public static final String FOLDER = TableFiles.FOLDER;

  private final Surroundings surroundings;
  private final String holder;
  private final ConcurrentHashMap<String, Agent> agents = new ConcurrentHashMap<>();

  public CooperativeLocks(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.holder = String.format("%016x%016x", surroundings.random(), surroundings.random());
  }

  /**
   * Asks for a lock.
   *
   * @param path the file
   * @param position the first byte, 0 or more
   * @param size how many bytes, at least 1; {@code position + size} does not overflow
   * @param shared whether others may hold shared locks on it
   * @param wait whether to wait until it can be had
   * @return the lock, or null if {@code wait} is false and another client holds a conflicting one;
   *     cancelling the future ends the wait
   */
  public CompletableFuture<@Nullable CooperativeLock> lock(
      String path, long position, long size, boolean shared, boolean wait) {
    CooperativeLock[] asked = new CooperativeLock[1];
    // In the map's own bin, so that an agent is either asked before it is found idle or not at all.
    Agent agent =
        agents.compute(
            path,
            (name, present) -> {
              Agent found = present != null ? present : new Agent(surroundings, holder, name, this);
              asked[0] = found.want(position, size, shared, wait);
              return found;
            });
    return agent.ask(asked[0]);
  }

  /** Ends it, when the session has ended: nothing is renewed any more. */
  public void close() {
    agents.values().forEach(Agent::close);
  }

  /** Forgets an agent that has nothing to do. */
  void forgetIfIdle(String path) {
    agents.computeIfPresent(path, (name, agent) -> agent.isIdle() ? null : agent);
  }
}
