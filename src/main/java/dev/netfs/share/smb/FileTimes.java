package dev.netfs.share.smb;

import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Windows' times (MS-DTYP 2.3.3): steps of 100 ns since the year 1601. */
final class FileTimes {
  private static final long EPOCH_SECONDS = 11_644_473_600L;
  private static final long PER_SECOND = 10_000_000;

  private FileTimes() {}

  static long ofMillis(long millis) {
    return (millis + EPOCH_SECONDS * 1000) * 10_000;
  }

  /** Returns the time, or null for "not known". */
  static @Nullable FileTime of(long value) {
    if (value <= 0) {
      return null;
    }
    return FileTime.from(
        Instant.ofEpochSecond(value / PER_SECOND - EPOCH_SECONDS, value % PER_SECOND * 100));
  }

  /** Returns a time as the server takes it, cut to its steps, or 0 ("leave it") for null. */
  static long of(@Nullable FileTime time) {
    if (time == null) {
      return 0;
    }
    Instant instant = time.toInstant();
    long seconds = instant.getEpochSecond();
    long last = Long.MAX_VALUE / PER_SECOND - EPOCH_SECONDS - 1;
    if (seconds > last) {
      seconds = last;
    }
    if (seconds <= -EPOCH_SECONDS) {
      return 1; // the first moment that there is
    }
    return (seconds + EPOCH_SECONDS) * PER_SECOND + instant.getNano() / 100;
  }
}
