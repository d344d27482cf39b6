package dev.netfs.share.sftp;

import dev.netfs.share.Share;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.auth.password.PasswordAuthenticationReporter;
import org.apache.sshd.client.auth.pubkey.PublicKeyAuthenticationReporter;
import org.apache.sshd.client.config.hosts.HostConfigEntry;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.SshException;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.session.ConnectionService;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.session.SessionListener;
import org.apache.sshd.common.util.buffer.ByteArrayBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Connects one share: reaches the host, checks its key, signs on, starts the SFTP subsystem, finds
 * the root. What goes wrong on the way becomes one {@link ShareConnectException} that says what,
 * where and what to do. Confined to one thread, but for {@link Watch}, which MINA's threads call.
 */
final class SftpConnector {
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  private final SftpTarget target;
  private final Duration timeout;
  private final long deadline;
  private final HostKeyPolicy policy;
  private final Credentials credentials;
  private final Watch watch = new Watch();

  private SftpConnector(SftpTarget target, ShareOptions options, UserHome home)
      throws ShareConnectException {
    this.target = target;
    this.timeout = options.duration("connectTimeout", DEFAULT_TIMEOUT);
    this.deadline = System.nanoTime() + timeout.toNanos();
    JdkEd25519Registrar.install(); // before the first key is read
    this.policy = HostKeyPolicy.of(target, options, home);
    this.credentials = Credentials.of(target, options, home);
  }

  static Share connect(SftpTarget target, ShareOptions options, UserHome home) throws IOException {
    return new SftpConnector(target, options, home).connect();
  }

  private Share connect() throws IOException {
    InetAddress[] addresses = resolve();
    SshClient client = SshClients.create(credentials, policy.knownTypes(), timeout);
    boolean done = false;
    try {
      client.setServerKeyVerifier((session, address, key) -> watch.check(key));
      client.setPasswordAuthenticationReporter(watch.passwords);
      client.setPublicKeyAuthenticationReporter(watch.keys);
      client.addSessionListener(watch);
      client.start();
      ClientSession session = reach(client, addresses);
      signOn(session);
      SftpChannel channel = new SftpChannel(target.server());
      watch.channel = channel;
      startSubsystem(session, channel);
      Share share = findRoot(new SftpClient(channel.connection()));
      session.addCloseFutureListener(closed -> Background.stop(client));
      done = true;
      return share;
    } finally {
      if (!done) {
        Background.stop(client);
      }
    }
  }

  // ---------------------------------------------------------------- the steps

  private InetAddress[] resolve() throws ShareConnectException {
    try {
      return InetAddress.getAllByName(target.host());
    } catch (UnknownHostException e) {
      throw failure(
          Reason.UNREACHABLE,
          "there is no host '" + target.host() + "': check the name, and that DNS works here",
          e);
    }
  }

  private ClientSession reach(SshClient client, InetAddress[] addresses) throws IOException {
    IOException last = null;
    for (int i = 0; i < addresses.length; i++) {
      // An address that nobody answers at must not use up the time of those after it.
      long share = Math.max(1, left() / (addresses.length - i));
      try {
        HostConfigEntry entry =
            new HostConfigEntry(
                "", addresses[i].getHostAddress(), target.port(), target.user(), null);
        return client.connect(entry, null, null).verify(share).getSession();
      } catch (InterruptedIOException e) {
        throw e;
      } catch (IOException e) {
        last = e;
      }
    }
    boolean inTime = left() > 0 && !isTimeout(last);
    throw failure(
        Reason.UNREACHABLE,
        inTime
            ? "the server cannot be reached: "
                + innermost(last)
                + ". Check the host and the port, and that an SSH server runs there"
            : noAnswer("does not answer"),
        last);
  }

  private void signOn(ClientSession session) throws IOException {
    try {
      session.auth().verify(patience());
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      ShareConnectException untrusted = watch.untrusted;
      if (untrusted != null) {
        throw untrusted;
      }
      if (isTimeout(e) || left() <= 0) {
        throw failure(
            Reason.UNREACHABLE,
            noAnswer(
                watch.peerKnown
                    ? "answers, but signing on did not finish"
                    : "accepts connections, but does not greet as SSH servers do"),
            e);
      }
      if (!watch.encrypted && !isHangUp(e)) {
        throw failure(Reason.PROTOCOL, "no SSH connection could be agreed on: " + innermost(e), e);
      }
      if (!watch.encrypted) {
        throw failure(
            Reason.UNREACHABLE,
            watch.peerKnown
                ? "the connection broke: " + innermost(e) + ". Try again"
                : "the server closed the connection at once; it may be overloaded, or keep this"
                    + " client out",
            e);
      }
      throw notSignedOn(e);
    }
  }

