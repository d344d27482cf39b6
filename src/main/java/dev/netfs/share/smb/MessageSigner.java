package dev.netfs.share.smb;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs messages and checks signatures (MS-SMB2 3.1.4.1, 3.1.5.1), by the JDK's own ciphers, which
 * use the processor's AES instructions.
 *
 * <p>Confined to one thread: the sending and the receiving thread have one each.
 */
abstract class MessageSigner {
  static final int SIGNATURE = 16;

  private final byte[] scratch = new byte[SIGNATURE];

  /**
   * @param algorithm {@link Smb2#SIGN_HMAC_SHA256} and so on
   * @param key 16 bytes
   */
  static MessageSigner of(int algorithm, byte[] key) {
    try {
      return switch (algorithm) {
        case Smb2.SIGN_HMAC_SHA256 -> new Hmac(key);
        case Smb2.SIGN_AES_CMAC -> new Cmac(key);
        case Smb2.SIGN_AES_GMAC -> new Gmac(key);
        default -> throw new IllegalArgumentException("no signing algorithm " + algorithm);
      };
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM lacks an algorithm that SMB needs: " + e, e);
    }
  }

  /** Signs a message, header first, in place. */
  final void sign(byte[] message, int offset, int length) {
    message[offset + Smb2.AT_FLAGS] |= Smb2.FLAG_SIGNED;
    Arrays.fill(message, offset + Smb2.AT_SIGNATURE, offset + Smb2.HEADER, (byte) 0);
    try {
      compute(message, offset, length, scratch);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
    System.arraycopy(scratch, 0, message, offset + Smb2.AT_SIGNATURE, SIGNATURE);
  }

  /** Returns whether a message is signed as it should be. Leaves its signature zero. */
  final boolean verify(byte[] message, int offset, int length) {
    if ((message[offset + Smb2.AT_FLAGS] & Smb2.FLAG_SIGNED) == 0) {
      return false;
    }
    int at = offset + Smb2.AT_SIGNATURE;
    byte[] claimed = Arrays.copyOfRange(message, at, at + SIGNATURE);
    Arrays.fill(message, at, at + SIGNATURE, (byte) 0);
    try {
      compute(message, offset, length, scratch);
    } catch (GeneralSecurityException e) {
      return false;
    }
    return MessageDigest.isEqual(claimed, scratch);
  }

  /** Computes the signature of a message whose signature field is zero. */
  abstract void compute(byte[] message, int offset, int length, byte[] signature)
      throws GeneralSecurityException;

  /** HMAC-SHA256, of which the first half counts: SMB 2.1. */
  private static final class Hmac extends MessageSigner {
    private final Mac mac;

    Hmac(byte[] key) throws GeneralSecurityException {
      mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
    }

    @Override
    void compute(byte[] message, int offset, int length, byte[] signature) {
      mac.update(message, offset, length);
      System.arraycopy(mac.doFinal(), 0, signature, 0, SIGNATURE);
    }
  }

  /**
   * AES-CMAC (RFC 4493), as the last block that AES-CBC makes: the JDK has no CMAC, but the fastest
   * CBC that there is for it.
   */
  static final class Cmac extends MessageSigner {
    private static final int BLOCK = 16;
    private static final IvParameterSpec ZERO = new IvParameterSpec(new byte[BLOCK]);

    private final Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
    private final SecretKeySpec key;
    private final byte[] whole;
    private final byte[] padded;
    private final byte[] last = new byte[BLOCK];
    private final byte[] discarded = new byte[16 * 1024];

    Cmac(byte[] keyBytes) throws GeneralSecurityException {
      key = new SecretKeySpec(keyBytes, "AES");
      Cipher block = Cipher.getInstance("AES/ECB/NoPadding");
      block.init(Cipher.ENCRYPT_MODE, key);
      whole = doubled(block.doFinal(new byte[BLOCK]));
      padded = doubled(whole);
    }

    /** Multiplies by x in the field of 2^128 elements. */
    private static byte[] doubled(byte[] value) {
      byte[] result = new byte[BLOCK];
      for (int i = 0; i < BLOCK; i++) {
        int carried = i + 1 < BLOCK ? (value[i + 1] & 0xFF) >>> 7 : 0;
        result[i] = (byte) (value[i] << 1 | carried);
      }
      if (value[0] < 0) {
        result[BLOCK - 1] ^= (byte) 0x87;
      }
      return result;
    }

    @Override
    void compute(byte[] message, int offset, int length, byte[] signature)
        throws GeneralSecurityException {
      int tail = length == 0 ? 0 : (length - 1) % BLOCK + 1;
      int head = length - tail;
      cipher.init(Cipher.ENCRYPT_MODE, key, ZERO);
      for (int done = 0; done < head; ) {
        int step = Math.min(discarded.length, head - done);
        cipher.update(message, offset + done, step, discarded);
        done += step;
      }
      System.arraycopy(message, offset + head, last, 0, tail);
      byte[] mask = whole;
      if (tail < BLOCK) {
        Arrays.fill(last, tail, BLOCK, (byte) 0);
        last[tail] = (byte) 0x80;
        mask = padded;
      }
      for (int i = 0; i < BLOCK; i++) {
        last[i] ^= mask[i];
      }
      cipher.doFinal(last, 0, BLOCK, signature);
    }
  }

  /** AES-GMAC: SMB 3.1.1, where both sides know it. */
  private static final class Gmac extends MessageSigner {
    private static final int NONCE = 12;
    private static final byte FROM_SERVER = 1;
    private static final byte OF_CANCEL = 2;

    private final Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    private final SecretKeySpec key;
    private final byte[] nonce = new byte[NONCE];

    Gmac(byte[] keyBytes) throws GeneralSecurityException {
      key = new SecretKeySpec(keyBytes, "AES");
    }

    @Override
    void compute(byte[] message, int offset, int length, byte[] signature)
        throws GeneralSecurityException {
      // The message's number, who sends it, and whether it is a CANCEL, which shares its number
      // with what it cancels.
      System.arraycopy(message, offset + Smb2.AT_MESSAGE_ID, nonce, 0, 8);
      byte kind = 0;
      if ((message[offset + Smb2.AT_FLAGS] & Smb2.FLAG_RESPONSE) != 0) {
        kind |= FROM_SERVER;
      }
      if (message[offset + Smb2.AT_COMMAND] == Smb2.CANCEL) {
        kind |= OF_CANCEL;
      }
      nonce[8] = kind;
      cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(8 * SIGNATURE, nonce));
      cipher.updateAAD(message, offset, length);
      cipher.doFinal(signature, 0);
    }
  }
}
