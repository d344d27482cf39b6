package dev.netfs.share.path;

import dev.netfs.share.Share;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareOptions;
import dev.netfs.share.ShareProvider;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes shares of directories of this JVM's file systems.
 *
 * <ul>
 *   <li>{@code netfs+file:///mnt/nas}: a directory of the default file system; the path is
 *       percent-encoded as in a {@code file} URI.
 *   <li>{@code netfs+path:///jimfs%3A%2F%2Fname%2Fwork}: a directory of any provider, given by its
 *       own URI, percent-encoded as one element; further elements lead down from there. Its file
 *       system must be open.
 * </ul>
 *
 * With either, the option {@code path} may hold the directory's {@link Path} itself, which then
 * counts; that is how {@code Netfs.mount(Path)} does it. The backing file system is not closed with
 * the share.
 */
public final class PathShareProvider implements ShareProvider {
  private static final String FILE = "netfs+file";
  private static final String PATH = "netfs+path";
  private static final Pattern DRIVE = Pattern.compile("/[A-Za-z]:");
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** For {@link java.util.ServiceLoader}. */
  public PathShareProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of(FILE, PATH);
  }

  @Override
  public Set<String> options() {
    return Set.of("path", "connectTimeout");
  }

  @Override
  public @Nullable String missingLibrary() {
    return null;
  }

  @Override
  public Share connect(ShareConfig config) throws IOException {
    Duration timeout = config.options().duration("connectTimeout", CONNECT_TIMEOUT);
    Path root = root(config);
    String name = config.uri().toString();
    boolean direct = root.getFileSystem() == java.nio.file.FileSystems.getDefault();
    Workers workers = new Workers(name, direct);
    boolean connected = false;
    try {
      CompletableFuture<Share> share =
          workers.run(operation -> look(name, root, workers), failure -> failure);
      if (Thread.interrupted()) { // get() looks at it only where it has to wait
        throw new InterruptedException();
      }
      Share found = share.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      connected = true;
      return found;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException)
          new InterruptedIOException(name + ": interrupted while connecting").initCause(e);
    } catch (TimeoutException e) {
      throw new ShareConnectException(
          Reason.UNREACHABLE,
          name
              + ": the directory "
              + root
              + " does not answer within "
              + timeout
              + "; if it is a network directory, see whether its server is up",
          e);
    } catch (ExecutionException e) {
      throw connectFailure(name, root, Objects.requireNonNull(e.getCause()));
    } finally {
      if (!connected) {
        workers.close();
        workers.shutdown(0);
      }
    }
  }

  private static Share look(String name, Path root, Workers workers) throws IOException {
    BasicFileAttributes found;
    try {
      found = Files.readAttributes(root, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      throw missing(name, "there is no directory " + root + "; make it, or correct the path");
    }
    if (!found.isDirectory()) {
      throw missing(name, root + " is not a directory; a mount's root has to be one");
    }
    Backing backing = new Backing(root);
    Attributes attributes = new Attributes(backing);
    ShareCapabilities capabilities = new Probe(backing).capabilities(attributes);
    return new PathShare(backing, attributes, capabilities, workers);
  }

  private static IOException connectFailure(String name, Path root, Throwable cause) {
    if (cause instanceof ShareConnectException e) {
      return e;
    }
    if (cause instanceof Error e) {
      throw e;
    }
    if (cause instanceof AccessDeniedException || cause instanceof SecurityException) {
      return new ShareConnectException(
          Reason.NO_SUCH_SHARE,
          name + ": no permission to read the directory " + root + "; grant it to this user",
          cause);
    }
    if (cause instanceof ClosedFileSystemException) {
      return new ShareConnectException(
          Reason.NO_SUCH_SHARE,
          name + ": the file system of " + root + " is closed; keep it open while it is mounted",
          cause);
    }
    return new ShareConnectException(
        Reason.NO_SUCH_SHARE,
        name + ": the directory " + root + " cannot be read: " + cause,
        cause);
  }

  private static ShareConnectException missing(String name, String what) {
    return new ShareConnectException(Reason.NO_SUCH_SHARE, name + ": " + what, null);
  }

  private static Path root(ShareConfig config) throws IOException {
    Object given = config.options().get("path");
    if (given instanceof Path path) {
      return path.toAbsolutePath();
    }
    if (given != null) {
      throw ShareOptions.malformed(
          "path", given, "a java.nio.file.Path; name a directory by the URI instead");
    }
    return FILE.equals(config.uri().getScheme()) ? fileRoot(config.uri()) : pathRoot(config.uri());
  }

  private static Path fileRoot(URI uri) {
    String authority = uri.getRawAuthority();
    if (authority != null && !authority.isEmpty() && !authority.equals("localhost")) {
      throw new IllegalArgumentException(
          uri
              + " names the host '"
              + authority
              + "'; a local directory is written "
              + "netfs+file:///directory, with three slashes");
    }
    String path = Objects.requireNonNullElse(uri.getRawPath(), "");
    if (path.isEmpty() || DRIVE.matcher(path).matches()) {
      path += "/";
    }
    return Path.of(URI.create("file://" + path));
  }

  private static Path pathRoot(URI uri) throws IOException {
    String path = Objects.requireNonNullElse(uri.getRawPath(), "");
    int end = path.indexOf('/', 1);
    String first = end < 0 ? path : path.substring(0, end);
    if (first.length() <= 1
        || (uri.getRawAuthority() != null && !uri.getRawAuthority().isEmpty())) {
      throw new IllegalArgumentException(
          uri
              + " names no directory; write netfs+path:///<the directory's own URI,"
              + " percent-encoded>, or pass the option 'path'");
    }
    String backing = decode(first.substring(1), uri);
    Path root;
    try {
      root = Path.of(new URI(backing));
    } catch (FileSystemNotFoundException e) {
      throw new ShareConnectException(
          Reason.NO_SUCH_SHARE,
          uri + ": no provider has an open file system for " + backing + "; open it first",
          e);
    } catch (URISyntaxException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          uri + ": '" + backing + "' is no URI of a directory: " + e.getMessage(), e);
    }
    for (String element : end < 0 ? new String[0] : path.substring(end + 1).split("/")) {
      root = root.resolve(decode(element, uri));
    }
    return root.toAbsolutePath();
  }

  /** Decodes percent-escapes, and nothing else: a plus is a plus. */
  private static String decode(String text, URI uri) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(encoded.length);
    for (int i = 0; i < encoded.length; i++) {
      if (encoded[i] == '%') { // two digits follow: URI has checked it
        bytes.put(
            (byte) (Character.digit(encoded[++i], 16) << 4 | Character.digit(encoded[++i], 16)));
      } else {
        bytes.put(encoded[i]);
      }
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(uri + ": what it escapes is not UTF-8", e);
    }
  }
}
