package dev.netfs.share.smb;

import java.io.IOException;

/** The server refused a request. Stays within this package but as a cause. */
final class SmbStatus extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  SmbStatus(int status) {
    super(NtStatus.name(status));
    this.status = status;
  }

  int status() {
    return status;
  }

  /** Returns the status code of a refusal, or {@link NtStatus#SUCCESS} for another failure. */
  static int of(Throwable failure) {
    return failure instanceof SmbStatus refused ? refused.status : NtStatus.SUCCESS;
  }
}
