package dev.netfs.nio;

import dev.netfs.engine.UserDirectories;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code netfs.json}, found and read.
 *
 * <p>The first of these that exists counts, and it alone:
 *
 * <ol>
 *   <li>the file that the system property {@code netfs.config} names, which has to exist;
 *   <li>{@code netfs/netfs.json} in the user's configuration directory: {@code $XDG_CONFIG_HOME};
 *       where that is not set {@code %APPDATA%} on Windows, {@code ~/Library/Application Support}
 *       on macOS, and, there too, {@code ~/.config};
 *   <li>the resource {@code netfs.json} of the thread's context class loader, then of the one that
 *       loaded netfs.
 * </ol>
 *
 * @param name what messages call it
 * @param text its content
 * @param directory where its relative paths start; null if it is not in a directory
 */
record NamedMountFile(String name, String text, @Nullable Path directory) {
  static final String PROPERTY = "netfs.config";
  static final String RESOURCE = "netfs.json";

  /**
   * Where to look, which tests replace.
   *
   * @param property the system properties; null for one that is not set
   * @param environment the environment; null for a variable that is not set
   */
  record Surroundings(
      UnaryOperator<@Nullable String> property, UnaryOperator<@Nullable String> environment) {
    static final Surroundings REAL = new Surroundings(System::getProperty, System::getenv);

    /** Returns the files of the user that may be there, the first that is counts. */
    List<Path> userFiles() {
      return UserDirectories.config(property, environment).stream()
          .map(directory -> directory.resolve(RESOURCE))
          .toList();
    }
  }

  /**
   * Finds the file and reads it, anew at every call.
   *
   * @param looked where it was looked for is added here, for messages
   * @return the file, or null if there is none
   * @throws IOException if there is one that cannot be read, or the system property names none
   */
  static @Nullable NamedMountFile find(Surroundings surroundings, List<String> looked)
      throws IOException {
    String named = surroundings.property().apply(PROPERTY);
    if (named != null && !named.isEmpty()) {
      looked.add(named + " (system property " + PROPERTY + ")");
      return required(named);
    }
    for (Path file : surroundings.userFiles()) {
      looked.add(file.toString());
      NamedMountFile found = read(file);
      if (found != null) {
        return found;
      }
    }
    looked.add("the resource " + RESOURCE + " on the class path");
    return resource();
  }

  private static NamedMountFile required(String name) throws IOException {
    Path file;
    try {
      file = Path.of(name).toAbsolutePath();
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(
          "system property " + PROPERTY + " has to name a file, but is '" + name + "'", e);
    }
    NamedMountFile found = read(file);
    if (found == null) {
      throw new NoSuchFileException(
          file.toString(), null, "the system property " + PROPERTY + " names it; correct that");
    }
    return found;
  }

  private static @Nullable NamedMountFile read(Path file) throws IOException {
    if (Files.notExists(file) || liesInAFile(file)) {
      return null;
    }
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return null;
    } catch (FileSystemException e) {
      throw e; // names the file
    } catch (IOException e) {
      throw new IOException(file + " cannot be read: " + e.getMessage(), e);
    }
    return of(file.toString(), bytes, file.toAbsolutePath().getParent());
  }

  /** Returns whether what should be a directory is none, as with a home of {@code /dev/null}. */
  private static boolean liesInAFile(Path file) {
    for (Path above = file.getParent(); above != null; above = above.getParent()) {
      if (Files.exists(above)) {
        return !Files.isDirectory(above);
      }
    }
    return false;
  }

  private static @Nullable NamedMountFile resource() throws IOException {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    URL url = context == null ? null : context.getResource(RESOURCE);
    if (url == null) {
      ClassLoader own = NamedMountFile.class.getClassLoader();
      url = own == null ? null : own.getResource(RESOURCE);
    }
    if (url == null) {
      return null;
    }
    if (url.getProtocol().equals("file")) {
      try {
        return read(Path.of(url.toURI()));
      } catch (URISyntaxException | IllegalArgumentException e) {
        throw new IOException(url + " cannot be read: " + e.getMessage(), e);
      }
    }
    URLConnection connection = url.openConnection();
    // A jar replaced since would be read by the old one's table of contents.
    connection.setUseCaches(false);
    try (InputStream in = connection.getInputStream()) {
      return of(url.toString(), in.readAllBytes(), null);
    }
  }

  private static NamedMountFile of(String name, byte[] bytes, @Nullable Path directory) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      // Without its cause, which says no more.
      throw new IllegalArgumentException(name + " is not UTF-8 text; save it as that");
    }
    // Some editors begin a file with a byte-order mark.
    return new NamedMountFile(
        name, text.startsWith("\uFEFF") ? text.substring(1) : text, directory);
  }
}
