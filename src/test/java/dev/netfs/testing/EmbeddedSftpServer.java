package dev.netfs.testing;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.file.nativefs.NativeFileSystemFactory;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.keyboard.UserAuthKeyboardInteractiveFactory;
import org.apache.sshd.sftp.SftpModuleProperties;
import org.apache.sshd.sftp.server.SftpFileSystemAccessor;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;
import org.apache.sshd.sftp.server.SftpSubsystemProxy;

/**
 * MINA's SFTP server in this JVM, on a free port of loopback, over a directory that is its root;
 * with the user {@code demo} and the password {@code secret}. Needs nothing on the machine.
 */
public final class EmbeddedSftpServer implements AutoCloseable {
  private final SshServer server;
  private final Path root;
  private final Path knownHosts;

  private EmbeddedSftpServer(Path directory) throws IOException {
    root = Files.createDirectories(directory.resolve("root"));
    KeyPair hostKey = hostKey();
    server = SshServer.setUpDefaultServer();
    server.setHost("127.0.0.1");
    server.setPort(0);
    server.setKeyPairProvider(KeyPairProvider.wrap(hostKey));
    server.setPasswordAuthenticator(
        (user, password, session) -> user.equals("demo") && password.equals("secret"));
    server.setSubsystemFactories(
        List.of(new SftpSubsystemFactory.Builder().withFileSystemAccessor(new Links()).build()));
    // Not MINA's virtual file system, which cannot make symbolic links as they are given.
    server.setFileSystemFactory(new NativeFileSystemFactory());
    CoreModuleProperties.TCP_NODELAY.set(server, true);
    // Without lsetstat: on newer JDKs MINA's changes the file that a link leads to.
    SftpModuleProperties.OPENSSH_EXTENSIONS.set(
        server,
        "fsync@openssh.com=1,hardlink@openssh.com=1,posix-rename@openssh.com=1,"
            + "limits@openssh.com=1");
    server.start();
    knownHosts = directory.resolve("known_hosts");
    Files.writeString(
        knownHosts,
        "[127.0.0.1]:"
            + server.getPort()
            + " "
            + PublicKeyEntry.toString(hostKey.getPublic())
            + "\n");
  }

  /**
   * Starts a server.
   *
   * @param directory an existing directory for its root and its {@code known_hosts}
   */
  public static EmbeddedSftpServer start(Path directory) throws IOException {
    return new EmbeddedSftpServer(directory);
  }

  public int port() {
    return server.getPort();
  }

  /** Returns the directory that is there for the tests' data. */
  public Path root() {
    return root;
  }

  public Path knownHosts() {
    return knownHosts;
  }

  /** Returns the mount of {@link #root()}, or of a directory below it. */
  public URI uri(String below) {
    return URI.create("netfs+sftp://demo@127.0.0.1:" + port() + root + below);
  }

  /** Returns the options to sign on with, the host key checked. */
  public Map<String, Object> options() {
    return Map.of("password", "secret".toCharArray(), "knownHosts", knownHosts);
  }

  /** From now on the server takes the password only where it asked for it with this prompt. */
  public void askInWords(String prompt) {
    server.setUserAuthFactories(List.of(UserAuthKeyboardInteractiveFactory.INSTANCE));
    CoreModuleProperties.KB_SERVER_INTERACTIVE_PROMPT.set(server, prompt);
  }

  @Override
  public void close() throws IOException {
    server.stop(true);
  }

  private static KeyPair hostKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Refuses modes of symbolic links, as the system does. The JDK does so up to some version; JDK 25
   * sets the mode of the file that the link leads to, though it was told not to follow links.
   */
  private static final class Links implements SftpFileSystemAccessor {
    @Override
    public void setFilePermissions(
        SftpSubsystemProxy subsystem,
        Path file,
        Set<PosixFilePermission> permissions,
        LinkOption... options)
        throws IOException {
      if (List.of(options).contains(LinkOption.NOFOLLOW_LINKS) && Files.isSymbolicLink(file)) {
        throw new FileSystemException(file.toString(), null, "a symbolic link has no mode here");
      }
      SftpFileSystemAccessor.super.setFilePermissions(subsystem, file, permissions, options);
    }
  }
}
