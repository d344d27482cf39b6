package dev.netfs.fscache;

import dev.netfs.share.IoSegments;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals records of a volume, so that each proves itself, and opens them again.
 *
 * <p>A sealed record is {@code writer (16 bytes) | counter (8) | payload | tag (16)}, beside
 * associated data that is not stored and that the record is bound to.
 *
 * <h2>No nonce is used twice</h2>
 *
 * AES-GCM breaks if one key meets one nonce twice. Random nonces of 96 bits would put a bound on
 * how much one key may seal, and any number of JVMs seal under one volume's key without knowing of
 * each other. So no two of them use the same key: each sealer draws a <em>writer</em>, 128 random
 * bits, derives a key of its own from the volume's and the writer (HMAC-SHA-256), and counts its
 * records; the count is the nonce. Within a sealer the counter, which is never stored or reset,
 * makes nonces unique, for 2<sup>63</sup> records; between sealers the keys differ, unless two draw
 * the same 128 bits. A sealer lives at most as long as its JVM. (Whoever starts several copies from
 * one image of a running JVM copies its sealers too, and must not have any in it.)
 *
 * <p>The writer is stored with each record, and whoever opens one derives that writer's key again,
 * of which the latest are kept.
 *
 * <p>Without encryption a record has a CRC32C over the associated data and the payload in the place
 * of the tag: that finds what has decayed, was torn or was put elsewhere, and keeps out nobody.
 *
 * <p>Safe for use by several threads.
 */
final class Sealer {
  /** What a record begins with. */
  static final int HEAD = 24;

  /** What a record ends with. */
  static final int TAG = 16;

  private static final int WRITER = 16;
  private static final int KEYS_KEPT = 256;

  private static final WarmUp SEALING = new WarmUp(Cipher.ENCRYPT_MODE);
  private static final WarmUp OPENING = new WarmUp(Cipher.DECRYPT_MODE);

  private final VolumeKey key;
  private final byte[] writer = new byte[WRITER];
  private final AtomicLong counter = new AtomicLong();
  private final ConcurrentLinkedQueue<Machine> machines = new ConcurrentLinkedQueue<>();
  private final ReentrantLock lock = new ReentrantLock();

  // The latest used is the last. Guarded by lock.
  private final LinkedHashMap<ByteBuffer, SecretKey> keys =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, SecretKey> eldest) {
          return size() > KEYS_KEPT;
        }
      };

  /**
   * A cipher with memory for what is sealed, on the heap: the JDK's AES-GCM takes half as long
   * again for direct memory, and from JDK 18 on more than three times as long.
   */
  private static final class Machine {
    final Cipher cipher;
    private byte[] sealed = new byte[0];

    Machine(Cipher cipher) {
      this.cipher = cipher;
    }

    byte[] sealed(int length) {
      if (sealed.length < length) {
        sealed = new byte[length];
      }
      return sealed;
    }
  }

  Sealer(VolumeKey key, SecureRandom random) {
    this.key = key;
    random.nextBytes(writer);
  }

  /**
   * Seals a payload.
   *
   * @param associated what the record is bound to; its remaining bytes, which are not consumed
   * @param payload is consumed
   * @param out takes the record's head, at {@code head}, and the sealed payload with its tag at its
   *     position, which moves on
   * @param head where in {@code out} the head goes; what is between it and the position must be
   *     part of the associated data if it is to be proven
   */
  void seal(ByteBuffer associated, ByteBuffer payload, ByteBuffer out, int head) {
    long count = counter.incrementAndGet();
    out.put(head, writer, 0, WRITER);
    out.putLong(head + WRITER, count);
    if (!key.encrypts()) {
      int crc = crc(associated, payload.duplicate());
      out.put(payload);
      out.putInt(crc).putInt(0).putLong(0);
      return;
    }
    Machine machine = machine();
    try {
      Cipher cipher = machine.cipher;
      long before = System.nanoTime();
      cipher.init(Cipher.ENCRYPT_MODE, keyOf(writer), nonce(count));
      cipher.updateAAD(associated.duplicate());
      byte[] sealed = machine.sealed(payload.remaining() + TAG);
      int length = cipher.doFinal(payload, ByteBuffer.wrap(sealed));
      long nanos = System.nanoTime() - before;
      out.put(sealed, 0, length);
      SEALING.took(cipher, length, nanos);
      machines.offer(machine);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM refuses to seal", e);
    }
  }

  /**
   * Opens a record.
   *
   * @param in the sealed payload with its tag, at its remaining bytes, which are consumed
   * @param record where the head is, at {@code head}
   * @param out takes the payload
   * @return whether the record is what was sealed; if not, what {@code out} has got is worthless
   */
  boolean open(ByteBuffer associated, ByteBuffer record, int head, ByteBuffer in, ByteBuffer out) {
    if (in.remaining() < TAG || out.remaining() < in.remaining() - TAG) {
      return false;
    }
    if (!key.encrypts()) {
      ByteBuffer payload = in.slice(in.position(), in.remaining() - TAG);
      int wanted = in.getInt(in.limit() - TAG);
      in.position(in.limit());
      boolean good = crc(associated, payload.duplicate()) == wanted;
      out.put(payload);
      return good;
    }
    byte[] from = new byte[WRITER];
    record.get(head, from, 0, WRITER);
    Machine machine = machine();
    try {
      Cipher cipher = machine.cipher;
      cipher.init(Cipher.DECRYPT_MODE, keyOf(from), nonce(record.getLong(head + WRITER)));
      cipher.updateAAD(associated.duplicate());
      int length = in.remaining();
      byte[] sealed = machine.sealed(length);
      in.get(sealed, 0, length);
      long before = System.nanoTime();
      cipher.doFinal(ByteBuffer.wrap(sealed, 0, length), out);
      OPENING.took(cipher, length, System.nanoTime() - before);
      machines.offer(machine);
      return true;
    } catch (AEADBadTagException e) {
      machines.offer(machine);
      return false;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Returns whether records are encrypted, and not only checked. */
  boolean encrypts() {
    return key.encrypts();
  }

  /**
   * Looks at a record's payload where it is, without encryption.
   *
   * @param payload is consumed
   * @param tag what follows on it
   * @return whether the record is what was sealed
   */
  boolean proves(ByteBuffer associated, IoSegments payload, ByteBuffer tag) {
    CRC32C crc = new CRC32C();
    crc.update(associated.duplicate());
    while (payload.hasRemaining()) {
      ByteBuffer next = payload.next();
      int length = next.remaining();
      crc.update(next);
      payload.advance(length);
    }
    return (int) crc.getValue() == tag.getInt(tag.position());
  }

  private SecretKey keyOf(byte[] of) {
    lock.lock();
    try {
      return keys.computeIfAbsent(
          ByteBuffer.wrap(of), w -> new SecretKeySpec(key.derive("writer", of), "AES"));
    } finally {
      lock.unlock();
    }
  }

  private Machine machine() {
    Machine free = machines.poll();
    if (free != null) {
      return free;
    }
    try {
      return new Machine(Cipher.getInstance("AES/GCM/NoPadding"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM has no AES-GCM", e);
    }
  }

  private static GCMParameterSpec nonce(long count) {
    byte[] nonce = new byte[12];
    ByteBuffer.wrap(nonce).putLong(4, count);
    return new GCMParameterSpec(TAG * 8, nonce);
  }

  private static int crc(ByteBuffer associated, ByteBuffer payload) {
    CRC32C crc = new CRC32C();
    crc.update(associated.duplicate());
    crc.update(payload);
    return (int) crc.getValue();
  }
}
