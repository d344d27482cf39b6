package dev.netfs.engine;

import dev.netfs.fscache.CacheKey;
import dev.netfs.fscache.Codec;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A mount's options for its cache on disk.
 *
 * @param directory where it is; null for none
 * @param size the most bytes of content in it
 * @param granule the unit of what is kept, a power of two
 * @param compress how what is kept is compressed
 * @param encrypt whether it is encrypted
 */
record DiskOptions(
    @Nullable Path directory, long size, int granule, Codec compress, boolean encrypt) {
  static final Set<String> NAMES =
      Set.of(
          "disk",
          "diskSize",
          "granule",
          "diskCompress",
          "encrypt",
          "encryptionKey",
          "encryptionKeyFile");

  private static final long KIB = 1024;

  /**
   * Reads the options.
   *
   * @throws IllegalArgumentException if one is malformed; names it
   */
  static DiskOptions of(ShareOptions options) {
    int granule = (int) options.size("granule", 256 * KIB, 4 * KIB, 16 * KIB * KIB);
    if (Integer.bitCount(granule) != 1) {
      throw ShareOptions.malformed("granule", granule, "a power of two");
    }
    Path directory = options.path("disk");
    boolean encrypt = options.choice("encrypt", "on", "on", "off").equals("on");
    for (String name : NAMES) {
      if (directory == null && options.isSet(name)) {
        throw new IllegalArgumentException(
            "option '" + name + "' is of no use without option 'disk', the cache's directory");
      }
      if (!encrypt && name.startsWith("encryptionKey") && options.isSet(name)) {
        throw new IllegalArgumentException(
            "options 'encrypt=off' and '" + name + "' exclude each other; leave one out");
      }
    }
    return new DiskOptions(
        directory,
        options.size("diskSize", 10 * KIB * KIB * KIB, KIB * KIB, Long.MAX_VALUE / 2),
        granule,
        compress(options),
        encrypt);
  }

  private static Codec compress(ShareOptions options) {
    String name = options.choice("diskCompress", "none", "none", "lz4", "zstd");
    Codec codec = Codec.valueOf(name.toUpperCase(Locale.ROOT));
    if (!codec.isAvailable()) {
      throw new IllegalArgumentException(
          "option 'diskCompress=zstd' needs "
              + Codec.ZSTD_LIBRARY
              + ", which is not on the class path, or not made for this machine; add it, or take"
              + " 'lz4' or 'none'");
    }
    return codec;
  }

  /**
   * Returns the user's key; null where nothing is encrypted.
   *
   * @throws IOException if it can be neither read nor made
   */
  static @Nullable CacheKey key(ShareOptions options, boolean encrypt) throws IOException {
    if (!encrypt) {
      return null;
    }
    Path file = options.path("encryptionKeyFile");
    if (file != null) {
      return CacheKey.file(file, options.secret("encryptionKey"));
    }
    if (options.isSet("encryptionKey")) {
      return CacheKey.passPhrase(
          () -> {
            char[] phrase = options.secret("encryptionKey");
            return phrase == null ? new char[0] : phrase;
          });
    }
    List<Path> directories = UserDirectories.config(System::getProperty, System::getenv);
    if (directories.isEmpty()) {
      throw new IOException(
          "there is no home directory to keep the disk cache's key in; give option"
              + " 'encryptionKeyFile', 'encryptionKey' or 'encrypt=off'");
    }
    return CacheKey.generated(directories.get(0).resolve(CacheKey.GENERATED_NAME));
  }
}
