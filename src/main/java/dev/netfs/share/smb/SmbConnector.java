package dev.netfs.share.smb;

import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.BufferUnderflowException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Connects one share: reaches the host, agrees on a dialect, signs on, connects the tree, finds the
 * root. What goes wrong on the way becomes one {@link ShareConnectException} that says what, where
 * and what to do. Confined to one thread.
 */
final class SmbConnector {
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);
  private static final int MOST_ROUNDS = 8;
  private static final int MOST_HOPS = 8;

  private final SmbTarget target;
  private final SmbIdentity identity;
  private final String seal;
  private final Duration timeout;
  private final long deadline;
  private final ShareOptions options;
  private final @Nullable SmbShare lost;
  private final String prefix;
  private final int hops;

  private SmbConnector(
      SmbTarget target, ShareOptions options, String prefix, @Nullable SmbShare lost, int hops) {
    this.target = target;
    this.prefix = prefix;
    this.options = options;
    this.lost = lost;
    this.hops = hops;
    this.timeout = options.duration("connectTimeout", DEFAULT_TIMEOUT);
    this.deadline = System.nanoTime() + timeout.toNanos();
    this.identity = SmbIdentity.of(target, options);
    this.seal = options.choice("seal", "auto", "auto", "required", "server");
    if (identity.isGuest() && seal.equals("required")) {
      throw new IllegalArgumentException(
          "options 'guest' and 'seal=required' exclude each other: guests have no keys");
    }
  }

  /**
   * Connects what a mount's URI names.
   *
   * @param lost the share that was connected before, whose session the server is to end if it has
   *     not noticed the loss; or null
   */
  static SmbTree connect(SmbTarget target, ShareOptions options, @Nullable SmbShare lost)
      throws IOException {
    return new SmbConnector(target, options, "", lost, 0).connect();
  }

  /**
   * Connects the first of several places that can be used.
   *
   * @param prefix where it is in the mount
   * @param lost as {@link #connect}
   */
  static SmbTree connectFirst(
      List<SmbTarget> targets, ShareOptions options, String prefix, @Nullable SmbShare lost)
      throws IOException {
    return connectFirst(targets, options, prefix, lost, 0);
  }

  private static SmbTree connectFirst(
      List<SmbTarget> targets,
      ShareOptions options,
      String prefix,
      @Nullable SmbShare lost,
      int hops)
      throws IOException {
    ShareConnectException failure = null;
    for (SmbTarget each : targets) {
      try {
        return new SmbConnector(each, options, prefix, lost, hops).connect();
      } catch (ShareConnectException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    throw Objects.requireNonNullElseGet(
        failure,
        () ->
            new ShareConnectException(
                Reason.NO_SUCH_SHARE, "the server names no place that there could be", null));
  }

  private SmbTree connect() throws IOException {
    SignOn signOn = identity.signOn(target);
    SmbConnection connection = new SmbConnection(target.server(), reach());
    SmbTree share = null;
    try {
      connection.start();
      Negotiation negotiation = new Negotiation(!identity.isGuest());
      negotiate(connection, negotiation);
      boolean encrypted = signOn(connection, negotiation, signOn);
      share = connectTree(connection, negotiation, encrypted);
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw failure(Reason.PROTOCOL, "the server's answers are malformed", e);
    } finally {
      if (share == null) {
        connection.lose("it was closed here", null);
      }
    }
    return share == null ? follow() : share;
  }

  // ---------------------------------------------------------------- the steps

  private SocketChannel reach() throws IOException {
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(target.host());
    } catch (UnknownHostException e) {
      throw failure(
          Reason.UNREACHABLE,
          "there is no host '" + target.host() + "': check the name, and that DNS works here",
          e);
    }
    IOException last = null;
    for (int i = 0; i < addresses.length; i++) {
      // An address that nobody answers at must not use up the time of those after it.
      long share = Math.max(1, leftMillis() / (addresses.length - i));
      SocketChannel channel = SocketChannel.open();
      try {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        channel.socket().connect(new InetSocketAddress(addresses[i], target.port()), (int) share);
        return channel;
      } catch (IOException e) {
        channel.close();
        if (Thread.interrupted()) { // the socket calls it by several names
          throw interrupted(e);
        }
        last = e;
      }
    }
    throw failure(
        Reason.UNREACHABLE,
        last instanceof SocketTimeoutException
            ? noAnswer("does not answer")
            : "the server cannot be reached: "
                + (last == null ? "it has no address" : last.getMessage())
                + ". Check the host and the port, and that an SMB server runs there",
        last);
  }

  private void negotiate(SmbConnection connection, Negotiation negotiation) throws IOException {
    Request request = negotiation.request();
    try {
      Response answer = await(connection.send(request), "does not answer as SMB servers do");
      negotiation.answered(answer);
      negotiation.hash(sent(request));
      negotiation.hash(answer.message());
    } catch (SmbStatus e) {
      throw failure(
          Reason.PROTOCOL,
          "the server knows none of the dialects SMB 2.1, 3.0, 3.0.2 and 3.1.1: " + e.getMessage(),
          e);
    } catch (ShareConnectException | InterruptedIOException e) {
      throw e;
    } catch (ShareDisconnectedException e) {
      throw failure(
          Reason.UNREACHABLE, // or it is just starting, or stopping: trying again may help
          "the server hung up on the first message: it is starting or stopping, or speaks SMB 1"
              + " only, or is no SMB server, or keeps this client out",
          e);
    } catch (IOException e) {
      throw failure(Reason.PROTOCOL, String.valueOf(e.getMessage()), e);
    }
    connection.limit(
        Math.max(
            negotiation.maxTransact(), Math.max(negotiation.maxRead(), negotiation.maxWrite())),
        negotiation.multiCredit());
  }

  /** Signs on, and returns whether everything is encrypted from now on. */
  private boolean signOn(SmbConnection connection, Negotiation negotiation, SignOn signOn)
      throws IOException {
    Response answer;
    try {
      byte[] token = signOn.first();
      for (int round = 0; ; round++) {
        if (round == MOST_ROUNDS) {
          throw failure(Reason.PROTOCOL, "signing on comes to no end", null);
        }
        Request request =
            Packets.sessionSetup(token, negotiation.securityMode(), previousSession());
        answer = await(connection.send(request), "answers, but signing on did not finish");
        connection.sessionId = answer.sessionId();
        negotiation.hash(sent(request));
        byte[] said = SmbIdentity.token(answer);
        if (answer.status() == NtStatus.SUCCESS) {
          signOn.last(said);
          break;
        }
        negotiation.hash(answer.message());
        token = signOn.next(said);
      }
    } catch (SmbStatus e) {
      throw failure(Reason.AUTHENTICATION, identity.refusal(e.status()), e);
    } catch (ShareConnectException | InterruptedIOException | ShareDisconnectedException e) {
      throw e;
    } catch (IOException e) {
      throw failure(Reason.AUTHENTICATION, String.valueOf(e.getMessage()), e);
    }
    int flags = answer.u16(2);
    // Who has no password has no keys. Samba flags no session that it gave to nobody in particular.
    boolean nobody = identity.isGuest() || (flags & (Smb2.SESSION_GUEST | Smb2.SESSION_NULL)) != 0;
    if (nobody) {
      if (!identity.isGuest()) {
        throw failure(
            Reason.AUTHENTICATION,
            "the server lets "
                + identity
                + " in as a guest only, whose messages nobody signs. Check the user's name and"
                + " the password, or set the option guest=true",
            null);
      }
      return false;
    }
    SessionKeys keys = negotiation.keys(signOn.sessionKey());
    checkSigned(keys, answer);
    boolean wanted = (flags & Smb2.SESSION_ENCRYPT) != 0 || seal.equals("required");
    boolean encrypt = negotiation.canEncrypt() && (wanted || seal.equals("auto"));
    if (wanted && !encrypt) {
      throw failure(
          Reason.PROTOCOL,
          "the server speaks SMB "
              + negotiation.dialect()
              + " and cannot encrypt, which the option seal=required asks for",
          null);
    }
    connection.protect(keys, encrypt);
    this.keys = keys;
    return encrypt;
  }

  /** A number means something to the server only that has given it. */
  private long previousSession() {
    return lost != null && lost.isOf(target) ? lost.sessionId() : 0;
  }

  private @Nullable SessionKeys keys;

  /** Where the server says that the share is really; empty if it is here. */
  private List<SmbTarget> elsewhere = List.of();

  /** The last answer of a sign-on is signed already: it proves that the server has the key. */
  private void checkSigned(SessionKeys keys, Response answer) throws ShareConnectException {
    byte[] message = answer.message().clone();
    MessageSigner signer = MessageSigner.of(keys.signingAlgorithm(), keys.signing());
    if (!signer.verify(message, 0, message.length)) {
      throw failure(
          Reason.UNTRUSTED_SERVER,
          "the server's signature is wrong: it does not know the password, or somebody has changed"
              + " messages on their way",
          null);
    }
  }

  /** Connects the share; null if it is {@link #elsewhere}. */
  private @Nullable SmbTree connectTree(
      SmbConnection connection, Negotiation negotiation, boolean encrypted) throws IOException {
    SmbPipes pipes = new SmbPipes(connection, target.host());
    Response answer;
    try {
      answer =
          await(
              connection.send(Packets.treeConnect("\\\\" + target.host() + "\\" + target.share())),
              "does not connect the share");
    } catch (SmbStatus e) {
      if (e.status() == NtStatus.BAD_NETWORK_NAME) {
        elsewhere = referrals(pipes, false);
      }
      if (!elsewhere.isEmpty()) {
        return null;
      }
      throw treeRefused(e, encrypted);
    }
    boolean dfs = (answer.i32(8) & Smb2.SHARE_CAP_DFS) != 0;
    if (dfs && !target.directory().isEmpty()) {
      elsewhere = referrals(pipes, true);
      if (!elsewhere.isEmpty()) {
        return null;
      }
    }
    if (answer.u8(2) != Smb2.SHARE_DISK) {
      throw failure(
          Reason.NO_SUCH_SHARE,
          "the share '" + target.share() + "' has no files: it is a printer or a pipe",
          null);
    }
    connection.treeId = answer.treeId();
    int maximalAccess = answer.i32(12);
    if ((answer.i32(4) & Smb2.SHARE_ENCRYPT) != 0 && !encrypted) {
      SessionKeys encrypting = keys;
      if (encrypting == null || !negotiation.canEncrypt()) {
        throw failure(
            Reason.PROTOCOL,
            "the share '"
                + target.share()
                + "' has to be encrypted, which "
                + (encrypting == null ? "guests cannot" : "SMB " + negotiation.dialect())
                + (encrypting == null ? "" : " cannot"),
            null);
      }
      connection.protect(encrypting, true);
    }
    if (negotiation.needsValidation() && keys != null) {
      validate(connection, negotiation);
    }
    return findRoot(connection, negotiation, maximalAccess, dfs, pipes);
  }

  /**
   * Asks where the mount's root is kept (MS-DFSC); a server that does not know has it itself.
   *
   * @param directory whether to ask for all of it, and not for the share only
   */
  private List<SmbTarget> referrals(SmbPipes pipes, boolean directory) throws IOException {
    String path = target.path();
    String asked = directory ? path : "\\" + target.host() + "\\" + target.share();
    try {
      DfsReferral referral = await(pipes.referral(asked), "does not say where the share is");
      return target.atAll(referral.of(path));
    } catch (SmbStatus e) {
      return List.of();
    }
  }

  /** Connects where the server has said that the share is: the first place that can be used. */
  private SmbTree follow() throws IOException {
    if (hops == MOST_HOPS) {
      throw failure(
          Reason.NO_SUCH_SHARE,
          "its DFS links lead on and on, probably in a circle: correct them on the server",
          null);
    }
    try {
      return connectFirst(elsewhere, options, prefix, lost, hops + 1);
    } catch (ShareConnectException e) {
      throw failure(
          e.reason(), "it is a DFS link to where it cannot be used: " + e.getMessage(), e);
    }
  }

  private ShareConnectException treeRefused(SmbStatus e, boolean encrypted) {
    return switch (e.status()) {
      case NtStatus.BAD_NETWORK_NAME, NtStatus.OBJECT_NAME_NOT_FOUND, NtStatus.NOT_FOUND ->
          failure(
              Reason.NO_SUCH_SHARE,
              "the server has no share '" + target.share() + "': check the URI's first element",
              e);
      case NtStatus.ACCESS_DENIED ->
          failure(
              Reason.AUTHENTICATION,
              "the server does not let "
                  + identity
                  + " use the share '"
                  + target.share()
                  + "'"
                  + (encrypted ? "" : "; it may want encryption, see the option seal"),
              e);
      default ->
          failure(
              Reason.NO_SUCH_SHARE,
              "the share '" + target.share() + "' cannot be used: " + e.getMessage(),
              e);
    };
  }

  private void validate(SmbConnection connection, Negotiation negotiation) throws IOException {
    try {
      Response answer =
          await(connection.send(negotiation.validation()), "does not say what it has said");
      if (!negotiation.isValid(answer)) {
        throw failure(
            Reason.UNTRUSTED_SERVER,
            "somebody has changed messages on their way, to make this connection a weaker one",
            null);
      }
    } catch (SmbStatus e) {
      // A signed refusal: a server too old to know the question (3.2.5.5).
      if (e.status() != NtStatus.INVALID_DEVICE_REQUEST
          && e.status() != NtStatus.NOT_SUPPORTED
          && e.status() != NtStatus.FILE_CLOSED) {
        throw failure(
            Reason.UNTRUSTED_SERVER,
            "the server does not confirm what was agreed on: " + e.getMessage(),
            e);
      }
    }
  }

  private SmbTree findRoot(
      SmbConnection connection,
      Negotiation negotiation,
      int maximalAccess,
      boolean dfs,
      SmbPipes pipes)
      throws IOException {
    SmbClient client =
        new SmbClient(
            connection, negotiation, new SmbNames(target.directory(), prefix), maximalAccess);
    Request root =
        Packets.create(
            target.directory(),
            Smb2.FILE_READ_DATA | Smb2.FILE_READ_ATTRIBUTES,
            Smb2.OPEN,
            Smb2.DIRECTORY_FILE);
    try {
      await(SmbFailures.about(client.touch(root), "/"), "does not open the root");
      return new SmbTree(new SmbShare(client, pipes), target, prefix, dfs, pipes);
    } catch (ShareDisconnectedException | ShareConnectException | InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      throw failure(
          Reason.NO_SUCH_SHARE,
          target.directory().isEmpty()
              ? "the share '" + target.share() + "' cannot be listed: " + e.getMessage()
              : "'"
                  + target.directory()
                  + "' is no directory of the share '"
                  + target.share()
                  + "' that "
                  + identity
                  + " may list: "
                  + reason(e),
          e);
    }
  }

  private static String reason(IOException e) {
    return e.getClass()
        .getSimpleName()
        .replace("Exception", "")
        .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
        .toLowerCase(Locale.ROOT);
  }

  // ---------------------------------------------------------------- waiting and failing

  private static byte[] sent(Request request) {
    byte[] sent = request.sent;
    return sent == null ? new byte[0] : Arrays.copyOf(sent, sent.length);
  }

  private <T> T await(CompletableFuture<T> stage, String what) throws IOException {
    try {
      if (Thread.interrupted()) { // get() looks at it only where it has to wait
        throw new InterruptedException();
      }
      return stage.get(Math.max(1, leftMillis()), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw failure(Reason.UNREACHABLE, noAnswer(what), e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof IOException failure) {
        throw failure;
      }
      if (cause instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IOException(cause);
    }
  }

  private InterruptedIOException interrupted(Exception cause) {
    Thread.currentThread().interrupt();
    InterruptedIOException interrupted =
        new InterruptedIOException("interrupted while connecting to " + target.server());
    interrupted.initCause(cause);
    return interrupted;
  }

  private long leftMillis() {
    return TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
  }

  private String noAnswer(String what) {
    return "the server " + what + " within " + timeout.toMillis() + " ms (option connectTimeout)";
  }

  private ShareConnectException failure(Reason reason, String message, @Nullable Throwable cause) {
    return new ShareConnectException(
        reason, "cannot connect to " + target.shareName() + ": " + message, cause);
  }
}
