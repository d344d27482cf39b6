package dev.netfs.fscache;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Has the JIT compiler come to AES-GCM sooner. It counts calls, not bytes: of granules of 256 KiB a
 * new JVM takes some 200 MB at a fiftieth of the speed that the processor is able to, before it has
 * counted enough. So whoever finds a record slow makes a few calls with very small ones, which cost
 * little and count as much. That is repeated for as long as records are slow, since what was
 * compiled for small ones may have to be compiled once more; but not for ever, as on a processor
 * without instructions for AES they stay slow.
 *
 * <p>Nothing of this is seen outside: the key is no secret, and what is sealed goes nowhere. Safe
 * for use by several threads.
 */
final class WarmUp {
  /** Shorter records take too short a time to say anything. */
  static final int LEAST_BYTES = 16 << 10;

  static final int CALLS = 100;
  static final int MOST_CALLS = 20000;

  /** A processor with instructions for AES takes a tenth of this for a byte. */
  private static final double SLOW_NANOS = 2.5;

  /** The JDK has faster code for what is at least so long, from JDK 18 on. */
  private static final int SMALL = 1024;

  private static final int TAG_BITS = 128;
  private static final SecretKey KEY = new SecretKeySpec(new byte[32], "AES");
  private static final byte[] ASSOCIATED = new byte[64];

  /** What is opened again and again. */
  private static final byte[] SEALED = seal();

  private final int mode;
  private final AtomicInteger made = new AtomicInteger();

  /**
   * Makes one for all ciphers of this JVM.
   *
   * @param mode {@link Cipher#ENCRYPT_MODE} or {@link Cipher#DECRYPT_MODE}
   */
  WarmUp(int mode) {
    this.mode = mode;
  }

  /**
   * Takes in how long a record took.
   *
   * @param cipher the caller's, with AES-GCM, which has to be initialized anew afterwards
   * @return how many calls were made
   */
  int took(Cipher cipher, int bytes, long nanos) {
    if (bytes < LEAST_BYTES || nanos < bytes * SLOW_NANOS || made.get() >= MOST_CALLS) {
      return 0;
    }
    int first = made.getAndAdd(CALLS) + 1;
    try {
      byte[] plain = new byte[SMALL];
      byte[] sealed = new byte[SMALL + TAG_BITS / 8];
      for (int i = 0; i < CALLS; i++) {
        if (mode == Cipher.ENCRYPT_MODE) {
          // Each time with another nonce: the JDK refuses to seal with the same one again.
          call(cipher, mode, first + i, plain, sealed);
        } else {
          call(cipher, mode, 0, SEALED, plain);
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM refuses what it has taken before", e);
    }
    return CALLS;
  }

  private static void call(Cipher cipher, int mode, int nonce, byte[] in, byte[] out)
      throws GeneralSecurityException {
    byte[] bytes = ByteBuffer.allocate(12).putInt(8, nonce).array();
    cipher.init(mode, KEY, new GCMParameterSpec(TAG_BITS, bytes));
    cipher.updateAAD(ByteBuffer.wrap(ASSOCIATED));
    cipher.doFinal(ByteBuffer.wrap(in), ByteBuffer.wrap(out));
  }

  private static byte[] seal() {
    try {
      byte[] sealed = new byte[SMALL + TAG_BITS / 8];
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      call(cipher, Cipher.ENCRYPT_MODE, 0, new byte[SMALL], sealed);
      return sealed;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM has no AES-GCM", e);
    }
  }
}
