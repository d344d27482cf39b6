package dev.netfs.share.sftp;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.sshd.agent.SshAgent;
import org.apache.sshd.agent.SshAgentFactory;
import org.apache.sshd.agent.SshAgentServer;
import org.apache.sshd.agent.common.AbstractAgentProxy;
import org.apache.sshd.common.FactoryManager;
import org.apache.sshd.common.channel.ChannelFactory;
import org.apache.sshd.common.session.ConnectionService;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.util.buffer.Buffer;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;

/**
 * The user's SSH agent, over its Unix socket (draft-ietf-sshm-ssh-agent, section 3): MINA has the
 * messages, and the JDK the socket, for which MINA would want a native library.
 */
final class SshAgentSocket extends AbstractAgentProxy {
  private static final int MAX_ANSWER = 1 << 20;

  private final SocketChannel socket;

  /** Keeps requests apart. */
  private final ReentrantLock lock = new ReentrantLock();

  private SshAgentSocket(SocketChannel socket) {
    super(null);
    this.socket = socket;
  }

  /** Returns what connects to an agent whenever MINA wants to sign on. */
  static SshAgentFactory factory(Path path) {
    return new SshAgentFactory() {
      @Override
      public List<ChannelFactory> getChannelForwardingFactories(FactoryManager manager) {
        return List.of(); // the agent is for this session alone
      }

      @Override
      public SshAgent createClient(Session session, FactoryManager manager) throws IOException {
        SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
          socket.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
          socket.close();
          return new NoAgent(); // one that has gone away has no keys; other keys may do
        }
        return new SshAgentSocket(socket);
      }

      @Override
      public SshAgentServer createServer(ConnectionService service) {
        throw new UnsupportedOperationException("an agent is never forwarded");
      }
    };
  }

  @Override
  protected Buffer request(Buffer buffer) throws IOException {
    lock.lock();
    try {
      ByteBuffer out = ByteBuffer.wrap(buffer.array(), buffer.rpos(), buffer.available());
      while (out.hasRemaining()) {
        socket.write(out);
      }
      int length = read(4).getInt();
      if (length < 1 || length > MAX_ANSWER) {
        throw new IOException("the SSH agent answers with " + length + " bytes");
      }
      return new ByteArrayBuffer(read(length).array());
    } finally {
      lock.unlock();
    }
  }

  private ByteBuffer read(int count) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(count);
    while (in.hasRemaining()) {
      if (socket.read(in) < 0) {
        throw new EOFException("the SSH agent closed its socket");
      }
    }
    return in.flip();
  }

  @Override
  public boolean isOpen() {
    return socket.isOpen();
  }

  @Override
  public void close() throws IOException {
    socket.close();
    super.close();
  }

  /** An agent without keys. */
  private static final class NoAgent extends AbstractAgentProxy {
    NoAgent() {
      super(null);
    }

    @Override
    public Iterable<? extends Map.Entry<PublicKey, String>> getIdentities() {
      return List.of();
    }

    @Override
    protected Buffer request(Buffer buffer) throws IOException {
      throw new IOException("there is no SSH agent");
    }

    @Override
    public boolean isOpen() {
      return true;
    }
  }
}
