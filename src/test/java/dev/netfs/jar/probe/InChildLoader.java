package dev.netfs.jar.probe;

import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;

/**
 * Starts {@link Probe} as the launcher of a fat jar does: application and libraries in a class
 * loader that the system class loader, and so the JDK's look for providers, knows nothing of.
 */
public final class InChildLoader {

  private InChildLoader() {}

  /**
   * Starts the probe.
   *
   * @param args {@code context} to make the loader the thread's context class loader too, as Spring
   *     Boot does, or {@code hidden}; how many class path entries follow; these; then the probe's
   *     arguments
   */
  public static void main(String[] args) throws Exception {
    int entries = Integer.parseInt(args[1]);
    List<String> rest = List.of(args).subList(2, args.length);
    URL[] classPath = rest.subList(0, entries).stream().map(InChildLoader::url).toArray(URL[]::new);
    // Open until the JVM ends, as a launcher's is.
    var loader = new URLClassLoader("application", classPath, ClassLoader.getPlatformClassLoader());
    if (args[0].equals("context")) {
      Thread.currentThread().setContextClassLoader(loader);
    }
    loader
        .loadClass("dev.netfs.jar.probe.Probe")
        .getMethod("main", String[].class)
        .invoke(null, (Object) rest.subList(entries, rest.size()).toArray(String[]::new));
  }

  private static URL url(String entry) {
    try {
      return Path.of(entry).toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(entry, e);
    }
  }
}
