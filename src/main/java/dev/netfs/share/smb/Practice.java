package dev.netfs.share.smb;

import java.security.GeneralSecurityException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Brings the JIT compiler to a cipher before much has to go through it.
 *
 * <p>The JDK's AES-GCM is forty times faster once it is compiled, and the compiler counts how often
 * it was called, not for how many bytes: in a new JVM the first 300 MB would go at 100 MB/s in
 * messages of 60 KiB, and gigabytes in larger ones, which take a way through it of their own. So a
 * thread of low priority protects and checks some thousand short messages, and some long ones,
 * until the long ones are fast. That takes about 0.1 s of processor time, once in a JVM for each
 * cipher, and only where somebody moves bytes in bulk.
 *
 * <p>The compiler may throw away what it has made, when it meets what it had not expected. So the
 * real messages are watched as well, and if those are slow, all is as it was at first.
 *
 * <p>Safe for use by several threads.
 */
final class Practice {
  /** Protects a message and checks it. */
  interface Exercise {
    void run(byte[] message, byte[] room) throws GeneralSecurityException;
  }

  private static final int SHORT = 1 << 10;
  private static final int SHORT_ONES = 2_500;

  /** More than 64 KiB, from which on the JDK takes the way of the long ones. */
  private static final int LONG = 70_000;

  private static final int LONG_ONES = 25;

  /** Compiled, the slowest of the ciphers takes half as long for a long message. */
  private static final long FAST_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

  /** Without a processor's AES instructions nothing ever becomes fast. */
  private static final int MOST_ROUNDS = 16;

  /** So many rounds in a row have to be fast: the first ones' code may be thrown away again. */
  private static final int FAST_ROUNDS = 3;

  /** So many real messages in a row are slow because of their cipher, and not by accident. */
  private static final int SLOW_MESSAGES = 4;

  /** Who has practised so often in vain leaves it. */
  private static final int MOST_TIMES = 4;

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private static final Map<String, Practice> ALL = new ConcurrentHashMap<>();

  private final Exercise exercise;
  private final AtomicBoolean begun = new AtomicBoolean();
  private final AtomicInteger times = new AtomicInteger();
  private final AtomicInteger slowOnes = new AtomicInteger(); // in a row
  private volatile boolean fast;

  Practice(Exercise exercise) {
    this.exercise = exercise;
  }

  /** Returns the JVM's practice in encrypting with one of the protocol's ciphers. */
  static Practice ofSealing(int cipher) {
    return ALL.computeIfAbsent("cipher " + cipher, name -> new Practice(sealing(cipher)));
  }

  /** Returns the JVM's practice in signing by one of the protocol's algorithms. */
  static Practice ofSigning(int algorithm) {
    return ALL.computeIfAbsent("signing " + algorithm, name -> new Practice(signing(algorithm)));
  }

  private static Exercise sealing(int cipher) {
    byte[] key = new byte[cipher == Smb2.CIPHER_AES_256_GCM ? 32 : 16]; // of no secret
    MessageSealer sealer = MessageSealer.of(cipher, key);
    MessageSealer opener = MessageSealer.of(cipher, key);
    byte[] plain = new byte[LONG];
    return (message, room) -> {
      int length = sealer.seal(0, message, message.length, room, 0);
      opener.open(room, 0, length, plain);
    };
  }

  private static Exercise signing(int algorithm) {
    MessageSigner signer = MessageSigner.of(algorithm, new byte[16]);
    MessageSigner verifier = MessageSigner.of(algorithm, new byte[16]);
    long[] number = {0};
    return (message, room) -> {
      // Each has a number of its own, as AES-GMAC wants it.
      long next = ++number[0];
      for (int i = 0; i < Long.BYTES; i++) {
        room[Smb2.AT_MESSAGE_ID + i] = (byte) (next >>> 8 * i);
      }
      signer.sign(room, 0, message.length);
      if (!verifier.verify(room, 0, message.length)) {
        throw new GeneralSecurityException("a signature that does not hold");
      }
    };
  }

  /** Returns whether long messages are fast: whatever the practice was, or will be. */
  boolean isFast() {
    return fast;
  }

  /** Begins, unless somebody has. */
  void begin() {
    if (!begun.get() && begun.compareAndSet(false, true) && times.getAndIncrement() < MOST_TIMES) {
      Thread thread = new Thread(null, this::run, "netfs-smb-practice", 0, false);
      thread.setDaemon(true);
      thread.start();
    }
  }

  /**
   * Notes how long a real message took to be checked.
   *
   * @param bytes the message's length; short ones say nothing
   */
  void took(int bytes, long nanos) {
    if (bytes < LONG || !fast) {
      return;
    }
    if (nanos * LONG <= FAST_NANOS * bytes) {
      if (slowOnes.get() > 0) {
        slowOnes.set(0);
      }
    } else if (slowOnes.incrementAndGet() >= SLOW_MESSAGES) {
      slowOnes.set(0);
      fast = false;
      begun.set(false);
    }
  }

  /** Practises on the calling thread. */
  void run() {
    byte[] brief = new byte[SHORT];
    byte[] large = new byte[LONG];
    byte[] room = new byte[LONG + MessageSealer.HEADER + MessageSealer.TAG];
    try {
      int inARow = 0;
      for (int round = 0; round < MOST_ROUNDS && inARow < FAST_ROUNDS; round++) {
        for (int i = 0; i < SHORT_ONES; i++) {
          exercise.run(brief, room);
        }
        int fastOnes = 0;
        for (int i = 0; i < LONG_ONES; i++) {
          long before = System.nanoTime();
          exercise.run(large, room);
          fastOnes += System.nanoTime() - before <= FAST_NANOS ? 1 : 0;
        }
        inARow = fastOnes > LONG_ONES / 2 ? inARow + 1 : 0;
        LockSupport.parkNanos(PAUSE_NANOS); // the compiler works meanwhile
      }
      fast = inARow == FAST_ROUNDS;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
