package dev.netfs.share;

/**
 * The client's end of one lease: told by the transport what the server decides, in the order in
 * which the server decided it, one call at a time, on a thread of the transport's. No call blocks.
 *
 * <p>A lease belongs to one file, to one key and to one connection. All handles that were opened
 * with its key share it. It ends when the last of them is closed, or with the connection; from then
 * on no more calls come.
 */
public interface LeaseHolder {
  /**
   * The lease has this state from now on: as the answer to an open that asked for it. Called before
   * that open's stage completes, also where the server granted nothing.
   */
  void granted(LeaseState state);

  /**
   * The server asks for rights back.
   *
   * <p>Nobody else gets on before the holder has acknowledged, or the server's patience is over
   * (Samba, Windows: 35 seconds), which counts as acknowledged. What the holder writes to the
   * server until then is taken.
   *
   * @param to what is left to the holder, once it has acknowledged
   * @param acknowledgement to be run once, on any thread, when the holder uses no right any more
   *     but those left, and has sent what it kept back. Does nothing where the server wants no
   *     answer, or where the connection has gone. Does not block.
   */
  void breaking(LeaseState to, Runnable acknowledgement);

  /** The lease has gone without a question: with its connection. Others may change the file. */
  void lost();
}
