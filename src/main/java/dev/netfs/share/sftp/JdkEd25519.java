package dev.netfs.share.sftp;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.EdECKey;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.EdECPublicKey;
import java.security.spec.KeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import org.apache.sshd.common.config.keys.PrivateKeyEntryDecoder;
import org.apache.sshd.common.config.keys.PublicKeyEntryDecoder;
import org.apache.sshd.common.signature.Signature;
import org.apache.sshd.common.util.buffer.Buffer;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.apache.sshd.common.util.security.eddsa.generic.EdDSASupport;
import org.apache.sshd.common.util.security.eddsa.generic.EdDSAUtils;
import org.apache.sshd.common.util.security.eddsa.generic.GenericEd25519PublicKeyDecoder;
import org.apache.sshd.common.util.security.eddsa.generic.GenericOpenSSHEd25519PrivateKeyEntryDecoder;
import org.apache.sshd.common.util.security.eddsa.generic.GenericSignatureEd25519;

/**
 * Ed25519 keys and signatures for MINA SSHD by the JDK itself.
 *
 * <p>MINA knows two makers of Ed25519: Bouncy Castle and {@code net.i2p.crypto:eddsa}. Without
 * either on the class path it can use neither a server's {@code ssh-ed25519} host key nor a user's,
 * though the JDK has had the algorithm since 15. This class is the missing third: MINA's own
 * generic decoders over {@code java.security}'s {@code EdEC} keys. {@link
 * JdkEd25519Registrar#install()} puts it in place.
 */
final class JdkEd25519 implements EdDSASupport<EdECPublicKey, EdECPrivateKey> {

  /** The JDK's own name of the curve, which names its key factory and its signature too. */
  static final String ALGORITHM = "Ed25519";

  private static final int KEY_BITS = 256;

  @Override
  public PublicKeyEntryDecoder<EdECPublicKey, EdECPrivateKey> getEDDSAPublicKeyEntryDecoder() {
    return new GenericEd25519PublicKeyDecoder<>(EdECPublicKey.class, EdECPrivateKey.class, this);
  }

  @Override
  public PrivateKeyEntryDecoder<EdECPublicKey, EdECPrivateKey>
      getOpenSSHEDDSAPrivateKeyEntryDecoder() {
    return new GenericOpenSSHEd25519PrivateKeyEntryDecoder<>(
        EdECPublicKey.class, EdECPrivateKey.class, this);
  }

  @Override
  public Signature getEDDSASigner() {
    return new GenericSignatureEd25519(ALGORITHM);
  }

  @Override
  public int getEDDSAKeySize(Key key) {
    return isEd25519(key) ? KEY_BITS : -1;
  }

  @Override
  public Class<EdECPublicKey> getEDDSAPublicKeyType() {
    return EdECPublicKey.class;
  }

  @Override
  public Class<EdECPrivateKey> getEDDSAPrivateKeyType() {
    return EdECPrivateKey.class;
  }

  @Override
  public boolean compareEDDSAPPublicKeys(PublicKey a, PublicKey b) {
    return isEd25519(a) && isEd25519(b) && Arrays.equals(a.getEncoded(), b.getEncoded());
  }

  @Override
  public boolean compareEDDSAPrivateKeys(PrivateKey a, PrivateKey b) {
    return isEd25519(a) && isEd25519(b) && Arrays.equals(seed(a), seed(b));
  }

  /**
   * Derives the public key, for key files that hold the private one only (PKCS #8).
   *
   * <p>The JDK has no call for it, but its key generator does just that after it drew the private
   * key; so the generator is given the private key as its randomness. A provider that draws in
   * another way would make another key, which the comparison finds.
   */
  @Override
  public EdECPublicKey recoverEDDSAPublicKey(PrivateKey key) throws GeneralSecurityException {
    if (!isEd25519(key)) {
      throw new InvalidKeyException("Not an Ed25519 private key: " + key.getAlgorithm());
    }
    KeyPairGenerator generator = SecurityUtils.getKeyPairGenerator(ALGORITHM);
    generator.initialize(NamedParameterSpec.ED25519, new Drawn(seed(key)));
    var pair = generator.generateKeyPair();
    if (!compareEDDSAPrivateKeys(key, pair.getPrivate())) {
      throw new InvalidKeyException(
          "The Java runtime cannot derive the public half of this Ed25519 key. Convert the key file"
              + " to OpenSSH's own format, which holds both halves: ssh-keygen -p -f FILE");
    }
    return (EdECPublicKey) pair.getPublic();
  }

  @Override
  public EdECPublicKey generateEDDSAPublicKey(byte[] point) throws GeneralSecurityException {
    return (EdECPublicKey) keys().generatePublic(EdDSAUtils.createPublicKeySpec(point));
  }

  @Override
  public EdECPrivateKey generateEDDSAPrivateKey(byte[] seed) throws GeneralSecurityException {
    return (EdECPrivateKey) keys().generatePrivate(EdDSAUtils.createPrivateKeySpec(seed));
  }

  @Override
  public <B extends Buffer> B putRawEDDSAPublicKey(B buffer, PublicKey key) {
    buffer.putBytes(point(key));
    return buffer;
  }

  @Override
  public <B extends Buffer> B putEDDSAKeyPair(
      B buffer, PublicKey publicKey, PrivateKey privateKey) {
    byte[] point = point(publicKey);
    byte[] seed = seed(privateKey);
    byte[] both = Arrays.copyOf(seed, seed.length + point.length);
    System.arraycopy(point, 0, both, seed.length, point.length);
    buffer.putBytes(point);
    buffer.putBytes(both);
    Arrays.fill(both, (byte) 0);
    Arrays.fill(seed, (byte) 0);
    return buffer;
  }

  @Override
  public KeySpec createPublicKeySpec(EdECPublicKey key) {
    return new X509EncodedKeySpec(key.getEncoded());
  }

  @Override
  public KeySpec createPrivateKeySpec(EdECPrivateKey key) {
    return new PKCS8EncodedKeySpec(key.getEncoded());
  }

  @Override
  public byte[] getPublicKeyData(EdECPublicKey key) {
    return point(key);
  }

  @Override
  public byte[] getPrivateKeyData(EdECPrivateKey key) throws IOException {
    return seed(key);
  }

  @Override
  public String getKeyFactoryAlgorithm() {
    return ALGORITHM;
  }

  private static KeyFactory keys() throws GeneralSecurityException {
    return SecurityUtils.getKeyFactory(ALGORITHM);
  }

  private static boolean isEd25519(Key key) {
    return key instanceof EdECKey edec
        && NamedParameterSpec.ED25519.getName().equals(edec.getParams().getName());
  }

  private static byte[] point(PublicKey key) {
    try {
      return EdDSAUtils.getBytes(key);
    } catch (InvalidKeyException e) {
      throw new IllegalArgumentException("Not an Ed25519 public key: " + key.getAlgorithm(), e);
    }
  }

  private static byte[] seed(PrivateKey key) {
    return ((EdECPrivateKey) key)
        .getBytes()
        .orElseThrow(() -> new IllegalArgumentException("The Ed25519 private key is not readable"));
  }

  /** A source of exactly the given bytes. */
  private static final class Drawn extends SecureRandom {
    private static final long serialVersionUID = 1L;

    private final byte[] bytes;

    Drawn(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public void nextBytes(byte[] target) {
      System.arraycopy(bytes, 0, target, 0, Math.min(bytes.length, target.length));
    }
  }
}
