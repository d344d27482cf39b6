package dev.netfs.cli;

import dev.netfs.Netfs;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Turns a command's arguments into paths, mounting what they need, and unmounts it at the end.
 *
 * <p>All URIs of one server share a mount, so that a copy between them can be made by the server.
 * Its root is the server's own ({@code /}, an SMB share, or the home directory for {@code /~/...}),
 * whence symbolic links lead where they lead on the server; where the user may not see that, it is
 * the directory above the named file, or the named directory itself.
 */
final class Mounts implements Closeable {
  /** The scheme of mounts that netfs.json describes. */
  private static final String NAMED = "netfs";

  private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):/.*");

  private record Mounted(FileSystem fs, @Nullable String query) {}

  private final MountArguments arguments;
  private final Terminal terminal;
  private final Map<String, Mounted> byServer = new LinkedHashMap<>();

  Mounts(MountArguments arguments, Terminal terminal) {
    this.arguments = arguments;
    this.terminal = terminal;
  }

  /** Returns whether a scheme's shares are on this machine: nobody signs on there. */
  static boolean isLocal(String scheme) {
    return scheme.equals("netfs+file") || scheme.equals("netfs+path");
  }

  /**
   * Returns the path that an argument names: a URI of netfs, a {@code file:} URI or a local path.
   *
   * @throws UsageException if it is none of these
   * @throws IOException if the share cannot be mounted
   */
  Path path(String argument) throws IOException {
    String scheme = scheme(argument);
    if (scheme == null) {
      return local(argument);
    }
    if (scheme.equals("file")) {
      return local(uri(argument));
    }
    if (!schemes().contains(scheme)) {
      String ours = "netfs+" + scheme;
      throw new UsageException(
          Terminal.visible(scheme)
              + ": is not a scheme of netfs"
              + (schemes().contains(ours) ? "; write " + ours + ":" : "")
              + "; there are "
              + String.join(", ", schemes()));
    }
    URI uri = uri(argument);
    if (uri.getRawUserInfo() != null && uri.getRawUserInfo().indexOf(':') >= 0) {
      throw new UsageException(
          "the URI for "
              + uri.getHost()
              + " holds a password, which every user of this machine could see; use"
              + " --password-file FILE or the environment variable NETFS_PASSWORD");
    }
    return mounted(uri, scheme).provider().getPath(withoutQuery(uri));
  }

  /** Returns the paths that arguments name: all of them are mounted before anything is done. */
  List<Path> paths(List<String> arguments) throws IOException {
    List<Path> paths = new ArrayList<>();
    for (String argument : arguments) {
      paths.add(path(argument));
    }
    return paths;
  }

  /** Returns what messages call a path: its URI, or the local path. */
  static String name(Path path) {
    return path.getFileSystem() == FileSystems.getDefault()
        ? path.toString()
        : path.toUri().toString();
  }

  private static @Nullable String scheme(String argument) {
    var matcher = SCHEME.matcher(argument);
    // One letter is a drive.
    return matcher.matches() && matcher.group(1).length() > 1
        ? matcher.group(1).toLowerCase(Locale.ROOT)
        : null;
  }

  private static Set<String> schemes() {
    Set<String> schemes = new TreeSet<>();
    for (FileSystemProvider provider : FileSystemProvider.installedProviders()) {
      if (provider.getScheme().startsWith("netfs")) {
        schemes.add(provider.getScheme());
      }
    }
    return schemes;
  }

  private static Path local(String argument) {
    try {
      return Path.of(argument);
    } catch (InvalidPathException e) {
      throw new UsageException(argument + ": is not a path: " + e.getReason());
    }
  }

  private static Path local(URI uri) {
    try {
      return Path.of(uri);
    } catch (IllegalArgumentException e) {
      throw new UsageException(uri + ": is not the URI of a local file: " + e.getMessage());
    }
  }

  /** Parses a URI; what is wrong with it is said without repeating it, as it may hold a secret. */
  private static URI uri(String argument) {
    try {
      return new URI(argument);
    } catch (URISyntaxException e) {
      throw new UsageException(
          "a URI is malformed: "
              + e.getReason()
              + (e.getIndex() < 0 ? "" : ", character " + (e.getIndex() + 1))
              + "; percent-encode what a URI cannot hold (a space is %20, # is %23, ? is %3F)");
    }
  }

  private static URI withoutQuery(URI uri) {
    String text = uri.toString();
    int question = text.indexOf('?');
    return question < 0 ? uri : URI.create(text.substring(0, question));
  }

  private FileSystem mounted(URI uri, String scheme) throws IOException {
    String path = uri.getRawPath() == null ? "" : uri.getRawPath();
    String top = top(scheme, path);
    String authority = uri.getRawAuthority() == null ? "" : uri.getRawAuthority();
    String server = scheme + "://" + authority + top;
    String query = uri.getRawQuery();
    Mounted known = byServer.get(server);
    if (known == null) {
      Set<String> roots = scheme.equals(NAMED) ? Set.of(top) : roots(top, path);
      FileSystem fs = mount(scheme + "://" + authority, roots, query, scheme);
      known = new Mounted(fs, query);
      byServer.put(server, known);
    } else if (query != null && !query.equals(known.query())) {
      throw new UsageException(
          "two URIs of "
              + server
              + " ask for different options; one mount serves both: give the options to the"
              + " first URI or with -o");
    }
    return known.fs();
  }

  /** Returns the root that all paths of a server, or of a share, could be seen from. */
  private static String top(String scheme, String path) {
    if (scheme.equals(NAMED)) {
      return "/"; // the root is netfs.json's affair
    }
    int end = path.indexOf('/', 1);
    String first = end < 0 ? path : path.substring(0, end);
    // Of an SMB server, too, there is nothing above its shares.
    boolean named =
        scheme.equals("netfs+path")
            || scheme.equals("netfs+smb")
            || first.equals("/~")
            || first.equalsIgnoreCase("/%7e");
    return named ? first : "/";
  }

  /** Returns the roots to be tried for a path, best first. */
  private static Set<String> roots(String top, String path) {
    Set<String> roots = new LinkedHashSet<>();
    roots.add(top);
    String itself = path.replaceFirst("/+$", "");
    int slash = itself.lastIndexOf('/');
    for (String deeper : new String[] {slash > 0 ? itself.substring(0, slash) : "/", itself}) {
      if (deeper.startsWith(top)) {
        roots.add(deeper);
      }
    }
    return roots;
  }

  private FileSystem mount(String origin, Set<String> roots, @Nullable String query, String scheme)
      throws IOException {
    ShareConnectException refused = null;
    for (String root : roots) {
      URI uri = URI.create(origin + root + (query == null ? "" : "?" + query));
      try {
        return mount(uri, scheme);
      } catch (ShareConnectException e) {
        if (e.reason() != Reason.NO_SUCH_SHARE) {
          throw e;
        }
        refused = e;
      }
    }
    throw java.util.Objects.requireNonNull(refused);
  }

  private FileSystem mount(URI uri, String scheme) throws IOException {
    Map<String, Object> env = arguments.env(scheme, terminal);
    try {
      return newFileSystem(uri, env);
    } catch (ShareConnectException e) {
      boolean given = env.containsKey("password") || env.containsKey("passwordFile");
      if (e.reason() != Reason.AUTHENTICATION || given) {
        throw e;
      }
      char[] password =
          terminal.secret("Password for " + Terminal.visible(uri.getRawAuthority()) + ": ");
      if (password == null) {
        throw e;
      }
      env.put("password", password);
      try {
        return newFileSystem(uri, env);
      } finally {
        Arrays.fill(password, '\0');
      }
    }
  }

  private static FileSystem newFileSystem(URI uri, Map<String, ?> env) throws IOException {
    Netfs.Builder mount = Netfs.mount(uri);
    env.forEach(mount::option);
    try {
      return mount.open();
    } catch (IllegalArgumentException | FileSystemNotFoundException e) {
      // The URI, a mount's name or an option: all come from the command line.
      UsageException usage = new UsageException(ErrorText.of(e));
      usage.initCause(e);
      throw usage;
    }
  }

  /** Unmounts everything: what was written is on the servers then, or an error says that not. */
  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (Mounted mounted : byServer.values()) {
      try {
        mounted.fs().close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    byServer.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
