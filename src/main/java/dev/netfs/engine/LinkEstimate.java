package dev.netfs.engine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a mount's downloads, or its uploads, have shown of the way to or from its server: how long
 * the round trip is, and how fast bytes move when as many are under way as fit. Their product is
 * what has to be under way to keep the way full.
 *
 * <p>Both are taken as BBR takes them: the round trip is the shortest that was seen lately, since
 * every other one has waited in some queue; the rate is the highest of the samples, each being what
 * arrived, of any request, between a request's sending and its answer. A sample says too little
 * where too little was asked for; then what is asked for next grows by a constant factor, and so
 * does the next sample. Until some bytes have moved, a fast rate is assumed, so that a long way is
 * not begun on with what fills a short one; a request that took several round trips has shown that
 * its bytes had to queue, which ends the assumption. What is older than two epochs is forgotten:
 * ways change.
 *
 * <p>Safe for several threads; {@link #lock} is a leaf.
 */
final class LinkEstimate {
  private static final long EPOCH_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Bytes per nanosecond, until {@link #ENOUGH} bytes have shown a rate: 100 MB/s. */
  private static final double ASSUMED_RATE = 0.1;

  private static final long ENOUGH = 2 << 20;

  /**
   * No more is thought to be under way on an assumption: the first round trips of a JVM that has
   * only just begun look long, and what is asked for in vain lies in the server's memory.
   */
  private static final double MOST_ASSUMED = 2 << 20;

  /** A request that took so many round trips, and moved at least so many bytes, is slow by them. */
  private static final int SLOW_ROUND_TRIPS = 4;

  private static final long SLOW_BYTES = 64 << 10;

  /** A request that was sent: when, and how many bytes had arrived by then. */
  record Sent(long nanos, long arrived) {}

  private final Background background;
  private final ReentrantLock lock = new ReentrantLock();
  private long arrived; // guarded by lock, as everything below
  private boolean slow; // whether a request has shown that the assumed rate is too high
  private long epochNanos;
  private long roundTrip = Long.MAX_VALUE;
  private long roundTripBefore = Long.MAX_VALUE;
  private double rate; // bytes per nanosecond
  private double rateBefore;

  LinkEstimate(Background background) {
    this.background = background;
    this.epochNanos = background.nanoTime();
  }

  /** Notes that a request is being sent. */
  Sent sent() {
    long now = background.nanoTime();
    lock.lock();
    try {
      return new Sent(now, arrived);
    } finally {
      lock.unlock();
    }
  }

  /** Notes that a request's answer has come, with some bytes. */
  void answered(Sent sent, long bytes) {
    long now = background.nanoTime();
    lock.lock();
    try {
      arrived += bytes;
      turn(now);
      long took = Math.max(1, now - sent.nanos());
      if (bytes >= SLOW_BYTES && took / SLOW_ROUND_TRIPS >= shortest()) {
        slow = true;
      }
      roundTrip = Math.min(roundTrip, took);
      rate = Math.max(rate, (double) (arrived - sent.arrived()) / took);
    } finally {
      lock.unlock();
    }
  }

  /** Notes that a request without content has taken so long from its sending to its answer. */
  void roundTrip(long nanos) {
    long now = background.nanoTime();
    lock.lock();
    try {
      turn(now);
      roundTrip = Math.min(roundTrip, Math.max(1, nanos));
    } finally {
      lock.unlock();
    }
  }

  /** Begins a new epoch if it is time for one. Under the lock. */
  private void turn(long now) {
    if (now - epochNanos > EPOCH_NANOS) {
      boolean recent = now - epochNanos < 2 * EPOCH_NANOS;
      roundTripBefore = recent ? roundTrip : Long.MAX_VALUE;
      rateBefore = recent ? rate : 0;
      roundTrip = Long.MAX_VALUE;
      rate = 0;
      epochNanos = now;
    }
  }

  /** Returns the shortest round trip that is remembered, or the largest number. Under the lock. */
  private long shortest() {
    return Math.min(roundTrip, roundTripBefore);
  }

  /** Returns how many bytes keep the way full, 0 if nothing is known of it. */
  long bytesUnderWay() {
    lock.lock();
    try {
      long shortest = shortest();
      double seen = Math.max(rate, rateBefore) * shortest;
      double assumed =
          !slow && arrived < ENOUGH ? Math.min(MOST_ASSUMED, ASSUMED_RATE * shortest) : 0;
      return shortest == Long.MAX_VALUE ? 0 : (long) Math.max(seen, assumed);
    } finally {
      lock.unlock();
    }
  }
}
