package dev.netfs.fscache;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Supplier;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The user's key, which wraps the data keys of volumes: a pass phrase, or 256 bits or more of key
 * material.
 *
 * <p>A pass phrase is stretched by PBKDF2 with HMAC-SHA-512, {@value #ITERATIONS} times, with a
 * salt of the volume's own; it is asked for when a volume is opened, and not kept. Key material, as
 * a key file or a key store has it, needs no stretching.
 *
 * <p>Immutable and safe for use by several threads.
 */
public final class CacheKey {
  /** What OWASP's Password Storage Cheat Sheet asks of PBKDF2-HMAC-SHA512. */
  static final int ITERATIONS = 210_000;

  /** More than this in a header, which anybody may have written, is refused. */
  static final int MAX_ITERATIONS = 20_000_000;

  /** The name of the key file that is made where the user gives none. */
  public static final String GENERATED_NAME = "cache.key";

  private static final int MIN_KEY_BYTES = 32;
  private static final int MAX_KEY_BYTES = 1 << 20;

  private final @Nullable Supplier<char[]> passPhrase;
  private final byte @Nullable [] material;
  private final String description;

  private CacheKey(
      @Nullable Supplier<char[]> passPhrase, byte @Nullable [] material, String description) {
    this.passPhrase = passPhrase;
    this.material = material;
    this.description = description;
  }

  /**
   * Returns a pass phrase.
   *
   * @param supplier asked whenever a volume is opened; the array it returns is overwritten after
   *     use
   */
  public static CacheKey passPhrase(Supplier<char[]> supplier) {
    return new CacheKey(supplier, null, "the pass phrase of option 'encryptionKey'");
  }

  /**
   * Reads a key file: any file of at least 32 bytes that nobody can guess; or a key store (PKCS#12
   * or JCEKS, by its suffix), whose one secret key it is.
   *
   * @param storePassword the key store's password; not for other files
   * @throws IllegalArgumentException if the file is no key; names it
   * @throws IOException if it cannot be read
   */
  public static CacheKey file(Path file, char @Nullable [] storePassword) throws IOException {
    String type = keyStoreType(file);
    byte[] material;
    if (type != null) {
      material = fromKeyStore(file, type, storePassword);
    } else if (storePassword != null) {
      throw new IllegalArgumentException(
          "options 'encryptionKey' and 'encryptionKeyFile' exclude each other, unless the file is a"
              + " key store (.p12, .pfx, .jceks); leave one out");
    } else if (Files.size(file) > MAX_KEY_BYTES) {
      throw new IllegalArgumentException(
          "option 'encryptionKeyFile' names " + file + ", which is no key: it has over 1 MiB");
    } else {
      material = Files.readAllBytes(file);
    }
    if (material.length < MIN_KEY_BYTES && type == null) {
      throw new IllegalArgumentException(
          "option 'encryptionKeyFile' names "
              + file
              + ", which has only "
              + material.length
              + " bytes; a key file needs "
              + MIN_KEY_BYTES
              + " that nobody can guess (for a pass phrase there is 'encryptionKey')");
    }
    return new CacheKey(null, material, "the key in " + file);
  }

  /** Returns whether a key file's name is that of a key store, which has a password. */
  public static boolean isKeyStore(Path file) {
    return keyStoreType(file) != null;
  }

  private static @Nullable String keyStoreType(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".p12") || name.endsWith(".pfx")) {
      return "PKCS12";
    }
    return name.endsWith(".jceks") ? "JCEKS" : null;
  }

  private static byte[] fromKeyStore(Path file, String type, char @Nullable [] password)
      throws IOException {
    String what = "option 'encryptionKeyFile' names the key store " + file + ", ";
    if (password == null) {
      throw new IllegalArgumentException(
          what + "whose password has to be given as option 'encryptionKey'");
    }
    try {
      KeyStore store = KeyStore.getInstance(type);
      try (InputStream in = Files.newInputStream(file)) {
        store.load(in, password);
      } catch (IOException e) {
        throw new IOException(what + "which cannot be opened: " + e.getMessage(), e);
      }
      byte[] found = null;
      for (String alias : Collections.list(store.aliases())) {
        Key key =
            store.entryInstanceOf(alias, KeyStore.SecretKeyEntry.class)
                ? store.getKey(alias, password)
                : null;
        byte[] encoded = key == null ? null : key.getEncoded();
        if (encoded != null && found != null) {
          throw new IllegalArgumentException(what + "which holds more than one secret key");
        }
        found = encoded != null ? encoded : found;
      }
      if (found == null || found.length < 16) {
        throw new IllegalArgumentException(what + "which holds no secret key of 128 bits or more");
      }
      return found;
    } catch (GeneralSecurityException e) {
      throw new IOException(what + "which cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Reads the key file that is there where the user gave none, and makes it if it is not: 256
   * random bits, which nobody but the owner may read.
   *
   * @throws IOException if it can be neither read nor made
   */
  public static CacheKey generated(Path file) throws IOException {
    if (!Files.exists(file)) {
      byte[] bits = new byte[MIN_KEY_BYTES];
      new SecureRandom().nextBytes(bits);
      byte[] text =
          (Base64.getEncoder().encodeToString(bits) + "\n").getBytes(StandardCharsets.US_ASCII);
      Path parent = file.toAbsolutePath().getParent();
      if (parent != null) {
        OwnerOnly.createDirectories(parent);
      }
      Path made = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + ".new");
      try {
        OwnerOnly.write(
            made, text, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
        OwnerOnly.linkIfAbsent(made, file);
      } catch (FileAlreadyExistsException e) {
        // Another JVM was first.
      } finally {
        Files.deleteIfExists(made);
      }
    }
    return file(file, null);
  }

  /** Returns a key that was stretched with a salt, for wrapping: 256 bits. */
  byte[] wrappingKey(byte[] salt, int iterations) {
    byte[] bytes = material;
    if (bytes != null) {
      return VolumeKey.hmac(new SecretKeySpec(salt, "HmacSHA256"), "netfs key material", bytes);
    }
    char[] phrase = java.util.Objects.requireNonNull(passPhrase).get();
    if (phrase == null || phrase.length == 0) {
      throw new IllegalArgumentException("option 'encryptionKey' is an empty pass phrase");
    }
    PBEKeySpec spec = new PBEKeySpec(phrase, salt, iterations, 256);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512").generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM has no PBKDF2WithHmacSHA512", e);
    } finally {
      spec.clearPassword();
      Arrays.fill(phrase, '\0');
    }
  }

  /** Returns how often a new header has the key stretched. */
  int iterations() {
    return passPhrase == null ? 0 : ITERATIONS;
  }

  /** Says which key it is, not what it is. */
  @Override
  public String toString() {
    return description;
  }
}
