package dev.netfs.share;

import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A share could not be connected. The message says what was wrong, at which server, and what to do
 * about it; it holds no secret.
 */
public class ShareConnectException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Why a share could not be connected. */
  public enum Reason {
    /** Nobody answers there, or not in time. */
    UNREACHABLE,
    /** The server is not the one it should be: its key or certificate is unknown or another. */
    UNTRUSTED_SERVER,
    /** The server refused the credentials, or there are none to show it. */
    AUTHENTICATION,
    /** The server is there, the share or its root directory is not. */
    NO_SUCH_SHARE,
    /** The client and the server could not agree on how to talk. */
    PROTOCOL,
    /** The transport's client library is not on the class path. */
    MISSING_LIBRARY
  }

  private final Reason reason;

  /**
   * @param reason why
   * @param message what was wrong, where, and what to do
   * @param cause the client library's exception, or null
   */
  public ShareConnectException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = Objects.requireNonNull(reason, "reason");
  }

  /** Returns why. */
  public Reason reason() {
    return reason;
  }

  /** Returns whether trying again later may help without anybody changing anything. */
  public boolean isTransient() {
    return reason == Reason.UNREACHABLE;
  }
}
