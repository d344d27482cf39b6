package dev.netfs.share;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The connection to the server was lost. Whether the server carried out the operation that failed
 * with it is unknown.
 */
public class ShareDisconnectedException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message which server, and what happened
   * @param cause the client library's exception, or null
   */
  public ShareDisconnectedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
