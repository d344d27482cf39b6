package dev.netfs.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What several clients did to one file, and what any of them may therefore see of it. Every byte
 * that is written bears the number of the operation that wrote it, so that its origin can be told:
 * a stale byte, a lost one, one that came back, and zeros from nowhere are different things.
 *
 * <p>Observed exactly are a few places in the file, the <em>probes</em>: at each, which operation's
 * byte the server had from when to when. All events have numbers in the order in which they
 * happened, their <em>ticks</em>.
 *
 * <p>A client has to see its own operations in order, sent or not. Beyond that it may see a byte if
 * the server had it within a window that reaches from a moment that the cache mode says (such as
 * the open) until now, and if the client's own finished operations there came before. Where the
 * server is real, a change takes time: from when it is sent both it and what it replaces may be
 * seen, until it is settled, which it never is if nobody knows what has become of it.
 *
 * <p>Guarded by its monitor, as are its operations; nothing in it waits.
 */
final class History implements ModelServer.Changes {
  /** What the server held before any operation, and has where it holds nothing. */
  private static final byte HOLE = 0;

  /** An operation numbers its bytes; the value above is what memory holds that nobody wrote. */
  static final int MOST_OPERATIONS = 254;

  /** A write, or a cut, of one client. */
  final class Operation {
    final int id;
    final String client;
    final boolean cut;
    long start;
    long end;
    final long begun;
    long over = Long.MAX_VALUE; // when it was, in one way or another
    boolean done; // and not failed or interrupted
    boolean applied; // by the server, at any time
    private boolean anywhere; // an append, of which nobody knows where it goes
    long lostFrom = Long.MAX_VALUE; // what a cut that failed may have forgotten

    private Operation(String client, boolean cut, long start, long end) {
      this.id = operations.size() + 1;
      this.client = client;
      this.cut = cut;
      this.start = start;
      this.end = end;
      this.begun = tick();
      operations.add(this);
    }

    byte value() {
      return cut ? HOLE : (byte) id;
    }

    byte[] bytes() {
      byte[] bytes = new byte[(int) (end - start)];
      Arrays.fill(bytes, value());
      return bytes;
    }

    boolean covers(long position) {
      return anywhere || (start <= position && position < end);
    }

    /** Returns whether its effect has to be there for who begins at a tick. */
    private boolean stands(long position, long tick) {
      return done && over < tick && covers(position) && position < lostFrom;
    }

    /** Notes that it has done what it should. */
    void done() {
      synchronized (History.this) {
        over = tick();
        done = true;
      }
    }

    /** Notes that an append has done what it should, and where. */
    void appended(long newEnd) {
      synchronized (History.this) {
        start = newEnd - (end - start);
        end = newEnd;
        anywhere = false;
        done();
      }
    }

    /** Notes that it has failed, and may have had an effect, have one later, or never. */
    void failed() {
      synchronized (History.this) {
        over = tick();
        if (cut) {
          for (Operation other : operations) {
            if (other.client.equals(client) && other.end > start) {
              other.lostFrom = Math.min(other.lostFrom, start);
            }
          }
        }
      }
    }

    /** Notes that a cut was over, which found nothing to cut if the server has not heard of it. */
    void cutDone() {
      synchronized (History.this) {
        done();
        if (!applied) {
          end = start;
        }
      }
    }

    @Override
    public String toString() {
      return (cut ? "cut " : "write ")
          + id
          + " by "
          + client
          + " ["
          + start
          + ", "
          + (end == Long.MAX_VALUE ? "" : end)
          + ") at "
          + begun
          + (over == Long.MAX_VALUE ? "" : (done ? " done " : " failed ") + over)
          + (lostFrom == Long.MAX_VALUE ? "" : " lost from " + lostFrom);
    }
  }

  private static final class Change {
    final long tick;
    final @Nullable Operation by;
    long settled = Long.MAX_VALUE;

    Change(long tick, @Nullable Operation by) {
      this.tick = tick;
      this.by = by;
    }

    @Override
    public String toString() {
      return tick + (settled == Long.MAX_VALUE ? "" : "-" + settled) + " by " + by;
    }