  private ShareConnectException notSignedOn(IOException e) {
    boolean refused =
        e instanceof SshException ssh
            && (ssh.getDisconnectCode()
                    == SshConstants.SSH2_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE
                || String.valueOf(ssh.getMessage()).contains("authentication"));
    if (!refused) {
      return failure(
          Reason.UNREACHABLE,
          "the connection broke while signing on: " + innermost(e) + ". Try again",
          e);
    }
    List<String> methods = watch.methods;
    return failure(
        Reason.AUTHENTICATION,
        "the server refuses the user '"
            + target.user()
            + "' with "
            + credentials.description()
            + (methods.isEmpty() ? "" : "; it accepts: " + String.join(", ", methods))
            + ". Check the user's name and the options password, passwordFile or privateKey",
        e);
  }

  private void startSubsystem(ClientSession session, SftpChannel channel) throws IOException {
    try {
      session.getService(ConnectionService.class).registerChannel(channel);
      channel.open().verify(patience());
      if (await(channel.accepted(), "does not start its SFTP subsystem")) {
        return;
      }
    } catch (ShareConnectException | InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      if (isTimeout(e)) {
        throw failure(Reason.UNREACHABLE, noAnswer("does not open a session"), e);
      }
      throw session.isOpen()
          ? failure(Reason.PROTOCOL, "the server does not open a session: " + innermost(e), e)
          : broken(e);
    }
    throw failure(
        Reason.PROTOCOL,
        "the server has no SFTP subsystem for the user '"
            + target.user()
            + "'; its administrator has to enable it (OpenSSH: Subsystem sftp internal-sftp)",
        null);
  }

  private Share findRoot(SftpClient client) throws IOException {
    SftpClient.Limits limits = SftpClient.Limits.UNKNOWN;
    String root = target.path();
    try {
      await(client.init(), "does not speak SFTP");
      if (target.inHome()) {
        String home = await(client.realPath("."), "does not tell the home directory");
        root = root.isEmpty() ? home : (home.equals("/") ? "" : home) + "/" + root;
      }
      if (client.has(SftpProtocol.LIMITS)) {
        limits = await(client.limits(), "does not tell its limits");
      }
    } catch (ShareConnectException | InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      if (isBroken(e)) {
        throw broken(e);
      }
      throw failure(
          Reason.PROTOCOL,
          "the server starts its SFTP subsystem, which does not work: "
              + innermost(e)
              + ". A login script of the user's that prints something has this effect too",
          e);
    }
    SftpAttributes attributes;
    String realRoot;
    try {
      CompletableFuture<SftpAttributes> stat = client.stat(root, true);
      CompletableFuture<String> real = client.realPath(root);
      attributes = await(stat, "does not tell about the root directory");
      realRoot = await(real, "does not tell about the root directory");
    } catch (ShareConnectException | InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      if (isBroken(e)) {
        throw broken(e);
      }
      String what =
          switch (SftpFailures.code(e)) {
            case SftpProtocol.NO_SUCH_FILE, SftpProtocol.NO_SUCH_PATH ->
                "there is no directory " + root;
            case SftpProtocol.PERMISSION_DENIED -> "the user may not see the directory " + root;
            default -> "the directory " + root + " cannot be used: " + innermost(e);
          };
      throw failure(
          Reason.NO_SUCH_SHARE,
          what + " on the server; check the path of the mount's URI, which is absolute there",
          e);
    }
    if (!attributes.toInfo().build().isDirectory()) {
      throw failure(
          Reason.NO_SUCH_SHARE,
          root + " on the server is not a directory; a mount needs one, check the URI's path",
          null);
    }
    return new SftpShare(client, new SftpPaths(root, realRoot), SftpLimits.of(limits), attributes);
  }

  // ---------------------------------------------------------------- waiting and failing

