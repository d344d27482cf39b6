package dev.netfs.share.smb;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
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
      return holds(message, offset, length, claimed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Computes the signature of a message whose signature field is zero. */
  abstract void compute(byte[] message, int offset, int length, byte[] signature)
      throws GeneralSecurityException;

  /** Returns whether a signature is that of a message whose signature field is zero. */
  boolean holds(byte[] message, int offset, int length, byte[] claimed)
      throws GeneralSecurityException {
    compute(message, offset, length, scratch);
    return MessageDigest.isEqual(claimed, scratch);
  }

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

  /**
   * AES-GMAC: SMB 3.1.1, where both sides know it.
   *
   * <p>That is the tag of AES-GCM for a message that is all additional data and no text. But the
   * JDK copies additional data twice before it hashes them, and is fast with text. So the message
   * is the encrypted text here: what is checked is decrypted, and what is signed is decrypted so
   * that encrypting makes the message of it again; the results are of no interest. The tags differ,
   * since what is hashed ends with a block that says how many bits were additional data (its first
   * half) and how many were text (its second half). The hash is linear: they differ by those two
   * blocks' sum, multiplied with the hash's key, and that is the sum of what each bit of the length
   * is worth, which is computed beforehand.
   */
  private static final class Gmac extends MessageSigner {
    private static final int NONCE = 12;
    private static final int BLOCK = 16;
    private static final byte FROM_SERVER = 1;
    private static final byte OF_CANCEL = 2;

    /** So much is encrypted at a time, since the JIT compiler counts calls: {@link Practice}. */
    private static final int PIECE = 32 << 10;

    /** The polynomial that the field of 2^128 elements is made by, in GCM's order of bits. */
    private static final long POLYNOMIAL = 0xE1L << 56;

    private final Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    private final Cipher counter = Cipher.getInstance("AES/CTR/NoPadding");
    private final SecretKeySpec key;
    private final byte[] nonce = new byte[NONCE];
    private final byte[] firstCounter = new byte[BLOCK];
    private final byte[] behind = new byte[SIGNATURE];
    private byte[] text = new byte[PIECE];

    /** What each bit of a message's length in bits adds to the difference: the two halves of it. */
    private final long[] firstHalf = new long[Integer.SIZE + 3];

    private final long[] secondHalf = new long[Integer.SIZE + 3];

    Gmac(byte[] keyBytes) throws GeneralSecurityException {
      key = new SecretKeySpec(keyBytes, "AES");
      firstCounter[BLOCK - 1] = 2; // GCM keeps 1 for the tag
      Cipher block = Cipher.getInstance("AES/ECB/NoPadding");
      block.init(Cipher.ENCRYPT_MODE, key);
      ByteBuffer hashKey = ByteBuffer.wrap(block.doFinal(new byte[BLOCK]));
      long first = hashKey.getLong();
      long second = hashKey.getLong();
      for (int power = 0; power < 2 * Long.SIZE; power++) {
        // A number's last bit is the highest power in its half of the block.
        int bit = Long.SIZE - 1 - power % Long.SIZE;
        if (bit < firstHalf.length) {
          firstHalf[bit] ^= first;
          secondHalf[bit] ^= second;
        }
        long carried = -(second & 1) & POLYNOMIAL;
        second = second >>> 1 | first << 63;
        first = first >>> 1 ^ carried;
      }
    }

    /** Makes the tag of additional data of that of text, or the other way round. */
    private void exchange(byte[] tag, int at, int length) {
      long first = 0;
      long second = 0;
      for (long bits = 8L * length; bits != 0; bits &= bits - 1) {
        int bit = Long.numberOfTrailingZeros(bits);
        first ^= firstHalf[bit];
        second ^= secondHalf[bit];
      }
      for (int i = 0; i < Long.BYTES; i++) {
        tag[at + i] ^= (byte) (first >>> 56 - 8 * i);
        tag[at + Long.BYTES + i] ^= (byte) (second >>> 56 - 8 * i);
      }
    }

    private void init(int mode, byte[] message, int offset, int length)
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
      cipher.init(mode, key, new GCMParameterSpec(8 * SIGNATURE, nonce));
      if (text.length < length + SIGNATURE) {
        text = new byte[length + SIGNATURE + PIECE];
      }
    }

    @Override
    void compute(byte[] message, int offset, int length, byte[] signature)
        throws GeneralSecurityException {
      init(Cipher.ENCRYPT_MODE, message, offset, length);
      System.arraycopy(nonce, 0, firstCounter, 0, NONCE);
      counter.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(firstCounter));
      int done = 0;
      while (length - done > PIECE) {
        counter.update(message, offset + done, PIECE, text, done);
        done += cipher.update(text, done, PIECE, text, done);
      }
      counter.doFinal(message, offset + done, length - done, text, done);
      cipher.doFinal(text, done, length - done, text, done);
      System.arraycopy(text, length, signature, 0, SIGNATURE);
      exchange(signature, 0, length);
    }

    @Override
    boolean holds(byte[] message, int offset, int length, byte[] claimed)
        throws GeneralSecurityException {
      exchange(claimed, 0, length);
      init(Cipher.DECRYPT_MODE, message, offset, length);
      int end = offset + length;
      byte[] whole = message;
      int from = offset;
      if (end + SIGNATURE > message.length) {
        whole = Arrays.copyOfRange(message, offset, end + SIGNATURE);
        from = 0;
      }
      // In one call, which the JDK does best: the tag put behind, and what was there put back.
      System.arraycopy(whole, from + length, behind, 0, SIGNATURE);
      System.arraycopy(claimed, 0, whole, from + length, SIGNATURE);
      try {
        cipher.doFinal(whole, from, length + SIGNATURE, text, 0);
        return true;
      } catch (AEADBadTagException e) {
        return false;
      } finally {
        System.arraycopy(behind, 0, whole, from + length, SIGNATURE);
      }
    }
  }
}
