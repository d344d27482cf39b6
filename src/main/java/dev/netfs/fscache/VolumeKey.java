package dev.netfs.fscache;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A volume's data key: 256 random bits that never leave the JVM but wrapped, and from which the
 * keys are derived that are used.
 */
final class VolumeKey {
  static final int BYTES = 32;

  private final SecretKeySpec key;
  private final byte[] raw;
  private final boolean encrypts;

  /**
   * Makes a key of its bits.
   *
   * @param encrypts whether it is for encryption; if not, for names only
   */
  VolumeKey(byte[] raw, boolean encrypts) {
    this.raw = raw.clone();
    this.key = new SecretKeySpec(raw, "HmacSHA256");
    this.encrypts = encrypts;
  }

  boolean encrypts() {
    return encrypts;
  }

  /** Returns the bits, for being wrapped. */
  byte[] raw() {
    return raw.clone();
  }

  /** Returns 256 bits that belong to a purpose and something of that purpose. */
  byte[] derive(String purpose, byte[] of) {
    return hmac(key, purpose, of);
  }

  /** Returns HMAC-SHA-256 of a purpose, a zero byte and some bytes. */
  static byte[] hmac(SecretKeySpec key, String purpose, byte[] of) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      mac.update(purpose.getBytes(StandardCharsets.US_ASCII));
      mac.update((byte) 0);
      return mac.doFinal(of);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM has no HMAC-SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return "VolumeKey[***]";
  }
}
