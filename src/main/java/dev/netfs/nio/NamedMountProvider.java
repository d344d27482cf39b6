package dev.netfs.nio;

import dev.netfs.engine.MountSpec;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Mounts that have a name: the scheme {@code netfs}. {@code netfs://data/a/b} is the file {@code
 * /a/b} of the mount that the file {@code netfs.json} describes under the name {@code data}.
 *
 * <pre>{@code
 * {
 *   "mounts": {
 *     "data": {
 *       "uri": "netfs+sftp://me@server/data",
 *       "options": { "passwordFile": "server.password", "memory": "512MiB" }
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p><b>The file.</b> It is that of the system property {@code netfs.config}; without the property
 * {@code netfs/netfs.json} in the user's configuration directory ({@code $XDG_CONFIG_HOME} or
 * {@code ~/.config}; on Windows {@code %APPDATA%}, on macOS first {@code ~/Library/Application
 * Support}); without such a file the resource {@code netfs.json} on the class path. The first that
 * exists counts, and it alone. It is read anew whenever a name is mounted; what is mounted does not
 * change with it. A path in an option starts at the file's directory if it is relative, and at the
 * user's home if it begins with {@code ~/}. Secrets are refused: the option {@code passwordFile}
 * names a file that holds one, or a program passes it in the {@code env} map.
 *
 * <p><b>Mounting.</b> {@link #getPath} and {@link #getFileSystem} mount what is not mounted, so
 * that a program needs nothing but the URI; of any number of threads that do so at once, one
 * mounts, the others wait. {@link #newFileSystem} mounts with options besides or instead of the
 * file's, and refuses a name that is mounted. Closed, a file system is mounted again by the next
 * use of its name.
 *
 * <p>A share is mounted once. If its root is mounted already, by its own URI or by another name,
 * the name stands for that same file system, provided that the file gives it no options, which that
 * file system need not have; otherwise it is a {@link FileSystemAlreadyExistsException}.
 *
 * <p><b>URIs.</b> The paths of a file system show the URI that it was mounted by: mounted by name,
 * {@code path.toUri()} is {@code netfs://data/a/b}, as this provider is the file system's own, and
 * as only such a URI can be handed to another JVM, or used after a close, and mounts what it needs.
 * {@link Path#of(URI)} takes both this and the URI below the share's own root for the same path.
 *
 * <p>Names are in lower case; in a URI, as with hosts, case does not count.
 */
public final class NamedMountProvider extends NetfsFileSystemProvider {
  private static final String SCHEME = "netfs";

  /** For the JDK, which finds it as a service. */
  public NamedMountProvider() {
    super(SCHEME);
  }

  /**
   * Mounts what a name stands for.
   *
   * @param uri {@code netfs://NAME/}; options may stand in its query, secrets excepted
   * @param env options by name, which count more than the query's, as these do than the file's
   * @throws FileSystemAlreadyExistsException if the name is mounted, or the root that it stands for
   * @throws FileSystemNotFoundException if there is no such name; says which there are
   * @throws IllegalArgumentException if the URI, the file or an option is malformed; says where
   * @throws IOException if the file cannot be read or the share not connected
   */
  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> env) throws IOException {
    checkScheme(uri);
    Objects.requireNonNull(env, "env");
    MountRoot name = rootName(uri);
    Map<String, Object> given = MountSpec.queryOptions(uri);
    given.putAll(env);
    return MountRegistry.mountNamed(name, false, () -> mount(name, given, false));
  }

  /**
   * Returns the file system that a name stands for, and mounts it first if need be.
   *
   * @param uri {@code netfs://NAME/}
   * @throws FileSystemNotFoundException if there is no such name, or it cannot be mounted
   * @throws FileSystemAlreadyExistsException if its root is mounted, but not by this name and
   *     perhaps with other options
   * @throws IllegalArgumentException if the URI or the file is malformed; says where
   */
  @Override
  public FileSystem getFileSystem(URI uri) {
    checkScheme(uri);
    return mounted(rootName(uri), uri);
  }

  /**
   * Returns the path that a URI names, and mounts its file system first if need be.
   *
   * @param uri {@code netfs://NAME/path}
   * @throws FileSystemNotFoundException if there is no such name, or it cannot be mounted
   * @throws FileSystemAlreadyExistsException if its root is mounted, but not by this name and
   *     perhaps with other options
   * @throws IllegalArgumentException if the URI or the file is malformed; says where
   */
  @Override
  public Path getPath(URI uri) {
    checkScheme(uri);
    List<String> elements = MountRoot.of(uri).elements();
    return MountRegistry.pathIn(mounted(name(uri), uri), elements, uri);
  }

  private MountedFileSystem mounted(MountRoot name, URI uri) {
    MountedFileSystem open = MountRegistry.find(name);
    if (open != null) {
      return open;
    }
    if (uri.getRawQuery() != null) {
      throw new IllegalArgumentException(
          shown(name)
              + " is not mounted, and options in a URI's query count only for"
              + " FileSystems.newFileSystem; leave them out or mount it by that first");
    }
    try {
      return MountRegistry.mountNamed(name, true, () -> mount(name, Map.of(), true));
    } catch (IOException e) {
      // What the JDK has for a file system that "cannot be created automatically".
      throw (FileSystemNotFoundException)
          new FileSystemNotFoundException(shown(name) + " cannot be mounted: " + e.getMessage())
              .initCause(e);
    }
  }

  /**
   * Looks a name up and mounts what it stands for.
   *
   * @param given options that count more than the file's
   * @param orOpen whether a file system that is open already will do
   */
  private MountedFileSystem mount(MountRoot name, Map<String, Object> given, boolean orOpen)
      throws IOException {
    NamedMount mount = lookUp(name);
    boolean anyWillDo = orOpen && mount.options().isEmpty();
    try {
      MountSpec spec = MountSpec.of(mount.uri(), options(mount, given));
      return MountRegistry.mount(this, name, spec, anyWillDo);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(about(name, mount) + e.getMessage(), e);
    } catch (FileSystemAlreadyExistsException e) {
      String message =
          about(name, mount)
              + e.getMessage()
              + (orOpen ? ", perhaps with other options; close that first or use its URI" : "");
      throw (FileSystemAlreadyExistsException)
          new FileSystemAlreadyExistsException(message).initCause(e);
    }
  }

  private static NamedMount lookUp(MountRoot name) throws IOException {
    NamedMounts known = NamedMounts.read(NamedMountFile.Surroundings.REAL);
    NamedMount mount = known.mounts().get(name.origin().substring(SCHEME.length() + 3));
    if (mount == null) {
      throw new FileSystemNotFoundException(
          "no mount has the name of "
              + shown(name)
              + "; "
              + (known.mounts().isEmpty()
                  ? "there are no named mounts"
                  : "the named mounts are " + String.join(", ", known.mounts().keySet()))
              + "; looked at: "
              + String.join(", ", known.looked()));
    }
    return mount;
  }

  /** Returns the file's options and those given besides or instead. */
  private static Map<String, Object> options(NamedMount mount, Map<String, Object> given) {
    Map<String, Object> options = new HashMap<>(mount.options());
    for (String secret : ShareOptions.SECRETS) {
      String fileOption = NamedMounts.fileOf(secret);
      if (fileOption != null && given.containsKey(secret)) {
        // The two exclude each other, so that one given instead of the other has to displace it.
        options.remove(fileOption);
      }
    }
    options.putAll(given);
    return options;
  }

  /** Returns the name in a URI that is the root of a mount. */
  private static MountRoot rootName(URI uri) {
    MountRoot name = name(uri);
    if (!MountRoot.of(uri).elements().isEmpty()) {
      throw new IllegalArgumentException(
          MountSpec.root(uri) + " is a path in a mount; the mount itself is " + shown(name));
    }
    return name;
  }

  private static MountRoot name(URI uri) {
    String name = uri.getRawAuthority();
    if (name == null || !NamedMounts.NAME.matcher(name.toLowerCase(Locale.ROOT)).matches()) {
      throw new IllegalArgumentException(
          "a named mount is written netfs://NAME/path, with a name of letters, digits, '.', '-' and"
              + " '_' and neither user nor port");
    }
    return new MountRoot(SCHEME + "://" + name.toLowerCase(Locale.ROOT), List.of());
  }

  private static URI shown(MountRoot name) {
    return name.uriOf(List.of());
  }

  private static String about(MountRoot name, NamedMount mount) {
    return shown(name) + " (" + mount.origin() + "): ";
  }
}
