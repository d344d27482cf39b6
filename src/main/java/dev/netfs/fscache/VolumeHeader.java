package dev.netfs.fscache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * What makes a volume readable: its data key and the share that it is of, wrapped by the user's
 * key.
 *
 * <p>The file is a CRC32C, big-endian, and a CBOR map of {@code format}, {@code cipher}, {@code
 * id}, {@code salt}, {@code iterations}, {@code check} and {@code wrapped}. The salt is new at each
 * writing, and the wrapping key is made of it and the user's, so that a wrapping key wraps once.
 * {@code check} is 64 bits that depend on the wrapping key: it tells a wrong key from a header that
 * has decayed. Without encryption {@code wrapped} is not wrapped: then the key only names files.
 *
 * @param id 128 random bits that what is sealed in the volume is bound to
 * @param key the data key
 * @param identity the share that the volume is of
 */
record VolumeHeader(byte[] id, VolumeKey key, String identity) {
  static final int ID = 16;

  private static final int FORMAT = 1;
  private static final int SALT = 32;
  private static final int CHECK = 8;
  private static final int NONCE = 12;

  static VolumeHeader create(String identity, boolean encrypts, SecureRandom random) {
    byte[] id = new byte[ID];
    byte[] key = new byte[VolumeKey.BYTES];
    random.nextBytes(id);
    random.nextBytes(key);
    return new VolumeHeader(id, new VolumeKey(key, encrypts), identity);
  }

  /**
   * Encodes the header.
   *
   * @param user wraps the data key; null where nothing is encrypted
   */
  byte[] encode(@Nullable CacheKey user, SecureRandom random) {
    Map<String, Object> secret = new LinkedHashMap<>();
    secret.put("key", key.raw());
    secret.put("identity", identity);
    byte[] payload = Records.encode(secret);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("format", FORMAT);
    fields.put("cipher", key.encrypts() ? "AES-256-GCM" : "CRC32C");
    fields.put("id", id);
    if (user != null && key.encrypts()) {
      byte[] salt = new byte[SALT];
      random.nextBytes(salt);
      byte[] wrapping = user.wrappingKey(salt, user.iterations());
      fields.put("salt", salt);
      fields.put("iterations", user.iterations());
      fields.put("check", check(wrapping));
      payload = crypt(Cipher.ENCRYPT_MODE, wrapping, id, payload);
      Arrays.fill(wrapping, (byte) 0);
    }
    fields.put("wrapped", payload);
    byte[] record = Records.encode(fields);
    return ByteBuffer.allocate(4 + record.length).putInt(crc(record, 0)).put(record).array();
  }

  /**
   * Decodes a header.
   *
   * @param where the file, for messages
   * @throws WrongKeyException if it is a header and the key is not the one that it was made with
   * @throws IOException if it is no header
   */
  static VolumeHeader decode(byte[] file, @Nullable CacheKey user, Path where) throws IOException {
    Records.Fields fields = fields(file, where);
    byte[] id = fields.bytes("id", ID);
    boolean encrypts = encrypts(fields);
    byte[] payload = fields.bytes("wrapped");
    if (encrypts) {
      byte[] salt = fields.bytes("salt", SALT);
      int iterations = (int) fields.number("iterations", 0, CacheKey.MAX_ITERATIONS);
      if (user == null || (iterations == 0) != (user.iterations() == 0)) {
        throw wrongKey(user, where);
      }
      byte[] wrapping = user.wrappingKey(salt, iterations);
      if (!Arrays.equals(check(wrapping), fields.bytes("check", CHECK))) {
        throw wrongKey(user, where);
      }
      if (payload.length < NONCE + Sealer.TAG) {
        throw new IOException(where + " is damaged");
      }
      payload = crypt(Cipher.DECRYPT_MODE, wrapping, id, payload);
      if (payload.length == 0) {
        throw new IOException(where + " is damaged");
      }
    }
    Records.Fields secret = Records.decode(payload, 0, payload.length);
    return new VolumeHeader(
        id, new VolumeKey(secret.bytes("key", VolumeKey.BYTES), encrypts), secret.text("identity"));
  }

  /**
   * Returns the identifier in a header, for which no key is needed.
   *
   * @throws IOException if it is no header
   */
  static byte[] id(byte[] file, Path where) throws IOException {
    return fields(file, where).bytes("id", ID);
  }

  /**
   * Returns whether a header's volume is encrypted, for which no key is needed.
   *
   * @throws IOException if it is no header
   */
  static boolean encrypts(byte[] file, Path where) throws IOException {
    return encrypts(fields(file, where));
  }

  private static boolean encrypts(Records.Fields fields) throws IOException {
    return fields.text("cipher").equals("AES-256-GCM");
  }

  private static Records.Fields fields(byte[] file, Path where) throws IOException {
    if (file.length < 4 || ByteBuffer.wrap(file).getInt() != crc(file, 4)) {
      throw new IOException(where + " is damaged");
    }
    Records.Fields fields = Records.decode(file, 4, file.length - 4);
    fields.number("format", FORMAT, FORMAT);
    return fields;
  }

  private static WrongKeyException wrongKey(@Nullable CacheKey user, Path where) {
    return new WrongKeyException(
        "the disk cache in "
            + where.getParent()
            + " is encrypted with another key than "
            + (user == null ? "none" : user)
            + "; give the key that it was made with (options 'encryptionKey',"
            + " 'encryptionKeyFile'), or delete that directory if it is lost");
  }

  /** Wraps, giving nonce, content and tag; or unwraps, giving nothing if it was not wrapped so. */
  private static byte[] crypt(int mode, byte[] wrapping, byte[] id, byte[] payload) {
    boolean wraps = mode == Cipher.ENCRYPT_MODE;
    byte[] nonce = wraps ? new byte[NONCE] : Arrays.copyOf(payload, NONCE);
    try {
      // The nonce may be 0: a wrapping key wraps once.
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(
          mode, new SecretKeySpec(wrapping, "AES"), new GCMParameterSpec(Sealer.TAG * 8, nonce));
      cipher.updateAAD(id);
      if (!wraps) {
        return cipher.doFinal(payload, NONCE, payload.length - NONCE);
      }
      byte[] sealed = cipher.doFinal(payload);
      return ByteBuffer.allocate(NONCE + sealed.length).put(nonce).put(sealed).array();
    } catch (GeneralSecurityException e) {
      if (wraps) {
        throw new IllegalStateException("AES-GCM refuses to wrap", e);
      }
      return new byte[0];
    }
  }

  private static byte[] check(byte[] wrapping) {
    SecretKeySpec key = new SecretKeySpec(wrapping, "HmacSHA256");
    return Arrays.copyOf(VolumeKey.hmac(key, "netfs check", new byte[0]), CHECK);
  }

  private static int crc(byte[] bytes, int offset) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, bytes.length - offset);
    return (int) crc.getValue();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof VolumeHeader that && Arrays.equals(id, that.id);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(id);
  }

  @Override
  public String toString() {
    return "VolumeHeader[" + identity + "]";
  }
}
