package dev.netfs;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.spi.FileSystemProvider;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Mounts shares, typed: what {@link FileSystems#newFileSystem(URI, Map)} does with strings.
 *
 * <pre>{@code
 * try (NetfsFileSystem fs = Netfs.mount(URI.create("netfs+sftp://me@server/data"))
 *     .password(() -> vault.read("server"))
 *     .memory(512 << 20)
 *     .open()) {
 *   Files.walk(fs.getPath("/")).forEach(System.out::println);
 * }
 * }</pre>
 */
public final class Netfs {
  private Netfs() {}

  /**
   * Begins the mount of a share.
   *
   * @param uri the share's root, with a scheme of netfs, or {@code netfs://NAME/} for one that the
   *     file {@code netfs.json} describes; options set here count more than the file's
   * @return a builder
   */
  public static Builder mount(URI uri) {
    return new Builder(Objects.requireNonNull(uri, "uri"));
  }

  /**
   * Begins the mount of a directory of any other file system, whatever its provider. The mount does
   * not close that file system.
   *
   * @param directory the directory that becomes the mount's root
   * @return a builder
   */
  public static Builder mount(Path directory) {
    URI uri = directory.toAbsolutePath().normalize().toUri();
    URI root =
        "file".equals(uri.getScheme())
            ? URI.create("netfs+file://" + uri.getRawPath())
            : URI.create("netfs+path:///" + encode(uri.toString()));
    return new Builder(root).option("path", directory);
  }

  /** Percent-encodes text as a single element of a URI's path. */
  private static String encode(String text) {
    StringBuilder encoded = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "-._~:".indexOf(c) >= 0);
      encoded.append(plain ? String.valueOf(c) : String.format(Locale.ROOT, "%%%02X", (int) c));
    }
    return encoded.toString();
  }

  /** Collects the options of one mount; each setter returns this builder. Not thread-safe. */
  public static final class Builder {
    private final URI uri;
    private final Map<String, Object> options = new HashMap<>();

    private Builder(URI uri) {
      this.uri = uri;
    }

    /**
     * Sets an option by its name.
     *
     * @param name the name, as in the option table of the README
     * @param value its value, as text or of its own type
     */
    public Builder option(String name, Object value) {
      options.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, name));
      return this;
    }

    /** Sets the password; the array is copied when the share is mounted. */
    public Builder password(char[] password) {
      return option("password", password);
    }

    /** Sets where the password comes from; asked at every connection, never kept. */
    public Builder password(Supplier<char[]> password) {
      return option("password", password);
    }

    /** Sets the file with the private key to sign on with. */
    public Builder privateKey(Path file) {
      return option("privateKey", file);
    }

    /** Sets the pass phrase of the private key. */
    public Builder privateKeyPassphrase(Supplier<char[]> passphrase) {
      return option("privateKeyPassphrase", passphrase);
    }

    /** Sets the file with the keys of known hosts. */
    public Builder knownHosts(Path file) {
      return option("knownHosts", file);
    }

    /** Sets the cache mode. */
    public Builder cache(CacheMode mode) {
      return option("cache", mode.toString());
    }

    /** Sets how long attributes count as fresh. */
    public Builder attrTtl(Duration ttl) {
      return option("attrTtl", ttl);
    }

    /** Sets the memory for file content, in bytes. */
    public Builder memory(long bytes) {
      return option("memory", bytes);
    }

    /** Sets the most bytes that one read asks the server for. */
    public Builder rsize(int bytes) {
      return option("rsize", bytes);
    }

    /** Sets the most bytes that one write sends to the server. */
    public Builder wsize(int bytes) {
      return option("wsize", bytes);
    }

    /**
     * Connects to the share and mounts it.
     *
     * @return the file system, which its receiver closes
     * @throws FileSystemAlreadyExistsException if this root is mounted already
     * @throws IllegalArgumentException if an option is unknown or malformed; names it
     * @throws IOException if the share cannot be connected; says why and what to do
     */
    public NetfsFileSystem open() throws IOException {
      FileSystemProvider provider = provider(uri.getScheme());
      return (NetfsFileSystem)
          (provider != null
              ? provider.newFileSystem(uri, options)
              : FileSystems.newFileSystem(uri, options));
    }

    /**
     * Returns the provider of this copy of netfs. There may be others, in other class loaders,
     * whose file systems are of other types; and the JDK asks first those that it has installed.
     */
    private static @Nullable FileSystemProvider provider(String scheme) {
      ClassLoader loader = Netfs.class.getClassLoader();
      Stream<FileSystemProvider> installed =
          FileSystemProvider.installedProviders().stream()
              .filter(each -> each.getClass().getClassLoader() == loader);
      Stream<FileSystemProvider> found =
          ServiceLoader.load(FileSystemProvider.class, loader).stream()
              .filter(each -> each.type().getClassLoader() == loader)
              .map(ServiceLoader.Provider::get);
      return Stream.concat(installed, found)
          .filter(each -> each.getScheme().equalsIgnoreCase(scheme))
          .findFirst()
          .orElse(null);
    }
  }
}
