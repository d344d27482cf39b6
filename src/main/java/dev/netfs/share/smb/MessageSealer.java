package dev.netfs.share.smb;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts messages and decrypts them (MS-SMB2 2.2.41, 3.1.4.3, 3.1.5.1): a transform header, then
 * what were one or more messages.
 *
 * <p>Confined to one thread: the sending thread has one with its key, the receiving one with the
 * other. Nonces are counted, each key being the session's own.
 */
abstract class MessageSealer {
  /** The transform header's size. */
  static final int HEADER = 52;

  private static final int AT_TAG = 4;
  private static final int AT_NONCE = 20;
  private static final int AT_SIZE = 36;
  private static final int AT_FLAGS = 42;
  private static final int AT_SESSION = 44;
  private static final int ENCRYPTED = 1;
  static final int TAG = 16;

  private long count;

  /**
   * @param cipher {@link Smb2#CIPHER_AES_128_GCM} and so on
   * @param key as long as that cipher's
   */
  static MessageSealer of(int cipher, byte[] key) {
    try {
      return switch (cipher) {
        case Smb2.CIPHER_AES_128_GCM, Smb2.CIPHER_AES_256_GCM -> new Gcm(key);
        case Smb2.CIPHER_AES_128_CCM -> new Ccm(key);
        default -> throw new IllegalArgumentException("no cipher " + cipher);
      };
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM lacks an algorithm that SMB needs: " + e, e);
    }
  }

  /**
   * Writes a transform header and the encrypted bytes.
   *
   * @return how many bytes were written
   */
  final int seal(long sessionId, byte[] plain, int length, byte[] out, int at) {
    Arrays.fill(out, at, at + HEADER, (byte) 0);
    put(out, at, Smb2.TRANSFORM_MAGIC, 4);
    put(out, at + AT_NONCE, ++count, 8);
    put(out, at + AT_SIZE, length, 4);
    put(out, at + AT_FLAGS, ENCRYPTED, 2);
    put(out, at + AT_SESSION, sessionId, 8);
    try {
      encrypt(out, at + AT_NONCE, plain, length, out, at + HEADER, at + AT_TAG);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
    return HEADER + length;
  }

  /**
   * Decrypts a frame.
   *
   * @param frame what begins with a transform header
   * @param out takes the plain bytes, as many as follow the header
   * @return how many they are
   * @throws GeneralSecurityException if the frame is not what the server has made
   */
  final int open(byte[] frame, int at, int length, byte[] out) throws GeneralSecurityException {
    int size = length - HEADER;
    if (size < 0 || get(frame, at + AT_SIZE, 4) != size) {
      throw new GeneralSecurityException("an encrypted message says that it has another size");
    }
    decrypt(frame, at + AT_NONCE, at + HEADER, size, at + AT_TAG, out);
    return size;
  }

  static long sessionOf(byte[] frame, int at) {
    return get(frame, at + AT_SESSION, 8);
  }

  private static final int AAD = HEADER - AT_NONCE;

  abstract void encrypt(
      byte[] header, int nonceAt, byte[] plain, int length, byte[] out, int outAt, int tagAt)
      throws GeneralSecurityException;

  abstract void decrypt(byte[] frame, int nonceAt, int cipherAt, int length, int tagAt, byte[] out)
      throws GeneralSecurityException;

  private static void put(byte[] out, int at, long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out[at + i] = (byte) (value >>> 8 * i);
    }
  }