    byte value() {
      return by == null ? HOLE : by.value();
    }
  }

  private static final class Size {
    final long tick;
    final long size;
    long settled = Long.MAX_VALUE;

    Size(long tick, long size) {
      this.tick = tick;
      this.size = size;
    }

    @Override
    public String toString() {
      return size + " at " + tick;
    }
  }

  private record Moment(long tick, long nanos) {}

  /** Who looks at the file, and from when on what the server had may be what he sees. */
  record View(String client, long windowFrom, long begun) {}

  private final LongSupplier nanos;
  private final String path;
  private final long[] probes;
  private final List<Operation> operations = new ArrayList<>();
  private final List<List<Change>> content = new ArrayList<>(); // by probe
  private final List<Size> sizes = new ArrayList<>(List.of(new Size(0, 0)));
  private final List<Moment> moments = new ArrayList<>();
  final List<String> log = Collections.synchronizedList(new ArrayList<>());
  private long ticks;
  private long lastChange; // its tick

  /** What went wrong on the server, where nobody can throw it. */
  volatile @Nullable AssertionError violation;

  History(String path, long[] probes, LongSupplier nanos) {
    this.path = path;
    this.probes = probes;
    this.nanos = nanos;
    for (int i = 0; i < probes.length; i++) {
      content.add(new ArrayList<>(List.of(new Change(0, null))));
    }
  }

  synchronized long tick() {
    ticks++;
    moments.add(new Moment(ticks, nanos.getAsLong()));
    return ticks;
  }

  /** Returns the tick of what was the last event at a time. */
  synchronized long tickAt(long time) {
    long last = 0;
    for (Moment moment : moments) {
      if (moment.nanos > time) {
        break;
      }
      last = moment.tick;
    }
    return last;
  }

  synchronized boolean isFull() {
    return operations.size() >= MOST_OPERATIONS - 1;
  }

  synchronized Operation write(String client, long start, long end) {
    return new Operation(client, false, start, end);
  }

  /** An append: it may be anywhere until it is over. */
  synchronized Operation append(String client, int length) {
    Operation operation = new Operation(client, false, 0, length);
    operation.anywhere = true;
    return operation;
  }

  synchronized Operation cut(String client, long size) {
    return new Operation(client, true, size, Long.MAX_VALUE);
  }

  // ---- what the server does

  @Override
  public synchronized void wrote(String client, String where, long offset, byte[] bytes) {
    if (!where.equals(path)) {
      return;
    }
    long now = tick();
    log.add("    " + now + " server: " + client + " writes " + offset + " + " + bytes.length);
    for (int i = 0; i < probes.length; i++) {
      if (probes[i] >= offset && probes[i] < offset + bytes.length) {
        byte value = bytes[(int) (probes[i] - offset)];
        Operation by = operation(value);
        content.get(i).add(new Change(now, by));
        if (by == null || by.cut || !by.client.equals(client)) {
          violate("sent what it never wrote: " + client + " value " + value + at(i));
          continue;
        }
        by.applied = true;
        if (!by.covers(probes[i])) {
          violate("sent to a wrong place: " + by + at(i));
        }
        for (Change change : content.get(i)) {
          Operation other = change.by;
          if (other != null && other.client.equals(client) && by.over < other.begun) {
            violate("came back: " + by + " after " + other + at(i));
            break;
          }
        }
      }
    }
    size(now, Math.max(size(), offset + bytes.length));
  }

  @Override
  public synchronized void cut(String client, String where, long size) {
    if (!where.equals(path)) {
      return;
    }
    long now = tick();
    log.add("    " + now + " server: " + client + " cuts " + size);
    Operation by = null;
    for (Operation operation : operations) {
      if (operation.cut
          && operation.client.equals(client)
          && operation.start == size
          && operation.over == Long.MAX_VALUE
          && (by == null || by.applied)) {
        by = operation;
      }
    }
    if (by == null) {
      violate("cut by nobody: " + client + " at " + now);
      return;
    }
    by.applied = true;
    for (int i = 0; i < probes.length; i++) {
      if (probes[i] >= size) {
        content.get(i).add(new Change(now, by));
      }
    }
    size(now, size);
  }