  private <T> T await(CompletableFuture<T> stage, String what) throws IOException {
    try {
      if (Thread.interrupted()) { // get() looks at it only where it has to wait
        throw new InterruptedException();
      }
      return stage.get(patience(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw failure(Reason.UNREACHABLE, noAnswer(what), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted =
          new InterruptedIOException("interrupted while connecting to " + target.server());
      interrupted.initCause(e);
      throw interrupted;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IOException(e.getCause());
    }
  }

  /** Returns the milliseconds until the time is up; 0 or less when it is. */
  private long left() {
    return TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
  }

  /** Returns the milliseconds to wait for a step, for which no time at all is an argument error. */
  private long patience() {
    return Math.max(1, left());
  }

  private String noAnswer(String what) {
    return "the server "
        + what
        + " within "
        + timeout.toMillis()
        + " ms. Check the host, the port and the network, or give it more time with the option"
        + " connectTimeout";
  }

  private ShareConnectException failure(Reason reason, String what, @Nullable Throwable cause) {
    return new ShareConnectException(
        reason, "cannot connect to " + target.server() + ": " + what, cause);
  }

  private ShareConnectException broken(Throwable cause) {
    return failure(
        Reason.UNREACHABLE, "the connection broke: " + innermost(cause) + ". Try again", cause);
  }

  /** Whether the network ended the connection, and neither what the server said nor its process. */
  private boolean isBroken(Throwable failure) {
    SftpChannel open = watch.channel;
    return failure instanceof ShareDisconnectedException
        && !(failure.getCause() instanceof PacketReader.ProtocolViolation)
        && (open == null || !open.processEnded());
  }

  private static boolean isTimeout(@Nullable Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof TimeoutException) {
        return true;
      }
    }
    return false;
  }

  /** Whether a failure is the network's, or the end of the session; not what the server sent. */
  private static boolean isHangUp(Throwable failure) {
    Throwable inner = failure;
    while (inner.getCause() != null) {
      inner = inner.getCause();
    }
    return inner instanceof SshException
        ? "Session is being closed".equals(inner.getMessage())
        : inner instanceof IOException;
  }

  private static String innermost(@Nullable Throwable failure) {
    Throwable inner = failure;
    while (inner != null && inner.getCause() != null) {
      inner = inner.getCause();
    }
    if (inner == null) {
      return "no reason given";
    }
    return inner.getMessage() == null ? inner.getClass().getSimpleName() : inner.getMessage();
  }

  /** What MINA tells while it connects. Called on its threads. */
  private final class Watch implements SessionListener {
    volatile @Nullable ShareConnectException untrusted;
    private byte @Nullable [] trusted; // the server's key; confined to the session's thread
    volatile @Nullable SftpChannel channel;
    volatile boolean peerKnown; // it has greeted as an SSH server
    volatile boolean encrypted;
    volatile List<String> methods = List.of(); // of signing on, that the server accepts

    final PasswordAuthenticationReporter passwords =
        new PasswordAuthenticationReporter() {
          @Override
          public void signalAuthenticationFailure(
              ClientSession session,
              String service,
              String password,
              boolean partial,
              List<String> serverMethods) {
            methods = List.copyOf(serverMethods);
          }
        };

    final PublicKeyAuthenticationReporter keys =
        new PublicKeyAuthenticationReporter() {
          @Override
          public void signalAuthenticationFailure(
              ClientSession session,
              String service,
              KeyPair identity,
              boolean partial,
              List<String> serverMethods) {
            methods = List.copyOf(serverMethods);
          }
        };

    /** Decides on the server's key: at first, and again whenever keys are exchanged anew. */
    boolean check(PublicKey key) {
      ByteArrayBuffer buffer = new ByteArrayBuffer();
      buffer.putRawPublicKey(key);
      byte[] encoded = buffer.getCompactData();
      byte[] before = trusted;
      if (before != null) {
        return MessageDigest.isEqual(before, encoded);
      }
      untrusted = policy.check(KeyUtils.getKeyType(key), encoded);
      if (untrusted != null) {
        return false;
      }
      trusted = encoded;
      return true;
    }

    @Override
    public void sessionPeerIdentificationReceived(
        Session session, String version, List<String> extraLines) {
      peerKnown = true;
    }

    @Override
    public void sessionEvent(Session session, Event event) {
      if (event == Event.KeyEstablished) {
        encrypted = true;
      }
    }

    @Override
    public void sessionException(Session session, Throwable t) {
      end(innermost(t));
    }

    @Override
    public void sessionDisconnect(
        Session session, int code, String text, String language, boolean initiator) {
      end((initiator ? "disconnected: " : "the server disconnected: ") + text);
    }

    private void end(String why) {
      SftpChannel open = channel;
      if (open != null) {
        open.ending(why);
      }
    }
  }
}