  private static long get(byte[] in, int at, int bytes) {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (in[at + i] & 0xFFL) << 8 * i;
    }
    return value;
  }

  private static final class Gcm extends MessageSealer {
    private static final int NONCE = 12;

    /** So much is encrypted at a time, since the JIT compiler counts calls: {@link SmbClient}. */
    private static final int PIECE = 32 << 10;

    private final Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    private final SecretKeySpec key;

    /** The tag, which the protocol has before the bytes, and the JDK after them. */
    private final byte[] tag = new byte[TAG];

    Gcm(byte[] keyBytes) throws GeneralSecurityException {
      key = new SecretKeySpec(keyBytes, "AES");
    }

    private void init(int mode, byte[] header, int nonceAt) throws GeneralSecurityException {
      cipher.init(mode, key, new GCMParameterSpec(8 * TAG, header, nonceAt, NONCE));
      cipher.updateAAD(header, nonceAt, AAD);
    }

    @Override
    void encrypt(
        byte[] header, int nonceAt, byte[] plain, int length, byte[] out, int outAt, int tagAt)
        throws GeneralSecurityException {
      init(Cipher.ENCRYPT_MODE, header, nonceAt);
      int done = 0;
      while (length - done > PIECE) {
        done += cipher.update(plain, done, PIECE, out, outAt + done);
      }
      // The tag comes after it, in room that is there.
      cipher.doFinal(plain, done, length - done, out, outAt + done);
      System.arraycopy(out, outAt + length, out, tagAt, TAG);
    }

    @Override
    void decrypt(byte[] frame, int nonceAt, int cipherAt, int length, int tagAt, byte[] out)
        throws GeneralSecurityException {
      init(Cipher.DECRYPT_MODE, frame, nonceAt);
      System.arraycopy(frame, tagAt, tag, 0, TAG);
      if (cipherAt + length + TAG <= frame.length) {
        // In one call, which the JDK does best: the tag put behind, and what was there put back.
        byte[] behind = Arrays.copyOfRange(frame, cipherAt + length, cipherAt + length + TAG);
        System.arraycopy(tag, 0, frame, cipherAt + length, TAG);
        try {
          cipher.doFinal(frame, cipherAt, length + TAG, out, 0);
        } finally {
          System.arraycopy(behind, 0, frame, cipherAt + length, TAG);
        }
      } else {
        int done = cipher.update(frame, cipherAt, length, out, 0);
        cipher.doFinal(tag, 0, TAG, out, done);
      }
    }
  }

  /** AES-CCM (RFC 3610): SMB 3.0, whose only cipher it is. Of the JDK's CTR and CBC modes. */
  private static final class Ccm extends MessageSealer {
    private static final int NONCE = 11;
    private static final int BLOCK = 16;
    private static final int LENGTH_BYTES = 15 - NONCE;

    private final Cipher counter = Cipher.getInstance("AES/CTR/NoPadding");
    private final Cipher chain = Cipher.getInstance("AES/CBC/NoPadding");
    private final SecretKeySpec key;
    private final byte[] discarded = new byte[16 * 1024];

    Ccm(byte[] keyBytes) throws GeneralSecurityException {
      key = new SecretKeySpec(keyBytes, "AES");
    }

    /** Starts the key stream, and returns its first block, which masks the tag. */
    private byte[] mask(byte[] header, int nonceAt) throws GeneralSecurityException {
      byte[] start = new byte[BLOCK];
      start[0] = LENGTH_BYTES - 1;
      System.arraycopy(header, nonceAt, start, 1, NONCE);
      counter.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(start));
      return counter.update(new byte[BLOCK]);
    }

    private byte[] mac(byte[] header, int nonceAt, byte[] plain, int at, int length)
        throws GeneralSecurityException {
      byte[] head = new byte[BLOCK + (2 + AAD + BLOCK - 1) / BLOCK * BLOCK];
      head[0] = 0x40 | (TAG - 2) / 2 << 3 | LENGTH_BYTES - 1;
      System.arraycopy(header, nonceAt, head, 1, NONCE);
      for (int i = 0; i < LENGTH_BYTES; i++) {
        head[BLOCK - 1 - i] = (byte) (length >>> 8 * i);
      }
      head[BLOCK + 1] = AAD;
      System.arraycopy(header, nonceAt, head, BLOCK + 2, AAD);
      chain.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(new byte[BLOCK]));
      byte[] last = chain.update(head);
      last = Arrays.copyOfRange(last, last.length - BLOCK, last.length);
      int whole = length / BLOCK * BLOCK;
      for (int done = 0; done < whole; ) {
        int step = Math.min(discarded.length, whole - done);
        chain.update(plain, at + done, step, discarded);
        done += step;
        System.arraycopy(discarded, step - BLOCK, last, 0, BLOCK);
      }
      if (whole < length) {
        byte[] tail = new byte[BLOCK];
        System.arraycopy(plain, at + whole, tail, 0, length - whole);
        last = chain.update(tail);
      }
      return last;
    }

    private static byte[] xor(byte[] one, byte[] other) {
      byte[] result = new byte[BLOCK];
      for (int i = 0; i < BLOCK; i++) {
        result[i] = (byte) (one[i] ^ other[i]);
      }
      return result;
    }

    @Override
    void encrypt(
        byte[] header, int nonceAt, byte[] plain, int length, byte[] out, int outAt, int tagAt)
        throws GeneralSecurityException {
      byte[] mac = mac(header, nonceAt, plain, 0, length);
      byte[] mask = mask(header, nonceAt);
      counter.doFinal(plain, 0, length, out, outAt);
      System.arraycopy(xor(mac, mask), 0, out, tagAt, TAG);
    }

    @Override
    void decrypt(byte[] frame, int nonceAt, int cipherAt, int length, int tagAt, byte[] out)
        throws GeneralSecurityException {
      byte[] mask = mask(frame, nonceAt);
      counter.doFinal(frame, cipherAt, length, out, 0);
      byte[] tag = xor(mac(frame, nonceAt, out, 0, length), mask);
      if (!MessageDigest.isEqual(tag, Arrays.copyOfRange(frame, tagAt, tagAt + TAG))) {
        Arrays.fill(out, 0, length, (byte) 0);
        throw new GeneralSecurityException("an encrypted message was changed on its way");
      }
    }
  }
}
