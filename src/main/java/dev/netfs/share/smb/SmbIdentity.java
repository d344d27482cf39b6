package dev.netfs.share.smb;

import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareOptions;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Who signs on, and how, as a mount's URI and options say. */
final class SmbIdentity {
  private final String user;
  private final String domain;
  private final boolean guest;
  private final boolean kerberos;
  private final ShareOptions options;

  private SmbIdentity(
      String user, String domain, boolean guest, boolean kerberos, ShareOptions options) {
    this.user = user;
    this.domain = domain;
    this.guest = guest;
    this.kerberos = kerberos;
    this.options = options;
  }

  /**
   * @throws IllegalArgumentException if options are malformed or exclude each other
   */
  static SmbIdentity of(SmbTarget target, ShareOptions options) {
    boolean guest = options.bool("guest", false);
    boolean kerberos = options.choice("sec", "ntlmssp", "ntlmssp", "krb5").equals("krb5");
    if (guest && kerberos) {
      throw new IllegalArgumentException(
          "options 'guest' and 'sec=krb5' exclude each other; leave one out");
    }
    String named = options.string("domain");
    String domain = named == null ? target.domain() : named;
    String user = target.user();
    if (user.isEmpty() && !guest && !kerberos) {
      user = System.getProperty("user.name", "");
    }
    return new SmbIdentity(user, domain, guest, kerberos, options);
  }

  /** Whether to sign on as nobody in particular, whose messages have no key to be signed with. */
  boolean isGuest() {
    return guest;
  }

  /**
   * Returns the dialogue to sign on with.
   *
   * @throws IllegalArgumentException if an option names a file that cannot be read
   * @throws ShareConnectException if there is nothing to sign on with
   */
  SignOn signOn(SmbTarget target) throws ShareConnectException {
    char[] password = options.secret("password", "passwordFile");
    try {
      if (kerberos) {
        return new Kerberos(target.host(), user, domain, password);
      }
      if (guest) {
        return new Ntlm(user, domain, password == null ? new char[0] : password, target.host());
      }
      if (password == null) {
        throw new ShareConnectException(
            Reason.AUTHENTICATION,
            "nothing to sign on with at "
                + target.server()
                + ": set the option password or passwordFile, or sec=krb5 where there is a"
                + " Kerberos ticket, or guest=true where the server lets everybody in",
            null);
      }
      return new Ntlm(user, domain, password, target.host());
    } finally {
      if (password != null && !kerberos) {
        Arrays.fill(password, '\0');
      }
    }
  }

  /** Returns the token in the answer to a SESSION_SETUP. */
  static byte[] token(Response answer) {
    ByteBuffer buffer = answer.buffer(answer.u16(4), answer.u16(6));
    byte[] token = new byte[buffer.remaining()];
    buffer.get(token);
    return token;
  }

  /** Says what the server's refusal means, and what to do. */
  String refusal(int status) {
    String check =
        kerberos
            ? "Check the ticket (klist) and that the server is a member of its realm"
            : "Check the user's name, the option domain, and the option password or passwordFile";
    String why =
        switch (status) {
          case NtStatus.PASSWORD_EXPIRED, NtStatus.PASSWORD_MUST_CHANGE ->
              "the password has to be changed before it can be used";
          case NtStatus.ACCOUNT_DISABLED -> "the account is disabled";
          case NtStatus.ACCOUNT_EXPIRED -> "the account has expired";
          case NtStatus.ACCOUNT_LOCKED_OUT ->
              "the account is locked, perhaps after too many wrong passwords";
          case NtStatus.ACCOUNT_RESTRICTION,
              NtStatus.LOGON_TYPE_NOT_GRANTED,
              NtStatus.INVALID_LOGON_HOURS,
              NtStatus.INVALID_WORKSTATION ->
              "the account may not sign on in this way (an empty password, the hour, the place)";
          default -> NtStatus.name(status) + ". " + check;
        };
    return "the server refuses " + this + ": " + why;
  }

  /** Names the user, without any secret. */
  @Override
  public String toString() {
    @Nullable String name = user.isEmpty() ? null : user;
    if (name == null) {
      return guest ? "a guest" : "the ticket's user";
    }
    return "the user '" + (domain.isEmpty() ? "" : domain + "\\") + name + "'";
  }
}
