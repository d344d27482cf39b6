package dev.netfs.cli.bench;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.config.hosts.HostConfigEntryResolver;
import org.apache.sshd.client.keyverifier.AcceptAllServerKeyVerifier;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.keyprovider.FileKeyPairProvider;
import org.apache.sshd.common.keyprovider.KeyIdentityProvider;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.sftp.client.SftpClientFactory;
import org.jspecify.annotations.Nullable;

/**
 * The file system that Apache MINA SSHD brings itself, set up as well as it can be: without Nagle's
 * delays, and with buffers of 128 KiB.
 */
final class MinaContestant implements Contestant {
  private static final int BUFFER = 128 << 10;
  private static final long WINDOW = 16L << 20;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final BenchServer.Login login;
  private final Line line;
  private final SshClient client;
  private @Nullable FileSystem fs;

  MinaContestant(BenchServer.Login login, Line line) throws IOException {
    this.login = login;
    this.line = line;
    client = SshClient.setUpDefaultClient();
    client.setHostConfigEntryResolver(HostConfigEntryResolver.EMPTY);
    // The server is the benchmark's own, on loopback, and is sent no secret.
    client.setServerKeyVerifier(AcceptAllServerKeyVerifier.INSTANCE);
    try {
      client.setKeyIdentityProvider(
          KeyIdentityProvider.wrapKeyPairs(
              new FileKeyPairProvider(login.privateKey()).loadKeys(null)));
    } catch (RuntimeException e) {
      throw new BenchException("MINA cannot read the key " + login.privateKey(), e);
    }
    CoreModuleProperties.TCP_NODELAY.set(client, true);
    CoreModuleProperties.WINDOW_SIZE.set(client, WINDOW);
    client.start();
  }

  @Override
  public String name() {
    return "mina";
  }

  @Override
  public void renew(Workload workload, boolean first) throws IOException {
    unmount();
    ClientSession session =
        client
            .connect(login.user(), "127.0.0.1", line.address().getPort())
            .verify(TIMEOUT)
            .getSession();
    session.auth().verify(TIMEOUT);
    fs = SftpClientFactory.instance().createSftpFileSystem(session, BUFFER, BUFFER);
  }

  @Override
  public Path root() {
    if (fs == null) {
      throw new IllegalStateException("not mounted");
    }
    return fs.getPath(login.directory());
  }

  @Override
  public Counters counters() {
    return Counters.ofLine(line);
  }

  private void unmount() throws IOException {
    FileSystem mounted = fs;
    fs = null;
    if (mounted != null) {
      mounted.close();
    }
  }

  @Override
  public void close() throws IOException {
    unmount();
    client.close(true).await(TIMEOUT);
  }
}
