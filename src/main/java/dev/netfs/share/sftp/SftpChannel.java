package dev.netfs.share.sftp;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import org.apache.sshd.client.channel.ChannelSubsystem;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.channel.RemoteWindow;
import org.apache.sshd.common.io.IoWriteFuture;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.util.buffer.Buffer;
import org.apache.sshd.common.util.threads.ThreadUtils;
import org.jspecify.annotations.Nullable;

/**
 * The SSH channel of the subsystem {@code sftp} (RFC 4254 section 6.5), without the streams that
 * MINA's channels put around their data: what arrives goes to {@link SftpConnection#received} from
 * the very memory that it was decrypted in, and what is sent is written into the memory that it is
 * encrypted in.
 *
 * <p>MINA calls the {@code handle} methods and {@link #doWriteData} on the thread that reads the
 * socket, under its decoding lock. Sending takes its encoding lock, and blocks on nothing: the
 * window is looked at before, and during a key exchange MINA queues what an "internal" thread sends
 * where it would make another wait.
 */
final class SftpChannel extends ChannelSubsystem implements SftpConnection.Link {
  private static final System.Logger LOG = System.getLogger(SftpChannel.class.getName());

  /** More than OpenSSH takes in one packet; some servers have no limit. */
  private static final int MAX_PACKET = 64 * 1024;

  /** What a packet has besides its data: command, channel, length. */
  private static final int PACKET_HEAD = 9;

  /** So many packets' memory is kept for the next ones: as many as wait for the socket at once. */
  private static final int KEPT = 8;

  private final SftpConnection connection;
  private final Queue<Buffer> kept = new ArrayBlockingQueue<>(KEPT);
  private final CompletableFuture<Boolean> accepted = new CompletableFuture<>();
  private volatile @Nullable String reason; // why the session ended, as far as it was told
  private long unreleased; // confined to the thread that reads the socket

  SftpChannel(String server) {
    super("sftp");
    connection = new SftpConnection(server, this);
    addCloseFutureListener(
        closed -> {
          String why = reason;
          String what = why == null ? "the server closed it" : why;
          connection.lose(what, null);
          accepted.completeExceptionally(new IOException(what));
        });
  }

  SftpConnection connection() {
    return connection;
  }

  /** Completes with whether the server has started the subsystem; fails if the channel closes. */
  CompletableFuture<Boolean> accepted() {
    return accepted;
  }

  /** Notes why the session is about to end; the first reason counts. */
  void ending(String why) {
    if (reason == null) {
      reason = why;
    }
  }

  @Override
  protected void doOpen() throws IOException {
    // Not super.doOpen(), which would make pipes.
    Session session = getSession();
    Buffer buffer = session.createBuffer(SshConstants.SSH_MSG_CHANNEL_REQUEST, 64);
    buffer.putUInt(getRecipient());
    buffer.putString("subsystem");
    buffer.putBoolean(true);
    buffer.putString(getSubsystem());
    addPendingRequest("subsystem", true);
    writePacket(buffer);
  }

  @Override
  public void handleSuccess() throws IOException {
    super.handleSuccess();
    accepted.complete(true);
  }

  @Override
  public void handleFailure() throws IOException {
    accepted.complete(false);
    removePendingRequest("subsystem");
    close(true);
  }

  /** Whether the server's side of the subsystem ended, the session perhaps going on. */
  boolean processEnded() {
    return isEofSignalled();
  }

  @Override
  public void handleEof() throws IOException {
    ending("the server's SFTP process ended");
    super.handleEof();
    close(true);
  }

  @Override
  protected void doWriteData(byte[] data, int off, long len) throws IOException {
    try {
      connection.received(data, off, (int) len);
    } finally {
      unreleased += len;
      if (unreleased >= getLocalWindow().getMaxSize() / 16) {
        long count = unreleased;
        unreleased = 0;
        getLocalWindow().release(count);
      }
    }
  }

  @Override
  protected void doWriteExtendedData(byte[] data, int off, long len) throws IOException {
    String text = new String(data, off, (int) len, StandardCharsets.UTF_8).strip();
    LOG.log(Level.DEBUG, "{0} says: {1}", connection.server(), text);
    getLocalWindow().release(len);
  }

  @Override
  public void handleWindowAdjust(Buffer buffer) throws IOException {
    super.handleWindowAdjust(buffer);
    connection.windowOpened();
  }

  // ---------------------------------------------------------------- SftpConnection.Link

  @Override
  public int room() {
    RemoteWindow window = getRemoteWindow();
    return (int) Math.min(Math.min(window.getSize(), window.getPacketSize()), MAX_PACKET);
  }

  @Override
  public SftpConnection.Packet packet(int bytes) {
    getRemoteWindow().consume(bytes);
    // Memory that is used again is in the processor's cache, and need not be zeroed.
    boolean large = bytes >= MAX_PACKET / 4;
    Buffer before = large ? kept.poll() : null;
    int packetSize = large ? (int) Math.min(getRemoteWindow().getPacketSize(), MAX_PACKET) : bytes;
    Buffer buffer =
        before == null
            ? getSession().createBuffer(SshConstants.SSH_MSG_CHANNEL_DATA, packetSize + PACKET_HEAD)
            : getSession().prepareBuffer(SshConstants.SSH_MSG_CHANNEL_DATA, before);
    buffer.putUInt(getRecipient());
    buffer.putUInt(bytes);
    int offset = buffer.wpos();
    buffer.wpos(offset + bytes);
    return new DataPacket(buffer, offset, large);
  }

  @Override
  public void close() {
    Objects.requireNonNull(getSession()).close(true);
  }

  private final class DataPacket implements SftpConnection.Packet {
    private final Buffer buffer;
    private final int offset;
    private final boolean keep;

    /**
     * @param keep whether its memory is used for another one when it has been sent
     */
    DataPacket(Buffer buffer, int offset, boolean keep) {
      this.buffer = buffer;
      this.offset = offset;
      this.keep = keep;
    }

    @Override
    public byte[] array() {
      return buffer.array();
    }

    @Override
    public int offset() {
      return offset;
    }

    @Override
    public void send() throws IOException {
      // Should it fail later, MINA ends the session, and so the connection.
      IoWriteFuture written = ThreadUtils.runAsInternal(buffer, getSession()::writePacket);
      if (keep) {
        written.addListener(
            done -> {
              if (done.isWritten()) {
                kept.offer(buffer); // all of it is the kernel's by now
              }
            });
      }
    }
  }
}
