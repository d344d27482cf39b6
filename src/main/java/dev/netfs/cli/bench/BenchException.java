package dev.netfs.cli.bench;

import java.io.IOException;

/** A benchmark cannot be run here, or what it did was wrong: the message says what to do. */
public final class BenchException extends IOException {
  private static final long serialVersionUID = 1L;

  BenchException(String message) {
    super(message);
  }

  BenchException(String message, Throwable cause) {
    super(message, cause);
  }
}
