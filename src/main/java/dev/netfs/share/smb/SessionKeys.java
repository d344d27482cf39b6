package dev.netfs.share.smb;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a session (MS-SMB2 3.1.4.2, 3.2.5.3): from what the sign-on ended with, by NIST SP
 * 800-108's counter mode.
 *
 * @param signingAlgorithm {@link Smb2#SIGN_AES_CMAC} and so on
 * @param signing the key that both sides sign with
 * @param cipher {@link Smb2#CIPHER_AES_128_GCM} and so on, or 0 where the server cannot encrypt
 * @param sealing the key that the client encrypts with, or null
 * @param opening the key that the server encrypts with, or null
 */
record SessionKeys(
    int signingAlgorithm,
    byte[] signing,
    int cipher,
    byte @Nullable [] sealing,
    byte @Nullable [] opening) {

  /**
   * @param sessionKey what the sign-on made, of any length
   * @param preauthHash the hash over the sign-on's messages, for SMB 3.1.1
   */
  static SessionKeys of(
      int dialect, int signingAlgorithm, int cipher, byte[] sessionKey, byte[] preauthHash) {
    byte[] key = Arrays.copyOf(sessionKey, 16);
    if (dialect < Smb2.DIALECT_3_0) {
      return new SessionKeys(Smb2.SIGN_HMAC_SHA256, key, 0, null, null);
    }
    int bits = cipher == Smb2.CIPHER_AES_256_GCM ? 256 : 128;
    // The long ciphers' keys come from all of a long session key.
    byte[] full = bits == 256 && sessionKey.length > 16 ? sessionKey : key;
    if (dialect < Smb2.DIALECT_3_1_1) {
      return new SessionKeys(
          Smb2.SIGN_AES_CMAC,
          derive(key, "SMB2AESCMAC", context("SmbSign"), 128),
          cipher,
          cipher == 0 ? null : derive(full, "SMB2AESCCM", context("ServerIn "), bits),
          cipher == 0 ? null : derive(full, "SMB2AESCCM", context("ServerOut"), bits));
    }
    return new SessionKeys(
        signingAlgorithm,
        derive(key, "SMBSigningKey", preauthHash, 128),
        cipher,
        cipher == 0 ? null : derive(full, "SMBC2SCipherKey", preauthHash, bits),
        cipher == 0 ? null : derive(full, "SMBS2CCipherKey", preauthHash, bits));
  }

  private static byte[] context(String text) {
    return (text + "\0").getBytes(StandardCharsets.US_ASCII);
  }

  static byte[] derive(byte[] key, String label, byte[] context, int bits) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update(new byte[] {0, 0, 0, 1});
      mac.update((label + "\0").getBytes(StandardCharsets.US_ASCII));
      mac.update((byte) 0);
      mac.update(context);
      mac.update(new byte[] {0, 0, (byte) (bits >>> 8), (byte) bits});
      return Arrays.copyOf(mac.doFinal(), bits / 8);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM has no HmacSHA256", e);
    }
  }

  String cipherName() {
    return switch (cipher) {
      case Smb2.CIPHER_AES_128_CCM -> "AES-128-CCM";
      case Smb2.CIPHER_AES_128_GCM -> "AES-128-GCM";
      default -> "AES-256-GCM";
    };
  }

  String signingName() {
    return switch (signingAlgorithm) {
      case Smb2.SIGN_HMAC_SHA256 -> "HMAC-SHA256";
      case Smb2.SIGN_AES_CMAC -> "AES-128-CMAC";
      default -> "AES-128-GMAC";
    };
  }

  @Override
  public String toString() {
    return "SessionKeys[***]";
  }
}
