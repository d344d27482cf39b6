package dev.netfs.cli.bench;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;

/**
 * A network as a benchmark wants it.
 *
 * @param roundTrip how long a byte and the answer to it are on their way, half of it each way
 * @param bytesPerSecond how many bytes pass each way in a second; 0 if there is no limit
 */
public record Link(Duration roundTrip, long bytesPerSecond) {
  /** Nothing between the two ends but the loopback interface. */
  public static final Link LOOPBACK = new Link(Duration.ZERO, 0);

  public Link {
    if (roundTrip.isNegative()) {
      throw new IllegalArgumentException("a round trip of " + roundTrip + " is negative");
    }
    if (bytesPerSecond < 0) {
      throw new IllegalArgumentException("a bandwidth of " + bytesPerSecond + " is negative");
    }
  }

  /** Returns how long a byte is on its way, in one direction. */
  Duration oneWay() {
    return roundTrip.dividedBy(2);
  }

  /** Returns whether bytes neither wait nor queue. */
  boolean isPlain() {
    return roundTrip.isZero() && bytesPerSecond == 0;
  }

  /** Returns how reports call it: {@code loopback}, {@code 20 ms, 100 MB/s}. */
  String title() {
    if (isPlain()) {
      return "loopback";
    }
    BigDecimal millis = BigDecimal.valueOf(roundTrip.toNanos(), 6).stripTrailingZeros();
    String delay = millis.toPlainString() + " ms";
    return bytesPerSecond == 0
        ? delay
        : delay + String.format(Locale.ROOT, ", %.0f MB/s", bytesPerSecond / 1e6);
  }
}
