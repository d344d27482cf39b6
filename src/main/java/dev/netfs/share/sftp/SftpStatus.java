package dev.netfs.share.sftp;

import java.io.IOException;

/**
 * A status other than OK that the server answered with: what {@link SftpFailures} turns into the
 * exceptions that the engine sees. Never leaves this package but as a cause. Has no stack, since it
 * is made on the receiving thread, where a stack says nothing.
 */
final class SftpStatus extends IOException {
  private static final long serialVersionUID = 1L;

  private final int code;

  /**
   * @param code the status code, one of {@link SftpProtocol}
   * @param text what the server says about it
   */
  SftpStatus(int code, String text) {
    super(name(code) + (text.isEmpty() ? "" : ": " + text));
    this.code = code;
  }

  int code() {
    return code;
  }

  @Override
  @SuppressWarnings("UnsynchronizedOverridesSynchronized") // it does nothing
  public Throwable fillInStackTrace() {
    return this;
  }

  private static String name(int code) {
    return switch (code) {
      case SftpProtocol.EOF -> "SSH_FX_EOF";
      case SftpProtocol.NO_SUCH_FILE -> "SSH_FX_NO_SUCH_FILE";
      case SftpProtocol.PERMISSION_DENIED -> "SSH_FX_PERMISSION_DENIED";
      case SftpProtocol.FAILURE -> "SSH_FX_FAILURE";
      case SftpProtocol.BAD_MESSAGE -> "SSH_FX_BAD_MESSAGE";
      case SftpProtocol.UNSUPPORTED -> "SSH_FX_OP_UNSUPPORTED";
      case SftpProtocol.NO_SPACE -> "SSH_FX_NO_SPACE_ON_FILESYSTEM";
      case SftpProtocol.QUOTA_EXCEEDED -> "SSH_FX_QUOTA_EXCEEDED";
      default -> "SFTP status " + code;
    };
  }
}
