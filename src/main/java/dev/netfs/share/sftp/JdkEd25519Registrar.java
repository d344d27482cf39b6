package dev.netfs.share.sftp;

import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.Security;
import java.security.Signature;
import java.util.Optional;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.loader.openssh.OpenSSHKeyPairResourceParser;
import org.apache.sshd.common.util.security.AbstractSecurityProviderRegistrar;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.apache.sshd.common.util.security.eddsa.generic.EdDSASupport;
import org.jspecify.annotations.Nullable;

/** Tells MINA that the JDK's own security provider does Ed25519, and only that. */
final class JdkEd25519Registrar extends AbstractSecurityProviderRegistrar {

  /** The JDK's provider of elliptic curves: any other would bring key classes of its own. */
  private static final String PROVIDER = "SunEC";

  private JdkEd25519Registrar() {
    super(PROVIDER);
  }

  /**
   * Makes Ed25519 usable in this JVM's (or, in the all jar, in the bundled) MINA. Where a library
   * that MINA knows does it already, nothing changes. May be called often, from any thread.
   */
  static void install() {
    // The class initialization lock of Installed makes this happen once, and before any return.
    Installed.touch();
  }

  @Override
  public boolean isEnabled() {
    return !SecurityUtils.isFipsMode() && super.isEnabled();
  }

  @Override
  public boolean isSupported() {
    Provider provider = Security.getProvider(PROVIDER);
    return provider != null && provider.getService("Signature", JdkEd25519.ALGORITHM) != null;
  }

  @Override
  public @Nullable Provider getSecurityProvider() {
    return Security.getProvider(PROVIDER);
  }

  @Override
  public boolean isSecurityEntitySupported(Class<?> entityType, String name) {
    return (KeyPairGenerator.class.isAssignableFrom(entityType)
            || KeyFactory.class.isAssignableFrom(entityType)
            || Signature.class.isAssignableFrom(entityType))
        && (SecurityUtils.EDDSA.equalsIgnoreCase(name)
            || JdkEd25519.ALGORITHM.equalsIgnoreCase(name))
        && isSupported();
  }

  @Override
  public Optional<EdDSASupport<?, ?>> getEdDSASupport() {
    return isSupported() ? Optional.of(new JdkEd25519()) : Optional.empty();
  }

  private static final class Installed {
    static {
      // Asking makes MINA register what it finds by itself, so that this one comes last.
      if (!SecurityUtils.isEDDSACurveSupported()) {
        var registrar = new JdkEd25519Registrar();
        if (registrar.isEnabled() && registrar.isSupported()) {
          SecurityUtils.registerSecurityProvider(registrar);
          var support = new JdkEd25519();
          // MINA fills these tables when their classes are initialized, which may have been before.
          KeyUtils.registerPublicKeyEntryDecoder(support.getEDDSAPublicKeyEntryDecoder());
          OpenSSHKeyPairResourceParser.registerPrivateKeyEntryDecoder(
              support.getOpenSSHEDDSAPrivateKeyEntryDecoder());
        }
      }
    }

    static void touch() {}
  }
}
