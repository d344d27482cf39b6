package dev.netfs.share.sftp;

import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareProvider;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Shares over SFTP: {@code netfs+sftp://user@host:port/root}, on Apache MINA SSHD's client.
 *
 * <p>Speaks SFTP version 3 (draft-ietf-secsh-filexfer-02), the one that OpenSSH and nearly
 * everybody else speaks, and uses what OpenSSH's file {@code PROTOCOL} adds where the server
 * announces it: {@code posix-rename@openssh.com} (section 4.3), {@code statvfs@openssh.com} (4.4),
 * {@code hardlink@openssh.com} (4.5), {@code fsync@openssh.com} (4.6), {@code lsetstat@openssh.com}
 * (4.7), {@code limits@openssh.com} (4.8), {@code copy-data} (4.10), {@code
 * users-groups-by-id@openssh.com} (4.12). The protocol has no locks, leases or notification; times
 * are whole seconds.
 *
 * <p>The URI's path is an absolute one on the server, {@code /~/x} one in the user's home
 * directory.
 *
 * <p>Options: {@code password} or {@code passwordFile}; {@code privateKey}, a key file in OpenSSH's
 * or PEM format, with {@code privateKeyPassphrase}; with neither, the keys of {@code ~/.ssh/id_*}
 * and of the SSH agent. {@code knownHosts}, the file with the servers' keys, by default {@code
 * ~/.ssh/known_hosts} and {@code /etc/ssh/ssh_known_hosts}; {@code hostKey}: {@code strict} refuses
 * a server whose key is not there, {@code accept-new} adds it, and both refuse one whose key is
 * another. {@code connectTimeout} bounds connecting and signing on.
 *
 * <p>This class itself does without MINA's classes, so that it loads where they are missing.
 */
public final class SftpShareProvider implements ShareProvider {
  private static final String LIBRARY = "org.apache.sshd:sshd-osgi:2.20.0";

  private static final Set<String> OPTIONS =
      Set.of(
          "password",
          "passwordFile",
          "privateKey",
          "privateKeyPassphrase",
          "knownHosts",
          "hostKey",
          "connectTimeout");

  /** Does nothing. */
  public SftpShareProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of(SftpTarget.SCHEME);
  }

  @Override
  public Set<String> options() {
    return OPTIONS;
  }

  @Override
  public @Nullable String missingLibrary() {
    try {
      Class.forName(
          "org.apache.sshd.client.SshClient", false, SftpShareProvider.class.getClassLoader());
      return null;
    } catch (ClassNotFoundException | LinkageError e) {
      return LIBRARY;
    }
  }

  @Override
  public Share connect(ShareConfig config) throws IOException {
    SftpTarget target = SftpTarget.of(config);
    String missing = missingLibrary();
    if (missing != null) {
      throw new ShareConnectException(
          Reason.MISSING_LIBRARY,
          "cannot connect to "
              + target.server()
              + ": the SSH client is not on the class path; add "
              + missing,
          null);
    }
    // MINA looks for its own parts in the thread's context class loader first. Another copy of MINA
    // there, in an application server say, is not made for this one. Its threads inherit this too.
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(SftpShareProvider.class.getClassLoader());
    try {
      return SftpConnector.connect(target, config.options(), UserHome.ofThisUser());
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
