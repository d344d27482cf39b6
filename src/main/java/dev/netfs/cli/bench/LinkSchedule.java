package dev.netfs.cli.bench;

import java.util.concurrent.atomic.AtomicLong;

/**
 * One direction of a link, as time: says of bytes that come in when they come out.
 *
 * <p>They leave one after the other at the link's bandwidth, whatever connection they belong to,
 * and are then on their way for the link's delay, together with all others that are. So the delay
 * limits nobody's rate, and the bandwidth is kept exactly in the long run: it is reckoned from when
 * the link was free, not from when a thread woke up.
 *
 * <p>Safe for use by several threads.
 */
final class LinkSchedule {
  private static final double NANOS = 1e9;

  private final long delayNanos;
  private final double nanosPerByte;

  /** When the last byte so far has left. */
  private final AtomicLong free;

  LinkSchedule(Link link, long now) {
    delayNanos = link.oneWay().toNanos();
    nanosPerByte = link.bytesPerSecond() == 0 ? 0 : NANOS / link.bytesPerSecond();
    free = new AtomicLong(now);
  }

  /**
   * Takes bytes in.
   *
   * @param now when they arrive
   * @param bytes how many they are
   * @return when the last of them is delivered
   */
  long due(long now, int bytes) {
    if (nanosPerByte == 0) {
      return now + delayNanos;
    }
    long lasts = Math.round(bytes * nanosPerByte);
    // Differences, since a clock of nanoseconds may overflow.
    long left = free.updateAndGet(before -> (before - now > 0 ? before : now) + lasts);
    return left + delayNanos;
  }
}
