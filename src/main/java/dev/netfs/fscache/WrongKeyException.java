package dev.netfs.fscache;

import java.io.IOException;

/** The key at hand is not the one that a cache is encrypted with. Nothing was changed. */
public final class WrongKeyException extends IOException {
  private static final long serialVersionUID = 1;

  WrongKeyException(String message) {
    super(message);
  }
}