  @Override
  public synchronized void settled(String where) {
    if (!where.equals(path)) {
      return;
    }
    long now = tick();
    for (List<Change> changes : content) {
      Change last = changes.get(changes.size() - 1);
      if (last.tick == lastChange) {
        last.settled = now;
      }
    }
    sizes.get(sizes.size() - 1).settled = now;
  }

  private long size() {
    return sizes.get(sizes.size() - 1).size;
  }

  private void size(long now, long size) {
    lastChange = now;
    sizes.add(new Size(now, size));
  }

  private @Nullable Operation operation(byte value) {
    int id = value & 0xFF;
    return id == 0 || id > operations.size() ? null : operations.get(id - 1);
  }

  private void violate(String what) {
    if (violation == null) {
      violation = new AssertionError(what);
      log.add("    !! " + what);
    }
  }

  private String at(int probe) {
    return " at byte " + probes[probe] + ", which was " + content.get(probe);
  }

  // ---- what a client sees

  /**
   * Checks the bytes that were read.
   *
   * @param unsent whether the client still has to send what it has at a position, as far as it
   *     knows
   */
  synchronized void checkBytes(
      View view, long position, byte[] bytes, java.util.function.LongPredicate unsent) {
    long now = tick();
    for (int i = 0; i < probes.length; i++) {
      if (probes[i] >= position && probes[i] < position + bytes.length) {
        byte value = bytes[(int) (probes[i] - position)];
        String wrong = mismatch(view, now, i, value, unsent.test(probes[i]));
        if (wrong != null) {
          throw new AssertionError(
              wrong + ": " + view + " until " + now + " value " + value + at(i));
        }
      }
    }
  }

  private @Nullable String mismatch(View view, long now, int probe, byte value, boolean unsent) {
    Operation by = operation(value);
    if (value != HOLE && (by == null || by.cut)) {
      return "from nowhere";
    }
    if (by != null && !by.covers(probes[probe])) {
      return "at a wrong place";
    }
    List<Operation> standing = new ArrayList<>();
    for (Operation operation : operations) {
      if (operation.client.equals(view.client) && operation.stands(probes[probe], view.begun)) {
        standing.add(operation);
      }
    }
    // Its own, in the order in which it did them, if the server need not have it or has had it.
    boolean superseded = false;
    for (Operation own : operations) {
      if (own.client.equals(view.client)
          && own.begun <= now
          && own.value() == value
          && own.covers(probes[probe])) {
        if (isSuperseded(own, standing)) {
          superseded = true;
        } else if (unsent || own.over > view.begun || !isApplied(own, probe)) {
          return null;
        }
      }
    }
    // The server's, if all that this client did before has reached it, or was never to.
    List<Change> changes = content.get(probe);
    boolean onServer = false;
    for (int i = changes.size() - 1; i >= 0; i--) {
      long end = i + 1 < changes.size() ? changes.get(i + 1).settled : Long.MAX_VALUE;
      if (end <= view.windowFrom) {
        break;
      }
      if (changes.get(i).value() == value) {
        onServer = true;
        if (allReached(standing, changes, i)) {
          return null;
        }
      }
    }
    if (superseded || onServer) {
      return "own write not seen";
    }
    return value == HOLE ? "zeros where there are none" : "stale";
  }

  private static boolean isSuperseded(Operation own, List<Operation> standing) {
    for (Operation later : standing) {
      if (own.over < later.begun) {
        return true;
      }
    }
    return false;
  }

