package dev.netfs.cli;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.file.virtualfs.VirtualFileSystemFactory;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.session.ServerSession;
import org.apache.sshd.sftp.server.FileHandle;
import org.apache.sshd.sftp.server.Handle;
import org.apache.sshd.sftp.server.SftpEventListener;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;
import org.jspecify.annotations.Nullable;

/**
 * The demo's SFTP server: Apache MINA SSHD on a free port of the loopback interface, with a host
 * key made for the occasion, one user, and one directory, out of which nobody gets. It keeps its
 * own count of what it is asked, so that nobody has to take netfs's word for it.
 *
 * <p>Safe for use by several threads.
 */
final class DemoServer implements Closeable {
  private static final String HOST = "127.0.0.1";

  private final SshServer server;
  private final KeyPair hostKey;
  private final LongAdder requests = new LongAdder();
  private final LongAdder bytesRead = new LongAdder();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition handleClosed = lock.newCondition();
  private int openHandles; // guarded by lock

  /**
   * Starts a server.
   *
   * @param root the directory that is its users' root
   * @param user the only user
   * @param password the user's password, which is copied
   */
  DemoServer(Path root, String user, char[] password) throws IOException {
    hostKey = hostKey();
    byte[] expected = new String(password).getBytes(StandardCharsets.UTF_8);
    server = SshServer.setUpDefaultServer();
    server.setHost(HOST);
    server.setPort(0);
    server.setKeyPairProvider(KeyPairProvider.wrap(hostKey));
    server.setPasswordAuthenticator(
        (name, given, session) ->
            name.equals(user)
                && MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), expected));
    server.setFileSystemFactory(new VirtualFileSystemFactory(root));
    CoreModuleProperties.TCP_NODELAY.set(server, true);
    SftpSubsystemFactory sftp = new SftpSubsystemFactory();
    sftp.addSftpEventListener(new Counter());
    server.setSubsystemFactories(List.of(sftp));
    server.start();
  }

  private static KeyPair hostKey() throws IOException {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IOException("no host key can be made: " + e.getMessage(), e);
    }
  }

  /** Returns {@code host:port}. */
  String address() {
    return HOST + ":" + server.getPort();
  }

  /** Returns where it listens. */
  InetSocketAddress socketAddress() {
    return new InetSocketAddress(HOST, server.getPort());
  }

  /** Writes the line of {@code known_hosts} that makes this server trusted. */
  void writeKnownHosts(Path file) throws IOException {
    writeKnownHosts(file, server.getPort());
  }

  /** As {@link #writeKnownHosts(Path)}, for clients that come through another port. */
  void writeKnownHosts(Path file, int port) throws IOException {
    Files.writeString(
        file, "[" + HOST + "]:" + port + " " + PublicKeyEntry.toString(hostKey.getPublic()) + "\n");
  }

  /** Returns how many SFTP requests have come in so far, of any kind. */
  long requests() {
    return requests.sum();
  }

  /** Returns how many bytes of files have been read so far. */
  long bytesRead() {
    return bytesRead.sum();
  }

  /**
   * Waits until so many files, and no more, are open: clients do not wait for the answer to a
   * close.
   */
  void awaitOpenFiles(int wanted, Duration limit) throws IOException {
    lock.lock();
    try {
      long left = limit.toNanos();
      while (openHandles > wanted) {
        if (left <= 0) {
          throw new IOException(openHandles + " files are open on the server, not " + wanted);
        }
        left = handleClosed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    server.close(true).await(TimeUnit.SECONDS.toMillis(5));
  }

  private final class Counter implements SftpEventListener {
    @Override
    public void received(ServerSession session, int type, int id) {
      requests.increment();
    }

    @Override
    public void read(
        ServerSession session,
        String remoteHandle,
        FileHandle localHandle,
        long offset,
        byte[] data,
        int dataOffset,
        int dataLen,
        int readLen,
        @Nullable Throwable thrown) {
      bytesRead.add(Math.max(0, readLen));
    }

    @Override
    public void open(ServerSession session, String remoteHandle, Handle localHandle) {
      handles(1);
    }

    @Override
    public void closed(
        ServerSession session,
        String remoteHandle,
        Handle localHandle,
        @Nullable Throwable thrown) {
      handles(-1);
    }

    private void handles(int more) {
      lock.lock();
      try {
        openHandles += more;
        handleClosed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
