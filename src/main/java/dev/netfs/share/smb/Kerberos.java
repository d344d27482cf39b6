package dev.netfs.share.smb;

import com.sun.security.jgss.ExtendedGSSContext;
import com.sun.security.jgss.InquireType;
import java.io.IOException;
import java.security.Key;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import javax.security.auth.Subject;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import javax.security.auth.login.LoginException;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSException;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.GSSName;
import org.ietf.jgss.Oid;
import org.jspecify.annotations.Nullable;

/**
 * Signs on with Kerberos, within SPNEGO, both by the JDK (JAAS and GSS-API): with a ticket from the
 * user's cache, or one that a password gets. The realm and its servers come from the JVM's Kerberos
 * configuration ({@code krb5.conf}).
 */
final class Kerberos implements SignOn {
  private static final String SPNEGO = "1.3.6.1.5.5.2";

  private final String host;
  private final @Nullable String principal;
  private final char @Nullable [] password;
  private @Nullable Subject subject; // confined to the connecting thread, as is all of this
  private @Nullable GSSContext context;

  /**
   * @param host the server's name, which its ticket is for
   * @param user the user's name, or empty for whoever the ticket is of
   * @param domain the user's realm, or empty for the default one
   * @param password the password, which this takes over; null for a ticket from the cache
   */
  Kerberos(String host, String user, String domain, char @Nullable [] password) {
    this.host = host;
    this.principal = user.isEmpty() ? null : domain.isEmpty() ? user : user + "@" + domain;
    this.password = password;
  }

  @Override
  public byte[] first() throws IOException {
    subject = logIn();
    try {
      GSSManager manager = GSSManager.getInstance();
      GSSName server = manager.createName("cifs@" + host, GSSName.NT_HOSTBASED_SERVICE);
      GSSContext made =
          as(
              () ->
                  manager.createContext(
                      server, new Oid(SPNEGO), null, GSSContext.DEFAULT_LIFETIME));
      made.requestMutualAuth(true);
      made.requestCredDeleg(false);
      context = made;
    } catch (GSSException e) {
      throw failed(e);
    }
    return step(new byte[0]);
  }

  @Override
  public byte[] next(byte[] token) throws IOException {
    return step(token);
  }

  @Override
  public void last(byte[] token) throws IOException {
    if (token.length > 0 && !context().isEstablished()) {
      step(token);
    }
  }

  @Override
  public byte[] sessionKey() throws IOException {
    try {
      Object key =
          as(
              () ->
                  ((ExtendedGSSContext) context())
                      .inquireSecContext(InquireType.KRB5_GET_SESSION_KEY_EX));
      return ((Key) key).getEncoded();
    } catch (ClassCastException e) {
      throw new IOException("this JVM's Kerberos does not give out the session's key", e);
    }
  }

  private byte[] step(byte[] token) throws IOException {
    byte[] next = as(() -> context().initSecContext(token, 0, token.length));
    return next == null ? new byte[0] : next;
  }

  private GSSContext context() {
    GSSContext made = context;
    if (made == null) {
      throw new IllegalStateException("not begun");
    }
    return made;
  }

  private Subject logIn() throws IOException {
    Map<String, String> settings = new HashMap<>();
    settings.put("refreshKrb5Config", "true");
    if (password == null) {
      settings.put("useTicketCache", "true");
      settings.put("doNotPrompt", "true");
    }
    if (principal != null) {
      settings.put("principal", principal);
    }
    Configuration configuration =
        new Configuration() {
          @Override
          public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
            return new AppConfigurationEntry[] {
              new AppConfigurationEntry(
                  "com.sun.security.auth.module.Krb5LoginModule",
                  AppConfigurationEntry.LoginModuleControlFlag.REQUIRED,
                  settings)
            };
          }
        };
    try {
      LoginContext login = new LoginContext("netfs", new Subject(), this::answer, configuration);
      login.login();
      return login.getSubject();
    } catch (LoginException e) {
      throw new IOException(
          "there is no Kerberos ticket: "
              + e.getMessage()
              + ". Get one (kinit), or set the option password or passwordFile",
          e);
    } finally {
      if (password != null) {
        Arrays.fill(password, '\0');
      }
    }
  }

  private void answer(Callback[] callbacks) throws UnsupportedCallbackException {
    for (Callback callback : callbacks) {
      if (callback instanceof NameCallback name) {
        name.setName(principal == null ? "" : principal);
      } else if (callback instanceof PasswordCallback asked && password != null) {
        asked.setPassword(password);
      } else {
        throw new UnsupportedCallbackException(callback);
      }
    }
  }

  @SuppressWarnings("removal") // its successor came with Java 18
  private <T> T as(PrivilegedExceptionAction<T> action) throws IOException {
    try {
      return Subject.doAs(subject, action);
    } catch (PrivilegedActionException e) {
      throw failed(e.getException());
    }
  }

  private IOException failed(Exception e) {
    return new IOException(
        "Kerberos gives no ticket for cifs/"
            + host
            + ": "
            + e.getMessage()
            + ". Name the server as its realm does, and check krb5.conf",
        e);
  }
}