  private boolean isApplied(Operation operation, int probe) {
    for (Change change : content.get(probe)) {
      if (change.by == operation) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether each of a client's operations, or one in its place, came by a change. */
  private static boolean allReached(List<Operation> standing, List<Change> changes, int until) {
    for (Operation operation : standing) {
      boolean reached = false;
      for (int i = 0; i <= until && !reached; i++) {
        Operation by = changes.get(i).by;
        reached =
            by != null
                && by.client.equals(operation.client)
                && (by == operation || by.over >= operation.begun)
                && changes.get(i).tick > operation.begun;
      }
      if (!reached) {
        return false;
      }
    }
    return true;
  }

  /**
   * Checks where a client found the file's end.
   *
   * @param atLeast what it saw that the file has at least
   * @param atMost what it saw that the file has at most
   * @param unsentEnd up to where the client still has to send something, as far as it knows
   */
  synchronized void checkSize(View view, long atLeast, long atMost, long unsentEnd) {
    long now = tick();
    long from = view.windowFrom;
    long least = Long.MAX_VALUE;
    long most = unsentEnd;
    for (Operation own : operations) {
      if (own.client.equals(view.client) && own.cut && own.done && own.over < view.begun) {
        for (Change change : content.get(probes.length - 1)) {
          if (change.by == own && change.settled < Long.MAX_VALUE) {
            from = Math.max(from, change.settled); // the last probe is behind every size
          }
        }
      }
    }
    for (int i = sizes.size() - 1; i >= 0; i--) {
      long end = i + 1 < sizes.size() ? sizes.get(i + 1).settled : Long.MAX_VALUE;
      if (end <= from) {
        break;
      }
      least = Math.min(least, sizes.get(i).size);
      most = Math.max(most, sizes.get(i).size);
    }
    for (Operation own : operations) {
      if (!own.client.equals(view.client) || own.end == own.start) {
        continue;
      }
      boolean pending = own.over > view.begun || !own.applied;
      if (own.cut && (pending || !own.done)) {
        least = Math.min(least, own.start);
      } else if (!own.cut && pending) {
        most = Math.max(most, own.anywhere ? Long.MAX_VALUE : uncut(own, view));
      }
    }
    for (Operation own : operations) {
      if (own.client.equals(view.client)
          && !own.cut
          && own.end - 1 >= own.start
          && own.stands(own.end - 1, view.begun)
          && !mayBeCut(own)) {
        least = Math.max(least, own.end);
      }
    }
    if (atMost < least || atLeast > most) {
      throw new AssertionError(
          (atMost < least ? "too short: " : "too long: ")
              + view
              + " until "
              + now
              + " saw a size from "
              + atLeast
              + " to "
              + atMost
              + ", not from "
              + least
              + " to "
              + most
              + ", server "
              + sizes.subList(Math.max(0, sizes.size() - 12), sizes.size()));
    }
  }

  /** Returns how much of a write is left after what its client has cut since. */
  private long uncut(Operation write, View view) {
    long end = write.end;
    for (Operation cut : operations) {
      if (cut.cut
          && cut.client.equals(write.client)
          && cut.done
          && cut.end > cut.start
          && cut.over < view.begun
          && write.over < cut.begun) {
        end = Math.min(end, cut.start);
      }
    }
    return end;
  }

  private boolean mayBeCut(Operation write) {
    for (Operation other : operations) {
      if (other.cut && other.start < write.end && other.over > write.begun) {
        return true;
      }
    }
    return false;
  }

  /** Checks that the server has, or has had, what a client did before a tick. */
  synchronized void checkSent(String client, long before) {
    for (Operation own : operations) {
      if (own.client.equals(client) && own.over < before) {
        checkSent(own);
      }
    }
  }

  /** Checks that the server has, or has had, what an operation did that is over. */
  synchronized void checkSent(Operation own) {
    for (int i = 0; i < probes.length; i++) {
      if (own.stands(probes[i], Long.MAX_VALUE)
          && !isBeingCut(own, probes[i])
          && !allReached(List.of(own), content.get(i), content.get(i).size() - 1)) {
        throw new AssertionError("not sent: " + own + at(i));
      }
    }
  }

  /**
   * Returns whether its own client cuts it off at this moment, of which the server may not know.
   */
  private boolean isBeingCut(Operation write, long position) {
    for (Operation cut : operations) {
      if (cut.cut
          && cut.client.equals(write.client)
          && cut.covers(position)
          && cut.over == Long.MAX_VALUE) {
        return true;
      }
    }
    return false;
  }
}
