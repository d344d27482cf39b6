package dev.netfs.engine;

import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The write-back errors of one file, as the kernel's {@code errseq_t}: every open file hears of the
 * newest one exactly once, whoever caused it and whoever has heard of it already.
 */
final class ErrorSequence {
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Throwable last; // guarded by lock
  private String what = ""; // guarded by lock: begins the reason that is reported
  private volatile long sequence; // written under lock

  /** Notes why something could not be sent, which stays dirty. */
  void record(Throwable error) {
    record(
        error,
        "what was written could not be sent to the server, and is kept in memory to be sent"
            + " again: ");
  }

  /** Notes why the server may have lost something that it had taken. */
  void recordLoss(Throwable error) {
    record(error, "the server may have lost what was written, since it could not close the file: ");
  }

  private void record(Throwable error, String beginning) {
    lock.lock();
    try {
      last = error;
      what = beginning;
      sequence++;
    } finally {
      lock.unlock();
    }
  }

  /** Returns where the sequence stands now: what an open file begins with. */
  long now() {
    return sequence;
  }

  /** Returns the error to report to an open file that has heard of errors up to a number. */
  @Nullable IOException since(long heard, String path) {
    if (sequence == heard) {
      return null;
    }
    lock.lock();
    try {
      return Errors.copy(java.util.Objects.requireNonNull(last), path, what);
    } finally {
      lock.unlock();
    }
  }
}
