package dev.netfs.share.smb;

import java.io.IOException;

/** A way to sign on, as a dialogue of SPNEGO tokens. Confined to the connecting thread. */
interface SignOn {
  /** Returns the first token. */
  byte[] first() throws IOException;

  /** Answers a token of the server's, which wants to hear more. */
  byte[] next(byte[] token) throws IOException;

  /** Takes the last token of a server that is satisfied; empty if it sent none. */
  void last(byte[] token) throws IOException;

  /** Returns the key that both sides share now. */
  byte[] sessionKey() throws IOException;
}
